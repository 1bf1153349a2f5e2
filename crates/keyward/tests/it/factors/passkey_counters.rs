//! Signature counters: one that goes back shows that there may be a copy of the key.

use keyward_api::testing::app::TestApp;
use keyward_domain::model::events::EventKind;
use serde_json::json;

use super::authenticator::{BE, BS, Device, Key, UP, UV, add, asked, back, log_in, service};
use crate::events::events;

/// What was recorded of counters.
async fn recorded(app: &TestApp) -> Vec<String> {
    let all = events(app).await.into_iter().filter(|event| event.kind == EventKind::PasskeyCounterBack);
    all.map(|event| event.detail.unwrap()).collect()
}

#[tokio::test]
async fn the_counter_of_a_passkey_that_is_never_synced_has_to_grow() {
    let app = service(&[]).await;
    let (ana, mut device) = (app.user("ana").await, Device::new(Key::es256()));
    (device.flags, device.counter) = (UP | UV, 4);
    add(&ana, &mut device).await.assert_status(201);
    for (counter, status) in
        [(5, 200), (9, 200), (9, 401), (8, 401), (0, 401), (u32::MAX, 200), (u32::MAX, 401)]
    {
        device.counter = counter;
        let answer = log_in(&app, &mut device).await.assert_status(status);
        if status == 401 {
            assert_eq!(answer.code(), "invalid_passkey", "{counter}");
        }
    }
    assert_eq!(recorded(&app).await, ["refused", "refused", "refused", "refused"]);
    // As a second factor and as a proof, too.
    let passkey = device.get(&asked(&app).await);
    let finish = json!({ "mfa_token": super::phone::half(&app, "ana").await, "passkey": passkey });
    assert_eq!(app.anonymous().post("/login/mfa", finish).await.assert_status(401).code(), "invalid_passkey");
    assert_eq!(recorded(&app).await.len(), 5);
}

#[tokio::test]
async fn a_retry_is_no_copied_key_and_one_answer_raises_one_alarm() {
    let app = service(&[]).await;
    let (ana, mut device) = (app.user("ana").await, Device::new(Key::es256()));
    (device.flags, device.counter) = (UP | UV, 4);
    add(&ana, &mut device).await.assert_status(201);
    device.counter = 5;
    let passkey = device.get(&asked(&app).await);
    for status in [200, 401, 401] {
        app.anonymous().post("/login/passkey", passkey.clone()).await.assert_status(status);
    }
    assert!(recorded(&app).await.is_empty(), "the same answer again");
    device.counter = 3;
    let passkey = device.get(&asked(&app).await);
    for _ in 0..3 {
        app.anonymous().post("/login/passkey", passkey.clone()).await.assert_status(401);
    }
    assert_eq!(recorded(&app).await, ["refused"]);
    let passkey = device.get(&asked(&app).await);
    let ana = {
        device.counter = 6;
        back(&app, &mut device).await
    };
    for _ in 0..2 {
        ana.post("/users/me/proof", json!({ "passkey": passkey })).await.assert_status(403);
    }
    assert_eq!(recorded(&app).await, ["refused", "refused"]);
}

#[tokio::test]
async fn a_synced_passkey_may_go_back_which_is_recorded() {
    let app = service(&[]).await;
    let (ana, mut device) = (app.user("ana").await, Device::new(Key::eddsa()));
    (device.flags, device.counter) = (UP | UV | BE, 7);
    add(&ana, &mut device).await.assert_status(201);
    // Not synced yet at first, then synced.
    device.flags |= BS;
    for counter in [8, 3, 0, 8] {
        device.counter = counter;
        back(&app, &mut device).await;
    }
    let accepted = "accepted: the passkey is synced";
    assert_eq!(recorded(&app).await, [accepted, accepted, accepted]);
}

#[tokio::test]
async fn authenticators_that_do_not_count_are_not_suspected() {
    let app = service(&[]).await;
    let (ana, mut device) = (app.user("ana").await, Device::new(Key::es256()));
    device.flags = UP | UV;
    add(&ana, &mut device).await.assert_status(201);
    for _ in 0..3 {
        back(&app, &mut device).await;
    }
    assert!(recorded(&app).await.is_empty());
}
