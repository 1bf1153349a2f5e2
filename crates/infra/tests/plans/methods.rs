//! The names of every method of every repository, as the source has them: so that no query is forgotten.

use std::collections::BTreeSet;
use std::path::Path;

/// `posts.list` and so on.
pub(crate) fn all() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut names = BTreeSet::new();
    for file in folder.read_dir().unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            let noun = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let source = std::fs::read_to_string(path).unwrap();
            names.extend(methods(&source).map(|method| format!("{noun}.{method}")));
        }
    }
    assert!(names.contains("posts.list"), "{names:?}");
    names
}

/// What is inside `impl .. Repository for Db<C> { .. }`.
fn methods(source: &str) -> impl Iterator<Item = String> {
    let mut inside = false;
    source.lines().filter_map(move |line| {
        if line.starts_with("impl") {
            inside = line.contains("Repository for Db<");
        }
        let name = line.strip_prefix("    async fn ").filter(|_| inside)?;
        Some(name.split(['(', '<']).next().unwrap().to_owned())
    })
}
