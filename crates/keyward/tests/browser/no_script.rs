//! The pages for people in a browser that runs no script.

use crate::browser::Browser;
use crate::pages::{EMAIL, PASSWORD, named, sign_up};

#[test]
fn a_person_without_script_signs_up_keeps_the_account_allows_an_application_and_leaves() {
    let ((server, origin), browser) = (named(&[]), Browser::without_script());
    let back = format!("{origin}/health/live");
    let id = server.client(&["--public", "--name", "Photo album", "--redirect-uri", &back]);
    sign_up(&browser, &origin);
    let at = |path: &str, title: &str| {
        browser.open(&format!("{origin}{path}"));
        browser.shows("h1", title);
    };

    browser.write("#name", "Ana");
    browser.click("form[action$='/account/name'] button");
    browser.shows("[role=status]", "Your name was saved.");

    at("/account/keys/new", "Make an API key");
    browser.write("#name", "Backup");
    browser.click("label[for='scope_posts:read']");
    browser.click("main button");
    assert!(browser.text("code.secret").starts_with("kwp_"));
    // The button that copies is a script's: it shows itself. So no script has run.
    browser.appears("button[data-copy][hidden]");

    at("/account/security", "Security");
    browser.click("form[action$='/app/begin'] button");
    browser.shows("h1", "Add an authenticator app");
    browser.appears(".qr svg");
    browser.write("#otp", "000000");
    browser.click("main form button:not([hidden])");
    browser.shows("h1", "Add an authenticator app");
    browser.appears("#otp[aria-invalid]");

    at("/account/logout", "Log out");
    browser.click("main button");
    browser.shows("h1", "Log in");
    at("/account/login", "Log in");
    browser.write("#username", EMAIL);
    browser.write("#password", "not her password");
    browser.click("main button");
    browser.shows("[role=alert]", "Invalid Credentials");

    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    browser.open(&format!(
        "{origin}/oauth/authorize?response_type=code&client_id={id}&redirect_uri={back}&scope=openid+email&state=s\
        &code_challenge={challenge}&code_challenge_method=S256"
    ));
    browser.shows("h1", "Log in");
    browser.write("#username", EMAIL);
    browser.write("#password", PASSWORD);
    browser.click("main button");
    browser.tells("Photo album");
    browser.click("button[name=decision][value=allow]");
    let begun = std::time::Instant::now();
    while !browser.address().starts_with(&format!("{back}?code=")) {
        assert!(begun.elapsed().as_secs() < 20, "the browser is at {}", browser.address());
    }

    at("/account/apps", "Applications");
    browser.shows("ul.rows strong", "Photo album");
    browser.click("ul.rows button");
    browser.shows("[role=status]", "The application was removed. It is logged out.");
    browser.tells("You have not allowed any application.");
    at("/account/delete", "Delete my account");
    browser.write("#password", PASSWORD);
    browser.click("main button.danger");
    browser.shows("h1", "Account deleted");
    at("/account", "Log in");
}
