//! What the log says of passkeys that were refused.

use std::time::{Duration, Instant};

use keyward_api::testing::app::PASSWORD;
use serde_json::{Value, json};

use super::authenticator::{Device, Key, ORIGIN};
use crate::process::{Home, Served};

/// Someone who is about to register a passkey: the access token, and the options.
fn begun(server: &Served) -> (String, Value) {
    let account = json!({ "email": "ana@example.com", "password": PASSWORD });
    let tokens = server.call("POST", "/signup", "", &account).1;
    let token = tokens["access_token"].as_str().unwrap().to_owned();
    let options = server.call("POST", "/users/me/passkeys/options", &token, &json!({})).1;
    (token, options)
}

/// Waits for a line of the log with these words.
fn line(server: &Served, words: &[&str]) -> String {
    let begun = Instant::now();
    loop {
        let output = server.output();
        let found = output.lines().find(|line| words.iter().all(|word| line.contains(word)));
        if let Some(found) = found {
            return found.to_owned();
        }
        assert!(begun.elapsed() < Duration::from_mins(1), "{words:?}: {output}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[tokio::test]
async fn the_log_says_why_a_passkey_was_refused_and_quotes_little_of_the_browser() {
    let home = Home::new().await;
    let server = home.serve(&[("KEYWARD_ISSUER", ORIGIN)]);
    let (token, options) = begun(&server);
    let mut device = Device::new(Key::es256());
    device.client_data = json!({ "origin": format!("https://evil.example/\n{}", "x".repeat(1_400)) });
    let refused = server.call("POST", "/users/me/passkeys", &token, &device.create(&options));
    assert_eq!((refused.0, &refused.1["code"]), (403, &json!("invalid_passkey")));
    let line = line(&server, &["a passkey was refused"]);
    assert!(line.contains("rigin") && line.contains("registration"), "{line}");
    assert!(line.len() < 700, "{line}");
}

#[tokio::test]
async fn the_log_says_by_a_code_why_a_sound_answer_was_refused() {
    let home = Home::new().await;
    let server = home.serve(&[("KEYWARD_ISSUER", ORIGIN)]);
    let (token, options) = begun(&server);
    let mut device = Device::new(Key::es256());
    let added = server.call("POST", "/users/me/passkeys", &token, &device.create(&options));
    assert_eq!(added.0, 201, "{}", added.1);
    let asked = || server.call("POST", "/login/passkey/options", "", &json!({})).1;
    let log_in = |assertion: &Value| server.call("POST", "/login/passkey", "", assertion).0;
    let refused = |reason: &str| line(&server, &["a passkey was refused", &format!("\"{reason}\"")]);
    let used = device.get(&asked());
    assert_eq!((log_in(&used), log_in(&used)), (200, 401));
    refused("overtaken");
    let foreign = device.get(&json!({ "challenge": "AAAA" }));
    assert_eq!(log_in(&foreign), 401);
    refused("challenge");
    let handle = device.handle.take();
    assert_eq!(log_in(&device.get(&asked())), 401);
    refused("no_user_handle");
    device.handle = Some(vec![1; 32]);
    assert_eq!(log_in(&device.get(&asked())), 401);
    refused("other_user_handle");
    (device.handle, device.credential) = (handle, vec![9; 32]);
    assert_eq!(log_in(&device.get(&asked())), 401);
    let line = refused("unknown_passkey");
    assert!(!line.contains(&super::authenticator::text(&device.credential)), "{line}");
}
