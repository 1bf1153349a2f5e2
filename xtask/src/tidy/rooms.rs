//! The rooms of a crate: the folders of its sources, in layers. A room uses itself and lower layers.

use std::collections::{BTreeMap, BTreeSet};

use super::circles::circles;
use super::finding::Finding;
use super::houses::{HOUSES, House};
use super::uses::Use;

/// `files` are the paths of all Rust files.
pub(super) fn check(files: &[&str], uses: &[Use]) -> Vec<Finding> {
    HOUSES.iter().filter(|house| house.in_force).flat_map(|house| house.check(files, uses)).collect()
}

impl House {
    fn check(&self, files: &[&str], uses: &[Use]) -> Vec<Finding> {
        let inside = |path: &&str| path.strip_prefix(self.sources).is_some();
        let files: Vec<&str> = files.iter().copied().filter(inside).collect();
        let folders = files.iter().filter_map(|path| Some(self.below(path)?.split_once('/')?.0)).collect();
        let mut findings = self.unknown(&files, &folders);
        findings.extend(uses.iter().filter_map(|used| self.judge(used, &folders)));
        findings.extend(self.mutual(uses, &folders));
        findings
    }

    /// The path of a file of this crate, from the folder of its sources.
    fn below<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(self.sources)
    }

    /// The room that a file is in; `None` beside the folders.
    fn room<'a>(&self, path: &'a str, folders: &BTreeSet<&str>) -> Option<&'a str> {
        let file = self.below(path)?;
        if let Some((folder, _)) = file.split_once('/') {
            return Some(folder);
        }
        let stem = file.strip_suffix(".rs").unwrap_or(file);
        let alone = self.layers.iter().any(|layer| layer.rooms.contains(&file));
        if alone { Some(file) } else { folders.contains(stem).then_some(stem) }
    }

    fn layer(&self, room: &str) -> Option<usize> {
        self.layers.iter().position(|layer| layer.rooms.contains(&room))
    }

    /// Folders that are in no layer, each at its first file, and files in no room.
    fn unknown(&self, files: &[&str], folders: &BTreeSet<&str>) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut seen = BTreeSet::new();
        for path in files.iter().copied().collect::<BTreeSet<_>>() {
            match self.room(path, folders) {
                Some(room) if self.layer(room).is_none() && seen.insert(room) => {
                    let sentence = format!(
                        "{room} has no place among the rooms yet; give it one in xtask/src/tidy/houses.rs, or move its \
                         files into another."
                    );
                    findings.push(Finding::new(path, 1, sentence));
                }
                None if self.whole && !matches!(self.below(path), Some("lib.rs" | "main.rs")) => {
                    let sentence = "this file is in none of the rooms; move it into one of them.";
                    findings.push(Finding::new(path, 1, sentence));
                }
                _ => {}
            }
        }
        findings
    }

    /// Rooms of an open layer that use one another in a circle, each circle at its first use.
    fn mutual(&self, uses: &[Use], folders: &BTreeSet<&str>) -> Vec<Finding> {
        let mut first = BTreeMap::new();
        for used in uses {
            if let Some(rooms) = self.across(used, folders) {
                first.entry(rooms).or_insert(used);
            }
        }
        let finding = |circle: &BTreeSet<&str>| {
            let inner = first.iter().filter(|((from, to), _)| circle.contains(from) && circle.contains(to));
            let spell = |((from, to), used): (&(&str, &str), &&Use)| {
                format!("{from} uses {to} ({})", self.what(used))
            };
            let list = inner.clone().map(spell).collect::<Vec<_>>().join(", ");
            let sentence = format!("rooms use one another in a circle: {list}; let the uses run one way.");
            let (_, used) = inner.min()?;
            Some(Finding::new(&used.from, used.line, sentence))
        };
        circles(first.keys().copied()).iter().filter_map(finding).collect()
    }

    /// The two rooms of a use between rooms of one open layer.
    fn across<'a>(&self, used: &'a Use, folders: &BTreeSet<&str>) -> Option<(&'a str, &'a str)> {
        let (from, to) = (self.room(&used.from, folders)?, self.room(&used.to, folders)?);
        let layer = self.layer(from)?;
        (from != to && self.layer(to) == Some(layer) && self.layers[layer].open).then_some((from, to))
    }

    /// The name that is used, and its file.
    fn what(&self, used: &Use) -> String {
        format!("{} of {}", used.name, self.below(&used.to).unwrap_or(&used.to))
    }

    /// A use that runs up, or across a closed layer.
    fn judge(&self, used: &Use, folders: &BTreeSet<&str>) -> Option<Finding> {
        let (from, to) = (self.room(&used.from, folders)?, self.room(&used.to, folders)?);
        let (low, high) = (self.layer(from)?, self.layer(to)?);
        let what = self.what(used);
        let sentence = if from == to || low > high || low == high && self.layers[low].open {
            return None;
        } else if low == high {
            format!(
                "{from} must not use {to} ({what}), which stands beside it; move what both need into a room below them."
            )
        } else {
            format!(
                "{from} must not use {to} ({what}), which stands above it; move the name down, or this file up."
            )
        };
        Some(Finding::new(&used.from, used.line, sentence))
    }
}

#[cfg(test)]
mod tests {
    use super::super::houses::{closed, open};
    use super::*;

    const HOUSE: House = House {
        sources: "a/src/",
        in_force: true,
        whole: false,
        layers: &[closed(&["low", "side", "file.rs"]), open(&["high", "other"])],
    };

    /// The findings on a use of one file by another.
    fn said_of(from: &str, to: &str) -> Vec<String> {
        let (from, to) = (format!("a/src/{from}"), format!("a/src/{to}"));
        let uses = [Use { from: from.clone(), to: to.clone(), line: 3, name: "A".to_owned() }];
        HOUSE.check(&[&from, &to], &uses).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_room_uses_itself_and_lower_ones() {
        for (from, to) in [
            ("low/b.rs", "low/c.rs"),
            ("high/b.rs", "low/c/d.rs"),
            ("high/b.rs", "other/c.rs"),
            ("high/b.rs", "file.rs"),
            ("high.rs", "high/b.rs"),
            ("lib.rs", "high/b.rs"),
        ] {
            assert_eq!(said_of(from, to), [""; 0], "{from} {to}");
        }
    }

    #[test]
    fn a_use_upwards_is_found_on_its_line() {
        let said = said_of("low/b.rs", "high/c.rs");
        let expected = "a/src/low/b.rs:3: low must not use high (A of high/c.rs), which stands above it; move the name \
            down, or this file up.";
        assert_eq!(said, [expected]);
        assert_eq!(said_of("file.rs", "other/c.rs").len(), 1);
    }

    #[test]
    fn rooms_of_a_closed_layer_do_not_use_one_another() {
        let said = said_of("low/b.rs", "side/c.rs");
        assert!(said.len() == 1 && said[0].contains("stands beside it"), "{said:?}");
    }

    #[test]
    fn rooms_of_an_open_layer_use_one_another_one_way() {
        let uses = [("high/b.rs", "other/c.rs"), ("high/d.rs", "other/c.rs"), ("other/e.rs", "high/f.rs")];
        let used = |(from, to): (&str, &str)| Use {
            from: format!("a/src/{from}"),
            to: format!("a/src/{to}"),
            line: 3,
            name: "A".to_owned(),
        };
        let uses = uses.map(used);
        let files: Vec<&str> = uses.iter().flat_map(|used| [used.from.as_str(), used.to.as_str()]).collect();
        assert!(HOUSE.check(&files, &uses[..2]).is_empty());
        let said: Vec<String> = HOUSE.check(&files, &uses).iter().map(ToString::to_string).collect();
        let expected = "a/src/high/b.rs:3: rooms use one another in a circle: high uses other (A of other/c.rs), other \
            uses high (A of high/f.rs); let the uses run one way.";
        assert_eq!(said, [expected]);
    }

    #[test]
    fn a_file_belongs_to_the_folder_of_its_name_where_there_is_one() {
        assert_eq!(said_of("low.rs", "high/c.rs"), [""; 0]);
        let uses = [Use {
            from: "a/src/low.rs".to_owned(),
            to: "a/src/high/c.rs".to_owned(),
            line: 1,
            name: "A".to_owned(),
        }];
        assert_eq!(HOUSE.check(&["a/src/low.rs", "a/src/low/b.rs", "a/src/high/c.rs"], &uses).len(), 1);
    }

    #[test]
    fn a_new_room_must_find_its_place() {
        let files = [
            "a/src/new/c.rs",
            "a/src/new/b.rs",
            "a/src/new.rs",
            "a/src/b.rs",
            "a/src/lib.rs",
            "b/src/x/y.rs",
        ];
        let said: Vec<String> = HOUSE.check(&files, &[]).iter().map(ToString::to_string).collect();
        assert!(
            said.len() == 1 && said[0].starts_with("a/src/new.rs:1: new has no place among the rooms yet"),
            "{said:?}"
        );
    }

    #[test]
    fn where_every_file_has_a_room_only_the_root_is_beside_them() {
        let house = House { whole: true, ..HOUSE };
        let said: Vec<String> = house
            .check(&["a/src/b.rs", "a/src/lib.rs", "a/src/file.rs"], &[])
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(said, ["a/src/b.rs:1: this file is in none of the rooms; move it into one of them."]);
    }

    #[test]
    fn every_room_of_a_house_has_one_place() {
        for house in HOUSES {
            let rooms: Vec<&str> = house.layers.iter().flat_map(|layer| layer.rooms).copied().collect();
            assert_eq!(rooms.iter().collect::<BTreeSet<_>>().len(), rooms.len(), "{}", house.sources);
            assert!(house.sources.ends_with("/src/"), "{}", house.sources);
        }
    }
}
