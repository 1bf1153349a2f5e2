//! What is in `deploy/`, against the program it deploys: settings, paths, ports and probes that are really there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::{Args, Command};
use keyward::cli::settings::ServerSettings;
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy")
}

/// Every file of it: its path and its text.
fn files() -> Vec<(PathBuf, String)> {
    let mut folders = vec![folder()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    assert!(found.len() > 10, "{found:?}");
    found
}

fn text(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn yaml(name: &str) -> Value {
    parse(&text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn parse(text: &str) -> Result<Value, String> {
    serde_saphyr::from_str(text).map_err(|error| error.to_string())
}

/// The runs of letters, digits and underscores that begin with `start`.
fn words<'a>(text: &'a str, start: &str) -> BTreeSet<&'a str> {
    let inside = |char: char| char.is_ascii_alphanumeric() || char == '_';
    text.split(|char: char| !inside(char)).filter(|word| word.starts_with(start)).collect()
}

/// The paths in the document.
fn routes() -> BTreeSet<String> {
    keyward_api::router::document(&keyward::resources::by_default()).paths.paths.keys().cloned().collect()
}

#[test]
fn every_variable_is_a_setting_of_the_server() {
    let command = ServerSettings::augment_args(Command::new("keyward"));
    let settings: BTreeSet<&str> =
        command.get_arguments().filter_map(|argument| argument.get_env()?.to_str()).collect();
    let mut named = 0;
    for (path, text) in files() {
        for word in words(&text, "KEYWARD_") {
            assert!(settings.contains(word), "{}: there is no setting {word}", path.display());
            named += 1;
        }
    }
    assert!(named > 20, "{named}");
}

#[test]
fn every_document_can_be_read_and_says_what_it_is() {
    for (path, text) in files() {
        let kubernetes = path.parent().unwrap().ends_with("kubernetes");
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("yaml") => {
                let document = parse(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                for member in ["apiVersion", "kind"].iter().filter(|_| kubernetes) {
                    assert!(document[member].is_string(), "{}: no {member}", path.display());
                }
            }
            Some("json") => drop(serde_json::from_str::<Value>(&text).unwrap()),
            _ => {}
        }
    }
}

#[test]
fn what_is_probed_is_a_route_and_the_binary_is_where_it_is_started() {
    let deployment = yaml("kubernetes/deployment.yaml");
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    let routes = routes();
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        let get = &container[probe]["httpGet"];
        assert!(routes.contains(get["path"].as_str().unwrap()), "{probe}: {get}");
        let ports = container["ports"].as_array().unwrap();
        assert!(ports.iter().any(|port| port["name"] == get["port"]), "{probe}: {get}");
    }
    assert_eq!(container["readinessProbe"]["httpGet"]["path"], "/health/ready");
    let binary = "/usr/local/bin/keyward";
    let compose = yaml("compose.yaml");
    assert_eq!(compose["services"]["keyward"]["healthcheck"]["test"][1], binary);
    assert!(text("Dockerfile").contains(&format!("ENTRYPOINT [\"{binary}\"]")));
    assert!(text("systemd/keyward.service").contains(&format!("ExecStart={binary} serve")));
}

#[test]
fn the_image_is_built_with_the_pinned_rust_and_runs_as_nobody() {
    let dockerfile = text("Dockerfile");
    let pinned = std::fs::read_to_string(folder().join("../rust-toolchain.toml")).unwrap();
    let version = pinned.split('"').nth(1).unwrap();
    assert!(dockerfile.contains(&format!("FROM rust:{version}-")), "{version}");
    let last = dockerfile.rsplit("\nFROM ").next().unwrap();
    assert!(last.contains("\nUSER 65532:65532\n") && last.contains("\nHEALTHCHECK "), "{last}");
    let compose = &yaml("compose.yaml")["services"]["keyward"];
    assert_eq!((&compose["read_only"], &compose["cap_drop"][0]), (&true.into(), &"ALL".into()));
    assert!(folder().join(compose["build"]["context"].as_str().unwrap()).join("Cargo.toml").exists());
    assert!(folder().join("..").join(compose["build"]["dockerfile"].as_str().unwrap()).exists());
    let pod = &yaml("kubernetes/deployment.yaml")["spec"]["template"]["spec"];
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    assert_eq!(pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"], true);
}

#[test]
fn the_parts_of_the_cluster_find_each_other() {
    let list = yaml("kubernetes/kustomization.yaml");
    for name in list["resources"].as_array().unwrap() {
        let name = name.as_str().unwrap().replace("secret.yaml", "secret.example.yaml");
        assert!(yaml(&format!("kubernetes/{name}"))["metadata"]["name"].is_string(), "{name}");
    }
    let deployment = yaml("kubernetes/deployment.yaml");
    let labels = &deployment["spec"]["template"]["metadata"]["labels"];
    for selector in [
        &deployment["spec"]["selector"]["matchLabels"],
        &yaml("kubernetes/service.yaml")["spec"]["selector"],
        &yaml("kubernetes/disruption.yaml")["spec"]["selector"]["matchLabels"],
        &yaml("kubernetes/network.yaml")["spec"]["podSelector"]["matchLabels"],
    ] {
        assert_eq!(selector, labels);
    }
    let replicas = deployment["spec"]["replicas"].as_u64().unwrap();
    let kept = yaml("kubernetes/disruption.yaml")["spec"]["minAvailable"].as_u64().unwrap();
    assert!(kept >= 1 && kept < replicas, "a node can be drained while another one serves");
}

#[test]
fn what_is_listened_on_is_what_is_exposed() {
    let config = yaml("kubernetes/config.yaml");
    let deployment = yaml("kubernetes/deployment.yaml");
    let ports = &deployment["spec"]["template"]["spec"]["containers"][0]["ports"];
    let dockerfile = text("Dockerfile");
    for (setting, port) in config["data"].as_object().unwrap() {
        if !setting.ends_with("LISTEN") {
            continue;
        }
        let port = port.as_str().unwrap();
        assert!(dockerfile.contains(&format!("{setting}={port}")), "{setting}");
        let number: u64 = port.rsplit(':').next().unwrap().parse().unwrap();
        assert!(ports.as_array().unwrap().iter().any(|port| port["containerPort"] == number), "{number}");
        let exposed = dockerfile.lines().find(|line| line.starts_with("EXPOSE ")).unwrap();
        assert!(exposed.split(' ').any(|port| port == number.to_string()), "{exposed}");
    }
}
