//! What is good once, shown many times at once, to two replicas.

use keyward_api::testing::app::TestApp;
use keyward_api::testing::race::{at_once, count};
use serde_json::json;

use super::phone::{back, credentials, enrolled, finish, half};
use crate::app::Starts;

#[tokio::test(flavor = "multi_thread")]
async fn of_16_logins_with_one_code_one_is_let_in() {
    let app = TestApp::with_flags(&["--throttle", "off"]).await;
    let replica = app.replica();
    let ana = enrolled(&app, "ana").await;
    let mut login = credentials("ana");
    login["otp"] = json!(ana.phone.fresh_code(&app));
    let answers = at_once(16, |number| {
        let (nobody, login) = (if number % 2 == 0 { &app } else { &replica }.anonymous(), login.clone());
        async move { nobody.post("/login", login).await }
    });
    let answers = answers.await;
    assert_eq!((count(&answers, 200), count(&answers, 401)), (1, 15), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_16_who_come_back_with_one_token_one_is_let_in() {
    let app = TestApp::with_flags(&["--throttle", "off"]).await;
    let replica = app.replica();
    let ana = enrolled(&app, "ana").await;
    for round in 0..3 {
        let mfa_token = half(&app, "ana").await;
        let code = ana.phone.fresh_code(&app);
        let answers = at_once(16, |number| {
            let (app, mfa_token) = (if number % 2 == 0 { &app } else { &replica }.clone(), mfa_token.clone());
            // Every other one with an answer of its own.
            let (otp, recovery) = (code.clone(), ana.codes[number % 4 + 4 * round % 8].clone());
            async move {
                if number % 3 == 0 {
                    let login = json!({ "mfa_token": mfa_token, "recovery_code": recovery });
                    app.anonymous().post("/login/mfa", login).await
                } else {
                    finish(&app, &mfa_token, &otp).await
                }
            }
        });
        let answers = answers.await;
        assert_eq!((count(&answers, 200), count(&answers, 401)), (1, 15), "{answers:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_16_proofs_by_one_recovery_code_one_counts() {
    let app = TestApp::with_flags(&["--throttle", "off"]).await;
    let ana = enrolled(&app, "ana").await;
    let person = back(&app, "ana", &ana.phone).await;
    let answers = at_once(16, |_| {
        let (person, proof) = (person.clone(), json!({ "recovery_code": ana.codes[0] }));
        async move { person.post("/users/me/proof", proof).await }
    });
    let answers = answers.await;
    assert_eq!((count(&answers, 200), count(&answers, 403)), (1, 15), "{answers:?}");
    assert_eq!(person.get("/users/me/factors").await.json()["recovery_codes_left"], 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_16_parallel_guesses_no_more_are_answered_than_the_limit_allows() {
    let app = TestApp::with_flags(&["--throttle-first", "60s"]).await;
    let ana = enrolled(&app, "ana").await;
    let mfa_token = half(&app, "ana").await;
    let wrong = ana.phone.wrong_code(&app);
    let answers = at_once(16, |_| {
        let (app, mfa_token, wrong) = (app.clone(), mfa_token.clone(), wrong.clone());
        async move { finish(&app, &mfa_token, &wrong).await }
    });
    let answers = answers.await;
    assert_eq!((count(&answers, 401), count(&answers, 429)), (5, 11), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_8_confirmations_of_one_enrolment_one_counts() {
    let app = TestApp::with_flags(&["--throttle", "off"]).await;
    let ana = app.user("ana").await;
    let offered = ana.post("/users/me/totp", json!({})).await.json();
    let phone = super::phone::Phone::reading(offered["secret"].as_str().unwrap());
    let code = phone.code(&app, 0);
    let answers = at_once(8, |_| {
        let (ana, confirm) = (ana.clone(), json!({ "otp": code }));
        async move { ana.post("/users/me/totp/confirm", confirm).await }
    });
    let answers = answers.await;
    assert_eq!(count(&answers, 200), 1, "{answers:?}");
    let others = count(&answers, 409) + count(&answers, 401);
    assert_eq!(others, 7, "{answers:?}");
    assert_eq!(ana.get("/users/me/factors").await.json()["recovery_codes_left"], 10);
}
