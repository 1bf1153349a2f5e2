//! Who may depend on whom: whether the manifests keep to the table of [`super::layers`].

use std::fs;
use std::path::Path;

use keyward_servers::shell::{self, Outcome};
use serde_json::Value;

use super::files;
use super::finding::Finding;
use super::layers::{BINARY, LAYERS, RESOURCE};

/// A package of the workspace and what its manifest asks for.
pub(super) struct Package {
    name: String,
    /// Its manifest's path from the root, and text.
    path: String,
    manifest: String,
    needs: Vec<Need>,
}

struct Need {
    name: String,
    dev: bool,
}

/// The packages of the workspace, as cargo sees them.
pub(super) fn packages(root: &Path) -> Outcome<Vec<Package>> {
    let args = ["metadata", "--no-deps", "--format-version", "1"];
    let text = shell::capture(&mut shell::cargo(args))?;
    let metadata: Value =
        serde_json::from_str(&text).map_err(|error| format!("cargo metadata is odd: {error}."))?;
    let mut packages = Vec::new();
    for package in items(&metadata["packages"]) {
        let path = Path::new(text_of(&package["manifest_path"]));
        let manifest = fs::read_to_string(path)
            .map_err(|error| format!("{} could not be read: {error}.", path.display()))?;
        let needs = items(&package["dependencies"]);
        let need = |need: &Value| Need { name: text_of(&need["name"]).to_owned(), dev: is_for_tests(need) };
        packages.push(Package {
            name: text_of(&package["name"]).to_owned(),
            path: files::name(root, path),
            manifest,
            needs: needs.iter().map(need).collect(),
        });
    }
    Ok(packages)
}

pub(super) fn check(packages: &[Package]) -> Vec<Finding> {
    packages.iter().flat_map(|package| judge(package, packages)).collect()
}

fn judge(package: &Package, all: &[Package]) -> Vec<Finding> {
    let name = &package.name;
    let named = LAYERS.iter().find(|layer| layer.name == name);
    let Some(layer) = named.or(is_resource(package).then_some(&RESOURCE)) else {
        let sentence =
            format!("{name} has no place among the layers yet; give it one in xtask/src/tidy/layers.rs.");
        return vec![Finding::new(&package.path, 1, sentence)];
    };
    let mut findings = Vec::new();
    for need in &package.needs {
        let ours = all.iter().find(|other| other.name == need.name);
        let needed = need.name.as_str();
        let mounted = name == BINARY && ours.is_some_and(is_resource);
        let tested = need.dev && layer.tests_import.contains(&needed);
        let allowed = mounted || tested || layer.imports.contains(&needed);
        let line = line_of(&package.manifest, needed);
        if ours.is_some() && !allowed && needed != name {
            let whose = if need.dev { "the tests of " } else { "" };
            findings.push(Finding::new(
                &package.path,
                line,
                format!("{whose}{name} must not import {needed}."),
            ));
        }
        if !need.dev && layer.without.contains(&needed) {
            findings.push(Finding::new(&package.path, line, format!("{name} does without {needed}.")));
        }
    }
    findings
}

/// Whether a package is a resource, by its folder.
fn is_resource(package: &Package) -> bool {
    package.path.starts_with("samples/")
}

/// The line of the manifest that names the dependency, or the first.
fn line_of(manifest: &str, dependency: &str) -> usize {
    let names = |line: &str| {
        let rest = line.trim_start().strip_prefix(dependency);
        rest.is_some_and(|rest| rest.starts_with(['.', ' ', '=']))
    };
    manifest.lines().position(names).map_or(1, |index| index + 1)
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A development dependency, or an optional one: infra's `testing` feature is for the tests of others.
fn is_for_tests(need: &Value) -> bool {
    need["kind"] == "dev" || need["optional"] == true && need["kind"].is_null()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESOURCES: [&str; 2] = ["keyward-blog", "keyward-shop"];

    fn package(name: &str, needs: &[&str], for_tests: &[&str]) -> Package {
        let need = |dev| move |name: &&str| Need { name: (*name).to_owned(), dev };
        let lines = needs.iter().map(|need| format!("{need}.workspace = true\n"));
        Package {
            name: name.to_owned(),
            path: format!(
                "{}/{name}/Cargo.toml",
                if RESOURCES.contains(&name) { "samples" } else { "crates" }
            ),
            manifest: format!("[dependencies]\n{}", lines.collect::<String>()),
            needs: needs.iter().map(need(false)).chain(for_tests.iter().map(need(true))).collect(),
        }
    }

    /// What `check` says of one package beside all the others of ours.
    fn said_of(package: Package) -> Vec<String> {
        let mut all = vec![package];
        let names = LAYERS.iter().map(|layer| layer.name).chain(RESOURCES);
        all.extend(names.map(|name| self::package(name, &[], &[])));
        check(&all).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_arrow_of_the_design_is_allowed() {
        for layer in LAYERS {
            let needs = [layer.imports, &["thiserror"]].concat();
            assert!(said_of(package(layer.name, &needs, layer.tests_import)).is_empty(), "{}", layer.name);
        }
    }

    #[test]
    fn an_arrow_outwards_is_found_on_its_line() {
        let said = said_of(package("keyward-domain", &["keyward-auth", "keyward-infra"], &[]));
        assert_eq!(
            said,
            ["crates/keyward-domain/Cargo.toml:3: keyward-domain must not import keyward-infra."]
        );
        assert_eq!(said_of(package("keyward-migration", &["keyward-infra"], &[])).len(), 1);
        assert_eq!(said_of(package("keyward-guard", &["keyward-domain"], &[])).len(), 1);
    }

    #[test]
    fn a_package_that_does_not_exist_yet_is_no_finding() {
        assert_eq!(check(&[package("keyward-auth", &["thiserror"], &[])]), []);
        assert_eq!(check(&[]), []);
    }

    #[test]
    fn a_resource_imports_neither_pages_nor_the_binary_nor_another_resource() {
        assert_eq!(said_of(package("keyward-blog", RESOURCE.imports, RESOURCE.tests_import)), [""; 0]);
        assert_eq!(said_of(package(BINARY, &RESOURCES, &[])), [""; 0]);
        for needed in ["keyward-pages", "keyward", "keyward-shop"] {
            assert_eq!(said_of(package("keyward-blog", &[needed], &[])).len(), 1, "{needed}");
        }
        assert_eq!(said_of(package("keyward-api", &["keyward-blog"], &[])).len(), 1);
    }

    #[test]
    fn only_tests_of_infra_run_migrations() {
        assert_eq!(said_of(package("keyward-infra", &["keyward-migration"], &[])).len(), 1);
        assert_eq!(said_of(package("keyward-infra", &[], &["keyward-migration"])), [""; 0]);
        assert_eq!(said_of(package("keyward-domain", &[], &["keyward-migration"])).len(), 1);
    }

    #[test]
    fn the_inner_layers_do_without_sql_http_and_a_runtime() {
        for library in ["sea-orm", "axum", "serde", "tokio"] {
            assert_eq!(said_of(package("keyward-domain", &[library], &[])).len(), 1, "{library}");
            assert_eq!(said_of(package("keyward-domain", &[], &[library])), [""; 0], "{library}");
        }
        for library in ["sea-orm", "axum", "tokio"] {
            assert_eq!(said_of(package("keyward-auth", &[library], &[])).len(), 1, "{library}");
        }
    }

    #[test]
    fn a_new_package_must_find_its_place() {
        assert!(said_of(package("keyward-extra", &[], &[]))[0].contains("no place among the layers"));
    }
}
