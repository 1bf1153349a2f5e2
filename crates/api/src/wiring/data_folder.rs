//! The folder for the database and the master secret.

use std::path::{Path, PathBuf};

use keyward_infra::database::permission::explain;

use super::error::ServiceError;

/// The data folder, and how many of it and the folders around it were made just now.
pub(super) struct DataFolder {
    path: PathBuf,
    new: usize,
}

impl DataFolder {
    /// Makes the folder if it is missing.
    pub(super) fn prepare(path: &Path) -> Result<Self, ServiceError> {
        let missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
        let new = path.ancestors().take_while(missing).count();
        let made = private_folder(path).and_then(|()| std::fs::read_dir(path).map(drop));
        made.map_err(|error| {
            let reason = explain(path, &error);
            format!("KEYWARD_DATA_DIR: the folder {} cannot be used: {reason}", path.display())
        })?;
        Ok(Self { path: path.to_owned(), new })
    }

    /// Removes folders that were made for nothing; one that holds anything stays.
    pub(super) fn undo(&self) {
        for folder in self.path.ancestors().take(self.new) {
            drop(std::fs::remove_dir(folder));
        }
    }
}

fn private_folder(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}
