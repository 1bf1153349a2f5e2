//! Wrong passwords cost a growing wait, from any sender; right ones and running sessions do not suffer.

use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::{PASSWORD, TestApp, address};
use keyward_api::testing::person::Person;
use keyward_api::testing::race::{at_once, count};
use serde_json::{Value, json};
use time::Duration;

use crate::app::{Starts, Writes};
use crate::sessions::refreshed;

const WRONG: &str = "a wrong pass phrase";
const HOME: &str = "192.0.2.1";
const STRANGE: &str = "198.51.100.7";

async fn try_as(app: &TestApp, email: &str, password: &str) -> Answer {
    app.anonymous().post("/login", json!({ "username": email, "password": password })).await
}

async fn try_from(app: &TestApp, from: &str, password: &str) -> Answer {
    let login = json!({ "username": address("ana"), "password": password });
    app.anonymous().call("POST", "/login").json(&login).from(from).send().await
}

/// The seconds to wait, as a 429 says them.
#[track_caller]
fn wait(answer: &Answer) -> i64 {
    assert_eq!(answer.status, 429, "{}", answer.text());
    let seconds = answer.header("retry-after").parse().unwrap();
    assert_eq!(answer.detail(), format!("Too many attempts. Try again in {seconds} s."));
    seconds
}

/// Uses the free guesses at the password of `email` up.
async fn use_up(app: &TestApp, email: &str) {
    for _ in 0..5 {
        try_as(app, email, WRONG).await.assert_status(401);
    }
}

#[tokio::test]
async fn from_the_fifth_wrong_password_on_the_wait_doubles_whether_or_not_there_is_an_account() {
    let app = TestApp::start().await;
    app.user("ana").await;
    for email in [address("ana"), address("nobody")] {
        use_up(&app, &email).await;
        for expected in [1, 2, 4, 8, 16, 32] {
            let seconds = wait(&try_as(&app, &email, WRONG).await);
            assert!((expected..=expected + 1).contains(&seconds), "{seconds} for {expected}");
            app.clock.advance(Duration::seconds(seconds));
            try_as(&app, &email, WRONG).await.assert_status(401);
        }
        assert!(wait(&try_as(&app, &email, PASSWORD).await) > 32, "a right password has to wait too");
    }
    try_as(&app, &address("other"), WRONG).await.assert_status(401);
}

#[tokio::test]
async fn callers_from_nowhere_share_one_count() {
    let app = TestApp::start().await;
    let mut statuses = Vec::new();
    for number in 0..310 {
        let login = json!({ "username": format!("nobody{number}@example.org"), "password": WRONG });
        let answer = app.anonymous().call("POST", "/login").json(&login).send().await;
        statuses.push(answer.status.as_u16());
    }
    assert_eq!(statuses[0], 401);
    assert!(statuses.contains(&429), "{statuses:?}");
}

#[tokio::test]
async fn the_longest_wait_is_a_quarter_of_an_hour() {
    let app = TestApp::start().await;
    use_up(&app, &address("ana")).await;
    let mut longest = 0;
    for _ in 0..14 {
        let seconds = wait(&try_as(&app, &address("ana"), WRONG).await);
        longest = longest.max(seconds);
        app.clock.advance(Duration::seconds(seconds));
        try_as(&app, &address("ana"), WRONG).await.assert_status(401);
    }
    assert!((900..=901).contains(&longest), "{longest}");
}

#[tokio::test]
async fn an_address_spelled_in_another_way_counts_the_same() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let spellings =
        ["ana@example.com", "ANA@example.com", "Ana@Example.COM", " ana@example.com ", "aNA@EXAMPLE.com"];
    for email in spellings {
        try_as(&app, email, WRONG).await.assert_status(401);
    }
    for email in spellings {
        wait(&try_as(&app, email, WRONG).await);
    }
    let form = format!("grant_type=password&username=ANA%40example.com&password={}", "x".repeat(12));
    let answer = app.anonymous().call("POST", "/oauth/token").form(&form).send().await;
    wait(&answer);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_100_wrong_guesses_at_once_at_most_five_are_told_so() {
    let app = TestApp::with_flags(&["--throttle-first", "10m"]).await; // longer than they all take
    app.user("ana").await;
    for email in [address("ana"), address("nobody")] {
        let answers = at_once(100, |number| {
            let (app, email) = (app.clone(), email.clone());
            async move { try_as(&app, &email, &format!("wrong guess {number}")).await }
        });
        let answers = answers.await;
        assert!(count(&answers, 401) <= 5, "{} learned something", count(&answers, 401));
        assert_eq!(count(&answers, 401) + count(&answers, 429), 100);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_number_of_right_passwords_at_once_get_in() {
    let app = TestApp::start().await;
    app.user("ana").await;
    for _ in 0..4 {
        try_as(&app, &address("ana"), WRONG).await.assert_status(401);
    }
    let answers = at_once(50, |_| {
        let app = app.clone();
        async move { try_as(&app, &address("ana"), PASSWORD).await }
    });
    assert_eq!(count(&answers.await, 200), 50);
}

#[tokio::test]
async fn a_right_password_after_the_wait_clears_the_count() {
    let app = TestApp::start().await;
    app.user("ana").await;
    for _ in 0..2 {
        use_up(&app, &address("ana")).await;
        let seconds = wait(&try_as(&app, &address("ana"), PASSWORD).await);
        assert!(seconds <= 2);
        app.clock.advance(Duration::seconds(seconds));
        try_as(&app, &address("ana"), PASSWORD).await.assert_status(200);
    }
}

#[tokio::test]
async fn sessions_that_run_are_not_touched() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    use_up(&app, &address("ana")).await;
    wait(&try_as(&app, &address("ana"), PASSWORD).await);
    ana.get("/users/me").await.assert_status(200);
    let ana = refreshed(&app, &ana.refresh).await;
    ana.get("/sessions").await.assert_status(200);
    ana.writes("Still here", true).await;
}

#[tokio::test]
async fn an_address_that_logged_in_before_keeps_a_budget_of_its_own() {
    let app = TestApp::with_flags(&["--throttle-first", "60s"]).await;
    app.user("ana").await;
    try_from(&app, HOME, PASSWORD).await.assert_status(200);
    for _ in 0..5 {
        try_from(&app, STRANGE, WRONG).await.assert_status(401);
    }
    wait(&try_from(&app, STRANGE, PASSWORD).await);
    wait(&try_from(&app, "203.0.113.5", PASSWORD).await);
    wait(&try_as(&app, &address("ana"), PASSWORD).await);
    for _ in 0..4 {
        try_from(&app, HOME, WRONG).await.assert_status(401);
    }
    try_from(&app, HOME, PASSWORD).await.assert_status(200);
    for _ in 0..5 {
        try_from(&app, HOME, WRONG).await.assert_status(401);
    }
    wait(&try_from(&app, HOME, PASSWORD).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn throttle_off_lets_everything_through() {
    let app = TestApp::with_flags(&["--throttle", "off"]).await;
    let ana = app.user("ana").await;
    let answers = at_once(30, |_| {
        let app = app.clone();
        async move { try_as(&app, &address("ana"), WRONG).await }
    });
    assert_eq!(count(&answers.await, 401), 30);
    for _ in 0..10 {
        prove(&ana, "DELETE", "/users/me", json!({ "password": WRONG })).await.assert_status(403);
    }
    try_as(&app, &address("ana"), PASSWORD).await.assert_status(200);
}

async fn prove(person: &Person, method: &str, path: &str, body: Value) -> Answer {
    person.call(method, path).json(&body).send().await
}

#[tokio::test]
async fn the_proof_of_ones_own_password_is_rationed_too() {
    let app = TestApp::start().await;
    let (ana, eve) = (app.user("ana").await, app.user("eve").await);
    let change =
        |current: &str| json!({ "current_password": current, "new_password": "another fine phrase" });
    for _ in 0..3 {
        prove(&ana, "POST", "/users/me/password", change(WRONG)).await.assert_status(403);
    }
    for _ in 0..2 {
        prove(&ana, "DELETE", "/users/me", json!({ "password": WRONG })).await.assert_status(403);
    }
    let seconds = wait(&prove(&ana, "POST", "/users/me/password", change(PASSWORD)).await);
    wait(&prove(&ana, "DELETE", "/users/me", json!({ "password": PASSWORD })).await);
    ana.get("/users/me").await.assert_status(200);
    try_as(&app, &address("ana"), PASSWORD).await.assert_status(200);
    prove(&eve, "POST", "/users/me/password", change(PASSWORD)).await.assert_status(204);
    app.clock.advance(Duration::seconds(seconds));
    prove(&ana, "POST", "/users/me/password", change(PASSWORD)).await.assert_status(204);
}

#[tokio::test]
async fn the_thief_of_a_token_does_not_keep_the_owner_from_proving_the_password() {
    let app = TestApp::start().await;
    let thief = app.user("ana").await;
    let owner = app.log_in("ana").await;
    let change =
        |current: &str| json!({ "current_password": current, "new_password": "another fine phrase" });
    for _ in 0..5 {
        prove(&thief, "POST", "/users/me/password", change(WRONG)).await.assert_status(403);
    }
    wait(&prove(&thief, "POST", "/users/me/password", change(PASSWORD)).await);
    prove(&owner, "POST", "/users/me/password", change(PASSWORD)).await.assert_status(204);
}
