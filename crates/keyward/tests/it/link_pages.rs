//! The pages behind the links in mails, as a browser shows them.

use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::{TestApp, address};
use keyward_api::testing::letters::token;
use serde_json::json;

use crate::app::Starts;

async fn sent(app: &TestApp, path: &str, form: &str) -> Answer {
    let call = app.anonymous().call("POST", path).header("accept", "text/html,*/*;q=0.8").form(form);
    call.send_unchecked().await
}

async fn link(app: &TestApp, name: &str) -> String {
    let body = json!({ "email": address(name) });
    app.anonymous().post("/password-recovery", body).await.assert_status(202);
    token(&app.letters().await.pop().unwrap(), "reset-password")
}

#[tokio::test]
async fn a_refused_password_leaves_the_form_and_says_why_in_plain_words() {
    let app = TestApp::with_flags(&["--password-min-length", "12"]).await;
    app.user("ana").await;
    let token = link(&app, "ana").await;
    let page = app.anonymous().get(&format!("/reset-password?token={token}")).await.assert_status(200).text();
    assert!(page.contains("<main>") && page.contains(&address("ana")), "whose it is: {page}");
    assert!(page.contains("12 characters or more") && !page.contains("role=\"alert\""), "{page}");
    for (password, why) in [
        ("short", "This is too short: use 12 characters or more."),
        ("", "Please fill in this field."),
        ("password1234", "The password is one of the commonest"),
        ("ana%40example.com", "The password should not be the e-mail address"),
    ] {
        let form = format!("token={token}&new_password={password}");
        let page = sent(&app, "/reset-password", &form).await.assert_status(422).text();
        assert!(page.contains("role=\"alert\"") && page.contains(why), "{password}: {page}");
        assert!(
            page.contains(&format!("value=\"{token}\"")) && page.contains("name=\"new_password\""),
            "{page}"
        );
        assert!(page.contains(&address("ana")) && page.contains("minlength=\"12\""), "{page}");
        assert!(!page.contains("string_too_short") && !page.contains("Value error"), "{page}");
        assert!(
            password.is_empty() || !page.contains(&format!("\"{password}\"")),
            "nothing is repeated: {page}"
        );
    }
    let form = format!("token={token}&new_password=eight+tame+horses");
    let page = sent(&app, "/reset-password", &form).await.assert_status(200).text();
    assert!(
        page.contains("Your password was changed") && page.contains("Go back to where you log in"),
        "{page}"
    );
    let page = sent(&app, "/reset-password", &form).await.assert_status(400).text();
    assert!(
        page.contains("The link is invalid or has expired.") && page.contains("action=\"password-recovery\"")
    );
}

#[tokio::test]
async fn the_form_on_the_page_asks_for_another_link() {
    let app = TestApp::start().await;
    app.user("ana").await;
    for path in ["/reset-password", "/reset-password?token=unknown", "/reset-password?token=%3Cb%3E"] {
        let page = app.anonymous().get(path).await.assert_status(200).text();
        assert!(page.contains("action=\"password-recovery\"") && page.contains("name=\"email\""), "{page}");
        assert!(!page.contains("example.com") && !page.contains("<b>"), "no user is named: {page}");
    }
    for name in ["ana", "nobody"] {
        let form = format!("email={name}%40example.com");
        let page = sent(&app, "/password-recovery", &form).await.assert_status(202);
        assert!(page.header("content-type").starts_with("text/html"));
        assert!(page.text().contains("If this address has an account"), "{}", page.text());
    }
    assert_eq!(app.letters().await.len(), 1);
    let page = sent(&app, "/password-recovery", "email=nonsense").await.assert_status(422).text();
    assert!(page.contains("<main>") && page.contains("valid email address"), "{page}");
    // A program may send the form, too, and is answered in JSON.
    let call = app.anonymous().call("POST", "/password-recovery").form("email=ana%40example.com");
    assert!(call.send().await.assert_status(202).detail().starts_with("If this address"));
}

#[tokio::test]
async fn the_page_of_a_verification_names_the_address() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    ana.post("/users/me/verification", json!({})).await.assert_status(202);
    let token = token(&app.letter().await, "verify-email");
    let page = app.anonymous().get(&format!("/verify-email?token={token}")).await.assert_status(200).text();
    assert!(page.contains("<main>") && page.contains(&address("ana")), "{page}");
    let page = sent(&app, "/verify-email", &format!("token={token}")).await.assert_status(200).text();
    assert!(page.contains("Your e-mail address is verified") && page.contains("Go back"), "{page}");
    let page = sent(&app, "/verify-email", &format!("token={token}")).await.assert_status(400).text();
    assert!(page.contains("was not verified") && page.contains("action=\"verification\""), "{page}");
    let page = app.anonymous().get(&format!("/verify-email?token={token}")).await.text();
    assert!(!page.contains("example.com"), "a spent link names no user: {page}");
}

#[tokio::test]
async fn the_page_of_a_verification_asks_for_another_mail_without_a_login() {
    let app = TestApp::start().await;
    app.user("ana").await;
    for path in ["/verify-email", "/verify-email?token=unknown"] {
        let page = app.anonymous().get(path).await.assert_status(200).text();
        assert!(page.contains("action=\"verification\"") && page.contains("name=\"email\""), "{page}");
    }
    for name in ["ana", "nobody"] {
        let page =
            sent(&app, "/verification", &format!("email={name}%40example.com")).await.assert_status(202);
        assert!(
            page.text().contains("If this address has an account and is not verified yet"),
            "{}",
            page.text()
        );
    }
    let token = token(&app.letter().await, "verify-email");
    sent(&app, "/verify-email", &format!("token={token}")).await.assert_status(200);
    let page = sent(&app, "/verification", "email=nonsense").await.assert_status(422).text();
    assert!(page.contains("<main>") && page.contains("valid email address"), "{page}");
}

#[tokio::test]
async fn what_is_done_leads_on_to_the_application_where_it_is_named() {
    for (flags, way) in [
        (&[][..], None),
        (&["--app-url", "https://app.example/?a=1&b=2"], Some("https://app.example/?a=1&amp;b=2")),
        (
            &["--app-url", "https://app.example/", "--app-name", "Tea & Biscuits"],
            Some("Go on to Tea &amp; Biscuits"),
        ),
    ] {
        let app = TestApp::with_flags(flags).await;
        let ana = app.user("ana").await;
        ana.post("/users/me/verification", json!({})).await.assert_status(202);
        let proof = token(&app.letter().await, "verify-email");
        let verified = sent(&app, "/verify-email", &format!("token={proof}")).await.assert_status(200).text();
        let reset = format!("token={}&new_password=eight+tame+horses", link(&app, "ana").await);
        let reset = sent(&app, "/reset-password", &reset).await.assert_status(200).text();
        for page in [verified, reset].map(|page| page.replace("&#x2f;", "/")) {
            match way {
                Some(way) => assert!(page.contains(way) && page.contains("<a href=\"https:"), "{page}"),
                None => assert!(!page.contains("<a "), "{page}"),
            }
        }
    }
}
