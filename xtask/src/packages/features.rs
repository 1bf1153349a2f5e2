//! Each feature of a published crate has to build alone, and the crate without any: a user may choose any single one.

use std::collections::BTreeSet;

use keyward_servers::shell::{self, Outcome};
use serde_json::Value;

pub(super) fn check(name: &str, metadata: &Value) -> Outcome {
    for features in choices(name, metadata) {
        // The library alone: tests bring features of their own along.
        let args = ["clippy", "--locked", "--quiet", "--lib", "-p", name, "--no-default-features"];
        let mut command = shell::cargo(args);
        command.args(["--features", &features, "--", "-D", "warnings"]);
        shell::run(&mut command)?;
    }
    Ok(())
}

/// No feature, and each one by itself.
fn choices(name: &str, metadata: &Value) -> BTreeSet<String> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let features = packages
        .filter(|package| package["name"] == name)
        .filter_map(|package| package["features"].as_object());
    let names = features.flatten().map(|(feature, _)| feature.clone()).filter(|feature| feature != "default");
    names.chain([String::new()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_feature_is_tried_alone_and_so_is_none() {
        let metadata = serde_json::json!({ "packages": [
            { "name": "a", "features": { "default": ["x"], "x": [], "y": ["x"] } },
            { "name": "b", "features": { "z": [] } },
        ] });
        assert_eq!(choices("a", &metadata), ["", "x", "y"].map(str::to_owned).into());
        assert_eq!(choices("b", &metadata), ["", "z"].map(str::to_owned).into());
    }
}
