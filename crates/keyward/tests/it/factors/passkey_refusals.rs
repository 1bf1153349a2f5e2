//! Answers of authenticators that are not sound, one fault each.

use ciborium::Value as Cbor;
use keyward_api::testing::app::{PASSWORD, TestApp};
use keyward_api::testing::person::Person;
use keyward_domain::model::events::EventKind;
use serde_json::{Value, json};
use time::Duration;

use super::authenticator::{
    AT, BE, BS, Device, Key, ORIGIN, UP, UV, add, asked, begin, cbor, decoded, log_in, service, text,
    with_passkey,
};
use crate::events::events;

/// What is wrong, and how.
type Fault = (&'static str, fn(&mut Device));

/// What the browser or the authenticator may say wrong at either ceremony.
const SHARED: [Fault; 18] = [
    ("another origin", |device| device.client_data = json!({ "origin": "http://localhost:8001" })),
    ("the origin of a page below", |device| {
        device.client_data = json!({ "origin": "http://a.localhost:8000" });
    }),
    ("the origin with a slash", |device| device.client_data = json!({ "origin": format!("{ORIGIN}/") })),
    ("a frame", |device| device.client_data = json!({ "crossOrigin": true })),
    ("a frame, in words", |device| device.client_data = json!({ "crossOrigin": "true" })),
    ("a frame that is null", |device| device.client_data = json!({ "crossOrigin": null })),
    ("a page around it that is null", |device| device.client_data = json!({ "topOrigin": null })),
    ("a page around it", |device| device.client_data = json!({ "topOrigin": ORIGIN })),
    ("the challenge twice", |device| device.spoken_first = "\"challenge\":\"AAAA\","),
    ("the type twice", |device| device.spoken_first = "\"type\":\"payment.get\","),
    ("the origin twice", |device| device.spoken_first = "\"origin\":\"http://localhost:8001\","),
    ("another relying party", |device| "example.com".clone_into(&mut device.party)),
    ("another type", |device| device.kind = Some("payment.get")),
    ("no user", |device| device.flags = UV | BE | BS),
    ("no verified user", |device| device.flags = UP | BE | BS),
    ("synced and never to be synced", |device| device.flags = UP | UV | BS),
    ("no challenge", |device| device.client_data = json!({ "challenge": "" })),
    ("a challenge of another server", |device| device.client_data = json!({ "challenge": "a".repeat(84) })),
];

#[tokio::test]
async fn an_assertion_with_any_fault_is_refused() {
    let app = service(&["--throttle", "off"]).await;
    let (_, mut device) = with_passkey(&app, "ana").await;
    let own: [Fault; 5] = [
        ("the type of a registration", |device| device.kind = Some("webauthn.create")),
        ("another key", |device| device.key = Key::es256()),
        ("another algorithm", |device| device.key = Key::eddsa()),
        ("no user handle", |device| device.handle = None),
        ("no longer to be synced", |device| device.flags = UP | UV),
    ];
    for (what, spoil) in SHARED.into_iter().chain(own) {
        let mut spoilt = device.clone();
        spoil(&mut spoilt);
        let refused = log_in(&app, &mut spoilt).await;
        assert_eq!(refused.assert_status(401).code(), "invalid_passkey", "{what}");
    }
    let of = |change: fn(&mut Value)| {
        let (app, mut device) = (app.clone(), device.clone());
        async move {
            let mut passkey = device.get(&asked(&app).await);
            change(&mut passkey);
            app.anonymous().post("/login/passkey", passkey).await
        }
    };
    let flip = |passkey: &mut Value| {
        let mut bytes = decoded(&passkey["response"]["authenticatorData"]);
        bytes[36] ^= 1;
        passkey["response"]["authenticatorData"] = json!(text(&bytes));
    };
    assert_eq!(of(flip).await.assert_status(401).code(), "invalid_passkey", "a counter that was not signed");
    let unknown = |passkey: &mut Value| {
        (passkey["id"], passkey["rawId"]) = (json!("AAAA"), json!("AAAA"));
    };
    assert_eq!(of(unknown).await.assert_status(401).code(), "invalid_passkey", "an unknown credential");
    let failed = events(&app).await.into_iter().filter(|event| event.kind == EventKind::LoginFailed);
    assert_eq!(failed.count(), SHARED.len() + own.len() + 2);
    log_in(&app, &mut device).await.assert_status(200);

    let registration = begin(&app.user("eve").await).await;
    let for_registration = device.get(&registration);
    let refused = app.anonymous().post("/login/passkey", for_registration).await;
    assert_eq!(refused.assert_status(401).code(), "invalid_passkey", "the challenge of a registration");
    let passkey = device.get(&asked(&app).await);
    app.clock.advance(Duration::minutes(5));
    let late = app.anonymous().post("/login/passkey", passkey).await;
    assert_eq!(late.assert_status(401).code(), "invalid_passkey");

    let options = asked(&app).await;
    let ana = app.bearer(log_in(&app, &mut device).await.json()["access_token"].as_str().unwrap());
    let change = json!({ "current_password": PASSWORD, "new_password": "eight wild horses" });
    ana.post("/users/me/password", change).await.assert_status(204);
    let void = app.anonymous().post("/login/passkey", device.get(&options)).await;
    assert_eq!(void.assert_status(401).code(), "invalid_passkey", "from before a change of the password");
    log_in(&app, &mut device).await.assert_status(200);
}

#[tokio::test]
async fn a_registration_with_any_fault_adds_no_passkey() {
    let app = service(&["--throttle", "off"]).await;
    let ana = app.user("ana").await;
    let own: [Fault; 10] = [
        ("the type of a login", |device| device.kind = Some("webauthn.get")),
        ("an algorithm that was not offered", |device| device.cose = vec![(3, (-35).into())]),
        ("an unknown algorithm", |device| device.cose = vec![(3, (-65_000).into())]),
        ("the algorithm of another kind of key", |device| device.cose = vec![(3, (-8).into())]),
        ("another curve", |device| device.cose = vec![(-1, 2.into())]),
        ("a short key", |device| device.cose = vec![(-2, Cbor::Bytes(vec![1; 31]))]),
        ("a point off the curve", |device| device.cose = vec![(-2, Cbor::Bytes(vec![1; 32]))]),
        ("a huge key", |device| device.cose = vec![(-2, Cbor::Bytes(vec![1; 4000]))]),
        ("no algorithm", |device| device.cose = vec![(3, Cbor::Null)]),
        ("a credential id of no bytes", |device| device.credential.clear()),
    ];
    for (what, spoil) in SHARED.into_iter().chain(own) {
        let options = begin(&ana).await;
        let mut device = Device::new(Key::es256());
        spoil(&mut device);
        let mut made = device.create(&options);
        if device.credential.is_empty() {
            (made["id"], made["rawId"]) = (json!("AA"), json!("AA"));
        }
        let refused = ana.post("/users/me/passkeys", made).await;
        assert_eq!(refused.assert_status(403).code(), "invalid_passkey", "{what}");
    }
    let options = asked(&app).await;
    let made = Device::new(Key::es256())
        .create(&json!({ "user": { "id": "AA" }, "challenge": options["challenge"] }));
    let refused = ana.post("/users/me/passkeys", made).await;
    assert_eq!(refused.assert_status(403).code(), "invalid_passkey", "the challenge of a login");
    assert_eq!(ana.get("/users/me/factors").await.json()["passkeys"], json!([]));
}

#[tokio::test]
async fn of_a_key_its_known_members_are_kept() {
    let app = service(&[]).await;
    let mut device = Device::new(Key::es256());
    device.cose = vec![(100, Cbor::Bytes(vec![7; 6_000])), (2, Cbor::Bytes(vec![7; 16]))];
    add(&app.user("ana").await, &mut device).await.assert_status(201);
    let stored = app.ports.store.autocommit().passkeys().of_credential(&device.credential).await.unwrap();
    let bytes = stored.unwrap().new.key.cose.len();
    assert!(bytes < 100, "{bytes}");
    log_in(&app, &mut device).await.assert_status(200);
}

/// The answer to an attestation object of these bytes.
async fn object(ana: &Person, object: &[u8]) -> keyward_api::testing::answer::Answer {
    let device = Device::new(Key::es256());
    let options = begin(ana).await;
    ana.post("/users/me/passkeys", device.registration(&options, object)).await
}

#[tokio::test]
async fn attestation_objects_of_no_sense_are_refused_and_cost_little() {
    let app = service(&["--throttle", "off"]).await;
    let ana = app.user("ana").await;
    let sound = |data: Vec<u8>| {
        vec![
            (Cbor::from("fmt"), Cbor::from("none")),
            (Cbor::from("attStmt"), Cbor::Map(Vec::new())),
            (Cbor::from("authData"), Cbor::Bytes(data)),
        ]
    };
    let device = Device::new(Key::es256());
    let data = device.attested();
    let twice = [sound(data.clone()), sound(data.clone())].concat();
    let longer = |more: &[u8]| cbor(&Cbor::Map(sound([&data, more].concat())));
    let mut without_credential = device.clone();
    without_credential.flags = UP | UV;
    let at = data[32] & !AT;
    let unflagged = [&data[..32], &[at], &data[33..]].concat();
    let mut id_too_long = data.clone();
    id_too_long[53..55].copy_from_slice(&[0xff, 0xff]);
    for (what, bytes) in [
        ("no CBOR", b"\xff\xff".to_vec()),
        ("arrays in arrays", vec![0x81; 8_000]),
        ("maps in maps", vec![0xa1; 8_000]),
        ("tags in tags", vec![0xc1; 8_000]),
        ("an array of 2^64 - 1 items", vec![0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        ("2^63 bytes", vec![0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        ("8,000 small items", [&[0x99, 0x1f, 0x3d][..], &[0xa0; 7_997]].concat()),
        ("no map", vec![0x80]),
        ("an empty map", vec![0xa0]),
        ("more behind it", [cbor(&Cbor::Map(sound(data.clone()))), vec![0]].concat()),
        ("members twice", cbor(&Cbor::Map(twice))),
        ("more behind the key", longer(&[0xa0])),
        ("no credential", cbor(&Cbor::Map(sound(unflagged)))),
        ("cut", cbor(&Cbor::Map(sound(data[..40].to_vec())))),
        ("a credential id longer than all", cbor(&Cbor::Map(sound(id_too_long)))),
    ] {
        let begun = std::time::Instant::now();
        let refused = object(&ana, &bytes).await.assert_status(403);
        assert_eq!(refused.code(), "invalid_passkey", "{what}");
        assert!(begun.elapsed().as_secs() < 5, "{what}");
    }
}

#[tokio::test]
async fn a_statement_by_the_key_itself_is_checked_and_certificates_are_not_read() {
    let app = service(&["--throttle", "off"]).await;
    let ana = app.user("ana").await;
    let device = Device::new(Key::es256());
    let with = |statement: Vec<(Cbor, Cbor)>| {
        cbor(&Cbor::Map(vec![
            ("fmt".into(), "packed".into()),
            ("attStmt".into(), Cbor::Map(statement)),
            ("authData".into(), Cbor::Bytes(device.attested())),
        ]))
    };
    let signature = || ("sig".into(), Cbor::Bytes(vec![1; 70]));
    let options = begin(&ana).await;
    let forged = device.registration(&options, &with(vec![("alg".into(), (-7).into()), signature()]));
    assert_eq!(ana.post("/users/me/passkeys", forged).await.assert_status(403).code(), "invalid_passkey");
    let chain = ("x5c".into(), Cbor::Array(vec![Cbor::Bytes(vec![0x30; 900])]));
    let certified =
        device.registration(&options, &with(vec![("alg".into(), (-7).into()), signature(), chain]));
    ana.post("/users/me/passkeys", certified).await.assert_status(201);
}

#[tokio::test]
async fn fields_that_do_not_fit_are_named_all_at_once() {
    let app = service(&[]).await;
    let ana = app.user("ana").await;
    let huge = "A".repeat(1400);
    let bad = json!({
        "id": huge, "rawId": "AA==", "type": "password", "name": "",
        "response": { "clientDataJSON": "", "attestationObject": 7, "transports": "usb" },
    });
    let answer = ana.post("/users/me/passkeys", bad).await;
    let places: Vec<_> = answer.faults().iter().map(|fault| fault["loc"].to_string()).collect();
    let expected = [
        r#"["body","id"]"#,
        r#"["body","rawId"]"#,
        r#"["body","type"]"#,
        r#"["body","response","clientDataJSON"]"#,
        r#"["body","response","attestationObject"]"#,
        r#"["body","response","transports"]"#,
        r#"["body","name"]"#,
    ];
    assert_eq!(places, expected);
    assert!(!answer.text().contains(&huge[..100]), "binary fields are not echoed");
    let two = json!({ "id": "AAAA", "rawId": "AAAB", "type": "public-key", "response": {} });
    let faults = app.anonymous().post("/login/passkey", two).await.faults();
    assert_eq!(faults[0]["loc"], json!(["body", "rawId"]));
    assert_eq!(faults.len(), 4, "{faults:?}");
    let form = app.anonymous().call("POST", "/login/mfa").form("mfa_token=kwm_x&passkey=%7B%7D").send().await;
    assert_eq!(form.fault()["type"], "model_attributes_type");
}

/// The status of a wrong assertion from an IP address.
async fn wrong_from(app: &TestApp, device: &mut Device, address: &str) -> u16 {
    let mut passkey = device.get(&json!({ "challenge": "AAAA" }));
    passkey["id"] = passkey["rawId"].clone();
    let call = app.anonymous().call("POST", "/login/passkey").json(&passkey).from(address);
    call.send().await.status.as_u16()
}

#[tokio::test]
async fn wrong_passkeys_are_limited_by_ip_address_and_in_a_session_by_account() {
    let app = service(&["--throttle-address-free", "3"]).await;
    let (_, mut device) = with_passkey(&app, "ana").await;
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(wrong_from(&app, &mut device, "192.0.2.1").await);
    }
    assert_eq!(statuses, [401, 401, 401, 429, 429]);
    // A passkey cannot be guessed: others behind the same address get in.
    let options = app.anonymous().call("POST", "/login/passkey/options").from("192.0.2.1").send().await;
    let passkey = device.get(&options.assert_status(200).json());
    let call = app.anonymous().call("POST", "/login/passkey").json(&passkey).from("192.0.2.1");
    call.send().await.assert_status(200);
    assert_eq!(wrong_from(&app, &mut device, "198.51.100.7").await, 401);
    log_in(&app, &mut device).await.assert_status(200);

    let eve = app.user("eve").await;
    for expected in [403, 403, 403, 403, 403, 429] {
        let wrong = device.clone().create(&json!({ "user": { "id": "AA" }, "challenge": "AAAA" }));
        eve.post("/users/me/passkeys", wrong).await.assert_status(expected);
    }
    let wrong = device.get(&json!({ "challenge": "AAAA" }));
    eve.post("/users/me/proof", json!({ "passkey": wrong })).await.assert_status(429);
    app.clock.advance(Duration::minutes(1));
    add(&eve, &mut Device::new(Key::eddsa())).await.assert_status(201);
}
