//! Challenges that are used twice, one after the other and at once, also by two servers.

use keyward_api::testing::app::TestApp;
use keyward_api::testing::race::{at_once, count};
use serde_json::{Value, json};

use super::authenticator::{Device, Key, asked, back, begin, service, with_passkey};
use super::phone::half;

async fn log_in(app: &TestApp, passkey: &Value) -> u16 {
    app.anonymous().post("/login/passkey", passkey.clone()).await.status.as_u16()
}

#[tokio::test]
async fn an_assertion_is_good_once_and_a_wrong_one_leaves_its_challenge() {
    let app = service(&["--throttle", "off"]).await;
    let (_, mut device) = with_passkey(&app, "ana").await;
    let options = asked(&app).await;
    let mut other = device.clone();
    other.key = Key::es256();
    assert_eq!(log_in(&app, &other.get(&options)).await, 401);
    let passkey = device.get(&options);
    assert_eq!(log_in(&app, &passkey).await, 200);
    assert_eq!(log_in(&app, &passkey).await, 401, "replayed");
    assert_eq!(log_in(&app.replica(), &passkey).await, 401, "replayed elsewhere");
    assert_eq!(log_in(&app, &device.get(&options)).await, 401, "signed anew");
    // Neither does it serve as a second factor any more.
    let finish = json!({ "mfa_token": half(&app, "ana").await, "passkey": passkey });
    app.anonymous().post("/login/mfa", finish).await.assert_status(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_16_logins_with_one_challenge_at_two_servers_one_is_let_in() {
    let app = service(&["--throttle", "off"]).await;
    let (_, mut device) = with_passkey(&app, "ana").await;
    let (options, replica) = (asked(&app).await, app.replica());
    let passkeys: Vec<Value> = (0..16).map(|_| device.get(&options)).collect();
    let answers = at_once(16, |number| {
        let (app, passkey) = ([&app, &replica][number % 2].clone(), passkeys[number].clone());
        async move { app.anonymous().post("/login/passkey", passkey).await }
    });
    let answers = answers.await;
    assert_eq!((count(&answers, 200), count(&answers, 401)), (1, 15), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_16_second_factors_and_proofs_with_one_assertion_one_counts() {
    let app = service(&["--throttle", "off"]).await;
    let (_, mut device) = with_passkey(&app, "ana").await;
    let ana = back(&app, &mut device).await;
    let (mfa_token, passkey) = (half(&app, "ana").await, device.get(&asked(&app).await));
    let answers = at_once(16, |number| {
        let (ana, mfa_token, passkey) = (ana.clone(), mfa_token.clone(), passkey.clone());
        async move {
            let (path, body) = match number % 2 {
                0 => ("/login/mfa", json!({ "mfa_token": mfa_token, "passkey": passkey })),
                _ => ("/users/me/proof", json!({ "passkey": passkey })),
            };
            ana.post(path, body).await
        }
    });
    let answers = answers.await;
    assert_eq!(count(&answers, 200), 1, "{answers:?}");
    assert_eq!(count(&answers, 401) + count(&answers, 403), 15, "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_8_registrations_with_one_challenge_one_counts() {
    let app = service(&["--throttle", "off"]).await;
    let ana = app.user("ana").await;
    let options = begin(&ana).await;
    let made: Vec<Value> = (0..8).map(|_| Device::new(Key::eddsa()).create(&options)).collect();
    let answers = at_once(8, |number| {
        let (ana, made) = (ana.clone(), made[number].clone());
        async move { ana.post("/users/me/passkeys", made).await }
    });
    let answers = answers.await;
    assert_eq!(count(&answers, 201), 1, "{answers:?}");
    assert_eq!(count(&answers, 401) + count(&answers, 403), 7, "{answers:?}");
    assert_eq!(ana.get("/users/me/factors").await.json()["passkeys"].as_array().unwrap().len(), 1);
}
