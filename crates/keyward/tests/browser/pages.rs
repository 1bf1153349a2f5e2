//! The pages for people: judged by axe in both themes, used by keyboard and with a passkey, and without script.

use serde_json::Value;

use crate::accessible::judge;
use crate::browser::Browser;
use crate::nginx::free_port;
use crate::packages;
use crate::pictures;
use crate::server::Server;

pub(crate) const EMAIL: &str = "ana@example.com";
pub(crate) const PASSWORD: &str = "seven wild horses";

/// A server whose issuer has a host name, and that name.
pub(crate) fn named(settings: &[(&str, &str)]) -> (Server, String) {
    let port = free_port();
    let origin = format!("http://localhost:{port}");
    let listen = format!("127.0.0.1:{port}");
    let own = [("KEYWARD_LISTEN", listen.as_str()), ("KEYWARD_ISSUER", origin.as_str())];
    let server = Server::start_with(&[&own, settings].concat());
    (server, origin)
}

pub(crate) fn sign_up(browser: &Browser, origin: &str) {
    browser.open(&format!("{origin}/account/signup"));
    browser.write("#email", EMAIL);
    browser.write("#password", PASSWORD);
    browser.click("main button");
    browser.shows("h1", "My account");
}

/// The widest that something on the page is beyond the window, in pixels.
fn overflow(browser: &Browser) -> i64 {
    browser.ask("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
}

#[test]
fn axe_finds_nothing_on_any_page_for_people_and_none_needs_more_than_its_width() {
    let Some(axe) = packages::axe() else { return };
    let ((_server, origin), browser) = (named(&[]), Browser::start());
    browser.has_authenticator();
    let look = |path: &str, title: &str| {
        browser.open(&format!("{origin}{path}"));
        browser.shows("h1", title);
        judge(&browser, &axe, path);
        assert_eq!(overflow(&browser), 0, "{path}");
    };
    look("/account/login", "Log in");
    look("/account/signup", "Sign up");
    look("/account/forgot", "Forgot your password?");
    look("/account/nothing", "Page not found");
    browser.open(&format!("{origin}/account/login"));
    browser.write("#username", EMAIL);
    browser.write("#password", "not her password");
    browser.click("main button");
    browser.shows("[role=alert]", "Invalid Credentials");
    let focused: String = browser.ask("return document.activeElement.id");
    assert_eq!(focused, "summary", "the summary has the focus");
    browser.errors();
    judge(&browser, &axe, "a refused login");
    sign_up(&browser, &origin);
    for (path, title) in [
        ("/account", "My account"),
        ("/account/security", "Security"),
        ("/account/security/passkey", "Add a passkey"),
        ("/account/sessions", "Devices"),
        ("/account/apps", "Applications"),
        ("/account/keys", "API keys"),
        ("/account/keys/new", "Make an API key"),
        ("/account/delete", "Delete my account"),
        ("/account/prove", "Is it you?"),
        ("/account/logout", "Log out"),
    ] {
        look(path, title);
    }
    browser.open(&format!("{origin}/account/security"));
    browser.click("form[action$='/app/begin'] button");
    browser.shows("h1", "Add an authenticator app");
    judge(&browser, &axe, "an enrolment");
    let weight: i64 = browser.ask(
        "return performance.getEntriesByType('resource').reduce((sum, one) => sum + one.decodedBodySize, 0)",
    );
    assert!((1..60_000).contains(&weight), "{weight} bytes are loaded beside the page");
}

#[test]
fn a_person_logs_in_for_an_application_and_agrees() {
    let Some(axe) = packages::axe() else { return };
    let ((server, origin), browser) = (named(&[]), Browser::start());
    let back = format!("{origin}/health/live");
    let id = server.client(&["--public", "--name", "Photo album", "--redirect-uri", &back]);
    browser.open(&format!("{origin}/account/login"));
    browser.shows("h1", "Log in");
    pictures::take_of(&browser, "login", (480, 640));
    sign_up(&browser, &origin);
    browser.open(&format!("{origin}/account/security"));
    browser.shows("h1", "Security");
    pictures::take_of(&browser, "security", (800, 940));
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    browser.open(&format!(
        "{origin}/oauth/authorize?response_type=code&client_id={id}&redirect_uri={back}&scope=openid+profile+email\
        &state=s&code_challenge={challenge}&code_challenge_method=S256"
    ));
    browser.appears("button[name=decision][value=allow]");
    browser.tells("Photo album");
    pictures::take_of(&browser, "consent", (480, 640));
    judge(&browser, &axe, "the consent page");
    browser.click("button[name=decision][value=allow]");
    browser.appears("pre");
    browser.open(&format!("{origin}/account/apps"));
    browser.shows("ul.rows strong", "Photo album");
    judge(&browser, &axe, "an application");
    browser.open(&format!("{origin}/oauth/logout?client_id={id}"));
    browser.shows("h1", "Log out?");
    judge(&browser, &axe, "a logout that an application asks for");
    browser.open(&format!("{origin}/oauth/authorize?client_id={id}&redirect_uri=https://evil.example"));
    browser.appears("h1");
    judge(&browser, &axe, "a refused authorization");
    browser.errors();
    assert_eq!(browser.errors(), Vec::<String>::new());
}

#[test]
fn a_passkey_is_added_logs_in_as_the_browser_suggests_it_and_proves_by_a_button() {
    let ((_server, origin), browser) = (named(&[]), Browser::start());
    browser.has_authenticator();
    sign_up(&browser, &origin);
    browser.open(&format!("{origin}/account/security/passkey"));
    browser.write("#name", "Chromium");
    browser.click("main button");
    browser.shows("h1", "Your recovery codes");
    let codes: Vec<Value> =
        browser.ask("return [...document.querySelectorAll('#codes li')].map(one => one.innerText)");
    assert_eq!(codes.len(), 10);
    browser.open(&format!("{origin}/account/logout"));
    // The login page asks for a passkey at once, and the virtual authenticator takes the suggestion.
    browser.click("main button");
    browser.shows("h1", "My account");
    browser.open(&format!("{origin}/account/prove"));
    browser.click("form[data-use=get] button");
    browser.shows("h1", "My account");
    browser.open(&format!("{origin}/account/security"));
    browser.shows("ul.rows strong", "Chromium");
    assert_eq!(browser.errors(), Vec::<String>::new());
}
