//! `cargo xtask sbom`: what the server is made of, as CycloneDX, written by cargo-cyclonedx and checked against what cargo builds.
//!
//! cargo-cyclonedx goes by `cargo metadata`, which also names crates that no feature in use asks for. A scanner would warn of
//! those for nothing, so they are taken out; and all that is left has to be in Cargo.lock, with the same checksum.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use keyward_servers::shell::{self, Outcome};
use serde_json::Value;

pub(crate) const HELP: &str = "
Usage: cargo xtask sbom [--output FILE] [--features LIST] [--target TRIPLE]

Writes a software bill of materials of the server: every crate that is linked into it or helps to build it, with its
version, licence and checksum, as CycloneDX 1.5 in JSON. Fails if it lacks a crate that cargo builds, or names
one that Cargo.lock does not. Wants cargo-cyclonedx.

  --output FILE      where to write it (target/keyward.cdx.json)
  --features LIST    of a server with these features besides the usual ones
  --target TRIPLE    of a server for this platform (the one of this machine)";

/// What cargo-cyclonedx calls its files: it writes one beside the manifest of every member.
const NAME: &str = "keyward-sbom-draft";

/// A crate as Cargo.lock names it.
type Crate = (String, String);

struct Options {
    output: PathBuf,
    /// Further arguments of cargo.
    build: Vec<String>,
}

pub(crate) fn run(args: &[String]) -> Outcome {
    let options = parse(args)?;
    if !shell::works(&mut shell::cargo(["cyclonedx", "--version"])) {
        return Err(
            "cargo-cyclonedx is not installed; `cargo install cargo-cyclonedx --locked` gets it.".to_owned()
        );
    }
    let drafts = drafts()?;
    let drawn = draw(&options.build);
    let draft = fs::read_to_string(&drafts[0]);
    for path in &drafts {
        // Members that cargo-cyclonedx skipped are absent.
        let _ = fs::remove_file(path);
    }
    drawn?;
    let draft =
        draft.map_err(|error| format!("cargo-cyclonedx left no {}: {error}.", drafts[0].display()))?;
    let mut bill: Value =
        serde_json::from_str(&draft).map_err(|error| format!("cargo-cyclonedx wrote no JSON: {error}."))?;

    let built = built(&options.build)?;
    let left_out = prune(&mut bill, &built);
    let lock = fs::read_to_string(shell::root().join("Cargo.lock"))
        .map_err(|error| format!("Cargo.lock could not be read: {error}."))?;
    let checked = check(&bill, &built, &locked(&lock))?;

    let text = serde_json::to_string_pretty(&bill).map_err(|error| format!("it is no JSON: {error}."))?;
    let written = options.output.parent().map_or(Ok(()), fs::create_dir_all);
    written
        .and_then(|()| fs::write(&options.output, text + "\n"))
        .map_err(|error| format!("{} could not be written: {error}.", options.output.display()))?;
    println!("{}: {checked} crates, each as Cargo.lock has it.", options.output.display());
    println!("{left_out} that cargo names but does not build are not in it.");
    Ok(())
}

fn parse(args: &[String]) -> Outcome<Options> {
    let mut options = Options { output: shell::root().join("target/keyward.cdx.json"), build: Vec::new() };
    for pair in args.chunks(2) {
        match pair {
            [flag, path] if flag == "--output" => options.output = PathBuf::from(path),
            [flag, _] if flag == "--features" || flag == "--target" => options.build.extend_from_slice(pair),
            _ => {
                return Err(format!(
                    "`{}` makes no sense here; see `cargo xtask sbom --help`.",
                    pair.join(" ")
                ));
            }
        }
    }
    Ok(options)
}

/// Where cargo-cyclonedx puts its files, the server's first.
fn drafts() -> Outcome<Vec<PathBuf>> {
    let text =
        shell::capture(&mut shell::cargo(["metadata", "--locked", "--no-deps", "--format-version", "1"]))?;
    let metadata: Value =
        serde_json::from_str(&text).map_err(|error| format!("cargo metadata is odd: {error}."))?;
    let manifests =
        items(&metadata["packages"]).iter().filter_map(|package| package["manifest_path"].as_str());
    let mut drafts: Vec<PathBuf> =
        manifests.map(|path| Path::new(path).with_file_name(format!("{NAME}.json"))).collect();
    drafts.sort_by_key(|path| !path.ends_with(format!("crates/keyward/{NAME}.json")));
    Ok(drafts)
}

fn draw(build: &[String]) -> Outcome {
    let mut command = shell::cargo(["cyclonedx", "--quiet", "--manifest-path", "crates/keyward/Cargo.toml"]);
    command.args(["--format", "json", "--spec-version", "1.5", "--override-filename", NAME]).args(build);
    // The same commit gives the same file, whenever it is made.
    if std::env::var_os("SOURCE_DATE_EPOCH").is_none() {
        let mut git = Command::new("git");
        git.args(["log", "-1", "--format=%ct"]).current_dir(shell::root());
        if let Ok(time) = shell::capture(&mut git) {
            command.env("SOURCE_DATE_EPOCH", time.trim());
        }
    }
    shell::run(&mut command)
}

/// The crates that cargo compiles for the server, its own among them.
fn built(build: &[String]) -> Outcome<BTreeSet<Crate>> {
    let mut command = shell::cargo(["tree", "--locked", "-p", "keyward", "-e", "normal,build"]);
    let lines = shell::capture(command.args(["--prefix", "none", "-f", "{p}"]).args(build))?;
    Ok(lines.lines().filter_map(named).collect())
}

/// `("syn", "2.0.119")` of `syn v2.0.119 (proc-macro)`.
fn named(line: &str) -> Option<Crate> {
    let mut words = line.split(' ');
    Some((words.next()?.to_owned(), words.next()?.strip_prefix('v')?.to_owned()))
}

/// Takes out what is not built, here and from the lists of who needs whom; says how many that were.
fn prune(bill: &mut Value, built: &BTreeSet<Crate>) -> usize {
    let mut kept: BTreeSet<String> = reference(&bill["metadata"]["component"]).into_iter().collect();
    let before = items(&bill["components"]).len();
    if let Some(components) = bill["components"].as_array_mut() {
        components.retain(|component| built.contains(&identity(component)));
        kept.extend(components.iter().filter_map(reference));
    }
    if let Some(needs) = bill["dependencies"].as_array_mut() {
        needs.retain(|need| need["ref"].as_str().is_some_and(|name| kept.contains(name)));
        for list in needs.iter_mut().filter_map(|need| need.get_mut("dependsOn")?.as_array_mut()) {
            list.retain(|name| name.as_str().is_some_and(|name| kept.contains(name)));
        }
    }
    before - items(&bill["components"]).len()
}

/// How many crates there are, if they are those that are built, and as Cargo.lock has them.
fn check(bill: &Value, built: &BTreeSet<Crate>, lock: &BTreeMap<Crate, Option<String>>) -> Outcome<usize> {
    let server = &bill["metadata"]["component"];
    let mut named: BTreeSet<Crate> = BTreeSet::from([identity(server)]);
    for component in items(&bill["components"]) {
        let (name, version) = identity(component);
        let hash = items(&component["hashes"]).iter().find(|hash| hash["alg"] == "SHA-256");
        let hash = hash.and_then(|hash| hash["content"].as_str()).map(str::to_owned);
        match lock.get(&(name.clone(), version.clone())) {
            None => return Err(format!("{name} {version} is not in Cargo.lock.")),
            Some(checksum) if *checksum != hash => {
                return Err(format!("{name} {version} has another checksum in Cargo.lock."));
            }
            Some(_) => {}
        }
        named.insert((name, version));
    }
    match built.iter().find(|built| !named.contains(*built)) {
        Some((name, version)) => Err(format!("cargo-cyclonedx left out {name} {version}, which is built.")),
        None => Ok(named.len()),
    }
}

/// The packages of a Cargo.lock, and the checksums of those that come from elsewhere.
fn locked(lock: &str) -> BTreeMap<Crate, Option<String>> {
    let package = |text: &str| {
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = \""))?;
            line.strip_suffix('"').map(str::to_owned)
        };
        Some(((field("name")?, field("version")?), field("checksum")))
    };
    lock.split("[[package]]").filter_map(package).collect()
}

fn identity(component: &Value) -> Crate {
    let text = |name: &str| component[name].as_str().unwrap_or_default().to_owned();
    (text("name"), text("version"))
}

fn reference(component: &Value) -> Option<String> {
    component["bom-ref"].as_str().map(str::to_owned)
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const LOCK: &str = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry\"\n\
        checksum = \"ab\"\n\n[[package]]\nname = \"server\"\nversion = \"0.1.0\"\ndependencies = [\n \"a\",\n]\n";

    fn bill() -> Value {
        let component = |name: &str| json!({ "bom-ref": name, "name": name, "version": "1.0.0", "hashes": [{ "alg": "SHA-256", "content": "ab" }] });
        json!({
            "metadata": { "component": { "bom-ref": "server", "name": "server", "version": "0.1.0" } },
            "components": [component("a"), component("idle")],
            "dependencies": [
                { "ref": "server", "dependsOn": ["a", "idle"] }, { "ref": "a" }, { "ref": "idle", "dependsOn": ["a"] },
            ],
        })
    }

    fn built(lines: &str) -> BTreeSet<Crate> {
        lines.lines().filter_map(named).collect()
    }

    #[test]
    fn what_is_not_built_is_not_in_it_nor_needed_by_anything() {
        let (mut bill, built) = (bill(), built("server v0.1.0 (/here)\na v1.0.0 (proc-macro)\n"));
        assert_eq!(prune(&mut bill, &built), 1);
        assert_eq!(bill["dependencies"], json!([{ "ref": "server", "dependsOn": ["a"] }, { "ref": "a" }]));
        assert_eq!(check(&bill, &built, &locked(LOCK)), Ok(2));
    }

    #[test]
    fn a_crate_too_few_a_crate_too_many_and_another_checksum_are_errors() {
        let all = built("server v0.1.0\na v1.0.0\nb v2.0.0\n");
        let mut bill = bill();
        assert!(
            check(&bill, &all, &locked(LOCK)).is_err_and(|said| said.starts_with("idle 1.0.0 is not in"))
        );
        prune(&mut bill, &all);
        assert!(check(&bill, &all, &locked(LOCK)).is_err_and(|said| said.contains("left out b 2.0.0")));
        let other = LOCK.replace("\"ab\"", "\"cd\"");
        assert!(check(&bill, &all, &locked(&other)).is_err_and(|said| said.contains("another checksum")));
    }

    #[test]
    fn an_unknown_option_is_refused() {
        let parse = |line: &str| parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        let options = parse("--features otlp --output x.json").expect("a fine command line");
        assert_eq!(
            (options.output, options.build),
            ("x.json".into(), vec!["--features".to_owned(), "otlp".to_owned()])
        );
        for line in ["x.json", "--output", "--feature otlp"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
