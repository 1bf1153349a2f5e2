//! PostgreSQL that is slow, full or away: requests end, say 503 and when to come back, and all is well again by itself.
//!
//! SQLite is a file, without a wire that could break.

use std::time::{Duration, Instant};

use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::{PASSWORD, TestApp, address};
use keyward_api::testing::person::Person;
use keyward_domain::ports::store::Store;
use keyward_infra::database::options::DatabaseOptions;
use keyward_infra::database::store::Database;
use keyward_infra::testing::{TestDatabase, fresh_database};
use serde_json::json;

use crate::app::Starts;
use crate::proxy::{Mode, Proxy};

/// Far less than a request may take, and far more than it should.
const SOON: Duration = Duration::from_secs(12);
/// When it would not come back by itself any more.
const NEVER: Duration = Duration::from_mins(1);

fn options() -> DatabaseOptions {
    DatabaseOptions {
        max_connections: 4,
        // So long that no early refusal can be due to it.
        acquire_timeout: Duration::from_secs(25),
        statement_timeout: Duration::from_secs(2),
        connect_timeout: Duration::from_secs(1),
        ..DatabaseOptions::default()
    }
}

/// The service behind a wire, and a logged-in user; `None` on SQLite.
async fn behind_a_wire(options: DatabaseOptions) -> Option<(Proxy, Person)> {
    let home = fresh_database().await;
    if !home.is_postgres() {
        return None;
    }
    let (proxy, url) = Proxy::before(&home.url).await;
    let database = Database::connect(&url, options).await.unwrap();
    let ana = TestApp::over(home, database).user("ana").await;
    Some((proxy, ana))
}

/// One request of each sort, all at once: look-ups, a token's check, a write, a login, and whether it is ready.
async fn requests(ana: &Person) -> [Answer; 7] {
    // Another process has no memory of the session.
    let fresh = ana.app.replica().bearer(ana.token());
    let anonymous = ana.app.anonymous();
    let account = json!({ "email": "new@example.com", "password": PASSWORD });
    let credentials = json!({ "username": address("ana"), "password": PASSWORD });
    let post = json!({ "title": "title", "content": "content" });
    tokio::join!(
        anonymous.get("/blog"),
        anonymous.get("/products"),
        fresh.get("/users/me"),
        fresh.post("/posts", post),
        anonymous.post("/users", account),
        anonymous.post("/login", credentials),
        anonymous.get("/health/ready"),
    )
    .into()
}

/// Every request ends, soon, with a 503 that says when to come back.
async fn assert_unavailable(ana: &Person, what: &str) {
    let begun = Instant::now();
    for answer in requests(ana).await {
        assert_eq!(answer.status, 503, "{what}: {}", answer.text());
        assert_eq!(
            answer.json(),
            json!({ "detail": "Service Unavailable", "code": "unavailable" }),
            "{what}"
        );
        assert!(answer.header("retry-after").parse::<u32>().is_ok(), "{what}");
    }
    assert!(begun.elapsed() < SOON, "{what}: {:?}", begun.elapsed());
    println!("{what}: all refused within {:?}", begun.elapsed());
    ana.app.anonymous().get("/health/live").await.assert_status(200);
}

/// Without anybody's help it serves again.
async fn assert_recovers(ana: &Person, what: &str) {
    let begun = Instant::now();
    while ana.app.anonymous().get("/health/ready").await.status != 200 {
        assert!(begun.elapsed() < NEVER, "{what}: still not ready");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // A connection that broke unnoticed costs its next user one answer.
    let mut answers = requests(ana).await;
    while answers.iter().any(|answer| answer.status == 503) {
        assert!(begun.elapsed() < NEVER, "{what}: does not recover");
        answers = requests(ana).await;
    }
    println!("{what}: as before after {:?}", begun.elapsed());
    // The account is new the first time, and taken from then on.
    let served: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    assert!([201, 400].contains(&served[4]), "{what}: {served:?}");
    assert_eq!((&served[..4], &served[5..]), (&[200, 200, 200, 201][..], &[200, 200][..]), "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_refuses_connections_is_reported_at_once_and_found_again() {
    let Some((proxy, ana)) = behind_a_wire(options()).await else { return };
    for _ in 0..2 {
        proxy.set(Mode::Refuse).await;
        assert_unavailable(&ana, "refused").await;
        proxy.set(Mode::Flow).await;
        assert_recovers(&ana, "refused").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_swallows_everything_is_given_up_in_bounded_time_and_found_again() {
    let Some((proxy, ana)) = behind_a_wire(options()).await else { return };
    proxy.set(Mode::Swallow).await;
    assert_unavailable(&ana, "swallowed").await;
    proxy.set(Mode::Flow).await;
    assert_recovers(&ana, "swallowed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_cut_are_replaced_without_anybodys_help() {
    let Some((proxy, ana)) = behind_a_wire(options()).await else { return };
    for _ in 0..3 {
        proxy.cut();
        assert_recovers(&ana, "cut").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_slower_than_allowed_is_given_up_and_one_that_is_just_slow_is_not() {
    let limits = DatabaseOptions { acquire_timeout: Duration::from_secs(4), ..options() };
    let Some((proxy, ana)) = behind_a_wire(limits).await else { return };
    proxy.set(Mode::Delay(Duration::from_millis(20))).await;
    assert_recovers(&ana, "slow").await;
    proxy.set(Mode::Delay(Duration::from_secs(8))).await;
    assert_unavailable(&ana, "too slow").await;
    proxy.set(Mode::Flow).await;
    assert_recovers(&ana, "too slow").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_our_own_connections_are_all_in_use_requests_are_refused_and_then_served() {
    let limits = DatabaseOptions {
        max_connections: 2,
        acquire_timeout: Duration::from_secs(1),
        ..DatabaseOptions::default()
    };
    let home = fresh_database().await;
    if !home.is_postgres() {
        return;
    }
    let database = home.connect_with(limits).await;
    let ana = TestApp::over(home, database.clone()).user("ana").await;
    let held = (database.begin().await.unwrap(), database.begin().await.unwrap());
    assert_unavailable(&ana, "all in use").await;
    drop(held);
    assert_recovers(&ana, "all in use").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_server_has_no_connection_left_requests_are_refused_and_then_served() {
    let home = fresh_database().await;
    if !home.is_postgres() {
        return;
    }
    let guest = Guest::with_connections(&home, 3).await;
    let limits = DatabaseOptions {
        max_connections: 3,
        acquire_timeout: Duration::from_secs(2),
        ..DatabaseOptions::default()
    };
    let database = Database::connect(&guest.url, limits).await.unwrap();
    let ana = TestApp::over(home, database.clone()).user("ana").await;
    // The others take what they can, and then what was ours: again and again, for a connection that is just being given up
    // still counts for a moment, and one that is busy at that moment is not cut.
    let cut = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{}' AND state = 'idle'",
        guest.name
    );
    let others = loop {
        ana.app.home.execute(&cut).await;
        if let Ok(others) = Database::connect(&guest.url, limits).await {
            break others;
        }
    };
    let mut taken = Vec::new();
    while taken.len() < 3 {
        taken.extend(others.begin().await);
        ana.app.home.execute(&cut).await;
    }
    assert_unavailable(&ana, "server full").await;
    drop(taken);
    others.close().await.unwrap();
    assert_recovers(&ana, "server full").await;
    database.close().await.unwrap();
    guest.leave(&ana.app.home).await;
}

/// An account on the server that may have a few connections only.
struct Guest {
    name: String,
    url: String,
}

impl Guest {
    async fn with_connections(home: &TestDatabase, limit: u32) -> Self {
        let database = home.url.rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
        let name = format!("guest_{database}");
        for sql in [
            format!("CREATE ROLE {name} LOGIN PASSWORD 'guest' CONNECTION LIMIT {limit}"),
            format!("GRANT ALL ON ALL TABLES IN SCHEMA public TO {name}"),
            format!("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {name}"),
        ] {
            home.execute(&sql).await;
        }
        let (_, place) = home.url.rsplit_once('@').unwrap();
        Self { url: format!("postgres://{name}:guest@{place}"), name }
    }

    async fn leave(self, home: &TestDatabase) {
        for sql in [format!("DROP OWNED BY {}", self.name), format!("DROP ROLE {}", self.name)] {
            home.execute(&sql).await;
        }
    }
}
