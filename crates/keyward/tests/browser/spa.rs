//! `examples/spa`: a page of another origin that logs in and stays logged in, in several tabs.

use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::mail::ask;
use crate::nginx::free_port;
use crate::server::Server;
use crate::site::{Files, Site};

const INDEX: &str = include_str!("../../../../examples/spa/index.html");
const SCRIPT: &str = include_str!("../../../../examples/spa/app.js");

/// Puts the example on a free port, for a Keyward at this address: its origin.
fn publish(keyward: &str) -> String {
    assert!(INDEX.contains("http://127.0.0.1:8000"));
    let index = INDEX.replace("http://127.0.0.1:8000", keyward);
    Site::new().publish(Files::from([("/", index), ("/app.js", SCRIPT.to_owned())]))
}

/// Calls from every tab at once, after the access tokens have expired: the statuses.
fn call_from_every_tab(browser: &Browser) -> Vec<u16> {
    sleep(Duration::from_millis(1_500));
    browser.ask(
        "const tabs = [window, ...[...document.querySelectorAll('iframe')].map(frame => frame.contentWindow)];
        return Promise.all(tabs.map(tab => tab.page.call('/users/me').then(answer => answer.status, String)))",
    )
}

/// Without a grace, two tabs that refresh at once without the lock end their session.
#[test]
fn the_example_page_stays_logged_in_in_three_tabs_at_once() {
    let keyward = format!("http://127.0.0.1:{}", free_port());
    let origin = publish(&keyward);
    let _server = Server::start_with(&[
        ("KEYWARD_LISTEN", keyward.strip_prefix("http://").unwrap()),
        ("KEYWARD_CORS_ORIGINS", &origin),
        ("KEYWARD_ACCESS_TOKEN_TTL", "2s"),
        ("KEYWARD_REFRESH_GRACE", "0"),
    ]);
    let browser = Browser::start();
    browser.open(&format!("{keyward}/docs"));
    let account = json!({ "email": "ana@example.com", "password": "seven wild horses" });
    assert_eq!(ask(&browser, "POST", "/users", None, &account).0, 201);

    browser.open(&origin);
    browser.write("[name=username]", "ana@example.com");
    browser.write("[name=password]", "a wrong pass phrase");
    browser.click("#login button");
    browser.shows("#words", "Invalid Credentials");
    browser.write("[name=password]", "seven wild horses");
    browser.click("#login button");
    browser.shows("#email", "ana@example.com");

    // Frames of one origin share storage and locks as tabs do.
    browser.ask::<Value>(
        "return Promise.all([1, 2].map(() => new Promise(done => {
            const frame = document.createElement('iframe');
            frame.onload = done;
            frame.src = location.href;
            document.body.append(frame);
        })))",
    );
    for _ in 0..3 {
        assert_eq!(call_from_every_tab(&browser), [200, 200, 200]);
    }
    browser.reload();
    browser.shows("#email", "ana@example.com");
    let sessions: Value = browser.ask("return page.call('/sessions').then(answer => answer.json())");
    assert_eq!(sessions.as_array().unwrap().len(), 1);
    browser.click("#logout");
    browser.appears("#login:not([hidden])");
    let kept: Value = browser.ask("return {...localStorage}");
    assert_eq!(kept, json!({}));
    browser.open(&format!("{keyward}/docs"));
    let (_, tokens) = ask(
        &browser,
        "POST",
        "/login",
        None,
        &json!({ "username": "ana@example.com", "password": "seven wild horses" }),
    );
    let (_, sessions) = ask(&browser, "GET", "/sessions", tokens["access_token"].as_str(), &Value::Null);
    assert_eq!(sessions.as_array().unwrap().len(), 1, "the page's session has ended");
}
