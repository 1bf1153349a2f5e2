//! The modules of a crate as a tree: which file each is in, and what it holds. A module lies where its name
//! says: one under `#[path]` is not found.

use std::collections::BTreeMap;

use super::imports::{self, Module};

/// The text of every Rust file by its path from the root of the checkout.
pub(super) type Sources<'a> = BTreeMap<&'a str, &'a str>;

/// A crate's modules by their number. The root is number 0.
#[derive(Default)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
}

/// A module, and its place among the others.
pub(super) struct Node {
    pub(super) name: String,
    /// The path of the file it is in.
    pub(super) file: String,
    pub(super) parent: Option<usize>,
    pub(super) children: BTreeMap<String, usize>,
    pub(super) module: Module,
}

/// The modules of every crate. The roots of tests, benches and examples are not in `src`, so they are not among
/// these.
pub(super) fn trees(sources: &Sources<'_>) -> Vec<Tree> {
    let roots = sources.keys().filter_map(|path| Some((*path, root_folder(path)?)));
    roots.map(|(path, folder)| Tree::read(path, folder, sources)).collect()
}

/// The folder that holds the modules of the crate whose root is at `path`; `None` for any other file.
fn root_folder(path: &str) -> Option<&str> {
    let (folder, file) = path.rsplit_once('/')?;
    let is_in = |name: &str| folder == name || folder.ends_with(&format!("/{name}"));
    (is_in("src") && matches!(file, "lib.rs" | "main.rs") || is_in("src/bin")).then_some(folder)
}

impl Tree {
    fn read(root: &str, folder: &str, sources: &Sources<'_>) -> Self {
        let mut tree = Self::default();
        let module = imports::read(sources[root]);
        tree.add(Place { name: "crate", file: root, folder, parent: None }, module, sources);
        tree
    }

    /// Adds a module and all below it.
    fn add(&mut self, place: Place<'_>, mut module: Module, sources: &Sources<'_>) {
        let Place { name, file, folder, parent } = place;
        let id = self.nodes.len();
        let (inline, declared) = (std::mem::take(&mut module.inline), std::mem::take(&mut module.declared));
        let (name, file) = (name.to_owned(), file.to_owned());
        if let Some(parent) = parent {
            self.nodes[parent].children.insert(name.clone(), id);
        }
        self.nodes.push(Node { name, file: file.clone(), parent, children: BTreeMap::new(), module });
        for (name, module) in inline {
            let folder = format!("{folder}/{name}");
            self.add(Place { name: &name, file: &file, folder: &folder, parent: Some(id) }, module, sources);
        }
        for name in declared {
            let folder = format!("{folder}/{name}");
            let candidates = [format!("{folder}.rs"), format!("{folder}/mod.rs")];
            for file in candidates.iter().filter(|file| sources.contains_key(file.as_str())) {
                let module = imports::read(sources[file.as_str()]);
                self.add(Place { name: &name, file, folder: &folder, parent: Some(id) }, module, sources);
            }
        }
    }
}

/// Where a module is found: its file, and the folder of its children.
struct Place<'a> {
    name: &'a str,
    file: &'a str,
    folder: &'a str,
    parent: Option<usize>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_in_the_file_of_its_name_or_in_its_parents() {
        let sources = Sources::from([
            ("crates/a/src/lib.rs", "mod b;\nmod c { mod d; mod e {} }\n#[cfg(test)]\nmod tests;"),
            ("crates/a/src/b.rs", "mod f;"),
            ("crates/a/src/b/f/mod.rs", ""),
            ("crates/a/src/c/d.rs", ""),
            ("crates/a/src/tests.rs", ""),
            ("crates/a/src/forgotten.rs", ""),
        ]);
        let found: Vec<_> = trees(&sources).into_iter().flat_map(|tree| tree.nodes).collect();
        let found: Vec<_> =
            found.iter().map(|node| (node.name.as_str(), node.file.as_str(), node.parent)).collect();
        let expected = [
            ("crate", "crates/a/src/lib.rs", None),
            ("c", "crates/a/src/lib.rs", Some(0)),
            ("e", "crates/a/src/lib.rs", Some(1)),
            ("d", "crates/a/src/c/d.rs", Some(1)),
            ("b", "crates/a/src/b.rs", Some(0)),
            ("f", "crates/a/src/b/f/mod.rs", Some(4)),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_root_is_in_src() {
        for path in ["a/src/lib.rs", "src/main.rs", "examples/a/src/main.rs", "a/src/bin/b.rs"] {
            assert!(root_folder(path).is_some(), "{path}");
        }
        for path in ["a/tests/main.rs", "a/src/b.rs", "a/src/b/lib.rs", "build.rs", "a/xsrc/lib.rs"] {
            assert!(root_folder(path).is_none(), "{path}");
        }
    }
}
