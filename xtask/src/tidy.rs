//! `cargo xtask tidy`: the rules of the house that neither the compiler nor clippy knows.
//!
//! Every rule is a function from what it looks at to findings, with tests on small inputs beside it:
//! [`arrows`] who may depend on whom, [`sources`] what a Rust file looks like, [`links`] where a document points,
//! [`proofs`] which tests it names.

mod arrows;
mod code;
mod links;
mod proofs;
mod sources;

use std::fmt::{Display, Formatter};
use std::fs;
use std::path::Path;

use keyward_servers::shell::{self, Outcome};

pub(crate) const HELP: &str = "
Usage: cargo xtask tidy

Checks what neither the compiler nor clippy does, and prints each finding as `path:line: sentence`:
dependencies between the layers, files of at most 300 lines, a `//!` on every module, `forbid(unsafe_code)` on
every crate, nothing left to do, `expect` rather than `allow`, no glob import of sea_orm, and relative links and
names of tests in documents.";

/// Something to mend, and where.
#[derive(Debug, PartialEq, PartialOrd, Eq, Ord)]
struct Finding {
    path: String,
    line: usize,
    sentence: String,
}

impl Finding {
    fn new(path: &str, line: usize, sentence: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, sentence: sentence.into() }
    }
}

impl Display for Finding {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.sentence)
    }
}

pub(crate) fn run(args: &[String]) -> Outcome {
    if !args.is_empty() {
        return Err(format!("`tidy` takes no arguments, not even `{}`.", args.join(" ")));
    }
    let root = shell::root();
    let files = files(&root)?;
    let mut findings = arrows::check(&arrows::packages(&root)?);
    let (sources, documents): (Vec<_>, Vec<_>) =
        files.iter().partition(|(path, _)| Path::new(path).extension().is_some_and(|kind| kind == "rs"));
    let mut tests = proofs::Tests::new();
    for (path, text) in sources {
        findings.extend(sources::check(path, text));
        tests.extend(proofs::tests(text).into_iter().map(|name| (path.clone(), name)));
    }
    for (path, text) in documents {
        findings.extend(links::check(path, text, |target| root.join(target).exists()));
        findings.extend(proofs::check(path, text, &tests));
    }
    findings.sort();
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => {
            println!("{} files, all tidy.", files.len());
            Ok(())
        }
        1 => Err("There is one thing to tidy up.".to_owned()),
        many => Err(format!("There are {many} things to tidy up.")),
    }
}

/// Every Rust file and every Markdown document, by its path from the root with `/` between the parts.
fn files(root: &Path) -> Outcome<Vec<(String, String)>> {
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

/// Folders that hold nothing of ours: hidden ones, build output (which cargo marks), packages of others, and the
/// data of a server run here.
fn foreign(root: &Path, folder: &Path) -> bool {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let others = name.starts_with('.') || name == "node_modules" || folder == root.join("data");
    others || folder.join("CACHEDIR.TAG").exists()
}

fn name(root: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<_> = relative.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}
