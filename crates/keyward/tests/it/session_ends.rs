//! Why a session is over: its refresh tokens say so, to their holders alone.

use keyward_api::testing::app::TestApp;
use serde_json::json;
use time::Duration;

use crate::app::Starts;
use crate::sessions::{refresh, refreshed};

async fn code(app: &TestApp, token: &str) -> String {
    refresh(app, token).await.assert_status(401).code().clone()
}

#[tokio::test]
async fn whoever_comes_second_after_a_reuse_is_told_of_it_too() {
    let app = TestApp::start().await;
    for owner_comes_first in [true, false] {
        let stolen = app.user(if owner_comes_first { "ana" } else { "bob" }).await;
        let newest = refreshed(&app, &stolen.refresh).await;
        app.clock.advance(Duration::minutes(1));
        let tokens = [&stolen.refresh, &newest.refresh];
        assert_eq!(code(&app, tokens[0]).await, "session_ended_by_reuse");
        for again in [usize::from(owner_comes_first), 0, 1] {
            assert_eq!(code(&app, tokens[again]).await, "session_ended_by_reuse");
        }
    }
}

#[tokio::test]
async fn a_session_that_ended_otherwise_is_not_called_reused() {
    let app = TestApp::start().await;
    let (ana, phone) = (app.user("ana").await, app.log_in("ana").await);
    ana.post("/logout", json!({})).await.assert_status(204);
    assert_eq!(code(&app, &ana.refresh).await, "session_ended");
    phone.post("/logout/all", json!({})).await.assert_status(204);
    assert_eq!(code(&app, &phone.refresh).await, "session_ended");
    let idle = app.log_in("ana").await;
    app.clock.advance(Duration::days(30));
    assert_eq!(code(&app, &idle.refresh).await, "session_expired");
}

#[tokio::test]
async fn only_the_holder_of_a_genuine_token_is_told() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    ana.post("/logout", json!({})).await.assert_status(204);
    let mut forged = ana.refresh.clone();
    let last = if forged.ends_with('A') { "B" } else { "A" };
    forged.replace_range(forged.len() - 1.., last);
    for token in [forged.as_str(), "kwr_unknown", ""] {
        let answer = refresh(&app, token).await.assert_status(401);
        assert_eq!(
            (&*answer.code(), answer.detail()),
            ("invalid_refresh_token", "Invalid refresh token".into())
        );
    }
}

#[tokio::test]
async fn the_grace_is_a_setting() {
    let app = TestApp::with_flags(&["--refresh-grace", "1m"]).await;
    let ana = app.user("ana").await;
    let next = refreshed(&app, &ana.refresh).await;
    app.clock.advance(Duration::seconds(59));
    assert_eq!(refreshed(&app, &ana.refresh).await.refresh, next.refresh);
    app.clock.advance(Duration::seconds(2));
    assert_eq!(code(&app, &ana.refresh).await, "session_ended_by_reuse");
    let strict = TestApp::with_flags(&["--refresh-grace", "0"]).await;
    let ana = strict.user("ana").await;
    refreshed(&strict, &ana.refresh).await;
    strict.clock.advance(Duration::microseconds(1));
    assert_eq!(code(&strict, &ana.refresh).await, "session_ended_by_reuse");
}
