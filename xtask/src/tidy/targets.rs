//! Where a path leads: the module that defines the name, found through re-exports.

use super::modules::{Node, Tree};

/// What a path leads to.
#[derive(Debug, PartialEq)]
pub(super) enum Target {
    Module(usize),
    /// The module that defines it, and its name there.
    Item(usize, String),
    /// Another crate, or a name that no module of this crate has.
    Elsewhere,
}

/// The number of imports that are followed for one path: a longer chain is a circle.
const LONGEST: usize = 16;

/// What `path`, written in `module`, leads to.
pub(super) fn target(tree: &Tree, module: usize, path: &[String]) -> Target {
    Search { tree, left: LONGEST }.target(module, path)
}

#[derive(Clone, Copy)]
struct Search<'a> {
    tree: &'a Tree,
    /// The number of imports that may still be followed.
    left: usize,
}

impl Search<'_> {
    fn target(self, module: usize, path: &[String]) -> Target {
        let Some((mut module, path)) = self.start(module, path) else { return Target::Elsewhere };
        for name in path {
            let own = || Target::Item(self.macro_owner(module, name), name.clone());
            match self.member(module, name).unwrap_or_else(own) {
                Target::Module(inner) => module = inner,
                found => return found,
            }
        }
        Target::Module(module)
    }

    /// The target of an import, which costs one of those that are left.
    fn through(self, module: usize, path: &[String]) -> Target {
        match self.left.checked_sub(1) {
            Some(left) => Self { left, ..self }.target(module, path),
            None => Target::Elsewhere,
        }
    }

    /// The module that a path begins at, and the rest of the path.
    fn start(self, module: usize, path: &[String]) -> Option<(usize, &[String])> {
        let node = &self.tree.nodes[module];
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some((0, rest)),
            "self" => Some((module, rest)),
            "super" => Some((node.parent?, rest)),
            name if node.children.contains_key(name) => Some((module, path)),
            name => {
                let mut imports = node.module.imports.iter();
                // `use http;` imports a crate of that name, not itself.
                let import = imports.find(|import| import.alias == name && import.path != [name])?;
                match self.through(module, &import.path) {
                    Target::Module(start) => Some((start, rest)),
                    _ => None,
                }
            }
        }
    }

    /// What others find in a module under `name`; `None` where it neither defines nor re-exports it.
    fn member(self, module: usize, name: &str) -> Option<Target> {
        let node = &self.tree.nodes[module];
        if name == "super" {
            return Some(node.parent.map_or(Target::Elsewhere, Target::Module));
        }
        if let Some(child) = node.children.get(name) {
            return Some(Target::Module(*child));
        }
        let exports = node.module.imports.iter().filter(|import| import.public);
        if let Some(export) = exports.clone().find(|import| import.alias == name) {
            return Some(self.through(module, &export.path));
        }
        if node.module.names.contains(name) {
            return Some(Target::Item(module, name.to_owned()));
        }
        exports.filter(|import| import.alias == "*").find_map(|glob| match self.through(module, &glob.path) {
            Target::Module(other) => Self { left: self.left.checked_sub(1)?, ..self }.member(other, name),
            _ => None,
        })
    }

    /// `#[macro_export]` makes a macro of any module a name of the root. Another name that a module neither
    /// defines nor re-exports is one it has imported for itself, and counts as its own.
    fn macro_owner(self, module: usize, name: &str) -> usize {
        let defines = |node: &Node| node.module.macros.contains(name);
        let owner = self.tree.nodes.iter().position(defines).filter(|_| module == 0);
        owner.unwrap_or(module)
    }
}

#[cfg(test)]
mod tests {
    use super::super::modules::{Sources, trees};
    use super::*;

    const LIB: &str = "mod a; mod b; pub use a::A; pub use b::*; pub use serde; pub use self::x as y; pub use y as x;\n\
        mod inline { pub use super::a::inner as alias; pub struct In; }";

    /// What a path in a file leads to, as `file name`.
    fn lead(file: &str, path: &str) -> String {
        let sources = Sources::from([
            ("src/lib.rs", LIB),
            ("src/a.rs", "pub mod inner; use crate::b::B; pub struct A; use super::inline; use http;"),
            ("src/a/inner.rs", "pub(crate) fn f() {} #[macro_export] macro_rules! m { () => {} }"),
            ("src/b.rs", "pub enum B { One }"),
        ]);
        let tree = &trees(&sources)[0];
        let module = tree.nodes.iter().position(|node| node.file == file).expect("a file of the crate");
        let path: Vec<String> = path.split("::").map(str::to_owned).collect();
        match target(tree, module, &path) {
            Target::Module(id) => tree.nodes[id].file.clone(),
            Target::Item(id, name) => format!("{} {name}", tree.nodes[id].file),
            Target::Elsewhere => "elsewhere".to_owned(),
        }
    }

    #[test]
    fn the_longest_prefix_that_is_a_module_decides() {
        assert_eq!(lead("src/b.rs", "crate::a::inner::f"), "src/a/inner.rs f");
        assert_eq!(lead("src/b.rs", "super::a::A::new"), "src/a.rs A");
        assert_eq!(lead("src/a/inner.rs", "super::super::b::B::One"), "src/b.rs B");
        assert_eq!(lead("src/a.rs", "inner::f"), "src/a/inner.rs f");
        assert_eq!(lead("src/a.rs", "self::inner"), "src/a/inner.rs");
        assert_eq!(lead("src/b.rs", "crate::inline::In"), "src/lib.rs In");
    }

    #[test]
    fn a_re_export_leads_to_where_the_name_is_defined() {
        assert_eq!(lead("src/b.rs", "crate::A"), "src/a.rs A");
        assert_eq!(lead("src/a.rs", "crate::B::One"), "src/b.rs B");
        assert_eq!(lead("src/a.rs", "crate::inline::alias::f"), "src/a/inner.rs f");
        assert_eq!(lead("src/b.rs", "crate::m"), "src/a/inner.rs m");
        assert_eq!(lead("src/b.rs", "crate::serde::Serialize"), "elsewhere");
        assert_eq!(lead("src/b.rs", "crate::x"), "elsewhere");
    }

    #[test]
    fn what_a_parent_imported_for_itself_is_the_parents() {
        assert_eq!(lead("src/a/inner.rs", "super::B"), "src/a.rs B");
        assert_eq!(lead("src/a.rs", "inline::In"), "src/lib.rs In");
    }

    #[test]
    fn other_crates_are_elsewhere() {
        for path in ["std::fmt", "http::Uri", "B::One", "::a::A", "Self::x"] {
            assert_eq!(lead("src/a.rs", path), "elsewhere", "{path}");
        }
    }
}
