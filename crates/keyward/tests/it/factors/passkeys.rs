//! Registering passkeys, renaming and removing them.

use keyward_api::testing::app::{PASSWORD, TestApp};
use keyward_api::testing::person::Person;
use keyward_domain::model::events::EventKind;
use keyward_domain::upkeep::deleted_accounts::DeletedAccounts;
use serde_json::{Value, json};
use time::Duration;

use super::authenticator::{Device, Key, add, asked, back, begin, decoded, log_in, service, with_passkey};
use super::phone::{credentials, half};
use crate::app::Starts;
use crate::events::events;
use crate::forge::claims_of;

#[tokio::test]
async fn a_passkey_is_registered_with_what_a_browser_needs_and_gives() {
    let app = service(&[]).await;
    let ana = app.user("ana").await;
    let answer = ana.post("/users/me/passkeys/options", json!({})).await.assert_status(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    let options = answer.json();
    assert_eq!(options["rp"], json!({ "id": "localhost", "name": "localhost" }));
    assert_eq!(options["user"]["name"], "ana@example.com");
    assert_eq!(options["user"]["displayName"], "ana");
    assert_eq!(decoded(&options["user"]["id"]).len(), 32);
    let selection =
        json!({ "residentKey": "required", "requireResidentKey": true, "userVerification": "required" });
    assert_eq!(options["authenticatorSelection"], selection);
    assert_eq!((&options["attestation"], &options["timeout"]), (&json!("none"), &json!(300_000)));
    assert_eq!(options["excludeCredentials"], json!([]));
    let algorithms: Vec<_> =
        options["pubKeyCredParams"].as_array().unwrap().iter().map(|one| &one["alg"]).collect();
    assert_eq!(algorithms, [-8, -7, -257]);

    let mut device = Device::new(Key::es256());
    let mut made = device.create(&options);
    made["name"] = json!("Ana's phone");
    let added = ana.post("/users/me/passkeys", made).await.assert_status(201);
    assert_eq!(added.header("cache-control"), "no-store");
    let added = added.json();
    assert!(added["id"].is_i64() && added["last_used_at"].is_null(), "{added}");
    assert_eq!(added["name"], "Ana's phone");
    assert_eq!(added["recovery_codes"].as_array().unwrap().len(), 10);
    let factors = ana.get("/users/me/factors").await.json();
    assert_eq!((&factors["totp"], &factors["recovery_codes_left"]), (&json!(false), &json!(10)));
    assert_eq!(factors["passkeys"][0]["id"], added["id"]);
    assert_eq!(factors["passkeys"].as_array().unwrap().len(), 1);

    let letter = app.letter().await;
    assert_eq!(letter.recipient.as_str(), "ana@example.com");
    for words in ["a passkey was added", "logs in alone", "recovery codes that were shown"] {
        assert!(letter.letter.text.contains(words), "{}", letter.letter.text);
    }
    let all = events(&app).await;
    let found = all.iter().find(|event| event.kind == EventKind::FactorAdded).unwrap();
    assert_eq!(found.detail.as_deref(), Some("passkey"));
    // The next token of the session says so; the one before was made with the password alone.
    let refreshed = app.anonymous().post("/refresh_token", json!({ "refresh_token": ana.refresh })).await;
    let claims = claims_of(refreshed.assert_status(200).json()["access_token"].as_str().unwrap());
    assert_eq!(claims["acr"], "aal2");
}

#[tokio::test]
async fn an_account_has_twenty_passkeys_at_most_of_every_kind_that_is_offered() {
    let app = service(&[]).await;
    let (ana, mut first) = with_passkey(&app, "ana").await;
    let weak = ana.post("/users/me/passkeys/options", json!({})).await.assert_status(401);
    assert_eq!(weak.code(), "insufficient_user_authentication");
    assert!(weak.header("www-authenticate").contains("acr_values=\"aal2\""));
    let options = begin(&back(&app, &mut first).await).await;
    let weak = ana.post("/users/me/passkeys", Device::new(Key::es256()).create(&options)).await;
    assert_eq!(weak.assert_status(401).code(), "insufficient_user_authentication");

    for key in [Key::eddsa(), Key::rs256()] {
        let mut device = Device::new(key);
        let strong = back(&app, &mut first).await;
        let added = add(&strong, &mut device).await.assert_status(201).json();
        assert!(added.get("recovery_codes").is_none(), "the codes of before stay: {added}");
        let letter = app.letters().await.pop().unwrap().letter.text;
        assert!(letter.contains("logs in alone") && !letter.contains("recovery codes"), "{letter}");
        log_in(&app, &mut device).await.assert_status(200);
    }
    for _ in 3..19 {
        let strong = back(&app, &mut first).await;
        add(&strong, &mut Device::new(Key::eddsa())).await.assert_status(201);
    }
    let strong = back(&app, &mut first).await;
    let options = begin(&strong).await;
    assert_eq!(options["excludeCredentials"].as_array().unwrap().len(), 19);
    let of_first = &options["excludeCredentials"][0];
    assert_eq!(decoded(&of_first["id"]), first.credential);
    assert_eq!(of_first["transports"], json!(["hybrid", "internal"]));
    add(&strong, &mut Device::new(Key::eddsa())).await.assert_status(201);
    let strong = back(&app, &mut first).await;
    let full = strong.post("/users/me/passkeys", Device::new(Key::eddsa()).create(&options)).await;
    assert_eq!(full.assert_status(409).code(), "account_full");
    let full = strong.post("/users/me/passkeys/options", json!({})).await.assert_status(409);
    assert_eq!(full.code(), "account_full");
}

#[tokio::test]
async fn a_credential_belongs_to_one_account() {
    let app = service(&[]).await;
    let (_, device) = with_passkey(&app, "ana").await;
    let eve = app.user("eve").await;
    let mut copy = Device::new(Key::es256());
    copy.credential.clone_from(&device.credential);
    let taken = add(&eve, &mut copy).await.assert_status(409);
    assert_eq!(taken.code(), "passkey_taken");
    // It counts as a wrong answer: credential ids are not for asking around.
    for expected in [409, 409, 409, 409, 429] {
        add(&eve, &mut copy).await.assert_status(expected);
    }
}

#[tokio::test]
async fn a_passkey_is_renamed_and_removed_after_a_second_factor_was_shown() {
    let app = service(&[]).await;
    let (ana, mut device) = with_passkey(&app, "ana").await;
    let (_, mut of_eve) = with_passkey(&app, "eve").await;
    let id = ana.get("/users/me/factors").await.json()["passkeys"][0]["id"].clone();
    let path = format!("/users/me/passkeys/{id}");
    let name = json!({ "name": "Blue key" });
    assert_eq!(
        ana.patch(&path, name.clone()).await.assert_status(401).code(),
        "insufficient_user_authentication"
    );
    assert_eq!(ana.delete(&path).await.assert_status(401).code(), "insufficient_user_authentication");
    let eve = back(&app, &mut of_eve).await;
    assert_eq!(eve.patch(&path, name.clone()).await.assert_status(404).code(), "not_found");
    assert_eq!(eve.delete(&path).await.assert_status(404).code(), "not_found");

    let strong = back(&app, &mut device).await;
    let renamed = strong.patch(&path, name).await.assert_status(200).json();
    assert_eq!((&renamed["name"], &renamed["id"]), (&json!("Blue key"), &id));
    assert!(renamed["last_used_at"].is_string(), "{renamed}");
    let recorded = events(&app).await.into_iter().filter(|event| event.kind == EventKind::PasskeyRenamed);
    let recorded: Vec<_> = recorded.map(|event| (event.user.unwrap().0, event.detail.unwrap())).collect();
    assert_eq!(recorded, [(ana.id, id.to_string())]);
    strong.patch(&path, json!({ "name": "" })).await.assert_status(422);
    app.letters().await;
    let asked_before = asked(&app).await;
    strong.delete(&path).await.assert_status(204);
    assert_eq!(strong.delete(&path).await.assert_status(404).code(), "not_found");
    let none = json!({ "totp": false, "passkeys": [], "recovery_codes_left": 0 });
    assert_eq!(strong.get("/users/me/factors").await.json(), none);
    let letter = app.letter().await;
    assert!(letter.letter.text.contains("a passkey was removed"), "{}", letter.letter.text);
    let late = app.anonymous().post("/login/passkey", device.get(&asked_before)).await;
    assert_eq!(late.assert_status(401).code(), "invalid_passkey");
    app.anonymous().post("/login", credentials("ana")).await.assert_status(200);
}

#[tokio::test]
async fn factors_are_taken_away_with_passkeys_and_deleted_accounts_leave_none() {
    let app = service(&[]).await;
    let (ana, mut device) = with_passkey(&app, "ana").await;
    let mfa_token = half(&app, "ana").await;
    let root = app.admin("root").await;
    root.delete(&format!("/users/{}/factors", ana.id)).await.assert_status(204);
    assert_eq!(log_in(&app, &mut device).await.assert_status(401).code(), "invalid_passkey");
    app.anonymous().post("/login", credentials("ana")).await.assert_status(200);
    let passkey = device.get(&asked(&app).await);
    let finish = json!({ "mfa_token": mfa_token, "passkey": passkey });
    assert_eq!(
        app.anonymous().post("/login/mfa", finish).await.assert_status(401).code(),
        "invalid_mfa_token"
    );

    let ana = app.log_in("ana").await;
    add(&ana, &mut device).await.assert_status(201);
    let password = json!({ "password": PASSWORD });
    let strong = back(&app, &mut device).await;
    strong.call("DELETE", "/users/me").json(&password).send().await.assert_status(204);
    assert_eq!(log_in(&app, &mut device).await.assert_status(401).code(), "invalid_passkey");
    // The authenticator may belong to another account now.
    let bob = app.user("bob").await;
    add(&bob, &mut device).await.assert_status(201);
    DeletedAccounts::new(app.ports.clone()).remove().await.unwrap();
    let tables = ["passkeys".to_owned()];
    let rows = keyward_infra::testing::rows::read(app.database.connection(), &tables).await;
    assert_eq!(rows["passkeys"].len(), 1);
}

#[tokio::test]
async fn an_issuer_without_a_host_name_offers_no_passkeys_and_says_why() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let made = Device::new(Key::es256()).create(&json!({ "user": { "id": "AA" }, "challenge": "AA" }));
    let answers = [
        ana.post("/users/me/passkeys/options", json!({})).await,
        ana.post("/users/me/passkeys", made).await,
        app.anonymous().post("/login/passkey/options", json!({})).await,
    ];
    for answer in answers {
        let answer = answer.assert_status(409);
        assert_eq!(answer.code(), "no_passkeys");
        assert!(answer.detail().contains("KEYWARD_ISSUER"), "{}", answer.detail());
    }
    let passkey = Device::new(Key::es256()).get(&json!({ "challenge": "AA" }));
    assert_eq!(
        app.anonymous().post("/login/passkey", passkey).await.assert_status(401).code(),
        "invalid_passkey"
    );
}

#[tokio::test]
async fn origins_of_other_hosts_are_published_and_let_in() {
    let origins = "http://app.localhost:3000,https://example.de";
    let app = service(&["--passkey-origins", origins]).await;
    let published = app.anonymous().get("/.well-known/webauthn").await.assert_status(200).json();
    assert_eq!(published, json!({ "origins": ["https://example.de"] }));
    let (_, mut device) = with_passkey(&app, "ana").await;
    for (origin, status) in
        [("http://app.localhost:3000", 200), ("https://example.de", 200), ("https://example.com", 401)]
    {
        device.client_data = json!({ "origin": origin });
        log_in(&app, &mut device).await.assert_status(status);
    }
    let plain = service(&[]).await.anonymous().get("/.well-known/webauthn").await.json();
    assert_eq!(plain, json!({ "origins": [] }));
}

#[tokio::test]
async fn a_registration_is_void_after_five_minutes_or_a_change_of_password_or_factor() {
    let app = service(&["--throttle", "off"]).await;
    let ana = app.user("ana").await;
    let refused = async |person: &Person, options: &Value| {
        let answer = person.post("/users/me/passkeys", Device::new(Key::es256()).create(options)).await;
        assert_eq!(answer.assert_status(403).code(), "invalid_passkey");
    };
    let options = begin(&ana).await;
    app.clock.advance(Duration::seconds(299));
    let made = Device::new(Key::es256()).create(&options);
    app.clock.advance(Duration::seconds(1));
    let ana = app.log_in("ana").await;
    assert_eq!(ana.post("/users/me/passkeys", made).await.assert_status(403).code(), "invalid_passkey");

    let options = begin(&ana).await;
    let change = json!({ "current_password": PASSWORD, "new_password": "eight wild horses" });
    ana.post("/users/me/password", change).await.assert_status(204);
    refused(&ana, &options).await;

    let (first, second) = (begin(&ana).await, begin(&ana).await);
    let eve = app.user("eve").await;
    refused(&eve, &first).await;
    ana.post("/users/me/passkeys", Device::new(Key::es256()).create(&first)).await.assert_status(201);
    let refreshed =
        app.anonymous().post("/refresh_token", json!({ "refresh_token": ana.refresh })).await.json();
    let strong = app.bearer(refreshed["access_token"].as_str().unwrap());
    refused(&strong, &second).await;
    refused(&strong, &first).await;
}
