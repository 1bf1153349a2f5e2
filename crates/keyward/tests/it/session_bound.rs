//! The bound on an account's sessions: a login beyond it ends the one unseen longest, and a surplus from before is trimmed.

use keyward_api::testing::app::{PASSWORD, TestApp, address};
use keyward_api::testing::race::{at_once, count};
use keyward_domain::model::revocations::Position;
use keyward_domain::model::sessions::Session;
use keyward_domain::upkeep::cleaning::Housekeeping;
use keyward_domain::values::ids::{SessionId, UserId};
use keyward_domain::values::origin::Device;
use serde_json::json;
use time::Duration;

use crate::app::Starts;
use crate::sessions::refreshed;

async fn standing(app: &TestApp, user: i64) -> Vec<Session> {
    app.ports.store.autocommit().sessions().of_user(UserId(user), None, 100_000).await.unwrap()
}

async fn told(app: &TestApp) -> usize {
    let news = app.ports.store.autocommit().revocations().after(&Position::default(), 100_000).await;
    news.unwrap().unwrap().revocations.len()
}

#[tokio::test]
async fn a_login_beyond_the_bound_ends_the_session_unseen_longest() {
    let app = TestApp::with_flags(&["--sessions-per-account", "3"]).await;
    let other = app.user("bob").await;
    let mut sessions = Vec::new();
    for _ in 0..3 {
        sessions.push(app.user("ana").await);
        app.clock.advance(Duration::seconds(30));
    }
    sessions[0] = refreshed(&app, &sessions[0].refresh).await;
    sessions[0].id = sessions[1].id;
    app.clock.advance(Duration::seconds(30));
    let fourth = app.log_in("ana").await;
    sessions[1].get("/users/me").await.assert_invalid_token("the one unseen longest");
    for person in [&sessions[0], &sessions[2], &fourth, &other] {
        person.get("/users/me").await.assert_status(200);
    }
    assert_eq!((standing(&app, fourth.id).await.len(), told(&app).await), (3, 1));
    for path in ["/login", "/oauth/token"] {
        let form = "grant_type=password&username=ana%40example.com&password=seven+wild+horses";
        app.anonymous().call("POST", path).form(form).send().await.assert_status(200);
    }
    assert_eq!((standing(&app, fourth.id).await.len(), told(&app).await), (3, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn logins_at_once_all_succeed_and_the_next_one_restores_the_bound() {
    let app = TestApp::with_flags(&["--sessions-per-account", "5"]).await;
    let ana = app.user("ana").await;
    let answers = at_once(30, |_| {
        let nobody = app.anonymous();
        let login = json!({ "username": address("ana"), "password": PASSWORD });
        async move { nobody.post("/login", login).await }
    });
    assert_eq!(count(&answers.await, 200), 30);
    app.log_in("ana").await;
    assert_eq!(standing(&app, ana.id).await.len(), 5);
}

#[tokio::test]
async fn a_surplus_from_before_is_trimmed_in_batches_and_told() {
    let app = TestApp::start().await;
    let (ana, bob) = (app.user("ana").await, app.user("bob").await);
    let own = standing(&app, ana.id).await.remove(0);
    for number in 1..=1_200_i64 {
        let id = SessionId(format!("00000000-0000-0000-0000-{number:012x}").parse().unwrap());
        let session = Session {
            id,
            last_seen_at: own.last_seen_at - Duration::seconds(1_201 - number),
            device: Device::default(),
            ..own.clone()
        };
        app.ports.store.autocommit().sessions().insert(&session).await.unwrap();
    }
    let housekeeping = Housekeeping::new(app.ports.clone(), app.settings.tokens.lifetimes());
    housekeeping.keeping_sessions(10).clean().await.unwrap();
    let left: Vec<_> = standing(&app, ana.id).await.iter().map(|session| session.id.0.as_u128()).collect();
    assert_eq!((left.len(), told(&app).await), (10, 1_191));
    assert!(left.iter().all(|id| *id > 1_191), "those seen last are left");
    for person in [&ana, &bob] {
        person.get("/users/me").await.assert_status(200);
    }
}
