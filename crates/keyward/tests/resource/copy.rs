//! A copy of the repository, as a newcomer has it after `git clone`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A copy of the repository.
pub(crate) struct Copy {
    pub(crate) folder: PathBuf,
    root: PathBuf,
    build: PathBuf,
}

impl Copy {
    /// Makes the copy in cargo's target folder. It is kept for the next time, so that what has not changed is not built
    /// again: a file is written only where its content differs.
    pub(crate) fn make() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
        let test = std::env::current_exe().unwrap();
        let place = test.ancestors().nth(3).unwrap().join("resource");
        let copy = Self { folder: place.join("repository"), root, build: place.join("build") };
        let tracked: BTreeSet<PathBuf> =
            copy.tracked().into_iter().map(|file| copy.folder.join(file)).collect();
        fs::create_dir_all(&copy.folder).unwrap();
        remove_others(&copy.folder, &tracked);
        for file in &tracked {
            let content = fs::read(copy.root.join(file.strip_prefix(&copy.folder).unwrap())).unwrap();
            if fs::read(file).ok().as_ref() != Some(&content) {
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(file, content).unwrap();
            }
        }
        copy
    }

    /// The files of the checkout that git knows, or would take.
    fn tracked(&self) -> Vec<PathBuf> {
        let mut git = Command::new("git");
        git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(&self.root);
        let listed = String::from_utf8(git.output().unwrap().stdout).unwrap();
        let files = listed.split_terminator('\0').map(PathBuf::from);
        let files: Vec<_> = files.filter(|file| self.root.join(file).is_file()).collect();
        assert!(!files.is_empty(), "git lists no files in {}", self.root.display());
        files
    }

    /// A shell that runs these commands at the root of the copy and stops at the first one that fails.
    pub(crate) fn shell(&self, commands: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-e", "-c", commands]).current_dir(&self.folder).stdin(Stdio::null());
        // What cargo and the tests say to this test is not for the programs of the copy.
        for (name, _) in std::env::vars_os() {
            let foreign = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "KEYWARD_"];
            if foreign.iter().any(|start| name.to_string_lossy().starts_with(start)) {
                shell.env_remove(name);
            }
        }
        // Built once and hardly ever again: without what makes the second build fast, or a debugger useful.
        shell.env("CARGO_TARGET_DIR", &self.build).env("CARGO_INCREMENTAL", "0");
        shell.env("CARGO_PROFILE_DEV_DEBUG", "none").env("NO_PROXY", "127.0.0.1");
        shell
    }

    /// Runs commands that must succeed. Returns what they wrote to standard output.
    pub(crate) fn run(&self, heading: &str, commands: &str) -> String {
        let output = self.shell(commands).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "the commands of {heading:?} failed ({}) in {}:\n\n{commands}\n{said}\n{}",
            output.status,
            self.folder.display(),
            String::from_utf8_lossy(&output.stderr)
        );
        said
    }

    /// What the commands did to the repository, in a sentence.
    pub(crate) fn changes(&self) -> String {
        let before: BTreeSet<PathBuf> = self.tracked().into_iter().collect();
        let text = |folder: &Path, file: &Path| fs::read_to_string(folder.join(file)).unwrap_or_default();
        let mut edited = Vec::new();
        for file in before.iter().filter(|file| file.extension().is_some_and(|kind| kind != "png")) {
            let (old, new) = (text(&self.root, file), text(&self.folder, file));
            if old != new {
                let added = new.lines().count().saturating_sub(old.lines().count());
                edited.push(format!("{} (+{added} lines)", file.display()));
            }
        }
        let mut files = Vec::new();
        walk(&self.folder.join("samples/notes"), &mut files);
        let lines: usize = files.iter().map(|file| text(&self.folder, file).lines().count()).sum();
        format!("{} new files with {lines} lines; edited: {}", files.len(), edited.join(", "))
    }
}

/// Removes the files of an earlier copy that are not in the repository.
fn remove_others(folder: &Path, tracked: &BTreeSet<PathBuf>) {
    let mut files = Vec::new();
    walk(folder, &mut files);
    for file in files.iter().filter(|file| !tracked.contains(*file)) {
        fs::remove_file(file).unwrap();
        // Folders that are empty now; others stay.
        for parent in file.ancestors().skip(1).take_while(|parent| *parent != folder) {
            if fs::remove_dir(parent).is_err() {
                break;
            }
        }
    }
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, files) } else { files.push(path) }
    }
}
