//! The walk through the pages for people, in headless Chromium against the real server.
//!
//! `KEYWARD_WRITE_SCREENSHOT=1 cargo xtask test --only browser` takes the documentation's pictures on the way.
#![expect(clippy::unwrap_used, reason = "clippy's exemption for tests does not know their helpers")]

mod accessible;
mod behind_nginx;
mod browser;
mod docs_code;
mod docs_session;
mod document;
mod driver;
mod mail;
mod nginx;
mod no_script;
#[path = "../foreign/packages.rs"]
#[expect(dead_code, reason = "the scripts in Python and TypeScript have tests of their own")]
mod packages;
mod page;
mod pages;
mod passkeys;
mod pictures;
mod process;
mod server;
mod site;
mod spa;
mod spa_oidc;
mod swagger;
mod webdriver;

use serde_json::{Value, json};

use browser::Browser;
use document::Document;
use page::Page;
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

    // Everything that is sent is the page's own example: no JSON is typed.
    docs.try_out("users/create_user");
    let registration = docs.body("users/create_user");
    let created = docs.execute("users/create_user");
    assert_eq!((created.status.as_str(), &created.json()["email"]), ("201", &registration["email"]));
    docs.unfold("users/create_user");

    let email = registration["email"].as_str().unwrap();
    let password = registration["password"].as_str().unwrap();
    docs.open_dialog();
    assert_eq!(docs.focused(), "oauth_username");
    assert_eq!(docs.fields()[..2], ["oauth_username", "oauth_password"]);
    assert_eq!(docs.scopes(), document.scopes());
    docs.log_in(email, "some other pass phrase");
    let complaint = docs.complaint();
    assert!(complaint.contains("Invalid Credentials"), "{complaint}");
    docs.log_in(email, password);
    docs.close_dialog();
    assert_eq!(docs.locks(), document.locks(&["OAuth2PasswordBearer"]));
    // The top of the page, with the pointer where nothing lights up.
    browser.click(".info .title");
    browser.ask::<Value>("window.scrollTo(0, 0)");
    pictures::take(&browser, "docs");

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

#[test]
fn a_page_of_a_named_origin_may_log_in_and_any_other_reads_nothing() {
    let (app, evil) = (Page::publish(), Page::publish());
    let server = Server::start_with(&[("KEYWARD_CORS_ORIGINS", app.origin())]);
    let browser = Browser::start();
    let call = format!(
        "const api = '{}';
        const read = async answer => ({{
            status: answer.status, id: answer.headers.get('X-Request-Id'), body: await answer.json() }});
        const json = body => ({{
            method: 'POST', headers: {{ 'Content-Type': 'application/json' }}, body: JSON.stringify(body) }});
        const form = new URLSearchParams({{ username: 'ana@example.com', password: 'seven wild horses' }});",
        server.address()
    );

    browser.open(app.origin());
    let story: Value = browser.ask(&format!(
        "{call}
        const created = await fetch(api + '/users', json({{
            email: 'ana@example.com', password: 'seven wild horses' }})).then(read);
        const headers = {{ 'X-Requested-With': 'XMLHttpRequest' }};
        const token = await fetch(api + '/login', {{ method: 'POST', body: form, headers }}).then(read);
        const authorization = 'Bearer ' + token.body.access_token;
        const me = await fetch(api + '/users/me', {{ headers: {{ authorization }} }}).then(read);
        const nobody = await fetch(api + '/users/me').then(read);
        return {{ created, token, me, nobody }};"
    ));
    assert_eq!((&story["created"]["status"], &story["token"]["status"]), (&json!(201), &json!(200)));
    assert_eq!((&story["me"]["status"], &story["me"]["body"]), (&json!(200), &story["created"]["body"]));
    assert_eq!(story["nobody"]["status"], 401, "a refusal can be read, too");
    assert!(story["me"]["id"].is_string(), "the request's id can be read");

    browser.open(evil.origin());
    for attempt in [
        "fetch(api + '/login', { method: 'POST', body: form })",
        "fetch(api + '/login', { method: 'POST', body: form, credentials: 'include' })",
        "fetch(api + '/users', json({}))",
        "fetch(api + '/users/me', { headers: { Authorization: 'Bearer x' } })",
        "fetch(api + '/blog')",
        "fetch(api + '/openapi.json')",
    ] {
        let outcome: String = browser.ask(&format!(
            "{call} return {attempt}.then(answer => 'it read a ' + answer.status, error => error.name);"
        ));
        assert_eq!(outcome, "TypeError", "{attempt}");
    }
}

#[test]
fn the_links_in_mails_lead_to_pages_that_work_without_a_script() {
    let (server, browser) = (Server::start(), Browser::start());
    browser.open(&format!("{}/docs", server.address()));
    let (email, password) = ("ana@example.com", "seven wild horses");
    let account = json!({ "email": email, "password": password });
    let (status, tokens) = mail::ask(&browser, "POST", "/signup", None, &account);
    assert_eq!(status, 201);
    let token = tokens["access_token"].as_str().unwrap();

    assert_eq!(mail::ask(&browser, "POST", "/users/me/verification", Some(token), &json!({})).0, 202);
    mail::follow_link(&browser, &server, email, "verify-email");
    browser.click("form button");
    browser.shows("h1", "Your e-mail address is verified");
    browser.open(&format!("{}/docs", server.address()));
    let (_, me) = mail::ask(&browser, "GET", "/users/me", Some(token), &json!(null));
    assert_eq!(me["email_verified"], true);

    let (status, _) = mail::ask(&browser, "POST", "/password-recovery", None, &json!({ "email": email }));
    assert_eq!(status, 202);
    mail::follow_link(&browser, &server, email, "reset-password");
    browser.write("input[name=new_password]", "password1");
    browser.click("form button");
    assert!(browser.text(".fault").contains("one of the commonest"));
    browser.write("input[name=new_password]", "eight tame horses");
    browser.click("form button");
    browser.shows("h1", "Your password was changed");
    browser.open(&format!("{}/docs", server.address()));
    let login = |password: &str| {
        let credentials = json!({ "username": email, "password": password });
        mail::ask(&browser, "POST", "/login", None, &credentials).0
    };
    assert_eq!((login(password), login("eight tame horses")), (401, 200));
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
