//! What a package has to contain and to state, so that a stranger can use it.

use keyward_servers::shell::{self, Outcome};
use serde_json::Value;

/// The files that are in every package; the licences are the project's own.
const FILES: [&str; 3] = ["LICENSE-APACHE", "LICENSE-MIT", "README.md"];

pub(super) fn check(name: &str, metadata: &Value) -> Outcome {
    let args = ["package", "--locked", "--allow-dirty", "--list", "-p", name];
    let listed = shell::capture(&mut shell::cargo(args))?;
    if let Some(missing) = FILES.iter().find(|file| !listed.lines().any(|line| line == **file)) {
        return Err(format!("the package of {name} has no {missing}."));
    }
    let package = metadata["packages"].as_array().into_iter().flatten();
    let package = package.into_iter().find(|package| package["name"] == name);
    let package = package.ok_or_else(|| format!("cargo metadata does not know {name}."))?;
    let folder = package["manifest_path"].as_str().unwrap_or_default();
    let folder = std::path::Path::new(folder).with_file_name("");
    for licence in FILES.iter().filter(|file| file.starts_with("LICENSE")) {
        let [own, ours] = [&folder, &shell::root()].map(|folder| std::fs::read(folder.join(licence)).ok());
        if own.is_none() || own != ours {
            return Err(format!("{licence} of {name} is not the project's."));
        }
    }
    if let Some(sentence) = lacking(package) {
        return Err(format!("{name}: {sentence}"));
    }
    let readme = std::fs::read_to_string(folder.join("README.md")).unwrap_or_default();
    let features = package["features"].as_object().into_iter().flatten().map(|(feature, _)| feature.as_str());
    if let Some(feature) = features.filter(|name| *name != "default").find(|name| !tells(&readme, name)) {
        return Err(format!("the README of {name} has no row for its feature {feature}."));
    }
    Ok(())
}

/// What a registry shows of a package, and this one does not say.
fn lacking(package: &Value) -> Option<&'static str> {
    let said = |member: &str| package[member].as_str().is_some_and(|text| !text.is_empty());
    let some = |member: &str| package[member].as_array().is_some_and(|list| (1..=5).contains(&list.len()));
    match () {
        () if !said("description") => Some("there is no description."),
        () if !said("license") => Some("there is no licence."),
        () if !said("documentation") => Some("nobody knows where its documentation is."),
        () if package["readme"] != "README.md" => Some("its README is not its README.md."),
        () if !some("keywords") => Some("a registry takes one keyword to five."),
        () if !some("categories") => Some("a registry takes one category to five."),
        () => None,
    }
}

/// Whether a table in this README has a row for the feature.
fn tells(readme: &str, feature: &str) -> bool {
    readme.lines().any(|line| line.starts_with(&format!("| `{feature}`")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_package_that_says_too_little_of_itself_is_told_what() {
        let whole = json!({
            "description": "d", "license": "MIT", "documentation": "https://docs.rs/x", "readme": "README.md",
            "keywords": ["jwt"], "categories": ["authentication"],
        });
        assert_eq!(lacking(&whole), None);
        for (member, value) in [
            ("description", json!("")),
            ("license", json!(null)),
            ("documentation", json!(null)),
            ("readme", json!("docs.md")),
            ("keywords", json!([])),
            ("categories", json!(["1", "2", "3", "4", "5", "6"])),
        ] {
            let mut package = whole.clone();
            package[member] = value;
            assert!(lacking(&package).is_some(), "{member}");
        }
    }

    #[test]
    fn a_feature_is_told_by_a_row_of_its_own() {
        let readme = "`remote`\n| `tower` | layers |\n| `axum` (default) | extractors |\n";
        assert!(tells(readme, "tower") && tells(readme, "axum"));
        assert!(!tells(readme, "remote") && !tells(readme, "tow"));
    }
}
