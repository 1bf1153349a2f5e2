//! The pages of mails, judged by axe: in light and dark, with and without a fault.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::mail::{ask, follow_link};
use crate::packages;
use crate::server::Server;

/// What axe finds on the page that is open, and which controls are less than 44 px high.
pub(crate) fn judge(browser: &Browser, axe: &str, what: &str) {
    for scheme in ["light", "dark"] {
        browser.prefers(scheme);
        let paper: String = browser.ask("return getComputedStyle(document.body).backgroundColor");
        assert_eq!(paper == "rgb(243, 245, 248)", scheme == "light", "{what}: {scheme}: {paper}");
        let found: Value = browser.ask(&format!(
            "{axe}; return axe.run().then(found => found.violations.map(one => [one.id, one.nodes.map(node => node.html)]))"
        ));
        assert_eq!(found, json!([]), "{what}, {scheme}");
    }
    let low: Value = browser.ask(
        "return [...document.querySelectorAll('button, a, input:not([type=hidden], [type=checkbox])')].filter(control => control.checkVisibility())
            .filter(control => control.getBoundingClientRect().height < 44).map(control => control.outerHTML)",
    );
    assert_eq!(low, json!([]), "{what}");
    let icon: bool = browser.ask(
        "const icon = new Image();
        return new Promise(done => {
            icon.onload = () => done(icon.width > 0);
            icon.onerror = () => done(false);
            icon.src = document.querySelector('link[rel=icon]').href;
        })",
    );
    // Chromium notes a page that is itself a refusal, at a moment of its own.
    let refusal = "Failed to load resource: the server responded with a status of 4";
    let own: String = browser.ask("return `${location.origin}${location.pathname}`");
    let mut errors = browser.errors();
    errors.retain(|error| !(error.starts_with(&own) && error.contains(refusal)));
    assert_eq!((icon, errors), (true, Vec::new()), "{what}");
}

#[test]
fn axe_finds_nothing_on_the_pages_of_mails() {
    let Some(axe) = packages::axe() else { return };
    let (server, browser) = (Server::start(), Browser::start());
    browser.open(&format!("{}/docs", server.address()));
    let (email, password) = ("ana@example.com", "seven wild horses");
    let (_, tokens) =
        ask(&browser, "POST", "/signup", None, &json!({ "email": email, "password": password }));
    let token = tokens["access_token"].as_str();
    assert_eq!(ask(&browser, "POST", "/users/me/verification", token, &json!({})).0, 202);
    assert_eq!(ask(&browser, "POST", "/password-recovery", None, &json!({ "email": email })).0, 202);
    browser.errors();
    follow_link(&browser, &server, email, "verify-email");
    judge(&browser, &axe, "a verification");
    browser.click("form button");
    browser.shows("h1", "Your e-mail address is verified");
    judge(&browser, &axe, "a verified address");
    follow_link(&browser, &server, email, "verify-email");
    browser.click("form button");
    browser.shows("h1", "This link does not work any more");
    judge(&browser, &axe, "a spent link");
    follow_link(&browser, &server, email, "reset-password");
    judge(&browser, &axe, "a new password");
    browser.tells(email);
    browser.write("#new_password", "password1");
    browser.click("form button");
    browser.appears("[role=alert]");
    judge(&browser, &axe, "a refused password");
    browser.write("#new_password", "eight tame horses");
    browser.click("form button");
    browser.shows("h1", "Your password was changed");
    judge(&browser, &axe, "a changed password");
    browser.open(&format!("{}/reset-password", server.address()));
    judge(&browser, &axe, "a link without a token");
    browser.write("#email", email);
    browser.click("form button");
    browser.shows("h1", "Look into your mailbox");
    judge(&browser, &axe, "another link");
}
