//! The list in `docs/REUSE.md` from `cargo new` to a locked route: its program is the one here, and what it types does
//! what it says.
#![expect(clippy::unwrap_used, reason = "clippy's exemption for tests does not know their helpers")]

#[path = "../../keyward.rs"]
mod keyward;

use std::process::Command;

use keyward::{Keyward, Running};
use serde_json::{Value, json};

const PAGE: &str = include_str!("../../../docs/REUSE.md");
const LOCK: &str = include_str!("../../../Cargo.lock");

/// What stands in fences of this language in the list, in order, without the list's indentation.
fn blocks(language: &str) -> Vec<String> {
    let (_, list) = PAGE.split_once("## From `cargo new` to a locked route\n").unwrap();
    let (list, _) = list.split_once("\n## ").unwrap();
    let opening = format!("   ```{language}\n");
    let fenced = list.split(&opening).skip(1).map(|rest| rest.split_once("   ```\n").unwrap().0);
    fenced
        .map(|block| {
            block.lines().map(|line| line.strip_prefix("   ").unwrap_or(line).to_owned() + "\n").collect()
        })
        .collect()
}

/// A Keyward that knows the scope, and the service beside it.
fn start() -> (Keyward, Running) {
    let keyward = Keyward::start(&[("KEYWARD_USER_SCOPES", "notes:read notes:write")]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_notes"));
    command.env_clear().env("NOTES_LISTEN", "127.0.0.1:0").env("KEYWARD_URL", keyward.url());
    let notes = Running::start(command, &keyward.folder.path().join("notes.log"));
    (keyward, notes)
}

#[test]
fn the_program_in_the_list_is_the_one_that_is_tested() {
    assert_eq!(blocks("rust"), [include_str!("../src/main.rs")]);
}

#[test]
fn the_list_adds_the_versions_that_are_tested() {
    let added: Vec<_> = blocks("sh")
        .concat()
        .split_whitespace()
        .filter_map(|word| {
            let (name, version) = word.split_once('@')?;
            version
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.')
                .then(|| (name.to_owned(), version.to_owned()))
        })
        .collect();
    assert_eq!(added.len(), 5, "{added:?}");
    for (name, version) in added {
        let locked = format!("name = \"{name}\"\nversion = \"{version}.");
        assert!(LOCK.contains(&locked), "{name} {version} is not what Cargo.lock has");
    }
}

/// Types what the list has from its fifth step on, and compares what comes back with what the list shows.
#[test]
fn what_the_list_types_does_what_it_says() {
    if Command::new("curl").arg("--version").output().is_err() && std::env::var_os("CI").is_none() {
        eprintln!("Skipped: there is no curl here.");
        return;
    }
    let (keyward, notes) = start();
    let typed: Vec<_> = blocks("sh").into_iter().filter(|block| block.contains("curl ")).collect();
    let shown = blocks("text");
    assert_eq!((typed.len(), shown.len()), (6, 5));
    // curl's progress is for who looks at it.
    let quietly = |block: String| block.replace("curl ", "curl -sS ") + "echo\n";
    let session = String::from("set -e\n") + &typed.into_iter().map(quietly).collect::<String>();
    let session =
        session.replace("http://127.0.0.1:8000", keyward.url()).replace("http://127.0.0.1:3000", &notes.url);
    let mut shell = Command::new("sh");
    let output = shell.arg("-c").arg(session).env("NO_PROXY", "127.0.0.1").output().unwrap();
    let answers = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{answers}{}", String::from_utf8_lossy(&output.stderr));
    assert!(answers.contains("email already exists"), "the helper has signed Ana up before: {answers}");
    let mut answered = answers.lines().map(str::trim_end);
    for line in shown.iter().flat_map(|block| block.lines()) {
        assert!(
            answered.any(|answered| answered == line),
            "no {line:?}, at least not in its place: {answers}"
        );
    }
}

#[tokio::test]
async fn its_docs_have_a_padlock_and_authorize_at_keyward() {
    let (keyward, notes) = start();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let get = |path: &str| client.get(format!("{}{path}", notes.url)).send();
    assert!(get("/docs/").await.unwrap().text().await.unwrap().contains("swagger-ui"));
    let document: Value = get("/openapi.json").await.unwrap().json().await.unwrap();
    for (method, scope) in [("get", "notes:read"), ("post", "notes:write")] {
        let lock = &document["paths"]["/notes"][method]["security"];
        assert_eq!(lock[0], json!({ "OAuth2PasswordBearer": [scope] }));
    }
    let responses = document["paths"]["/notes"]["post"]["responses"].as_object().unwrap();
    assert!(["413", "415", "422"].iter().all(|status| responses.contains_key(*status)), "{responses:?}");
    let text = &document["components"]["schemas"]["NewNote"]["properties"]["text"];
    assert_eq!(*text, json!({ "type": "string", "maxLength": 1000, "minLength": 1 }));
    let flow = &document["components"]["securitySchemes"]["OAuth2PasswordBearer"]["flows"]["password"];
    assert_eq!(flow["tokenUrl"], format!("{}/login", keyward.url()));
}
