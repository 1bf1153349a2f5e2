//! `examples/spa-oidc`: a page of another origin that logs in with Keyward by oidc-client-ts.

use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::packages;
use crate::pages::{EMAIL, PASSWORD, named};
use crate::site::{Files, Site};

const INDEX: &str = include_str!("../../../../examples/spa-oidc/index.html");
const SCRIPT: &str = include_str!("../../../../examples/spa-oidc/app.js");
const LIBRARY: &str = "/node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js";

#[test]
fn the_example_page_logs_in_renews_its_tokens_and_logs_out_at_both() {
    let Some(library) = packages::oidc_client() else { return };
    let site = Site::new();
    let (server, keyward) =
        named(&[("KEYWARD_CORS_ORIGINS", &site.origin), ("KEYWARD_ACCESS_TOKEN_TTL", "2s")]);
    let home = format!("{}/", site.origin);
    let id = server.client(&[
        "--public",
        "--name",
        "A page",
        "--redirect-uri",
        &home,
        "--post-logout-redirect-uri",
        &home,
    ]);
    assert!(INDEX.contains("http://localhost:8000") && INDEX.contains("name=\"client\" content=\"\""));
    let index = INDEX.replace("http://localhost:8000", &keyward);
    let index = index.replace("name=\"client\" content=\"\"", &format!("name=\"client\" content=\"{id}\""));
    assert!(index.contains(&LIBRARY[1..]));
    let library = (LIBRARY, library);
    site.publish(Files::from([("/", index), ("/app.js", SCRIPT.to_owned()), library]));

    let browser = Browser::start();
    browser.open(&home);
    browser.click("#login");
    browser.shows("h1", "Log in");
    browser.click("a[href*=signup]");
    browser.shows("h1", "Sign up");
    browser.write("#email", EMAIL);
    browser.write("#password", PASSWORD);
    browser.click("main button");
    browser.click("button[name=decision][value=allow]");
    browser.shows("#email", EMAIL);
    assert_eq!(browser.ask::<String>("return location.href"), home, "the code is out of the address");

    for _ in 0..2 {
        sleep(Duration::from_millis(1_500));
        let claims: Value = browser.ask("return page.claims()");
        assert_eq!(claims["email"], EMAIL, "a token that expires is renewed");
    }
    browser.reload();
    browser.shows("#email", EMAIL);

    browser.click("#logout");
    browser.appears("#stranger:not([hidden])");
    assert_eq!(browser.ask::<String>("return location.origin + '/'"), home);
    assert_eq!(browser.ask::<Value>("return {...sessionStorage}"), json!({}), "no token is left");
    browser.click("#login");
    browser.shows("h1", "Log in");
    assert_eq!(browser.errors(), [""; 0]);
}
