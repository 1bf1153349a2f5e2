//! What hangs on one's password, while the password changes: what was proven is looked at again in the transaction.

use std::sync::Arc;
use std::time::Duration;

use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::{PASSWORD, TestApp, address, cheap_hasher};
use keyward_api::testing::letters::token;
use keyward_api::testing::person::Person;
use keyward_auth::{Password, PasswordHasher};
use keyward_domain::values::email::Email;
use serde_json::json;

use crate::app::Starts;
use crate::hashing::GatedHasher;

const NEW: &str = "another fine phrase";

async fn begin() -> (Arc<GatedHasher>, TestApp, Person) {
    let hasher = GatedHasher::new();
    let app = TestApp::hashing_with(hasher.clone(), 2).await;
    let ana = app.user("ana").await;
    (hasher, app, ana)
}

/// Gives ana another hash, of this password.
async fn rehash(app: &TestApp, password: &str) {
    let mut tx = app.ports.store.begin().await.unwrap();
    let email = Email::parse(&address("ana")).unwrap();
    let old = tx.users().credentials_of(&email).await.unwrap().unwrap();
    let new = cheap_hasher().hash(&Password::new(password)).unwrap();
    assert!(tx.user_changes().replace_hash(old.user.id, old.hash.as_ref(), &new).await.unwrap());
    tx.commit().await.unwrap();
}

/// The answer to `call`, in the middle of whose hashing ana gets another hash, of this password.
async fn overtaken(
    (app, hasher): (&TestApp, &GatedHasher),
    password: &str,
    call: impl Future<Output = Answer> + Send + 'static,
) -> Answer {
    hasher.set_open(false);
    let call = tokio::spawn(call);
    while app.ports.hashing.load().busy == 0 {
        assert!(!call.is_finished(), "there was nothing to hash");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    rehash(app, password).await;
    hasher.set_open(true);
    call.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_the_old_password_proved_happens_after_its_change() {
    let (hasher, app, ana) = begin().await;
    for (method, path, body) in [
        ("POST", "/users/me/email", json!({ "email": address("thief"), "password": PASSWORD })),
        ("DELETE", "/users/me", json!({ "password": PASSWORD })),
        ("POST", "/users/me/password", json!({ "current_password": PASSWORD, "new_password": "of a thief" })),
    ] {
        let thief = ana.clone();
        let call = async move { thief.call(method, path).json(&body).send().await };
        let answer = overtaken((&app, &hasher), NEW, call).await.assert_status(403);
        assert_eq!(answer.detail(), "The current password is wrong.", "{path}");
        assert_eq!(app.letters().await.len(), 0, "{path}");
        let login = json!({ "username": address("ana"), "password": NEW });
        app.anonymous().post("/login", login).await.assert_status(200);
        rehash(&app, PASSWORD).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hash_that_a_login_improved_meanwhile_is_in_nobodys_way() {
    let (hasher, app, ana) = begin().await;
    let person = ana.clone();
    let change = json!({ "current_password": PASSWORD, "new_password": NEW });
    let call = async move { person.post("/users/me/password", change).await };
    overtaken((&app, &hasher), PASSWORD, call).await.assert_status(204);

    let forgotten = json!({ "email": ana.email });
    app.anonymous().post("/password-recovery", forgotten).await.assert_status(202);
    let link = token(&app.letters().await.pop().unwrap(), "reset-password");
    let (nobody, reset) = (app.anonymous(), json!({ "token": link, "new_password": PASSWORD }));
    let call = async move { nobody.post("/reset-password", reset).await };
    overtaken((&app, &hasher), NEW, call).await.assert_status(204);
    let login = json!({ "username": ana.email, "password": PASSWORD });
    app.anonymous().post("/login", login).await.assert_status(200);
}
