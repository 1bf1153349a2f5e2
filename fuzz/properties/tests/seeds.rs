//! The fuzzer's seeds as plain tests, on any toolchain: what a run found stays found.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use keyward_properties::{Fate, TARGETS, Target};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).expect("the folder is there").map(|file| file.expect("it can be read"));
    files.map(|file| file.path()).collect()
}

fn stem(path: &Path) -> String {
    path.file_stem().and_then(|name| name.to_str()).expect("a name is text").to_owned()
}

/// A target's seeds, by name.
fn seeds(target: &Target) -> Vec<(String, Vec<u8>)> {
    let files = files(&folder("seeds").join(target.name));
    files.iter().map(|path| (stem(path), fs::read(path).expect("a seed can be read"))).collect()
}

fn names(folder: &Path) -> BTreeSet<String> {
    files(folder).iter().map(|path| stem(path)).collect()
}

#[test]
fn every_seed_meets_the_fate_that_it_is_named_after() {
    let mut strange = Vec::new();
    for target in &TARGETS {
        let mut met = BTreeSet::new();
        for (name, seed) in seeds(target) {
            let fate = (target.check)(&seed);
            let word = if fate == Fate::Accepted { "accepted" } else { "refused" };
            if name.split('-').next() != Some(word) {
                strange.push(format!("{}/{name} was {word}", target.name));
            }
            met.insert(word);
        }
        assert_eq!(met.len(), 2, "{} has seeds of either fate", target.name);
    }
    assert_eq!(strange, [""; 0]);
}

/// A fuzzer for those who have none: all that can be said by cutting a seed short or changing one byte.
#[test]
fn no_promise_breaks_when_a_seed_is_cut_short_or_changed_in_one_byte() {
    for target in &TARGETS {
        for (_, seed) in seeds(target) {
            let stride = seed.len().div_ceil(128).max(1);
            for at in (0..seed.len()).step_by(stride) {
                (target.check)(&seed[..at]);
                for change in [1, b' ', 0x80] {
                    let mut changed = seed.clone();
                    changed[at] ^= change;
                    (target.check)(&changed);
                }
            }
        }
    }
}

#[test]
fn every_target_has_a_program_and_a_folder_of_seeds() {
    let known: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(names(&folder("targets")), known);
    assert_eq!(names(&folder("seeds")), known);
    let manifest = fs::read_to_string(folder("Cargo.toml")).unwrap();
    for name in known {
        assert!(manifest.contains(&format!("path = \"targets/{name}.rs\"")), "{name} is not built");
    }
}
