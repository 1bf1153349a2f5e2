//! Finds the files that `tidy` reads, and names them as findings do.

use std::fs;
use std::path::Path;

use keyward_servers::shell::Outcome;

/// Every Rust file and every Markdown document: its path from the root with `/` between the parts, and its
/// text.
pub(super) fn files(root: &Path) -> Outcome<Vec<(String, String)>> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let unreadable = |error| format!("{} could not be read: {error}.", folder.display());
        for entry in folder.read_dir().map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.is_dir() && !path.is_symlink() {
                if !foreign(root, &path) {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "md") {
                let text = fs::read_to_string(&path)
                    .map_err(|error| format!("{} could not be read: {error}.", path.display()))?;
                found.push((name(root, &path), text));
            }
        }
    }
    Ok(found)
}

/// Folders that hold nothing of ours: hidden ones, build output (which cargo marks), packages of others, and
/// the data of a server run here.
fn foreign(root: &Path, folder: &Path) -> bool {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let others = name.starts_with('.') || name == "node_modules" || folder == root.join("data");
    others || folder.join("CACHEDIR.TAG").exists()
}

/// A path from the root, with `/` between the parts.
pub(super) fn name(root: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<_> = relative.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}
