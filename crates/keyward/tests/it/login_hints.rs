//! `login_hint`: what an application takes for the person's name is filled in, and nothing more.

use keyward_api::testing::app::TestApp;

use crate::app::Starts;
use crate::browser::{Browser, forms};
use crate::relying_party::RelyingParty;

async fn page(app: &TestApp, parameters: &[(&str, &str)]) -> (String, String) {
    let rp = RelyingParty::named(app, "album");
    let browser = Browser::new(app);
    let asked = browser.get(&rp.request(parameters)).await.assert_status(303);
    let address = asked.header("location").to_owned();
    (address.clone(), browser.get(&address).await.assert_status(200).text())
}

fn filled(html: &str, name: &str) -> String {
    forms(html).remove(0).value(name).to_owned()
}

#[tokio::test]
async fn the_login_page_fills_in_the_hint_whether_or_not_there_is_such_an_account() {
    let app = TestApp::start().await;
    app.user("ana").await;
    RelyingParty::public(&app, "album").await;
    for hint in ["ana@example.com", "unknown@example.com", "ana", "\u{e4} b"] {
        let (address, html) = page(&app, &[("login_hint", hint)]).await;
        assert_eq!(filled(&html, "username"), hint);
        assert!(!address.contains("ana") && !address.contains("example"), "sealed: {address}");
    }
    let (_, html) = page(&app, &[]).await;
    assert_eq!(filled(&html, "username"), "");
}

#[tokio::test]
async fn a_hint_is_escaped_and_bounded() {
    let app = TestApp::start().await;
    RelyingParty::public(&app, "album").await;
    let (_, html) = page(&app, &[("login_hint", "\"><script>alert(1)</script>")]).await;
    assert!(!html.contains("<script>alert"), "{html}");
    assert!(html.contains("value=\"&quot;&gt;&lt;script&gt;"), "{html}");
    for hint in [&"a".repeat(321), "a\nb", "a\u{0}"] {
        assert_eq!(filled(&page(&app, &[("login_hint", hint)]).await.1, "username"), "", "{hint:?}");
    }
}

#[tokio::test]
async fn the_hint_goes_along_to_the_sign_up_and_to_the_forgotten_password() {
    let app = TestApp::start().await;
    RelyingParty::public(&app, "album").await;
    for (hint, email, username) in [("ana@example.com", "ana@example.com", ""), ("ana", "", "ana")] {
        let (_, html) = page(&app, &[("login_hint", hint), ("prompt", "create")]).await;
        assert_eq!(
            (filled(&html, "email"), filled(&html, "username")),
            (email.to_owned(), username.to_owned())
        );
        let (_, login) = page(&app, &[("login_hint", hint)]).await;
        let link = |start: &str| {
            let login = login.replace("&#x2f;", "/");
            let (_, rest) = login.split_once(&format!("href=\"{start}")).unwrap();
            format!("{start}{}", rest.split('"').next().unwrap())
        };
        let browser = Browser::new(&app);
        let sign_up = browser.get(&link("/account/signup")).await.assert_status(200).text();
        assert_eq!(filled(&sign_up, "email"), email);
        let forgot = browser.get(&link("/account/forgot")).await.assert_status(200).text();
        assert_eq!(filled(&forgot, "email"), email);
    }
}

#[tokio::test]
async fn what_the_person_typed_stands_in_place_of_the_hint() {
    let app = TestApp::start().await;
    app.user("ana").await;
    RelyingParty::public(&app, "album").await;
    let rp = RelyingParty::named(&app, "album");
    let browser = Browser::new(&app);
    let asked = browser.get(&rp.request(&[("login_hint", "bob@example.com")])).await.assert_status(303);
    let fields = [("username", "ana@example.com"), ("password", "wrong")];
    let again = browser.fill(asked.header("location"), &fields).await.assert_status(401).text();
    assert_eq!(filled(&again, "username"), "ana@example.com");
}
