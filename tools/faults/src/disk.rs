//! A small disk in memory (tmpfs) that can be filled up. Mounting one takes root's rights.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use keyward_servers::shell::{self, Outcome};
use tempfile::TempDir;

/// Room for what a run writes, in MiB.
const SIZE: u32 = 256;

/// A mounted disk, unmounted when dropped.
pub(crate) struct Disk {
    folder: TempDir,
}

impl Disk {
    /// Mounts a disk; `None`, with a remark, where that is not allowed.
    pub(crate) fn mount() -> Outcome<Option<Self>> {
        let folder = tempfile::Builder::new().prefix("keyward-faults-disk-").tempdir();
        let folder = folder.map_err(|error| format!("No folder for a disk: {error}."))?;
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={SIZE}m,mode=0700"), "keyward-faults"]);
        if shell::works(mount.arg(folder.path())) {
            return Ok(Some(Self { folder }));
        }
        shell::note("skipped: a full disk. Only root may mount a small file system to fill up.");
        Ok(None)
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Gives the disk to the account that owns this file.
    pub(crate) fn give_to_owner_of(&self, file: &Path) -> Outcome {
        let owner = fs::metadata(file).map_err(|error| format!("{}: {error}.", file.display()))?;
        chown(self.path(), Some(owner.uid()), Some(owner.gid()))
            .map_err(|error| format!("{}: {error}.", self.path().display()))
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }

    /// Takes all the room that is left.
    pub(crate) fn fill(&self) -> Outcome {
        let failed = |error: std::io::Error| format!("The disk could not be filled: {error}.");
        let mut filler = File::create(self.filler()).map_err(failed)?;
        // Down to the last page.
        for size in [1 << 20, 4096, 1] {
            let zeros = vec![0; size];
            loop {
                match filler.write(&zeros) {
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => return Err(failed(error)),
                }
            }
        }
        Ok(())
    }

    /// Makes room again.
    pub(crate) fn free(&self) -> Outcome {
        fs::remove_file(self.filler()).map_err(|error| format!("The disk could not be freed: {error}."))
    }

    /// Copies what is there to a folder that stays.
    pub(crate) fn copy_to(&self, folder: &Path) -> Outcome {
        shell::run(Command::new("cp").arg("-r").arg(self.path()).arg(folder))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if !shell::works(Command::new("umount").arg(self.path())) {
            shell::complain(&format!("{} could not be unmounted.", self.path().display()));
        }
    }
}
