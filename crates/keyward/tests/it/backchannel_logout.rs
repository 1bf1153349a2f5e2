//! Telling applications of logouts: which ends of sessions, to whom, and how often.

use keyward_api::testing::app::{PASSWORD, TestApp};
use keyward_domain::oauth::logouts::LogoutOutcome;
use serde_json::{Value, json};
use time::Duration;

use crate::app::Starts;
use crate::browser::{Browser, forms};
use crate::logout_receiver::{Does, Receiver, logouts, verified};
use crate::relying_party::{RelyingParty, payload};

struct Scene {
    app: TestApp,
    receiver: Receiver,
    rp: RelyingParty,
    browser: Browser,
    tokens: Value,
}

/// Ana is logged in to an application that gets logout tokens, with this scope.
async fn scene(scope: &str) -> Scene {
    let app = TestApp::with_flags(&["--backchannel-private", "on"]).await;
    app.user("ana").await;
    let receiver = Receiver::start().await;
    let rp = receiver.client(&app, "rp").await;
    let browser = Browser::logged_in(&app, "ana").await;
    let tokens = rp.tokens(&browser, &[("scope", scope)]).await;
    Scene { app, receiver, rp, browser, tokens }
}

/// Leaves by the logout page.
async fn log_out(browser: &Browser) {
    browser.fill("/account/logout", &[]).await.assert_status(303);
}

impl Scene {
    /// What the application hears now.
    async fn told(&self) -> Vec<Value> {
        for outcome in logouts(&self.app).deliver_due().await.unwrap() {
            assert_eq!(outcome, LogoutOutcome::Delivered);
        }
        let mut told = Vec::new();
        for token in self.receiver.tokens() {
            told.push(verified(&self.app, &token, "rp").await);
        }
        told
    }

    /// That it gets one token, for its session.
    async fn assert_told(&self, what: &str) {
        let told = self.told().await;
        assert_eq!(told.len(), 1, "{what}: {told:?}");
        let id_token = payload(&self.tokens["id_token"]);
        assert_eq!(told[0]["sid"], id_token["sid"], "{what}");
        assert_eq!(told[0]["sub"], id_token["sub"], "{what}");
        assert!(self.told().await.is_empty(), "{what}: again");
    }
}

#[tokio::test]
async fn a_logout_token_says_which_session_ended_and_nothing_of_an_id_token() {
    let scene = scene("openid").await;
    assert!(scene.told().await.is_empty());
    log_out(&scene.browser).await;
    let told = scene.told().await.remove(0);
    let mut members: Vec<_> = told.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["aud", "events", "exp", "iat", "iss", "jti", "sid", "sub"]);
    assert_eq!(told["events"], json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
    assert_eq!(told["exp"].as_i64().unwrap() - told["iat"].as_i64().unwrap(), 120);
}

#[tokio::test]
async fn an_application_hears_once_of_every_way_in_which_its_session_ends() {
    for what in [
        "logout page",
        "logout by the application",
        "revocation",
        "all sessions",
        "password",
        "disabled",
        "deleted",
        "consent",
        "refresh token used twice",
    ] {
        let scene = scene("openid posts:read").await;
        let Scene { app, rp, browser, tokens, .. } = &scene;
        let (ana, root) = (app.log_in("ana").await, app.admin("root").await);
        match what {
            "logout page" => log_out(browser).await,
            "logout by the application" => {
                let hint = tokens["id_token"].as_str().unwrap();
                browser.get(&format!("/oauth/logout?id_token_hint={hint}")).await.assert_status(200);
            }
            "revocation" => {
                let token = tokens["refresh_token"].as_str().unwrap();
                rp.ask("/oauth/revoke", &[("token", token)]).await.assert_status(200);
            }
            "all sessions" => drop(ana.call("POST", "/logout/all").send().await.assert_status(204)),
            "password" => {
                let body = json!({ "current_password": PASSWORD, "new_password": "another fine phrase" });
                ana.post("/users/me/password", body).await.assert_status(204);
            }
            "disabled" => {
                let path = format!("/users/{}", ana.id);
                root.patch(&path, json!({ "disabled": true })).await.assert_status(200);
            }
            "deleted" => drop(root.delete(&format!("/users/{}", ana.id)).await.assert_status(204)),
            "consent" => {
                let page = browser.get("/account/apps").await.assert_status(200).text();
                let removal = forms(&page).into_iter().find(|form| form.action.ends_with("/account/apps"));
                browser.submit(&removal.unwrap()).await.assert_status(303);
            }
            _ => {
                rp.refresh(tokens).await.assert_status(200);
                app.clock.advance(Duration::minutes(1));
                rp.refresh(tokens).await.assert_status(400);
            }
        }
        scene.assert_told(what).await;
    }
}

#[tokio::test]
async fn a_session_that_goes_on_is_told_of_the_end_of_its_browser_session_and_of_its_own() {
    let scene = scene("openid offline_access").await;
    log_out(&scene.browser).await;
    scene.assert_told("the browser session").await;
    let tokens = scene.rp.refresh(&scene.tokens).await.assert_status(200).json();
    let token = tokens["refresh_token"].as_str().unwrap();
    scene.rp.ask("/oauth/revoke", &[("token", token)]).await.assert_status(200);
    scene.assert_told("its own").await;
}

#[tokio::test]
async fn the_end_of_a_session_is_told_although_that_of_its_browser_session_is_being_told() {
    let scene = scene("openid offline_access").await;
    let logouts = logouts(&scene.app);
    log_out(&scene.browser).await;
    let mut slots = keyward_domain::mail::slots::Slots::default();
    let (claimed, _) = logouts.claim(&mut slots).await.unwrap().unwrap();
    let token = scene.tokens["refresh_token"].as_str().unwrap();
    scene.rp.ask("/oauth/revoke", &[("token", token)]).await.assert_status(200);
    assert_eq!(logouts.deliver(&claimed).await.unwrap(), LogoutOutcome::Delivered);
    assert_eq!(scene.receiver.tokens().len(), 1);
    scene.assert_told("its own end").await;
}

#[tokio::test]
async fn the_end_of_a_session_does_not_wait_for_the_next_attempt_of_another_end() {
    let scene = scene("openid offline_access").await;
    scene.receiver.now(Does::status("503 Service Unavailable"));
    log_out(&scene.browser).await;
    for _ in 0..8 {
        logouts(&scene.app).deliver_due().await.unwrap();
        scene.app.clock.advance(Duration::hours(4));
    }
    scene.receiver.tokens();
    scene.receiver.now(Does::status("200 OK"));
    let token = scene.tokens["refresh_token"].as_str().unwrap();
    scene.rp.ask("/oauth/revoke", &[("token", token)]).await.assert_status(200);
    scene.assert_told("its own end").await;
}

#[tokio::test]
async fn a_client_with_a_uri_that_cannot_be_read_keeps_no_session_from_ending() {
    use sea_orm::ConnectionTrait;
    let scene = scene("openid").await;
    let broken = "UPDATE clients SET backchannel_logout_uri = 'nonsense'";
    scene.app.database.connection().execute_unprepared(broken).await.unwrap();
    log_out(&scene.browser).await;
    assert_eq!(logouts(&scene.app).backlog().await.unwrap().waiting, 0);
}

#[tokio::test]
async fn of_two_replicas_one_tells() {
    let scene = scene("openid").await;
    log_out(&scene.browser).await;
    let (one, other) = (logouts(&scene.app), logouts(&scene.app.replica()));
    let (one, other) = tokio::join!(one.deliver_due(), other.deliver_due());
    assert_eq!(one.unwrap().len() + other.unwrap().len(), 1);
    assert_eq!(scene.receiver.tokens().len(), 1);
}

#[tokio::test]
async fn each_session_of_each_application_is_told_of_and_those_of_others_are_not() {
    let scene = scene("openid").await;
    let other = Receiver::start().await;
    let second = other.client(&scene.app, "second").await;
    second.tokens(&scene.browser, &[]).await;
    scene.rp.tokens(&scene.browser, &[]).await;
    RelyingParty::public(&scene.app, "silent").await.tokens(&scene.browser, &[]).await;
    scene.app.user("bob").await;
    let bob = Browser::logged_in(&scene.app, "bob").await;
    scene.rp.tokens(&bob, &[]).await;
    log_out(&scene.browser).await;
    let told = scene.told().await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().all(|told| told["sub"] == payload(&scene.tokens["id_token"])["sub"]));
    assert_eq!(other.tokens().len(), 1);
}

#[tokio::test]
async fn a_removed_client_is_told_nothing_and_one_whose_uri_was_changed_is_told_there() {
    let scene = scene("openid").await;
    let root = scene.app.admin("root").await;
    let moved = Receiver::start().await;
    log_out(&scene.browser).await;
    let change = json!({ "backchannel_logout_uri": moved.uri() });
    let changed = root.patch("/clients/rp", change).await.assert_status(200).json();
    assert_eq!(changed["backchannel_logout_uri"], moved.uri());
    assert!(scene.told().await.is_empty());
    assert_eq!(moved.tokens().len(), 1);
    // Told nowhere any more, after the end.
    let browser = Browser::logged_in(&scene.app, "ana").await;
    scene.rp.tokens(&browser, &[]).await;
    log_out(&browser).await;
    root.patch("/clients/rp", json!({ "backchannel_logout_uri": "" })).await.assert_status(200);
    let outcomes = logouts(&scene.app).deliver_due().await.unwrap();
    assert_eq!(outcomes, [LogoutOutcome::Withdrawn]);
    root.patch("/clients/rp", json!({ "backchannel_logout_uri": moved.uri() })).await.assert_status(200);
    let browser = Browser::logged_in(&scene.app, "ana").await;
    scene.rp.tokens(&browser, &[]).await;
    log_out(&browser).await;
    assert_eq!(logouts(&scene.app).backlog().await.unwrap().waiting, 1);
    root.delete("/clients/rp").await.assert_status(204);
    assert_eq!(logouts(&scene.app).backlog().await.unwrap().waiting, 0);
    assert!(moved.tokens().is_empty());
}

#[tokio::test]
async fn what_is_refused_is_sent_five_times_and_its_code_is_read_if_it_is_one() {
    for (answer, code) in [
        (
            Does::json("400 Bad Request", r#"{"error":"invalid_request","error_description":"x"}"#),
            Some("invalid_request"),
        ),
        (Does::json("400 Bad Request", r#"{"error":"Made up\n by others"}"#), None),
        (Does::status("400 Bad Request"), None),
    ] {
        let scene = scene("openid").await;
        scene.receiver.now(answer);
        log_out(&scene.browser).await;
        let logouts = logouts(&scene.app);
        for _ in 0..4 {
            let outcomes = logouts.deliver_due().await.unwrap();
            let words = format!("it refused with the code {}", code.unwrap_or("none"));
            assert_eq!(outcomes, [LogoutOutcome::Later(words)]);
            scene.app.clock.advance(Duration::hours(1));
        }
        let outcomes = logouts.deliver_due().await.unwrap();
        assert_eq!(outcomes, [LogoutOutcome::Refused(code.map(str::to_owned))]);
        scene.app.clock.advance(Duration::days(1));
        assert!(logouts.deliver_due().await.unwrap().is_empty());
        let ids: Vec<_> =
            scene.receiver.tokens().iter().map(|token| payload(&json!(token))["jti"].clone()).collect();
        assert!(ids.len() == 5 && ids.iter().all(|id| *id == ids[0]), "one logout has one name: {ids:?}");
    }
}

#[tokio::test]
async fn many_logouts_of_one_account_are_bounded() {
    use keyward_domain::model::logouts::MOST_OF_ACCOUNT;
    use sea_orm::ConnectionTrait;
    let scene = scene("openid").await;
    let user = payload(&scene.tokens["id_token"])["sub"].as_str().unwrap().to_owned();
    let uuid = if scene.app.home.is_postgres() {
        "encode(lpad(CAST(i AS text), 16, '0')::bytea, 'hex')::uuid"
    } else {
        "CAST(printf('%016d', i) AS BLOB)"
    };
    let fill = format!(
        "INSERT INTO logouts (session_id, user_id, client_id, receiver, created_at, at, attempts) \
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MOST_OF_ACCOUNT}) \
         SELECT {uuid}, {user}, 'rp', 'x', 0, 0, 0 FROM n"
    );
    scene.app.database.connection().execute_unprepared(&fill).await.unwrap();
    log_out(&scene.browser).await;
    assert_eq!(logouts(&scene.app).backlog().await.unwrap().waiting, MOST_OF_ACCOUNT);
}
