//! Circles: files of a crate that use one another, directly or through others. None of them can be read,
//! tested or moved without all the others.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::Finding;
use super::uses::Use;

pub(super) fn check(uses: &[Use]) -> Vec<Finding> {
    let arrows = uses.iter().map(|used| (used.from.as_str(), used.to.as_str()));
    circles(arrows).iter().map(|circle| finding(circle, uses)).collect()
}

/// Every set of two or more that lead to each other, directly or through others.
pub(super) fn circles<'a>(arrows: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<BTreeSet<&'a str>> {
    let mut next: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut last: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (from, to) in arrows {
        next.entry(from).or_default().push(to);
        last.entry(to).or_default().push(from);
    }
    let mut circles = Vec::new();
    let mut seen = BTreeSet::new();
    for start in next.keys() {
        if !seen.contains(start) {
            let circle: BTreeSet<&str> = &reached(start, &next) & &reached(start, &last);
            seen.extend(circle.iter().copied());
            if circle.len() > 1 {
                circles.push(circle);
            }
        }
    }
    circles
}

/// All that `start` leads to, itself among them.
fn reached<'a>(start: &'a str, next: &BTreeMap<&'a str, Vec<&'a str>>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::from([start]);
    let mut open = vec![start];
    while let Some(at) = open.pop() {
        let fresh = next.get(at).into_iter().flatten().filter(|to| reached.insert(to));
        open.extend(fresh);
    }
    reached
}

/// One finding at the circle's first file, with a line for each file and a name for each arrow.
fn finding(circle: &BTreeSet<&str>, uses: &[Use]) -> Finding {
    let inside = |used: &&Use| circle.contains(used.from.as_str()) && circle.contains(used.to.as_str());
    let mut sentence = format!(
        "{} files use one another in a circle; move what they share into a file that uses none of them:",
        circle.len()
    );
    let mut last = "";
    for Use { from, to, name, .. } in uses.iter().filter(inside) {
        let start = if from == last { ", ".to_owned() } else { format!("\n    {} uses ", short(from)) };
        sentence.extend([&start, name, " of ", short(to)]);
        last = from;
    }
    let first = uses.iter().find(inside);
    let (path, line) = first.map_or(("", 1), |used| (used.from.as_str(), used.line));
    Finding::new(path, line, sentence)
}

/// A path from the folder of its crate's sources.
fn short(path: &str) -> &str {
    path.split_once("src/").map_or(path, |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::super::modules::{Sources, trees};
    use super::super::uses::uses;
    use super::*;

    fn said_of(files: &[(&str, &str)]) -> Vec<String> {
        let trees = trees(&files.iter().copied().collect::<Sources<'_>>());
        check(&uses(&trees)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn arrows_one_way_are_no_circle() {
        let files = [
            ("a/src/lib.rs", "mod b; mod c; pub use b::B; pub use c::C;"),
            ("a/src/b.rs", "use crate::c::C; pub struct B(C);"),
            ("a/src/c.rs", "use std::fmt; pub struct C;"),
        ];
        assert_eq!(said_of(&files), [""; 0]);
    }

    #[test]
    fn a_circle_is_found_once_with_a_name_for_each_arrow() {
        let files = [
            ("a/src/lib.rs", "mod b; mod c; mod d; mod e; pub use d::D;"),
            ("a/src/b.rs", "\nuse crate::c::{C, C2};"),
            ("a/src/c.rs", "use crate::D;"),
            ("a/src/d.rs", "pub struct D; fn f() { super::b::g(crate::c::C) }"),
            ("a/src/e.rs", "use crate::b::B; use crate::c::C;"),
        ];
        let expected = "a/src/b.rs:2: 3 files use one another in a circle; move what they share into a file that uses \
            none of them:\n    b.rs uses C of c.rs\n    c.rs uses D of d.rs\n    d.rs uses g of b.rs, C of c.rs";
        assert_eq!(said_of(&files), [expected]);
    }

    #[test]
    fn a_parent_and_a_child_that_use_each_other_are_one() {
        let child = ("a/src/b/c.rs", "use super::B; pub struct C(B);");
        let parent = |code| said_of(&[("a/src/lib.rs", "mod b;"), ("a/src/b.rs", code), child]).len();
        assert_eq!(parent("mod c; pub struct B; fn f(c: c::C) {}"), 1);
        assert_eq!(parent("mod c; pub use c::C; pub struct B;"), 1);
        assert_eq!(parent("mod c; pub struct B;"), 0);
        let index = ("a/src/b.rs", "mod c; mod d; pub use c::C; pub use d::B;");
        assert_eq!(
            said_of(&[("a/src/lib.rs", "mod b;"), index, child, ("a/src/b/d.rs", "pub struct B;")]),
            [""; 0]
        );
    }

    #[test]
    fn circles_apart_are_two_findings() {
        let lib = "mod b; mod c; mod d; mod e;";
        let files = [
            ("a/src/lib.rs", lib),
            ("a/src/b.rs", "use crate::c::C; use crate::d::D;"),
            ("a/src/c.rs", "use crate::b::B;"),
            ("a/src/d.rs", "use crate::e::E;"),
            ("a/src/e.rs", "use crate::d::D;"),
        ];
        let said = said_of(&files);
        assert!(said.len() == 2 && said[0].starts_with("a/src/b.rs:1: 2 files"), "{said:?}");
    }
}
