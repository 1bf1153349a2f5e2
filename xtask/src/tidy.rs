//! `cargo xtask tidy`: the rules of the house that neither the compiler nor clippy knows.
//!
//! Every rule is a function from what it looks at to findings, with tests on small inputs beside it:
//! [`arrows`] which crate may import which, [`circles`] files of a crate that use one another, [`rooms`] which folder
//! may use which, [`sources`] what a Rust file looks like, [`links`] where a document points, [`proofs`] which tests
//! it names.

mod arrows;
mod circles;
mod code;
mod files;
mod finding;
mod houses;
mod imports;
mod layers;
mod links;
mod modules;
mod proofs;
mod rooms;
mod sources;
mod targets;
mod tokens;
mod uses;

use std::path::Path;

use keyward_servers::shell::{self, Outcome};

pub(crate) const HELP: &str = "
Usage: cargo xtask tidy

Checks what neither the compiler nor clippy does, and prints each finding as `path:line: sentence`:
dependencies between the crates, circles of files in a crate, folders of the domain that use only themselves and
lower ones, files of at most 300 lines and tests of 450, a `//!` on every module, `forbid(unsafe_code)` on every crate, nothing
left to do, `expect` rather than `allow`, no glob import of sea_orm, and relative links and names of tests in
documents.

A circle is two files or more that use one another, directly or through others. A parent module and a child that
use each other are one; `mod child;` alone is no use. The finding names each file, and one name for each use.

The crates and what each may import stand in xtask/src/tidy/layers.rs, the folders in xtask/src/tidy/houses.rs.";

pub(crate) fn run(args: &[String]) -> Outcome {
    if !args.is_empty() {
        return Err(format!("`tidy` takes no arguments, not even `{}`.", args.join(" ")));
    }
    let root = shell::root();
    let files = files::files(&root)?;
    let mut findings = arrows::check(&arrows::packages(&root)?);
    let (sources, documents): (Vec<_>, Vec<_>) =
        files.iter().partition(|(path, _)| Path::new(path).extension().is_some_and(|kind| kind == "rs"));
    let mut tests = proofs::Tests::new();
    for (path, text) in &sources {
        findings.extend(sources::check(path, text));
        tests.extend(proofs::tests(text).into_iter().map(|name| (path.clone(), name)));
    }
    let rust: modules::Sources<'_> =
        sources.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let uses = uses::uses(&modules::trees(&rust));
    findings.extend(circles::check(&uses));
    findings.extend(rooms::check(&rust.keys().copied().collect::<Vec<_>>(), &uses));
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
