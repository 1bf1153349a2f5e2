//! Refresh tokens: each is good once, the one just spent converges, an older one ends its session.

use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::{PASSWORD, TestApp, address};
use keyward_api::testing::person::Person;
use keyward_api::testing::race::{at_once, count};
use keyward_auth::Random;
use keyward_domain::model::events::EventKind;
use keyward_domain::values::ids::SessionId;
use serde_json::{Value, json};
use time::Duration;

use crate::app::Starts;
use crate::events::events;
use crate::forge::{claims_of, decode, encode};

/// Trades a refresh token, in JSON.
pub(crate) async fn refresh(app: &TestApp, token: &str) -> Answer {
    app.anonymous().post("/refresh_token", json!({ "refresh_token": token })).await
}

/// The next pair for a refresh token that must be good.
pub(crate) async fn refreshed(app: &TestApp, token: &str) -> Person {
    holder(app, &refresh(app, token).await.assert_status(200).json())
}

/// The caller that received this `Token`.
pub(crate) fn holder(app: &TestApp, tokens: &Value) -> Person {
    let refresh = tokens["refresh_token"].as_str().unwrap().to_owned();
    Person { refresh, ..app.bearer(tokens["access_token"].as_str().unwrap()) }
}

/// That a refresh token buys nothing.
pub(crate) async fn assert_spent(app: &TestApp, token: &str, what: &str) {
    let answer = refresh(app, token).await;
    assert_eq!(answer.status, 401, "{what}: {}", answer.text());
    assert!(answer.detail().starts_with("Invalid refresh token"), "{what}: {}", answer.detail());
    assert_eq!(answer.json()["error"], "invalid_grant", "{what}");
}

/// The session behind an access token.
pub(crate) fn session_of(person: &Person) -> SessionId {
    SessionId(claims_of(person.token())["sid"].as_str().unwrap().parse().unwrap())
}

/// How often a session was refreshed; `None` if it has ended.
pub(crate) async fn counter(app: &TestApp, id: SessionId) -> Option<u64> {
    let live = app.ports.store.autocommit().sessions().live(id).await.unwrap();
    live.map(|live| live.session.counter)
}

async fn replays(app: &TestApp) -> usize {
    events(app).await.iter().filter(|event| event.kind == EventKind::RefreshReused).count()
}

#[tokio::test]
async fn a_refresh_rotates_the_pair_whether_it_comes_as_json_or_as_a_form() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let first = refresh(&app, &ana.refresh).await.assert_status(200);
    assert_eq!(first.header("cache-control"), "no-store");
    let tokens = first.json();
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("bearer"), &json!(900)));
    assert_eq!(tokens["scope"], "posts:read posts:write shop");
    let first = holder(&app, &tokens);
    let form = format!("grant_type=refresh_token&refresh_token={}", first.refresh);
    let second = app.anonymous().call("POST", "/refresh_token").form(&form).send().await.assert_status(200);
    let second = holder(&app, &second.json());
    for person in [&ana, &first, &second] {
        person.get("/users/me").await.assert_status(200);
        assert_eq!(session_of(person), session_of(&ana));
    }
    let all = [&ana.refresh, &first.refresh, &second.refresh];
    assert!(all[0] != all[1] && all[1] != all[2] && all[0] != all[2]);
    assert_eq!(counter(&app, session_of(&ana)).await, Some(2));
}

#[tokio::test]
async fn the_token_just_spent_gets_the_same_successor_for_ten_seconds() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let next = refreshed(&app, &ana.refresh).await;
    for _ in 0..3 {
        assert_eq!(refreshed(&app, &ana.refresh).await.refresh, next.refresh);
    }
    app.clock.advance(Duration::seconds(8));
    let late = refreshed(&app, &ana.refresh).await;
    assert_eq!(late.refresh, next.refresh);
    late.get("/users/me").await.assert_status(200);
    assert_eq!(counter(&app, session_of(&ana)).await, Some(1));
    assert_eq!(replays(&app).await, 0);
}

#[tokio::test]
async fn a_replay_after_the_grace_ends_the_session_and_is_recorded() {
    let app = TestApp::start().await;
    let (ana, other) = (app.user("ana").await, app.log_in("ana").await);
    let next = refreshed(&app, &ana.refresh).await;
    app.clock.advance(Duration::seconds(11));
    assert_spent(&app, &ana.refresh, "a replay").await;
    assert_spent(&app, &next.refresh, "the good one of a session that ended").await;
    for person in [&ana, &next] {
        person.get("/users/me").await.assert_gone("a token of a session that ended");
    }
    assert_eq!(counter(&app, session_of(&ana)).await, None);
    let events = events(&app).await;
    let reuse: Vec<_> = events.iter().filter(|event| event.kind == EventKind::RefreshReused).collect();
    assert_eq!(reuse.len(), 1);
    assert_eq!((reuse[0].session, reuse[0].user.unwrap().0), (Some(session_of(&ana)), ana.id));
    other.get("/users/me").await.assert_status(200);
    refreshed(&app, &other.refresh).await;
}

#[tokio::test]
async fn an_older_link_of_a_chain_made_within_one_second_ends_the_session() {
    let app = TestApp::start().await;
    for older in 0..3 {
        let mut chain = vec![app.user("ana").await];
        for link in 0..4 {
            chain.push(refreshed(&app, &chain[link].refresh).await);
        }
        assert_eq!(refreshed(&app, &chain[3].refresh).await.refresh, chain[4].refresh);
        assert_spent(&app, &chain[older].refresh, "an older link").await;
        for link in &chain {
            assert_spent(&app, &link.refresh, "a link of a chain that ended").await;
            link.get("/users/me").await.assert_gone("a token of a chain that ended");
        }
        assert_eq!(replays(&app).await, older + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_200_refreshes_of_one_token_exactly_one_rotates_and_all_end_with_a_usable_token() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let answers = at_once(200, |_| {
        let (app, token) = (app.clone(), ana.refresh.clone());
        async move { refresh(&app, &token).await }
    });
    let answers = answers.await;
    assert_eq!(count(&answers, 200), 200);
    assert_eq!(counter(&app, session_of(&ana)).await, Some(1));
    let successor = holder(&app, &answers[0].json()).refresh;
    for answer in &answers {
        let person = holder(&app, &answer.json());
        assert_eq!(person.refresh, successor);
        person.get("/users/me").await.assert_status(200);
    }
    refreshed(&app, &successor).await;
    assert_eq!(replays(&app).await, 0);
}

#[tokio::test]
async fn a_truncated_extended_recased_or_forged_token_is_refused_and_the_good_one_unharmed() {
    let app = TestApp::start().await;
    let (ana, eve) = (app.user("ana").await, app.user("eve").await);
    let good = ana.refresh.clone();
    let body = &good["kwr_".len()..];
    let swap = |letter: char| {
        if letter.is_lowercase() { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() }
    };
    let swapped: String = body.chars().map(swap).collect();
    let mut ahead = decode(body);
    ahead[23] += 1;
    let mut crossed = decode(&eve.refresh["kwr_".len()..]);
    crossed[..16].copy_from_slice(&decode(body)[..16]);
    let mut unknown = decode(body);
    keyward_auth::SystemRandom.fill(&mut unknown[..16]);
    let mut flipped = decode(body);
    flipped[55] ^= 1;
    let mut bad = vec![
        String::new(),
        body.to_owned(),
        format!("{good}="),
        format!("{good}A"),
        format!(" {good}"),
        format!("{good}\n"),
        format!("KWR_{body}"),
        format!("kwr_{swapped}"),
        good.to_uppercase(),
        good.to_lowercase(),
        ana.token().to_owned(),
        "null".to_owned(),
        "x".repeat(5_000),
        format!("kwr_{}", "A".repeat(body.len())),
    ];
    bad.extend([ahead, crossed, unknown, flipped].map(|bytes| format!("kwr_{}", encode(bytes))));
    bad.extend((0..good.len()).step_by(7).map(|length| good[..length].to_owned()));
    for token in bad {
        assert_spent(&app, &token, &format!("{token:.90?}")).await;
    }
    for value in [json!(1), json!(null), json!([good]), json!({ "a": good })] {
        let answer = app.anonymous().post("/refresh_token", json!({ "refresh_token": value })).await;
        assert_eq!(answer.fault()["loc"], json!(["body", "refresh_token"]));
        assert!(!answer.text().contains(&good), "a secret was echoed");
    }
    assert_eq!(counter(&app, session_of(&ana)).await, Some(0));
    ana.get("/users/me").await.assert_status(200);
    refreshed(&app, &good).await;
    assert_eq!(replays(&app).await, 0);
}

#[tokio::test]
async fn scope_can_shrink_and_never_grow() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let login = json!({ "username": address("ana"), "password": PASSWORD, "scope": "posts:read shop" });
    let tokens = app.anonymous().post("/login", login).await.assert_status(200).json();
    assert_eq!(tokens["scope"], "posts:read shop");
    let mut ana = holder(&app, &tokens);
    for wish in ["posts:read posts:write", "admin", "posts:write", "nonsense", "posts:read \"x\""] {
        let body = json!({ "refresh_token": ana.refresh, "scope": wish });
        let answer = app.anonymous().post("/refresh_token", body).await.assert_status(400);
        assert_eq!(answer.json()["error"], "invalid_scope", "{wish}");
    }
    assert_eq!(counter(&app, session_of(&ana)).await, Some(0), "a refused wish spends nothing");
    for (wish, granted) in [("posts:read", "posts:read"), ("shop", "shop"), ("", "posts:read shop")] {
        let body = json!({ "refresh_token": ana.refresh, "scope": wish });
        let tokens = app.anonymous().post("/refresh_token", body).await.assert_status(200).json();
        assert_eq!(tokens["scope"], granted);
        ana = holder(&app, &tokens);
        let read = ana.get("/posts").await.status;
        assert_eq!(read == 200, granted.contains("posts:read"), "{granted}: {read}");
        ana.post("/posts", json!({ "title": "t", "content": "c" })).await.assert_status(403);
    }
}

#[tokio::test]
async fn a_session_idle_for_thirty_days_is_over() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    app.clock.advance(Duration::days(30) - Duration::minutes(1));
    let next = refreshed(&app, &ana.refresh).await;
    app.clock.advance(Duration::days(30));
    assert_spent(&app, &next.refresh, "idle for 30 days").await;
    assert_spent(&app, &ana.refresh, "a replay in a session that is over").await;
    assert_eq!(replays(&app).await, 0);
    let again = app.log_in("ana").await;
    assert_eq!(again.get("/sessions").await.assert_status(200).json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_session_is_over_after_ninety_days_however_busy() {
    let app = TestApp::start().await;
    let mut ana = app.user("ana").await;
    for _ in 0..4 {
        app.clock.advance(Duration::days(22));
        ana = refreshed(&app, &ana.refresh).await;
    }
    app.clock.advance(Duration::days(2) - Duration::minutes(1));
    ana = refreshed(&app, &ana.refresh).await;
    app.clock.advance(Duration::minutes(1));
    assert_spent(&app, &ana.refresh, "90 days old").await;
}
