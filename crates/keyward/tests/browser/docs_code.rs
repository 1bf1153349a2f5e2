//! The second flow in *Authorize*: a login by authorization code, on the pages for people, in a window of its own.

use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::mail::ask;
use crate::pages::{EMAIL, PASSWORD, named};
use crate::swagger::Docs;

const FORM: &str = ".modal-ux .auth-container:has(label[for=client_id_authorizationCode])";

/// The sessions of the account, without the one that asks.
fn sessions(browser: &Browser) -> usize {
    let login = json!({ "username": EMAIL, "password": PASSWORD });
    let (_, tokens) = ask(browser, "POST", "/login", None, &login);
    let token = tokens["access_token"].as_str();
    let (_, sessions) = ask(browser, "GET", "/sessions", token, &Value::Null);
    assert_eq!(ask(browser, "POST", "/logout", token, &json!({})).0, 204);
    sessions.as_array().unwrap().len() - 1
}

#[test]
fn a_person_authorizes_on_the_pages_and_the_form_stands_first() {
    let ((server, origin), browser) = (named(&[("KEYWARD_ACCESS_TOKEN_TTL", "2s")]), Browser::start());
    let back = format!("{origin}/docs/oauth2-redirect.html");
    let scope = "account posts:read posts:write";
    let id = server.client(&["--public", "--name", "The docs", "--scope", scope, "--redirect-uri", &back]);
    let docs = Docs::at(&browser, &origin);
    let account = json!({ "email": EMAIL, "password": PASSWORD });
    assert_eq!(ask(&browser, "POST", "/users", None, &account).0, 201);

    docs.open_dialog();
    assert_eq!(docs.focused(), "oauth_username");
    let fields = ["oauth_username", "oauth_password", "client_id_authorizationCode", "auth-bearer-value"];
    assert_eq!(docs.fields()[..4], fields);
    browser.write("#client_id_authorizationCode", &id);
    for scope in ["account", "posts:read", "posts:write"] {
        browser
            .click(&format!("{FORM} label[for='{scope}-authorizationCode-checkbox-OAuth2PasswordBearer']"));
    }
    browser.click(&format!("{FORM} .btn.authorize"));
    browser.goes_on_in(2);
    browser.shows("h1", "Log in");
    browser.write("#username", EMAIL);
    browser.write("#password", PASSWORD);
    browser.click("main button");
    browser.click("button[name=decision][value=allow]");
    browser.goes_on_in(1);
    browser.appears(&format!("{FORM} .btn.auth[aria-label='Remove authorization']"));
    browser.click(&format!("{FORM} .btn-done"));

    docs.try_out("posts/create_post");
    assert_eq!(docs.execute("posts/create_post").status, "201");
    docs.try_out("users/read_me");
    assert_eq!(docs.execute("users/read_me").json()["email"], EMAIL);
    // Longer than a token lives: it is renewed as a client's.
    sleep(Duration::from_secs(3));
    assert_eq!(docs.execute("users/read_me").status, "200");

    let before = sessions(&browser);
    docs.open_dialog_again();
    browser.click(&format!("{FORM} .btn.auth[aria-label='Remove authorization']"));
    let begun = Instant::now();
    while sessions(&browser) == before {
        assert!(begun.elapsed() < Duration::from_secs(20), "the session goes on");
        sleep(Duration::from_millis(200));
    }
    assert_eq!(browser.errors(), [""; 0]);
}
