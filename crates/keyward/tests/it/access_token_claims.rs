//! The claims of an access token: each is needed, of its type, and means what it says. And whom a token speaks for must
//! still be there.

use keyward_api::testing::app::TestApp;
use keyward_api::testing::person::Person;
use serde_json::{Value, json};
use time::Duration;

use crate::app::Starts;
use crate::forge::Forge;

async fn ana_and_her_forger() -> (Person, Forge) {
    let ana = TestApp::start().await.user("ana").await;
    let forge = Forge::new(&ana);
    (ana, forge)
}

#[tokio::test]
async fn every_claim_is_needed() {
    let (_, forge) = ana_and_her_forger().await;
    for name in ["iss", "aud", "sub", "sid", "jti", "iat", "exp"] {
        let mut claims = forge.claims();
        claims.as_object_mut().unwrap().remove(name);
        forge.assert_bad_claims(&claims).await;
        for value in [json!(null), json!({}), json!([]), json!(""), json!(true)] {
            forge.assert_bad_claims(&forge.claims_with(name, value)).await;
        }
    }
}

#[tokio::test]
async fn a_date_is_a_whole_number_within_reason() {
    let (_, forge) = ana_and_her_forger().await;
    let exp = forge.claims()["exp"].as_i64().unwrap();
    for value in [
        json!(exp.to_string()),
        json!(1_795_000_000.5),
        json!("never"),
        json!(-1),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(1e300),
    ] {
        forge.assert_bad_claims(&forge.claims_with("exp", value.clone())).await;
        forge.assert_bad_claims(&forge.claims_with("iat", value.clone())).await;
        forge.assert_bad_claims(&forge.claims_with("nbf", value)).await;
    }
    let text = forge.claims().to_string().replace(&exp.to_string(), "1e999");
    forge.assert_bad(&forge.sign_text(&forge.header().to_string(), &text), "an infinite date").await;
}

#[tokio::test]
async fn a_token_of_the_past_has_expired_however_it_is_signed() {
    let (ana, forge) = ana_and_her_forger().await;
    let iat = forge.claims()["iat"].as_i64().unwrap();
    for exp in [0, 1, iat - 1000, iat - 10] {
        let token = forge.sign(&forge.header(), &forge.claims_with("exp", json!(exp)));
        let answer = ana.app.bearer(&token).get("/users/me").await.assert_status(401);
        assert_eq!(answer.detail(), "Token expired", "{exp}");
    }
}

#[tokio::test]
async fn a_token_of_the_future_is_not_good_yet() {
    let (ana, forge) = ana_and_her_forger().await;
    let iat = forge.claims()["iat"].as_i64().unwrap();
    let later = forge.sign(&forge.header(), &forge.claims_with("nbf", json!(iat + 60)));
    forge.assert_bad(&later, "nbf").await;
    forge.assert_bad_claims(&forge.claims_with("iat", json!(iat + 120))).await;
    ana.app.clock.advance(Duration::seconds(61));
    forge.assert_good(&later).await;
}

#[tokio::test]
async fn only_our_own_issuer_is_believed() {
    let (_, forge) = ana_and_her_forger().await;
    for iss in [
        json!("http://127.0.0.1:8000/"),
        json!("HTTP://127.0.0.1:8000"),
        json!("https://evil.example"),
        json!(["http://127.0.0.1:8000"]),
    ] {
        forge.assert_bad_claims(&forge.claims_with("iss", iss)).await;
    }
}

#[tokio::test]
async fn a_token_must_be_meant_for_us() {
    let (_, forge) = ana_and_her_forger().await;
    for aud in [
        json!("Keyward"),
        json!("keyward2"),
        json!("other"),
        json!(["other"]),
        json!(["keyward", 1]),
        json!({ "keyward": 1 }),
    ] {
        forge.assert_bad_claims(&forge.claims_with("aud", aud)).await;
    }
    let both = forge.claims_with("aud", json!(["other", "keyward"]));
    forge.assert_good(&forge.sign(&forge.header(), &both)).await;
}

#[tokio::test]
async fn a_subject_or_session_that_is_not_there_opens_nothing() {
    let (ana, forge) = ana_and_her_forger().await;
    let eve = ana.app.user("eve").await;
    for sub in [
        json!("999999"),
        json!("0"),
        json!("-1"),
        json!("99999999999999999999"),
        json!("ana@example.com"),
        json!(ana.id),
        json!([ana.id.to_string()]),
        json!(format!(" {}", ana.id)),
        json!(eve.id.to_string()),
        json!("1\0"),
    ] {
        forge.assert_bad_claims(&forge.claims_with("sub", sub)).await;
    }
    for sid in [json!("00000000-0000-7000-8000-000000000000"), json!("x"), json!(1), json!("' OR 1=1 --")] {
        forge.assert_bad_claims(&forge.claims_with("sid", sid)).await;
    }
}

#[tokio::test]
async fn a_claim_given_twice_is_refused() {
    let (_, forge) = ana_and_her_forger().await;
    let (header, claims) = (forge.header().to_string(), forge.claims().to_string());
    let twice = claims.replacen('{', "{\"sub\":\"1\",", 1);
    forge.assert_bad(&forge.sign_text(&header, &twice), "sub twice").await;
    let twice = header.replacen('{', "{\"alg\":\"none\",", 1);
    forge.assert_bad(&forge.sign_text(&twice, &claims), "alg twice").await;
    for broken in ["", "null", "[]", "{}", "\"x\"", "{", "\u{feff}{}"] {
        forge.assert_bad(&forge.sign_text(&header, broken), broken).await;
        forge.assert_bad(&forge.sign_text(broken, &claims), broken).await;
    }
}

#[tokio::test]
async fn a_scope_the_role_does_not_have_is_worth_nothing_in_a_token() {
    let (ana, forge) = ana_and_her_forger().await;
    let token =
        forge.sign(&forge.header(), &forge.claims_with("scope", json!("admin posts:read posts:write")));
    ana.app.bearer(&token).get("/users").await.assert_status(403);
    ana.app.bearer(&token).get("/posts").await.assert_status(200);
    let none = forge.sign(&forge.header(), &forge.claims_with("scope", json!("")));
    ana.app.bearer(&none).get("/users/me").await.assert_status(200);
    ana.app.bearer(&none).get("/posts").await.assert_status(403);
    forge.assert_bad_claims(&forge.claims_with("scope", json!(["admin"]))).await;
}

#[tokio::test]
async fn a_deleted_a_disabled_and_a_logged_out_users_tokens_are_dead() {
    let app = TestApp::start().await;
    let root = app.admin("root").await;
    let (gone, locked, out) = (app.user("gone").await, app.user("locked").await, app.user("out").await);
    root.delete(&format!("/users/{}", gone.id)).await.assert_status(204);
    root.patch(&format!("/users/{}", locked.id), json!({ "disabled": true })).await.assert_status(200);
    out.call("POST", "/logout").send().await.assert_status(204);
    for person in [gone, locked, out] {
        for path in ["/users/me", "/posts", "/users/1"] {
            person.get(path).await.assert_invalid_token(&person.email);
        }
    }
}

#[tokio::test]
async fn another_replica_believes_an_ended_session_no_longer_than_the_bound() {
    let app = TestApp::start().await;
    let (replica, ana) = (app.replica(), app.user("ana").await);
    let there = replica.bearer(ana.token());
    there.get("/users/me").await.assert_status(200);
    ana.call("POST", "/logout").send().await.assert_status(204);
    let bound = app.settings.tokens.revocation_bound;
    assert!(bound <= std::time::Duration::from_secs(5), "the default");
    tokio::time::sleep(bound + std::time::Duration::from_millis(100)).await;
    there.get("/users/me").await.assert_invalid_token("after the bound");
}

#[tokio::test]
async fn a_user_deleted_elsewhere_gets_401_even_while_a_replica_remembers_the_session() {
    let app = TestApp::start().await;
    let (root, ana) = (app.admin("root").await, app.user("ana").await);
    let there = app.replica().bearer(ana.token());
    there.get("/users/me").await.assert_status(200);
    root.delete(&format!("/users/{}", ana.id)).await.assert_status(204);
    let proof: Value = json!({ "password": keyward_api::testing::app::PASSWORD });
    let change = json!({ "current_password": keyward_api::testing::app::PASSWORD, "new_password": "another fine phrase" });
    there.post("/posts", json!({ "title": "t", "content": "c" })).await.assert_gone("writing a post");
    there.patch("/users/me", json!({ "name": "x" })).await.assert_gone("renaming");
    there.post("/users/me/password", change).await.assert_gone("changing the password");
    there.call("DELETE", "/users/me").json(&proof).send().await.assert_gone("deleting");
    // What is only read may come from what the replica remembers, for no longer than it may trust the session.
    tokio::time::sleep(app.settings.tokens.revocation_bound + std::time::Duration::from_millis(100)).await;
    there.get("/users/me").await.assert_gone("reading, after the bound");
}
