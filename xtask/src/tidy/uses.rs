//! The arrows inside each crate: which file uses a name that another one defines.

use super::modules::{Node, Tree};
use super::targets::{Target, target};

/// A file uses a name that another file of its crate defines.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Use {
    pub(super) from: String,
    pub(super) to: String,
    /// The line in `from`.
    pub(super) line: usize,
    /// The name, or the module's where all of it is imported.
    pub(super) name: String,
}

/// The first use of each file by each other one.
pub(super) fn uses(trees: &[Tree]) -> Vec<Use> {
    let mut found: Vec<Use> = trees.iter().flat_map(of_crate).collect();
    found.sort();
    found.dedup_by(|next, first| (&next.from, &next.to) == (&first.from, &first.to));
    found
}

fn of_crate(tree: &Tree) -> Vec<Use> {
    let mut found = Vec::new();
    for (id, node) in tree.nodes.iter().enumerate() {
        let mut note = |target: Target, line: usize| {
            let (module, name) = match target {
                Target::Module(module) => (module, tree.nodes[module].name.clone()),
                Target::Item(module, name) => (module, name),
                Target::Elsewhere => return,
            };
            let (from, to) = (node.file.clone(), tree.nodes[module].file.clone());
            if from != to {
                found.push(Use { from, to, line, name });
            }
        };
        for import in &node.module.imports {
            let target = target(tree, id, &import.path);
            // A module that is imported so that paths can begin with it: those lead further.
            let is_start = matches!(target, Target::Module(_)) && begins_paths(node, &import.alias);
            if import.public || !is_start {
                note(target, import.line);
            }
        }
        for (path, line) in &node.module.paths {
            note(target(tree, id, path), *line);
        }
    }
    found
}

fn begins_paths(node: &Node, name: &str) -> bool {
    node.module.paths.iter().any(|(path, _)| path[0] == name)
}

#[cfg(test)]
mod tests {
    use super::super::modules::{Sources, trees};
    use super::*;

    /// The uses in a crate of these files, as `from -> to name`.
    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let trees = trees(&files.iter().copied().collect::<Sources<'_>>());
        let spelled = |found: &Use| format!("{} -> {} {}", found.from, found.to, found.name);
        uses(&trees).iter().map(spelled).collect()
    }

    #[test]
    fn a_declaration_alone_is_no_use_and_tests_do_not_count() {
        let b = "fn f() {}\n#[cfg(test)]\nmod tests { use super::*; use crate::c::C; }";
        assert_eq!(found(&[("src/lib.rs", "mod b; mod c;"), ("src/b.rs", b), ("src/c.rs", "")]), [""; 0]);
    }

    #[test]
    fn a_parent_uses_its_child_by_import_path_and_re_export() {
        for lib in
            ["mod b; use b::B;", "mod b; fn f() { b::B }", "mod b; pub use b::B;", "mod b; use self::b::*;"]
        {
            let expected = if lib.contains('*') { "b" } else { "B" };
            let expected = format!("src/lib.rs -> src/b.rs {expected}");
            assert_eq!(found(&[("src/lib.rs", lib), ("src/b.rs", "pub struct B;")]), [expected], "{lib}");
        }
    }

    #[test]
    fn the_first_use_of_a_file_stands_for_all() {
        let b = "use std::fmt;\nuse crate::c::{D, C};\nfn f() { crate::c::E::new() }";
        let files = [("src/lib.rs", "mod b; mod c;"), ("src/b.rs", b), ("src/c.rs", "")];
        assert_eq!(found(&files), ["src/b.rs -> src/c.rs C"]);
    }

    #[test]
    fn a_module_is_imported_for_what_is_named_in_it() {
        let c = ("src/c.rs", "mod d; pub use d::D;");
        let lib = ("src/lib.rs", "mod b; mod c;");
        let d = ("src/c/d.rs", "pub struct D;");
        let b = |code| found(&[lib, ("src/b.rs", code), c, d]).remove(0);
        assert_eq!(b("use crate::c; fn f() -> c::D {}"), "src/b.rs -> src/c/d.rs D");
        assert_eq!(b("use crate::c; fn f(c: usize) {}"), "src/b.rs -> src/c.rs c");
    }
}
