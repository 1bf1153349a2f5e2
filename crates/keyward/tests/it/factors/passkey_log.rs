//! What the log says of passkeys that were refused.

use std::time::{Duration, Instant};

use keyward_api::testing::app::PASSWORD;
use serde_json::json;

use super::authenticator::{Device, Key, ORIGIN};
use crate::process::Home;

#[tokio::test]
async fn the_log_says_why_a_passkey_was_refused_and_quotes_little_of_the_browser() {
    let home = Home::new().await;
    let server = home.serve(&[("KEYWARD_ISSUER", ORIGIN)]);
    let account = json!({ "email": "ana@example.com", "password": PASSWORD });
    let tokens = server.call("POST", "/signup", "", &account).1;
    let token = tokens["access_token"].as_str().unwrap();
    let options = server.call("POST", "/users/me/passkeys/options", token, &json!({})).1;
    let mut device = Device::new(Key::es256());
    device.client_data = json!({ "origin": format!("https://evil.example/\n{}", "x".repeat(1_400)) });
    let refused = server.call("POST", "/users/me/passkeys", token, &device.create(&options));
    assert_eq!((refused.0, &refused.1["code"]), (403, &json!("invalid_passkey")));
    let begun = Instant::now();
    let line = loop {
        if let Some(line) = server.output().lines().find(|line| line.contains("a passkey was refused")) {
            break line.to_owned();
        }
        assert!(begun.elapsed() < Duration::from_mins(1), "{}", server.output());
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(line.contains("rigin") && line.contains("registration"), "{line}");
    assert!(line.len() < 700, "{line}");
}
