//! Logouts and processes that are killed.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::logout_receiver::{Does, Receiver};
use crate::process::{Home, text};

/// What a client's password grant answers.
fn log_in(server: &crate::process::Served) -> Value {
    let form = "grant_type=password&username=ana%40example.com&password=seven+wild+horses&client_id=web\
                &client_secret=0123456789abcdef0123456789abcdef";
    let (status, tokens) = server.form("/oauth/token", form);
    assert_eq!(status, 200, "{tokens}");
    tokens
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_that_was_answered_is_told_of_although_the_server_was_killed_before() {
    let home = Home::new().await;
    let receiver = Receiver::start().await;
    receiver.now(Does::Waits);
    let user = ["user", "create", "--email", "ana@example.com", "--password-stdin"];
    let made = home.run_with(&user, "seven wild horses\n");
    assert!(made.status.success(), "{}", text(&made.stderr));
    let uri = receiver.uri();
    let client = [
        "client",
        "create",
        "--name",
        "Web",
        "--id",
        "web",
        "--scope",
        "openid posts:read",
        "--secret-stdin",
    ];
    let client = [&client[..], &["--backchannel-logout-uri", &uri, "--backchannel-private", "on"]].concat();
    let made = home.run_with(&client, "0123456789abcdef0123456789abcdef\n");
    assert!(made.status.success(), "{}", text(&made.stderr));
    let variables = [("KEYWARD_BACKCHANNEL_PRIVATE", "on"), ("KEYWARD_REVOCATION_BOUND", "1s")];
    let server = home.serve(&variables);
    let tokens = log_in(&server);
    let form = format!(
        "token={}&client_id=web&client_secret=0123456789abcdef0123456789abcdef",
        tokens["refresh_token"].as_str().unwrap()
    );
    assert_eq!(server.form("/oauth/revoke", &form).0, 200);
    let (code, _) = server.stop("KILL");
    assert_eq!(code, None);
    // What it may have begun to send was never answered.
    receiver.requests();
    receiver.now(Does::status("200 OK"));
    let server = home.serve(&variables);
    let begun = Instant::now();
    let told = loop {
        let told = receiver.tokens();
        if !told.is_empty() {
            break told;
        }
        // A claim that the killed server left lasts twenty seconds.
        assert!(begun.elapsed() < Duration::from_secs(90), "{}", server.output());
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert_eq!(told.len(), 1);
    while !server.output().contains("told a client of a logout") {
        assert!(begun.elapsed() < Duration::from_secs(90), "{}", server.output());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(!server.output().contains(&told[0]), "a token is in the log");
}
