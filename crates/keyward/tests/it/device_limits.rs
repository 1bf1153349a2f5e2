//! What bounds devices that ask for a login: how many wait, how often they poll, and how often a code is guessed (RFC 8628, section 5).

use keyward_api::testing::app::TestApp;
use keyward_api::testing::race::{at_once, count};
use keyward_auth::{ScopeSet, SecretHash};
use keyward_domain::model::devices::{DeviceRequest, DeviceState};
use keyward_domain::model::events::EventKind;
use keyward_domain::values::clock::Clock;
use keyward_domain::values::ids::ClientId;
use keyward_domain::values::origin::Device;
use keyward_domain::values::user_code::UserCode;
use serde_json::json;
use time::Duration;

use crate::devices::{asked, error, poll, start, television, typed};
use crate::events::events;

/// A code that no device shows.
fn wrong(number: usize) -> String {
    let letter = |digit: usize| char::from(b"BCDFGHJKLM"[digit % 10]);
    format!("BBBBBB{}{}", letter(number / 10), letter(number))
}

#[tokio::test]
async fn a_device_that_asks_too_often_has_to_wait_longer_each_time() {
    let (app, tv, _) = start().await;
    let codes = asked(&tv, "openid").await;
    let polls = async |wait: i64, expected: &str| {
        app.clock.advance(Duration::seconds(wait));
        assert_eq!(error(&tv, &codes).await, expected, "after {wait} s");
    };
    polls(0, "authorization_pending").await;
    // Six seconds too early is within what the clocks of replicas may differ.
    polls(5, "authorization_pending").await;
    polls(0, "authorization_pending").await;
    polls(0, "slow_down").await;
    // The interval is 10 s now, and the device was due in 15.
    polls(8, "slow_down").await;
    polls(15, "authorization_pending").await;
    for _ in 0..20 {
        polls(0, "slow_down").await;
    }
    // It is a minute at most.
    polls(60, "authorization_pending").await;
    polls(60, "authorization_pending").await;
}

#[tokio::test]
async fn a_device_that_keeps_its_interval_is_not_slowed_down_by_replicas_whose_clocks_differ() {
    let (app, tv, _) = start().await;
    let codes = asked(&tv, "openid").await;
    for ahead in [true, false, true, true, false, false, true, false] {
        app.clock.advance(Duration::seconds(if ahead { 10 } else { 5 }));
        assert_eq!(error(&tv, &codes).await, "authorization_pending");
        app.clock.advance(Duration::seconds(if ahead { -5 } else { 0 }));
    }
}

#[tokio::test]
async fn guessing_codes_is_limited_by_account() {
    let (_, tv, browser) = start().await;
    let codes = asked(&tv, "openid").await;
    let mut statuses = Vec::new();
    for number in 0..12 {
        statuses.push(typed(&browser, &wrong(number)).await.status.as_u16());
    }
    assert_eq!(statuses[0], 404);
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
    typed(&browser, codes["user_code"].as_str().unwrap()).await.assert_status(429);
}

#[tokio::test]
async fn a_right_code_is_no_guess_and_makes_up_for_none() {
    let (app, tv, browser) = start().await;
    let codes = asked(&tv, "openid").await;
    let right = codes["user_code"].as_str().unwrap();
    let throttled =
        async || events(&app).await.into_iter().filter(|event| event.kind == EventKind::Throttled).count();
    for number in 0..4 {
        typed(&browser, &wrong(number)).await.assert_status(404);
    }
    // As the fifth one, and again and again.
    for _ in 0..8 {
        typed(&browser, right).await.assert_status(200);
    }
    assert_eq!(throttled().await, 0);
    typed(&browser, &wrong(4)).await.assert_status(404);
    assert_eq!(throttled().await, 1);
    typed(&browser, right).await.assert_status(429);
}

#[tokio::test]
async fn of_many_codes_guessed_at_once_no_more_are_answered_than_the_limit_allows() {
    let (app, tv, browser) = start().await;
    let codes = asked(&tv, "openid").await;
    let right = codes["user_code"].as_str().unwrap().to_owned();
    // All of them have passed the first look at the limit before the first is counted.
    let answers = at_once(120, |number| {
        let (browser, right) = (browser.clone(), right.clone());
        async move {
            let code = if number % 2 == 0 { wrong(number / 2) } else { right };
            typed(&browser, &code).await
        }
    })
    .await;
    let mut answered = count(&answers, 404);
    while typed(&browser, &wrong(99)).await.status == 404 {
        answered += 1;
    }
    assert_eq!(answered, 5, "learned that their code is wrong");
    let told: Vec<_> =
        events(&app).await.into_iter().filter(|event| event.kind == EventKind::Throttled).collect();
    assert!(told.iter().all(|event| event.detail.as_deref() != Some("logins of an address")), "{told:?}");
}

#[tokio::test]
async fn the_devices_that_wait_are_bounded_by_network() {
    let (_, tv, _) = start().await;
    let ask = async |ip: &str| {
        let call = crate::oauth::form(&tv.app, "/oauth/device", &[("client_id", "tv")]);
        call.from(ip).send().await
    };
    for _ in 0..50 {
        ask("192.0.2.1").await.assert_status(200);
    }
    let full = ask("192.0.2.1").await.assert_status(429);
    assert_eq!(
        (full.header("retry-after"), &full.json()["error"]),
        ("60", &json!("temporarily_unavailable"))
    );
    ask("192.0.2.2").await.assert_status(200);
    tv.app.clock.advance(Duration::minutes(10));
    ask("192.0.2.1").await.assert_status(200);
}

#[tokio::test]
async fn a_site_of_ipv6_and_callers_of_no_known_address_are_bounded_each() {
    let (_, tv, _) = start().await;
    let ask = async |ip: Option<&str>| {
        let call = crate::oauth::form(&tv.app, "/oauth/device", &[("client_id", "tv")]);
        match ip {
            Some(ip) => call.from(ip).send().await,
            None => call.send().await,
        }
    };
    for number in 0..50 {
        ask(Some(&format!("2001:db8:1:{number}::1"))).await.assert_status(200);
        ask(None).await.assert_status(200);
    }
    ask(Some("2001:db8:1:99::1")).await.assert_status(429);
    ask(None).await.assert_status(429);
    ask(Some("2001:db8:2::1")).await.assert_status(200);
}

/// Stores requests of a client, of which as many come from each network.
async fn fill_from(app: &TestApp, client: &str, count: u32, of_each: u32) {
    let mut tx = app.ports.store.begin().await.unwrap();
    for number in 0..count {
        let request = DeviceRequest {
            code: SecretHash::of(&format!("{client} {number}")),
            user_code: UserCode::generate(&*app.ports.random),
            client: ClientId::parse(client).unwrap(),
            scope: ScopeSet::parse("openid").unwrap(),
            resource: None,
            device: Device::default(),
            network: Some(std::net::Ipv4Addr::from_bits(number / of_each).into()),
            created_at: app.clock.now(),
            expires_at: app.clock.now() + Duration::minutes(10),
            interval: Duration::seconds(5),
            // All but the last have polled just now.
            asked_at: (number + 1 < count).then(|| app.clock.now()),
            state: DeviceState::Pending,
        };
        tx.devices().insert(&request).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn fill(app: &TestApp, client: &str, count: u32) {
    fill_from(app, client, count, 1).await;
}

/// Whether a request of [`fill_from`] is there.
async fn is_there(app: &TestApp, client: &str, number: u32) -> bool {
    let code = SecretHash::of(&format!("{client} {number}"));
    app.ports.store.autocommit().devices().find(&code).await.unwrap().is_some()
}

#[tokio::test]
async fn where_all_devices_poll_the_network_that_has_most_of_them_makes_room() {
    let (app, tv, _) = start().await;
    // 40 networks with 49 each, and one with 40.
    fill_from(&app, "tv", 2_000, 49).await;
    let mut taken = 0;
    while tv.ask("/oauth/device", &[]).await.status == 200 {
        taken += 1;
    }
    // The others have 47 or 48 now: a further one would only change places.
    assert_eq!(taken, 47);
    let mut left = 0;
    for number in 0..1_960 {
        left += u32::from(is_there(&app, "tv", number).await);
    }
    assert_eq!(left, 1_960 - 47, "the network that had less has all of its own");
}

#[tokio::test]
async fn decisions_of_one_network_are_bounded() {
    let (_, tv, browser) = start().await;
    let ask = async || {
        crate::oauth::form(&tv.app, "/oauth/device", &[("client_id", "tv")]).from("192.0.2.1").send().await
    };
    for _ in 0..200 {
        let codes = ask().await.assert_status(200).json();
        crate::devices::decide(&browser, &codes, "deny").await.assert_status(200);
    }
    ask().await.assert_status(429);
    tv.app.clock.advance(Duration::minutes(10));
    ask().await.assert_status(200);
}

#[tokio::test]
async fn where_too_many_devices_wait_those_that_do_not_poll_make_room() {
    let (app, tv, _) = start().await;
    let other = television(&app, "radio").await;
    let first = asked(&tv, "openid").await;
    fill(&app, "tv", 1_999).await;
    let full = tv.ask("/oauth/device", &[]).await.assert_status(429);
    assert_eq!(full.json()["error"], json!("temporarily_unavailable"));
    asked(&other, "openid").await;
    for _ in 0..19 {
        assert_eq!(error(&tv, &first).await, "authorization_pending");
        app.clock.advance(Duration::seconds(5));
    }
    let second = asked(&tv, "openid").await;
    assert!(!is_there(&app, "tv", 1_998).await, "the one that never polled is the first to go");
    for codes in [&first, &second] {
        assert_eq!(error(&tv, codes).await, "authorization_pending", "what polls stays");
    }
    // The same for all clients together.
    for client in ["one", "two"] {
        television(&app, client).await;
        fill(&app, client, 1_500).await;
    }
    television(&app, "three").await;
    other.ask("/oauth/device", &[]).await.assert_status(200);
    assert_eq!(error(&tv, &first).await, "authorization_pending");
    poll(&tv, &second).await.assert_status(400);
}
