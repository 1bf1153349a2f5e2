//! The walk through the pages for people, in headless Chromium against the real server.
//!
//! `KEYWARD_WRITE_SCREENSHOT=1 cargo xtask test --only browser` takes the README's picture on the way.
#![expect(clippy::unwrap_used, reason = "clippy's exemption for tests does not know their helpers")]

mod browser;
mod document;
mod driver;
mod process;
mod server;
mod swagger;
mod webdriver;

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use browser::Browser;
use document::Document;
use server::Server;
use swagger::Docs;

#[test]
fn locks_stand_on_exactly_the_locked_operations() {
    let (server, browser) = (Server::start(), Browser::start());
    let docs = Docs::open(&browser, &server);

    let locks = docs.locks();
    assert_eq!(browser.errors(), [""; 0]);
    assert_no_other_host_was_asked(&browser, &server);

    assert_eq!(locks, Document::fetch(&browser).locks(&[]));
    assert!(locks.values().any(Option::is_some), "there is something to unlock");
    assert!(locks.values().any(Option::is_none), "there is something for everyone");
}

#[test]
fn a_newcomer_signs_up_authorizes_writes_a_post_and_logs_out() {
    let (server, browser) = (Server::start(), Browser::start());
    let docs = Docs::open(&browser, &server);
    let document = Document::fetch(&browser);

    // Everything that is sent is the page's own example: nobody types JSON.
    docs.try_out("users/create_user");
    let registration = docs.body("users/create_user");
    let created = docs.execute("users/create_user");
    assert_eq!((created.status.as_str(), &created.json()["email"]), ("201", &registration["email"]));
    docs.unfold("users/create_user");

    let email = registration["email"].as_str().unwrap();
    let password = registration["password"].as_str().unwrap();
    docs.open_dialog();
    assert_eq!(docs.fields()[..3], ["oauth_username", "oauth_password", "auth-bearer-value"]);
    assert_eq!(docs.scopes(), document.scopes());
    docs.log_in(email, "some other pass phrase");
    let complaint = docs.complaint();
    assert!(complaint.contains("Invalid Credentials"), "{complaint}");
    docs.log_in(email, password);
    docs.close_dialog();
    assert_eq!(docs.locks(), document.locks(&["OAuth2PasswordBearer"]));
    if std::env::var_os("KEYWARD_WRITE_SCREENSHOT").is_some_and(|value| value == "1") {
        take_the_picture(&browser);
    }

    docs.try_out("users/read_me");
    let me = docs.execute("users/read_me");
    assert_eq!((me.status.as_str(), me.json()), ("200", created.json()));

    docs.try_out("posts/create_post");
    let draft = docs.body("posts/create_post");
    let post = docs.execute("posts/create_post");
    assert_eq!((post.status.as_str(), &post.json()["title"]), ("201", &draft["title"]));
    docs.try_out("posts/list_posts");
    let posts = docs.execute("posts/list_posts");
    assert_eq!((posts.status.as_str(), posts.json()), ("200", json!([post.json()])));

    docs.try_out("login/logout");
    assert_eq!(docs.execute("login/logout").status, "204");
    assert_eq!(docs.execute("users/read_me").status, "401");

    assert_nothing_is_kept(&browser);
    docs.reload();
    assert_eq!(docs.locks(), document.locks(&[]));
    assert_nothing_is_kept(&browser);

    // Chromium reports every 401 as an error: the wrong password, and what was asked after the logout.
    let errors = browser.errors();
    assert!(errors.len() == 2 && errors.iter().all(|error| error.contains("status of 401")), "{errors:?}");
    assert_no_other_host_was_asked(&browser, &server);
}

#[test]
fn redoc_shows_every_operation() {
    let (server, browser) = (Server::start(), Browser::start());
    browser.open(&format!("{}/redoc", server.address()));

    let title = browser.text("#redoc h1");
    assert!(title.contains("Keyward"), "{title}");
    for operation in Document::fetch(&browser).operations().keys() {
        let (tag, id) = operation.split_once('/').unwrap();
        let heading = browser.text(&format!("[id='tag/{tag}/operation/{id}'] h2"));
        assert!(!heading.is_empty(), "{operation}");
    }
    assert_eq!(browser.errors(), [""; 0]);
    assert_no_other_host_was_asked(&browser, &server);
}

/// Chromium's own pages and what is inside a page aside, every request went to the server.
fn assert_no_other_host_was_asked(browser: &Browser, server: &Server) {
    let ours = format!("{}/", server.address());
    let requests = browser.requests();
    assert!(requests.iter().any(|address| address.starts_with(&ours)), "requests are seen: {requests:?}");
    let harmless = ["chrome:", "data:", "blob:", &ours];
    let others = requests.iter().filter(|address| !harmless.iter().any(|start| address.starts_with(start)));
    assert_eq!(others.collect::<Vec<_>>(), [""; 0]);
}

/// Neither password nor token, nor anything else, survives the page.
fn assert_nothing_is_kept(browser: &Browser) {
    let kept: Value = browser.ask("return [{...localStorage}, {...sessionStorage}, document.cookie]");
    assert_eq!(kept, json!([{}, {}, ""]));
}

/// Writes docs/docs.png: the top of the page, with the pointer where nothing lights up.
fn take_the_picture(browser: &Browser) {
    browser.click(".info .title");
    browser.ask::<Value>("window.scrollTo(0, 0)");
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/docs.png");
    std::fs::write(place, STANDARD.decode(browser.screenshot()).unwrap()).unwrap();
}
