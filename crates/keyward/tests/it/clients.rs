//! OAuth2 clients as administrators register, change and remove them.

use keyward_api::testing::app::TestApp;
use keyward_api::testing::person::Person;
use keyward_auth::ScopeSet;
use keyward_domain::model::clients::{Client, ClientSettings};
use keyward_domain::model::events::EventKind;
use keyward_domain::ports::store::Store;
use keyward_domain::values::ids::ClientId;
use keyward_domain::values::text::Text;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::app::Starts;
use crate::events::events;
use crate::factors::phone::{back, enrol};
use crate::oauth::{basic, form};
use crate::process::{Home, text};

async fn made(root: &Person, body: Value) -> Value {
    root.post("/clients", body).await.assert_status(201).json()
}

#[tokio::test]
async fn an_administrator_registers_a_client_which_then_gets_tokens() {
    let app = TestApp::start().await;
    let root = app.admin("root").await;
    let client =
        made(&root, json!({ "name": "Reports", "scope": "posts:read", "client_id": "reports" })).await;
    assert_eq!(
        (&client["client_id"], &client["public"], &client["scope"]),
        (&json!("reports"), &json!(false), &json!("posts:read"))
    );
    assert_eq!(client["id_token_signed_response_alg"], "RS256");
    let secret = client["client_secret"].as_str().unwrap();
    let grant = || form(&app, "/oauth/token", &[("grant_type", "client_credentials")]);
    grant().header("authorization", basic("reports", secret)).send().await.assert_status(200);
    let listed = root.get("/clients").await.assert_status(200).json();
    assert_eq!((listed[0]["client_id"].as_str(), listed[0].get("client_secret")), (Some("reports"), None));

    let renewed = root.call("POST", "/clients/reports/secret").send().await.assert_status(200);
    assert_eq!(renewed.header("cache-control"), "no-store");
    let renewed = renewed.json()["client_secret"].as_str().unwrap().to_owned();
    grant().header("authorization", basic("reports", secret)).send().await.assert_status(401);
    grant().header("authorization", basic("reports", &renewed)).send().await.assert_status(200);
    root.delete("/clients/reports").await.assert_status(204);
    grant().header("authorization", basic("reports", &renewed)).send().await.assert_status(401);
    let of_reports =
        events(&app).await.into_iter().filter(|event| event.detail.as_deref() == Some("reports"));
    let kinds: Vec<_> = of_reports.map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::ClientMade, EventKind::ClientSecretChanged, EventKind::ClientRemoved]);
}

#[tokio::test]
async fn a_public_client_has_no_secret_and_logs_people_in_by_default() {
    let app = TestApp::start().await;
    let root = app.admin("root").await;
    let uris = json!(["https://app.example.com/callback", "http://127.0.0.1/callback"]);
    let client = made(&root, json!({ "name": "Album", "public": true, "redirect_uris": uris })).await;
    assert_eq!((&client["client_secret"], &client["scope"]), (&Value::Null, &json!("email openid profile")));
    assert_eq!(client["redirect_uris"], uris);
    let path = format!("/clients/{}", client["client_id"].as_str().unwrap());
    root.call("POST", &format!("{path}/secret")).send().await.assert_status(409);
    let none = root.patch(&path, json!({ "redirect_uris": [] })).await.assert_status(422);
    assert_eq!(none.fault()["loc"], json!(["body", "redirect_uris"]));
    let without = json!({ "name": "Album", "public": true });
    assert_eq!(root.post("/clients", without).await.fault()["loc"], json!(["body", "redirect_uris"]));
    let mut expected = client.clone();
    expected.as_object_mut().unwrap().remove("client_secret");
    assert_eq!(root.get(&path).await.assert_status(200).json(), expected);
}

#[tokio::test]
async fn a_client_is_changed_without_being_made_anew() {
    let app = TestApp::start().await;
    let root = app.admin("root").await;
    let uri = "https://app.example.com/callback";
    let client = made(&root, json!({ "name": "Album", "client_id": "album", "redirect_uris": [uri] })).await;
    let change = json!({
        "name": "Photo album",
        "scope": "openid offline_access",
        "post_logout_redirect_uris": ["https://app.example.com/"],
        "resources": ["https://api.example.com"],
        "id_token_signed_response_alg": "EdDSA",
        "first_party": true,
    });
    let changed = root.patch("/clients/album", change.clone()).await.assert_status(200).json();
    for (member, value) in change.as_object().unwrap() {
        let expected = if member == "scope" { json!("offline_access openid") } else { value.clone() };
        assert_eq!(changed[member], expected, "{member}");
    }
    assert_eq!((&changed["redirect_uris"], &changed["created_at"]), (&json!([uri]), &client["created_at"]));
    assert_eq!(root.patch("/clients/album", json!({})).await.assert_status(200).json(), changed);
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_every_faulty_uri() {
    let app = TestApp::start().await;
    let root = app.admin("root").await;
    made(&root, json!({ "name": "Album", "client_id": "album" })).await;
    root.post("/clients", json!({ "name": "Album", "client_id": "album" })).await.assert_status(409);
    for path in ["/clients/other", "/clients/other/secret"] {
        let method = if path.ends_with("secret") { "POST" } else { "GET" };
        root.call(method, path).send().await.assert_status(404);
    }
    root.patch("/clients/other", json!({})).await.assert_status(404);
    root.delete("/clients/other").await.assert_status(404);
    let uris = json!(["https://a.example/cb", "http://a.example/cb", "https://a.example/#x", 7]);
    let faults =
        root.post("/clients", json!({ "name": "", "redirect_uris": uris })).await.assert_status(422).json();
    let places: Vec<_> =
        faults["detail"].as_array().unwrap().iter().map(|fault| fault["loc"].clone()).collect();
    let index = |index| json!(["body", "redirect_uris", index]);
    assert_eq!(places, [json!(["body", "name"]), index(1), index(2), index(3)]);
    let many: Vec<_> = (0..21).map(|number| format!("https://a.example/{number}")).collect();
    for (body, place) in [
        (json!({ "name": "A", "redirect_uris": many }), "redirect_uris"),
        (json!({ "name": "A", "redirect_uris": "https://a.example/" }), "redirect_uris"),
        (json!({ "name": "A", "scope": "post:read" }), "scope"),
        (json!({ "name": "A", "scope": "a\"b" }), "scope"),
        (json!({ "name": "A", "client_id": "42" }), "client_id"),
        (json!({ "name": "A", "id_token_signed_response_alg": "HS256" }), "id_token_signed_response_alg"),
    ] {
        let fault = root.post("/clients", body.clone()).await.assert_status(422).fault();
        assert_eq!(fault["loc"], json!(["body", place]), "{body}");
    }
    made(&root, json!({ "name": "A", "scope": "invoices:read", "other_scopes": true })).await;
}

#[tokio::test]
async fn clients_are_for_administrators_who_proved_themselves_lately() {
    let app = TestApp::start().await;
    let (root, ana) = (app.admin("root").await, app.user("ana").await);
    made(&root, json!({ "name": "Album", "client_id": "album" })).await;
    let deeds = [
        ("POST", "/clients", json!({ "name": "Other" })),
        ("PATCH", "/clients/album", json!({ "name": "Other" })),
        ("POST", "/clients/album/secret", Value::Null),
        ("DELETE", "/clients/album", Value::Null),
    ];
    let ask = async |who: &Person, method: &str, path: &str, body: &Value| {
        let call = who.call(method, path);
        if body.is_null() { call.send().await } else { call.json(body).send().await }
    };
    for (method, path, body) in &deeds {
        ask(&ana, method, path, body).await.assert_status(403);
    }
    for path in ["/clients", "/clients/album"] {
        ana.get(path).await.assert_status(403);
    }
    // A session from before the second factor.
    let (phone, _) = enrol(&app, &root).await;
    for (method, path, body) in &deeds {
        let answer = ask(&root, method, path, body).await.assert_status(401);
        assert_eq!(&*answer.code(), "insufficient_user_authentication", "{method} {path}");
    }
    app.clock.advance(Duration::minutes(6));
    for (method, path, body) in &deeds {
        ask(&root, method, path, body).await.assert_status(401);
    }
    root.get("/clients").await.assert_status(200);
    let strong = back(&app, "root", &phone).await;
    for (method, path, body) in &deeds {
        assert!(ask(&strong, method, path, body).await.status.is_success(), "{method} {path}");
    }
}

#[tokio::test]
async fn there_are_no_more_clients_than_can_be_listed() {
    let app = TestApp::start().await;
    let root = app.admin("root").await;
    let name = Text::parse("Client").unwrap();
    for number in 0..1_000 {
        let client = Client {
            id: ClientId::parse(&format!("c{number}")).unwrap(),
            secret: None,
            settings: ClientSettings::new(name.clone(), ScopeSet::default()),
            created_at: OffsetDateTime::UNIX_EPOCH,
        };
        app.database.autocommit().clients().insert(&client).await.unwrap();
    }
    let full = root.post("/clients", json!({ "name": "One more" })).await.assert_status(409);
    assert_eq!(&*full.code(), "too_many_clients");
    root.delete("/clients/c7").await.assert_status(204);
    made(&root, json!({ "name": "One more" })).await;
}

#[tokio::test]
async fn an_operator_registers_shows_and_changes_clients_by_command() {
    let home = Home::new().await;
    let uri = "https://app.example.com/callback";
    let create = ["client", "create", "--name", "Album", "--id", "album", "--public"];
    let without = home.run(&create);
    assert!(
        !without.status.success() && text(&without.stderr).contains("--redirect-uri"),
        "{}",
        text(&without.stderr)
    );
    let end = "https://app.example.com/";
    let more =
        ["--redirect-uri", uri, "--redirect-uri", "http://127.0.0.1/cb", "--post-logout-redirect-uri", end];
    let made = home.run(&[&create[..], &more].concat());
    assert_eq!(text(&made.stdout), "client_id=album\n", "{}", text(&made.stderr));
    let show = || text(&home.run(&["client", "show", "album"]).stdout);
    assert_eq!(
        show(),
        format!(
            "client_id\talbum\nname\tAlbum\nkind\tpublic\nscope\temail openid profile\nredirect_uri\t{uri}\n\
             redirect_uri\thttp://127.0.0.1/cb\npost_logout_redirect_uri\t{end}\nid_token_alg\tRS256\nfirst_party\tfalse\nrequire_par\tfalse\n"
        )
    );
    let set = |more: &[&str]| home.run(&[&["client", "set", "album"][..], more].concat());
    let changed = set(&["--redirect-uri", uri, "--post-logout-redirect-uri", "", "--first-party", "true"]);
    assert_eq!(text(&changed.stdout), "album is changed\n", "{}", text(&changed.stderr));
    assert!(
        !show().contains("127.0.0.1")
            && !show().contains("post_logout")
            && show().ends_with("first_party\ttrue\nrequire_par\tfalse\n")
    );
    for (more, words) in [
        (
            &["--redirect-uri", "http://app.example.com/"][..],
            "--redirect-uri http://app.example.com/: with http the host",
        ),
        (&["--redirect-uri", ""], "a public client needs a redirect URI"),
        (&["--scope", "post:read"], "there is no scope post:read"),
        (&["--id-token-alg", "HS256"], "ID tokens cannot be signed with HS256"),
        (&["--name", ""], "--name"),
    ] {
        let refused = set(more);
        assert!(
            !refused.status.success() && text(&refused.stderr).contains(words),
            "{}",
            text(&refused.stderr)
        );
    }
    let rotated = home.run(&["client", "rotate-secret", "album"]);
    assert_eq!(text(&rotated.stderr), "keyward: a public client has no secret\n");
    assert!(home.run(&["client", "create", "--name", "Web", "--id", "web"]).status.success());
    let secret = text(&home.run(&["client", "rotate-secret", "web"]).stdout);
    let secret = secret.trim().strip_prefix("client_secret=").unwrap();
    let server = home.serve(&[]);
    let grant = format!("grant_type=client_credentials&client_id=web&client_secret={secret}");
    assert_eq!(server.form("/oauth/token", &grant).0, 200);
}

#[tokio::test]
async fn a_uri_to_which_no_logout_token_would_be_sent_is_refused() {
    let client = |uri: &str| json!({ "name": "Web", "client_id": "web", "backchannel_logout_uri": uri });
    let closed =
        ["http://127.0.0.1:4000/logout", "https://localhost/logout", "https://10.0.0.1/", "https://[::1]/x"];
    let app = TestApp::start().await;
    let root = app.admin("root").await;
    for uri in closed {
        let refused = root.post("/clients", client(uri)).await.assert_status(422).json();
        assert_eq!(refused["detail"][0]["loc"], json!(["body", "backchannel_logout_uri"]), "{refused}");
        assert!(refused.to_string().contains("KEYWARD_BACKCHANNEL_PRIVATE=on"), "{refused}");
    }
    root.post("/clients", client("https://app.example.com/logout")).await.assert_status(201);
    let change = json!({ "backchannel_logout_uri": closed[2] });
    root.patch("/clients/web", change.clone()).await.assert_status(422);
    root.patch("/clients/web", json!({ "backchannel_logout_uri": "" })).await.assert_status(200);

    let app = TestApp::with_flags(&["--backchannel-private", "on"]).await;
    let root = app.admin("root").await;
    root.post("/clients", client(closed[0])).await.assert_status(201);
    root.patch("/clients/web", change).await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_refuse_such_a_uri_by_the_same_setting() {
    let home = Home::new().await;
    let create = ["client", "create", "--name", "Web", "--id", "web", "--backchannel-logout-uri"];
    let refused = home.run(&[&create[..], &["https://192.168.0.1/logout"]].concat());
    assert!(!refused.status.success(), "{}", text(&refused.stdout));
    assert!(text(&refused.stderr).contains("KEYWARD_BACKCHANNEL_PRIVATE=on"), "{}", text(&refused.stderr));
    assert_eq!(text(&refused.stdout), "", "no secret of a client that is not there");
    let allowed = &["https://192.168.0.1/logout", "--backchannel-private", "on"];
    let made = home.run(&[&create[..], allowed].concat());
    assert!(made.status.success(), "{}", text(&made.stderr));
    let set = ["client", "set", "web", "--backchannel-logout-uri", "https://192.168.0.2/logout"];
    assert!(!home.run(&set).status.success());
}
