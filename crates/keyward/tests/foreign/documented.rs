//! The code in `docs/OTHER_LANGUAGES.md`, run as it stands there but for the issuer's address.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::server::Installation;
use crate::{PATIENCE, run_at};

const DOCUMENT: &str = include_str!("../../../../docs/OTHER_LANGUAGES.md");
const ISSUER: &str = "https://login.example.com";

/// The block in this language.
fn block(language: &str) -> &'static str {
    let (_, rest) = DOCUMENT.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("```").unwrap().0
}

/// Puts the block where `place` says, for a server of its own, and runs the script that uses it.
pub(crate) fn run(
    installation: &Installation,
    script: &mut Command,
    language: &str,
    place: impl Fn(&Path) -> PathBuf,
) {
    let (server, code) = (installation.start(), block(language));
    assert_eq!(code.matches(ISSUER).count(), 1, "one address to fill in");
    let code = code.replace(ISSUER, &format!("http://{}", server.address));
    std::fs::write(place(installation.folder.path()), code).unwrap();
    run_at(installation, &server, script, PATIENCE);
}
