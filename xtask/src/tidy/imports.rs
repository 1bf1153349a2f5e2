//! Reads one Rust file: which modules it declares, what it imports, and which paths its code names.

use std::collections::BTreeSet;

use super::code;
use super::tokens::{Token, tokens};

/// A module: a whole file, or `mod name { .. }` in one.
#[derive(Default)]
pub(super) struct Module {
    /// Modules written in the same file.
    pub(super) inline: Vec<(String, Module)>,
    /// Modules in files of their own: `mod name;`.
    pub(super) declared: Vec<String>,
    pub(super) imports: Vec<Import>,
    /// Paths of two parts or more in the code, and their lines.
    pub(super) paths: Vec<(Vec<String>, usize)>,
    /// Names that are defined here.
    pub(super) names: BTreeSet<String>,
    /// Names of macros that are defined here.
    pub(super) macros: BTreeSet<String>,
}

/// One name that a `use` imports, or all names of a module.
pub(super) struct Import {
    /// The parts of the path. The first is empty where the path begins with `::`.
    pub(super) path: Vec<String>,
    /// The name it has here; `*` for all.
    pub(super) alias: String,
    /// Whether others can import it from here.
    pub(super) public: bool,
    pub(super) line: usize,
}

/// Words before the name of an item.
const DEFINING: [&str; 9] =
    ["const", "enum", "fn", "macro_rules", "static", "struct", "trait", "type", "union"];

pub(super) fn read(source: &str) -> Module {
    let code = code::views(source).code;
    Reader { tokens: tokens(&code), at: 0 }.module()
}

struct Reader<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
}

impl Reader<'_> {
    /// The text of the token `ahead` of the present one; empty past the end.
    fn text(&self, ahead: usize) -> &str {
        self.tokens.get(self.at + ahead).map_or("", |token| token.text)
    }

    fn is_name(&self, ahead: usize) -> bool {
        self.tokens.get(self.at + ahead).is_some_and(Token::is_name)
    }

    fn line(&self) -> usize {
        self.tokens.get(self.at).map_or(0, |token| token.line)
    }

    /// Reads to the brace that closes the module, or to the end of the file.
    fn module(&mut self) -> Module {
        let mut module = Module::default();
        let (mut depth, mut public) = (0_usize, false);
        while self.at < self.tokens.len() {
            match self.text(0) {
                "pub" => {
                    public = true;
                    self.at += 1;
                    self.skip_restriction();
                    continue;
                }
                "{" => depth += 1,
                "}" if depth == 0 => break,
                "}" => depth -= 1,
                "mod" if self.is_name(1) => self.declaration(&mut module),
                // `use<'a>` in a type is no import.
                "use" if self.text(1) != "<" => {
                    self.at += 1;
                    self.tree(Vec::new(), public, &mut module.imports);
                }
                "::" => self.at += usize::from(self.is_name(1)),
                _ if self.is_name(0) && self.text(1) == "::" => self.path(&mut module.paths),
                word if DEFINING.contains(&word) => self.definition(&mut module),
                _ => {}
            }
            public = false;
            self.at += 1;
        }
        module
    }

    /// `(crate)` or `(in crate::a)` after `pub`.
    fn skip_restriction(&mut self) {
        if self.text(0) == "(" && matches!(self.text(1), "crate" | "self" | "super" | "in") {
            while self.at < self.tokens.len() && self.text(0) != ")" {
                self.at += 1;
            }
            self.at += 1;
        }
    }

    /// `mod name;` or `mod name { .. }`; ends at its last token.
    fn declaration(&mut self, module: &mut Module) {
        let name = self.text(1).to_owned();
        self.at += 2;
        if self.text(0) == "{" {
            self.at += 1;
            module.inline.push((name, self.module()));
        } else {
            module.declared.push(name);
        }
    }

    /// The name behind `fn` and the like; in `const fn` it is still to come.
    fn definition(&mut self, module: &mut Module) {
        let is_macro = self.text(0) == "macro_rules";
        let name = self.text(if is_macro { 2 } else { 1 }).to_owned();
        if is_macro {
            module.macros.insert(name.clone());
        }
        module.names.insert(name);
    }

    /// A path in the code; ends at its last token.
    fn path(&mut self, paths: &mut Vec<(Vec<String>, usize)>) {
        let line = self.line();
        let mut path = vec![self.text(0).to_owned()];
        while self.text(1) == "::" && self.is_name(2) {
            path.push(self.text(2).to_owned());
            self.at += 2;
        }
        if path.len() > 1 {
            paths.push((path, line));
        }
    }

    /// One tree of a `use`, such as `a::{b, c as d}`; stops before the `,`, `}` or `;` behind it.
    fn tree(&mut self, mut path: Vec<String>, public: bool, imports: &mut Vec<Import>) {
        let line = self.line();
        if self.text(0) == "::" {
            path.push(String::new());
        }
        while self.at < self.tokens.len() {
            match self.text(0) {
                "," | "}" | ";" => break,
                "::" => {}
                "{" => {
                    self.at += 1;
                    while !matches!(self.text(0), "}" | "") {
                        self.tree(path.clone(), public, imports);
                        self.at += usize::from(self.text(0) == ",");
                    }
                    self.at += 1;
                    return;
                }
                "*" => {
                    self.at += 1;
                    imports.push(Import { path, alias: "*".to_owned(), public, line });
                    return;
                }
                "as" => {
                    let alias = self.text(1).to_owned();
                    self.at += 2;
                    imports.push(Import { path, alias, public, line });
                    return;
                }
                // `a::{self}` imports `a`.
                "self" if !path.is_empty() => {}
                name => path.push(name.to_owned()),
            }
            self.at += 1;
        }
        if let Some(alias) = path.last().cloned() {
            imports.push(Import { path, alias, public, line });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The imports of `code`, as `path` or `path as alias`, with `pub` before what others can import.
    fn imports(code: &str) -> Vec<String> {
        let spelled = |import: &Import| {
            let path = import.path.join("::");
            let public = if import.public { "pub " } else { "" };
            let alias = &import.alias;
            if import.path.last() == Some(alias) {
                format!("{public}{path}")
            } else {
                format!("{public}{path} as {alias}")
            }
        };
        read(code).imports.iter().map(spelled).collect()
    }

    fn paths(code: &str) -> Vec<String> {
        read(code).paths.iter().map(|(path, line)| format!("{line} {}", path.join("::"))).collect()
    }

    #[test]
    fn a_nested_group_imports_each_of_its_names() {
        let code = "use crate::{a::{self, B as C, d::*}, E};\npub(crate) use self::f::G;\npub use ::h;";
        let expected =
            ["crate::a", "crate::a::B as C", "crate::a::d as *", "crate::E", "pub self::f::G", "pub ::h"];
        assert_eq!(imports(code), expected);
    }

    #[test]
    fn only_a_use_is_an_import() {
        for code in ["fn f() -> impl A + use<'_> {}", "// use a::b;", "let x = \"use a::b;\";"] {
            assert_eq!(imports(code), [""; 0], "{code}");
        }
        assert_eq!(imports("pub fn f() { use a::b; }"), ["a::b"]);
    }

    #[test]
    fn a_path_in_the_code_is_read_to_its_last_name() {
        let code = "fn f(x: crate::a::B<super::C>) {\n    d::e::<T>::f(); $crate::g!();\n}";
        assert_eq!(paths(code), ["1 crate::a::B", "1 super::C", "2 d::e", "2 crate::g"]);
    }

    #[test]
    fn paths_of_other_crates_and_visibilities_are_no_paths_here() {
        for code in
            ["x: ::argon2::Params", "pub(in crate::a::b) fn f() {}", "pub(super) fn f() {}", "use a::b;"]
        {
            assert_eq!(paths(code), [""; 0], "{code}");
        }
    }

    #[test]
    fn modules_keep_what_is_theirs() {
        let module = read("mod a;\npub mod b { use c::D; mod e; fn f() { g::h(); } }\nuse i::J;");
        assert_eq!(module.declared, ["a"]);
        assert_eq!((module.imports.len(), module.paths.len()), (1, 0));
        let (name, inner) = &module.inline[0];
        assert_eq!((name.as_str(), inner.imports.len(), inner.paths.len()), ("b", 1, 1));
        assert_eq!(inner.declared, ["e"]);
    }

    #[test]
    fn definitions_are_known_by_name() {
        let module = read("pub struct A<T>(T); const fn b() {} enum C {} macro_rules! d { () => {} }");
        for name in ["A", "b", "C", "d"] {
            assert!(module.names.contains(name), "{name}");
        }
        assert!(module.macros.contains("d") && module.macros.len() == 1);
    }
}
