//! Guessing on a large scale: many accounts from one address, and a stranger who wants to keep an owner out.

use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::{PASSWORD, TestApp, address};
use keyward_api::testing::letters::token;
use keyward_api::testing::race::{at_once, count};
use keyward_domain::model::events::EventKind;
use serde_json::{Value, json};
use time::Duration;

use crate::app::Starts;
use crate::events::events;

const WRONG: &str = "a wrong pass phrase";
const HOME: &str = "192.0.2.1";
const STRANGE: &str = "198.51.100.7";

/// The service, with only `FREE` wrong guesses an address, and waits that outlast a slow machine.
async fn strict() -> TestApp {
    TestApp::with_flags(&["--throttle-address-free", "8", "--throttle-first", "60s"]).await
}

const FREE: usize = 8;

async fn send(app: &TestApp, from: &str, path: &str, body: Value) -> Answer {
    app.anonymous().call("POST", path).json(&body).from(from).send().await
}

async fn try_from(app: &TestApp, from: &str, email: &str, password: &str) -> Answer {
    send(app, from, "/login", json!({ "username": email, "password": password })).await
}

/// Tries a wrong password at `count` accounts, a different one each time.
async fn spray(app: &TestApp, from: &str, accounts: usize) {
    for number in 0..accounts {
        try_from(app, from, &address(&format!("somebody{number}")), WRONG).await.assert_status(401);
    }
}

/// Uses up what everybody may guess at ana's password.
async fn besiege(app: &TestApp) {
    for _ in 0..5 {
        try_from(app, STRANGE, &address("ana"), WRONG).await.assert_status(401);
    }
    try_from(app, STRANGE, &address("ana"), PASSWORD).await.assert_status(429);
}

#[tokio::test]
async fn one_password_tried_at_many_accounts_uses_up_the_addresss_budget() {
    let app = strict().await;
    app.user("ana").await;
    spray(&app, STRANGE, FREE).await;
    let refused = try_from(&app, STRANGE, &address("fresh"), WRONG).await.assert_status(429);
    assert!((1..=61).contains(&refused.header("retry-after").parse().unwrap()));
    try_from(&app, STRANGE, &address("ana"), PASSWORD).await.assert_status(429);
    let grant = "grant_type=password&username=ana%40example.com&password=whatever+it+is";
    let oauth = app.anonymous().call("POST", "/oauth/token").form(grant).from(STRANGE);
    oauth.send().await.assert_status(429);
    try_from(&app, HOME, &address("ana"), PASSWORD).await.assert_status(200);
}

#[tokio::test]
async fn names_that_are_no_e_mail_address_count_by_ip_address() {
    for path in ["/login", "/oauth/token"] {
        let app = strict().await;
        app.user("ana").await;
        let attempt = async |from: &str, name: &str| {
            let form = format!("grant_type=password&username={name}&password=whatever+it+is");
            app.anonymous().call("POST", path).form(&form).from(from).send().await
        };
        for name in ["x", "y", "a%40b%40c", "x", "ana", "ana%40", "%40", "x"] {
            let answer = attempt(STRANGE, name).await;
            assert!([400, 401].contains(&answer.status.as_u16()), "{path} {name:?}: {answer:?}");
        }
        attempt(STRANGE, "x").await.assert_status(429);
        attempt(STRANGE, "ana%40example.com").await.assert_status(429);
        try_from(&app, HOME, &address("ana"), PASSWORD).await.assert_status(200);
    }
}

#[tokio::test]
async fn ones_own_right_password_does_not_refill_the_addresss_budget() {
    let app = strict().await;
    app.user("eve").await;
    for number in 0..FREE {
        try_from(&app, STRANGE, &address(&format!("somebody{number}")), WRONG).await.assert_status(401);
        if number < FREE - 1 {
            try_from(&app, STRANGE, &address("eve"), PASSWORD).await.assert_status(200);
        }
    }
    try_from(&app, STRANGE, &address("fresh"), WRONG).await.assert_status(429);
}

#[tokio::test]
async fn an_ipv6_subscriber_is_one_address_however_many_they_use() {
    let app = strict().await;
    for number in 0..FREE {
        let from = format!("2001:db8:1:2:{number:x}::{number:x}");
        try_from(&app, &from, &address(&format!("somebody{number}")), WRONG).await.assert_status(401);
    }
    try_from(&app, "2001:db8:1:2:ffff::1", &address("fresh"), WRONG).await.assert_status(429);
    try_from(&app, "2001:db8:1:3::1", &address("fresh"), WRONG).await.assert_status(401);
    spray(&app, "::ffff:198.51.100.9", FREE).await;
    try_from(&app, "198.51.100.9", &address("fresh"), WRONG).await.assert_status(429);
}

#[tokio::test]
async fn a_proxy_on_the_same_machine_is_nobodys_address() {
    let app = strict().await;
    for local in ["127.0.0.1", "::1", "127.8.8.8"] {
        spray(&app, local, FREE - 5).await;
        try_from(&app, local, &address("fresh"), WRONG).await.assert_status(401);
    }
}

#[tokio::test]
async fn time_forgives_an_address() {
    let app = strict().await;
    spray(&app, STRANGE, FREE).await;
    try_from(&app, STRANGE, &address("fresh"), WRONG).await.assert_status(429);
    app.clock.advance(Duration::seconds(90));
    try_from(&app, STRANGE, &address("fresh"), WRONG).await.assert_status(401);
    try_from(&app, STRANGE, &address("fresh"), WRONG).await.assert_status(401);
}

#[tokio::test]
async fn every_replica_knows_what_was_guessed_at_another() {
    let app = strict().await;
    spray(&app, STRANGE, FREE).await;
    try_from(&app.replica(), STRANGE, &address("fresh"), WRONG).await.assert_status(429);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_100_guesses_at_once_from_one_address_no_more_learn_anything_than_its_budget_allows() {
    let app = strict().await;
    let answers = at_once(100, |number| {
        let app = app.clone();
        async move { try_from(&app, STRANGE, &address(&format!("somebody{number}")), WRONG).await }
    });
    let answers = answers.await;
    assert!(count(&answers, 401) <= FREE, "{} learned something", count(&answers, 401));
    assert_eq!(count(&answers, 401) + count(&answers, 429), 100);
}

#[tokio::test]
async fn a_stranger_cannot_lock_an_owner_out_of_a_device_that_was_logged_in_before() {
    let app = strict().await;
    let (ana, eve) = (app.user("ana").await, app.user("eve").await);
    besiege(&app).await;
    let train = std::cell::Cell::new(0);
    let from_a_train = async |device: &str, password: &str| {
        train.set(train.get() + 1); // an address that was never seen
        let login = json!({ "username": address("ana"), "password": password, "device": device });
        send(&app, &format!("203.0.113.{}", train.get()), "/login", login).await.status.as_u16()
    };
    assert_eq!(from_a_train(&ana.refresh, PASSWORD).await, 200);
    let other = if ana.refresh.as_bytes()[60] == b'A' { "B" } else { "A" };
    let forged = format!("{}{other}{}", &ana.refresh[..60], &ana.refresh[61..]);
    for nothing in ["", "kwr_", &forged, &eve.refresh, ana.token()] {
        assert_eq!(from_a_train(nothing, PASSWORD).await, 429, "{nothing}");
    }
    // Spent, and of a session that has ended: it still shows that the device was there.
    let spent = ana.refresh.clone();
    let refresh = app.anonymous().post("/refresh_token", json!({ "refresh_token": spent })).await;
    refresh.assert_status(200);
    ana.call("POST", "/logout").send().await.assert_status(204);
    assert_eq!(from_a_train(&spent, PASSWORD).await, 200);
    assert_eq!(events(&app).await.iter().filter(|event| event.kind == EventKind::RefreshReused).count(), 0);
    // It is a budget of its own, not a way around one, and opens nothing by itself.
    for _ in 0..5 {
        assert_eq!(from_a_train(&spent, WRONG).await, 401);
    }
    assert_eq!(from_a_train(&spent, PASSWORD).await, 429);
}

#[tokio::test]
async fn an_owner_gets_in_from_an_address_where_others_used_everything_up() {
    let app = strict().await;
    app.user("ana").await;
    try_from(&app, "2001:db8::1", &address("ana"), PASSWORD).await.assert_status(200);
    spray(&app, "2001:db8::2", FREE).await;
    try_from(&app, "2001:db8::2", &address("fresh"), WRONG).await.assert_status(429);
    try_from(&app, "2001:db8::3", &address("ana"), PASSWORD).await.assert_status(200);
    try_from(&app, "2001:db8::3", &address("ana"), WRONG).await.assert_status(401);
}

#[tokio::test]
async fn guesses_at_refresh_tokens_are_rationed_and_good_ones_are_not() {
    let app = strict().await;
    let mut ana = app.user("ana").await;
    let refresh =
        async |token: &str| send(&app, STRANGE, "/refresh_token", json!({ "refresh_token": token })).await;
    for _ in 0..FREE {
        refresh("kwr_nonsense").await.assert_status(401);
    }
    assert!(!refresh("kwr_nonsense").await.assert_status(429).header("retry-after").is_empty());
    for _ in 0..3 {
        ana.refresh = refresh(&ana.refresh).await.assert_status(200).json()["refresh_token"]
            .as_str()
            .unwrap()
            .to_owned();
    }
    try_from(&app, STRANGE, &address("eve"), WRONG).await.assert_status(401);
}

#[tokio::test]
async fn guesses_at_links_for_a_new_password_are_rationed_and_a_good_link_is_not() {
    let app = strict().await;
    app.user("ana").await;
    app.anonymous().post("/password-recovery", json!({ "email": address("ana") })).await.assert_status(202);
    let link = token(&app.letters().await.pop().expect("a mail"), "reset-password");
    let reset = async |token: &str| {
        send(&app, STRANGE, "/reset-password", json!({ "token": token, "new_password": "eight tame horses" }))
            .await
    };
    for _ in 0..FREE {
        reset("nonsense").await.assert_status(400);
    }
    assert!(!reset("nonsense").await.assert_status(429).header("retry-after").is_empty());
    reset(&link).await.assert_status(204);
}

#[tokio::test]
async fn a_flood_of_sign_ups_or_of_mails_asked_for_is_rationed_by_its_address() {
    let app = strict().await;
    for number in 0..FREE {
        let (path, status) = if number % 2 == 0 { ("/users", 201) } else { ("/signup", 201) };
        let account = json!({ "email": address(&format!("new{number}")), "password": PASSWORD });
        send(&app, STRANGE, path, account).await.assert_status(status);
        let lost = json!({ "email": address(&format!("lost{number}")) });
        send(&app, STRANGE, "/password-recovery", lost).await.assert_status(202);
    }
    let account = json!({ "email": address("late"), "password": PASSWORD });
    for path in ["/users", "/signup"] {
        send(&app, STRANGE, path, account.clone()).await.assert_status(429);
    }
    send(&app, STRANGE, "/password-recovery", json!({ "email": address("late") })).await.assert_status(429);
    send(&app, HOME, "/users", account).await.assert_status(201);
    send(&app, HOME, "/password-recovery", json!({ "email": address("late") })).await.assert_status(202);
}

#[tokio::test]
async fn a_wait_that_begins_is_recorded_and_one_that_goes_on_is_not() {
    let app = strict().await;
    let ana = app.user("ana").await;
    besiege(&app).await;
    for _ in 0..20 {
        try_from(&app, STRANGE, &address("ana"), WRONG).await.assert_status(429);
    }
    spray(&app, STRANGE, FREE - 5).await;
    for _ in 0..20 {
        try_from(&app, STRANGE, &address("fresh"), WRONG).await.assert_status(429);
    }
    let all = events(&app).await;
    let waits: Vec<_> = all.iter().filter(|event| event.kind == EventKind::Throttled).collect();
    let told: Vec<_> =
        waits.iter().map(|event| (event.user.map(|user| user.0), event.detail.as_deref())).collect();
    assert_eq!(told, [(Some(ana.id), Some("guesses at an account")), (None, Some("logins of an address"))]);
    assert!(waits.iter().all(|event| event.origin.device.ip.unwrap().to_string() == STRANGE));
}

#[tokio::test]
async fn throttle_off_counts_no_address_either() {
    let app = TestApp::with_flags(&["--throttle", "off", "--throttle-address-free", "1"]).await;
    spray(&app, STRANGE, 5).await;
    for _ in 0..5 {
        send(&app, STRANGE, "/refresh_token", json!({ "refresh_token": "kwr_x" })).await.assert_status(401);
    }
}
