//! The master secret: from the environment, or a file in the data folder that only its owner may read.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use keyward_auth::{MasterSecret, SystemRandom};
use keyward_infra::database::permission::explain;

use super::error::ServiceError;
use crate::settings::tokens::TokenSettings;

const FILE: &str = "master.key";

/// The master secret of a service that serves: any other command only finds it.
pub(crate) struct Own {
    pub(crate) secret: MasterSecret,
    /// The file, if this start made it.
    made: Option<PathBuf>,
}

impl Own {
    /// The master secret; made on the first start, for a database that has no `keys`.
    pub(crate) fn find_or_make(
        tokens: &TokenSettings,
        data_dir: &Path,
        keys: bool,
    ) -> Result<Self, ServiceError> {
        let path = data_dir.join(FILE);
        match find(tokens, data_dir)? {
            Some(secret) => Ok(Self { secret, made: None }),
            None if keys => Err(format!(
                "this database has signing keys, and their master secret is not here: restore {}, or set \
                 KEYWARD_MASTER_SECRET",
                path.display()
            )
            .into()),
            None => {
                let secret = create(&path).map_err(|error| unusable(data_dir, &explain(&path, &error)))?;
                Ok(Self { secret, made: Some(path) })
            }
        }
    }

    /// The file that was made for nothing: only for a database whose keys another secret sealed meanwhile.
    pub(crate) fn made(&self) -> Option<PathBuf> {
        self.made.clone()
    }
}

/// The master secret, if there is one.
pub fn find(tokens: &TokenSettings, data_dir: &Path) -> Result<Option<MasterSecret>, ServiceError> {
    if let Some(secret) = given(tokens)? {
        return Ok(Some(secret));
    }
    match std::fs::read(data_dir.join(FILE)) {
        Ok(bytes) => MasterSecret::from_bytes(&bytes).map(Some).map_err(|error| unusable(data_dir, &error)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unusable(data_dir, &explain(&data_dir.join(FILE), &error))),
    }
}

fn unusable(data_dir: &Path, error: &dyn std::fmt::Display) -> ServiceError {
    let path = data_dir.join(FILE);
    format!("the master secret {} cannot be used: {error} (or set KEYWARD_MASTER_SECRET)", path.display())
        .into()
}

/// The master secret that the settings give, if they do.
pub fn given(tokens: &TokenSettings) -> Result<Option<MasterSecret>, ServiceError> {
    let secret = tokens.master_secret.as_ref().map(|secret| MasterSecret::from_bytes(secret.expose()));
    secret.transpose().map_err(|error| format!("KEYWARD_MASTER_SECRET: {error}").into())
}

/// Writes a new secret beside its final name and links it there, so that no process ever reads half of one, and
/// of two processes that start together one wins and both use what it wrote.
fn create(path: &Path) -> std::io::Result<MasterSecret> {
    let secret = MasterSecret::generate(&SystemRandom);
    let draft = path.with_extension(format!("{}.tmp", std::process::id()));
    let written = private_file(&draft).and_then(|mut file| {
        file.write_all(secret.expose())?;
        file.sync_all()
    });
    let linked = written.and_then(|()| std::fs::hard_link(&draft, path));
    drop(std::fs::remove_file(&draft));
    match linked {
        Ok(()) => Ok(secret),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            MasterSecret::from_bytes(&std::fs::read(path)?).map_err(std::io::Error::other)
        }
        Err(error) => Err(error),
    }
}

fn private_file(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
