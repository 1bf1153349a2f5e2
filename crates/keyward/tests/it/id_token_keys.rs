//! The keys of ID tokens, by command and in a running server.

use serde_json::{Value, json};

use crate::process::{Home, Served, text};

const CLIENT: [&str; 6] =
    ["client", "create", "--name", "Web", "--redirect-uri", "https://app.example.com/callback"];

/// The states of the keys of an algorithm, oldest first.
fn states(home: &Home, algorithm: &str) -> Vec<String> {
    let printed = text(&home.run(&["keys", "list"]).stdout);
    let own = printed.lines().filter(|line| line.contains(&format!("\t{algorithm}\t")));
    own.map(|line| line.rsplit('\t').next().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_of_id_tokens_are_rotated_by_their_algorithm() {
    let home = Home::new().await;
    assert!(home.run(&CLIENT).status.success());
    let server = home.serve(&[]);
    until(|| states(&home, "RS256") == ["signs"]);
    let rotated = home.run(&["keys", "rotate", "--algorithm", "RS256"]);
    assert!(rotated.status.success(), "{}", text(&rotated.stderr));
    let kid = text(&rotated.stdout).split('\t').next().unwrap().to_owned();
    assert_eq!(
        (states(&home, "RS256"), states(&home, "EdDSA")),
        (strings(&["signs", "next"]), strings(&["signs"]))
    );
    // The server publishes it without being started again.
    until(|| {
        let set = server.call("GET", "/.well-known/jwks.json", "", &Value::Null).1;
        set["keys"].as_array().unwrap().iter().any(|key| key["kid"] == kid.as_str() && key["alg"] == "RS256")
    });
    assert!(home.run(&["keys", "rotate"]).status.success());
    assert_eq!(
        (states(&home, "RS256"), states(&home, "EdDSA")),
        (strings(&["signs", "next"]), strings(&["signs", "next"]))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_secret_has_no_keys_to_rotate_and_the_command_says_what_has() {
    let home = Home::new().await;
    assert!(home.run(&CLIENT).status.success());
    drop(home.serve(&[]));
    let refused = home.run(&["keys", "rotate", "--algorithm", "HS256"]);
    let words = text(&refused.stderr);
    assert!(!refused.status.success() && words.contains("--algorithm RS256"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_algorithm_that_signs_nothing_has_no_keys_to_rotate() {
    let home = Home::new().await;
    drop(home.serve(&[]));
    // Of a client without people to log in, and so without ID tokens.
    assert!(home.run(&["client", "create", "--name", "Job", "--id-token-alg", "ES256"]).status.success());
    for flags in [&["--algorithm", "ES256"][..], &["--algorithm", "RS256", "--now"]] {
        let refused = home.run(&[&["keys", "rotate"], flags].concat());
        let words = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(1), "{words}");
        assert!(words.contains(&format!("{} signs nothing here", flags[1])), "{words}");
        assert!(states(&home, flags[1]).is_empty() && text(&refused.stdout).is_empty());
    }
    assert!(home.run(&[&CLIENT[..], &["--id-token-alg", "ES256"]].concat()).status.success());
    let rotated = home.run(&["keys", "rotate", "--algorithm", "ES256"]);
    assert!(rotated.status.success(), "a client is registered for it: {}", text(&rotated.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_id_tokens_that_does_not_open_is_noted_as_one_of_access_tokens_is() {
    let home = Home::new().await;
    assert!(home.run(&CLIENT).status.success());
    let server = home.serve(&[("KEYWARD_REVOCATION_BOUND", "1s")]);
    until(|| states(&home, "RS256") == ["signs"]);
    for (kid, algorithm) in [("planted-rs", "RS256"), ("planted-ed", "EdDSA")] {
        let planted = format!(
            "INSERT INTO signing_keys SELECT '{kid}', algorithm, sealed, created_at, signs_from + 1, retired_at \
             FROM signing_keys WHERE algorithm = '{algorithm}'"
        );
        keyward_infra::testing::execute(&home.database_url(), &planted).await;
    }
    until(|| ready(&server)["unopened_keys"] == json!(["planted-ed", "planted-rs"]));
    assert!(server.output().contains("planted-rs"), "{}", server.output());
    assert!(home.run(&["keys", "retire", "planted-rs"]).status.success());
    until(|| ready(&server)["unopened_keys"] == json!(["planted-ed"]));
    assert!(home.run(&["keys", "retire", "planted-ed"]).status.success());
    until(|| ready(&server) == json!({ "status": "ok" }));
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn ready(server: &Served) -> Value {
    server.call("GET", "/health/ready", "", &Value::Null).1
}

/// Waits until it is so, within what a busy machine may need.
fn until(so: impl Fn() -> bool) {
    let begun = std::time::Instant::now();
    while !so() {
        assert!(begun.elapsed() < std::time::Duration::from_secs(40), "it does not become so");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}
