//! What a passkey that was removed leaves behind: no session, and no way to another factor.

use keyward_domain::model::passkeys::{CredentialKey, NewPasskey, PasskeyName};
use keyward_domain::values::clock::Clock;
use keyward_domain::values::ids::UserId;
use serde_json::json;

use super::authenticator::{Device, Key, add, back, service, with_passkey};
use super::no_password::nothing as without_hash;
use super::phone::{credentials, enrolled};
use crate::app::Starts;
use crate::sessions::refresh;

#[tokio::test]
async fn sessions_of_a_removed_passkey_end_and_the_one_that_removed_it_stays() {
    let app = service(&[]).await;
    let (_, mut stolen) = with_passkey(&app, "ana").await;
    let first = back(&app, &mut stolen).await;
    let mut kept = Device::new(Key::eddsa());
    add(&first, &mut kept).await.assert_status(201);
    let (thief, owner) = (back(&app, &mut stolen).await, back(&app, &mut kept).await);
    app.letters().await;
    let id = owner.get("/users/me/factors").await.json()["passkeys"][0]["id"].clone();
    owner.delete(&format!("/users/me/passkeys/{id}")).await.assert_status(204);
    thief.get("/users/me").await.assert_gone("the session of the passkey that was removed");
    thief.post("/users/me/passkeys/options", json!({})).await.assert_status(401);
    assert_eq!(refresh(&app, &thief.refresh).await.assert_status(401).code(), "session_ended");
    owner.get("/users/me").await.assert_status(200);
    let letter = app.letter().await.letter;
    assert!(letter.text.contains("Every other session of the account has ended"), "{}", letter.text);
    assert!(!letter.text.contains("takes less"), "another passkey is left: {}", letter.text);
}

#[tokio::test]
async fn the_last_passkey_of_an_account_without_a_password_stays() {
    let app = service(&[]).await;
    let (ana, mut device) = with_passkey(&app, "ana").await;
    let hash = without_hash(&app).await;
    app.home.execute(&format!("UPDATE users SET password_hash = '{hash}' WHERE id = {}", ana.id)).await;
    let owner = back(&app, &mut device).await;
    let mut other = Device::new(Key::eddsa());
    let first = owner.get("/users/me/factors").await.json()["passkeys"][0]["id"].clone();
    let kept = owner.delete(&format!("/users/me/passkeys/{first}")).await.assert_status(409);
    assert_eq!(kept.code(), "last_way_in");
    // With another one it goes, and then that is the last.
    let second = add(&owner, &mut other).await.assert_status(201).json()["id"].clone();
    let owner = back(&app, &mut other).await;
    owner.delete(&format!("/users/me/passkeys/{first}")).await.assert_status(204);
    owner.delete(&format!("/users/me/passkeys/{second}")).await.assert_status(409);
    // So it does with a password.
    owner
        .post("/users/me/password", json!({ "new_password": "another fine phrase" }))
        .await
        .assert_status(204);
    owner.delete(&format!("/users/me/passkeys/{second}")).await.assert_status(204);
}

#[tokio::test]
async fn a_passkey_is_no_answer_where_passkeys_are_not_offered() {
    let app = keyward_api::testing::app::TestApp::start().await;
    let ana = enrolled(&app, "ana").await;
    let new = NewPasskey {
        user: UserId(ana.person.id),
        credential: vec![1; 16],
        handle: vec![2; 32],
        key: CredentialKey { cose: vec![0xa0], algorithm: -7 },
        counter: 0,
        backup_eligible: true,
        transports: Vec::new(),
        name: PasskeyName::from_stored("of another issuer".to_owned()),
        created_at: app.clock.now(),
    };
    let mut tx = app.ports.store.begin().await.unwrap();
    tx.passkey_changes().insert(&new).await.unwrap();
    tx.commit().await.unwrap();
    let owed = app.anonymous().post("/login", credentials("ana")).await.assert_status(401).json();
    assert_eq!(owed["mfa_methods"], json!(["otp", "recovery_code"]));
}
