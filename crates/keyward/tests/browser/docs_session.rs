//! The login made in *Authorize*: it is renewed, and *Logout* ends it.

use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::mail::ask;
use crate::server::Server;
use crate::swagger::Docs;

/// Short, so that the test need not wait long.
const LIFE: Duration = Duration::from_secs(4);

fn number_of_sessions(browser: &Browser) -> usize {
    let login = json!({ "username": "ana@example.com", "password": "seven wild horses" });
    let (_, tokens) = ask(browser, "POST", "/login", None, &login);
    let (_, sessions) = ask(browser, "GET", "/sessions", tokens["access_token"].as_str(), &Value::Null);
    let token = tokens["access_token"].as_str();
    assert_eq!(ask(browser, "POST", "/logout", token, &json!({})).0, 204);
    sessions.as_array().unwrap().len() - 1
}

#[test]
fn the_page_renews_its_token_by_itself_and_logout_ends_the_session() {
    let server = Server::start_with(&[("KEYWARD_ACCESS_TOKEN_TTL", "4s"), ("KEYWARD_LOG", "warn")]);
    let browser = Browser::start();
    let docs = Docs::open(&browser, &server);
    let account = json!({ "email": "ana@example.com", "password": "seven wild horses" });
    assert_eq!(ask(&browser, "POST", "/users", None, &account).0, 201);
    docs.open_dialog();
    docs.log_in("ana@example.com", "seven wild horses");
    docs.close_dialog();
    assert_eq!(number_of_sessions(&browser), 1);
    docs.try_out("users/read_me");
    for _ in 0..2 {
        assert_eq!(docs.execute("users/read_me").status, "200");
        // Longer than a token and its leeway live.
        sleep(LIFE + Duration::from_secs(6));
    }
    browser.requests();
    assert_eq!(docs.execute("users/read_me").status, "200");
    let renewals = browser.requests().iter().filter(|request| request.ends_with("/refresh_token")).count();
    assert_eq!(renewals, 1);
    sleep(LIFE + Duration::from_secs(6));
    docs.open_dialog_again();
    browser.click(".modal-ux .auth-container .btn.modal-btn.auth:not(.btn-done)");
    let begun = Instant::now();
    while number_of_sessions(&browser) > 0 {
        assert!(begun.elapsed() < Duration::from_secs(20), "the session goes on");
        sleep(Duration::from_millis(200));
    }
    browser.click(".modal-ux .btn-done");
    assert_eq!(docs.execute("users/read_me").status, "401");
}

#[test]
fn the_filter_finds_operations_by_tag_path_and_words() {
    let (server, browser) = (Server::start(), Browser::start());
    Docs::open(&browser, &server);
    let shown = |words: &str| -> Vec<String> {
        browser.write(".operation-filter-input", words);
        sleep(Duration::from_millis(500));
        browser.ask("return [...document.querySelectorAll('.opblock')].map(block => block.id)")
    };
    assert!(shown("health").iter().all(|id| id.starts_with("operations-health-")));
    assert!(shown("/users/me/password").contains(&"operations-users-change_password".to_owned()));
    let signing_up = shown("sign up");
    assert!(signing_up.iter().any(|id| id.contains("signup")), "{signing_up:?}");
    assert!(shown("no such words").is_empty());
    let tags: Vec<String> = {
        browser.write(".operation-filter-input", " ");
        browser.reload();
        browser.appears(".opblock");
        browser.ask("return [...document.querySelectorAll('.opblock-tag')].map(tag => tag.dataset.tag)")
    };
    assert_eq!((tags[0].as_str(), tags[1].as_str()), ("login", "users"));
    let licence: String = browser.ask("return document.querySelector('.info__license a').href");
    browser.open(&licence);
    browser.tells("Permission is hereby granted");
}
