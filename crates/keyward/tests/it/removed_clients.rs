//! A client that an operator removed: what it can still do, which is nothing.

use keyward_api::testing::app::{PASSWORD, TestApp, address};
use keyward_api::testing::race::at_once;
use keyward_domain::model::events::EventKind;
use keyward_domain::oauth::client_error::ClientError;
use keyward_domain::oauth::clients::{Administration, Clients};
use keyward_domain::values::ids::ClientId;
use keyward_domain::values::origin::Origin;
use serde_json::{Value, json};

use crate::app::Starts;
use crate::events::events;
use crate::oauth::{basic, form, log_in, register, secret, token};
use crate::process::{Home, text};

async fn remove(app: &TestApp, id: &str) -> Result<u64, ClientError> {
    let origin = Origin::default();
    let who = Administration::command("client remove", &origin);
    Clients::new(app.ports.clone()).remove(&ClientId::parse(id).unwrap(), &who).await
}

async fn introspect(app: &TestApp, client: &str, token: &str) -> keyward_api::testing::answer::Answer {
    let call = form(app, "/oauth/introspect", &[("token", token)]);
    call.header("authorization", basic(client, &secret(client))).send().await
}

#[tokio::test]
async fn removing_a_client_ends_its_tokens_and_the_sessions_opened_through_it() {
    let app = TestApp::start().await;
    app.user("ana").await;
    register(&app, "gone").await;
    register(&app, "stays").await;
    let (ana, again) = (log_in(&app, Some("gone")).await, log_in(&app, Some("gone")).await);
    let (elsewhere, by_itself) = (log_in(&app, Some("stays")).await, log_in(&app, None).await);
    let own =
        token(&app, Some("gone"), &[("grant_type", "client_credentials")]).await.assert_status(200).json();
    let own = own["access_token"].as_str().unwrap();
    assert_eq!(introspect(&app, "stays", own).await.json()["active"], true);

    assert_eq!(remove(&app, "gone").await.unwrap(), 2);
    for ended in [&ana, &again] {
        ended.get("/oauth/check").await.assert_gone("revoked");
        for token in [ended.token(), &ended.refresh] {
            assert_eq!(introspect(&app, "stays", token).await.json(), json!({ "active": false }));
        }
        let fields = [("grant_type", "refresh_token"), ("refresh_token", ended.refresh.as_str())];
        assert_eq!(
            token(&app, Some("gone"), &fields).await.assert_status(401).json()["error"],
            "invalid_client"
        );
        assert_eq!(token(&app, None, &fields).await.assert_status(400).json()["error"], "invalid_grant");
    }
    assert_eq!(introspect(&app, "stays", own).await.json(), json!({ "active": false }));
    introspect(&app, "gone", by_itself.token()).await.assert_status(401);
    for stands in [&elsewhere, &by_itself] {
        stands.get("/oauth/check").await.assert_status(204);
    }
    let events = events(&app).await;
    let removed: Vec<_> = events.iter().filter(|event| event.kind == EventKind::ClientRemoved).collect();
    assert_eq!(removed.len(), 1);
    assert_eq!(removed[0].detail.as_deref(), Some("gone"));
    assert!(matches!(remove(&app, "gone").await, Err(ClientError::NotFound)));

    app.clock.advance(time::Duration::minutes(2));
    register(&app, "gone").await;
    assert_eq!(introspect(&app, "stays", own).await.json(), json!({ "active": false }), "of a namesake");
    let fields = [("grant_type", "client_credentials")];
    let new = token(&app, Some("gone"), &fields).await.assert_status(200).json();
    let new = new["access_token"].as_str().unwrap();
    assert_eq!(introspect(&app, "stays", new).await.json()["active"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_login_through_a_client_survives_its_removal() {
    let app = TestApp::start().await;
    app.user("ana").await;
    register(&app, "gone").await;
    let logins = at_once(9, |number| {
        let app = app.clone();
        async move {
            if number == 4 {
                remove(&app, "gone").await.unwrap();
                return app.anonymous().get("/health/live").await;
            }
            let login = [("grant_type", "password"), ("username", &*address("ana")), ("password", PASSWORD)];
            token(&app, Some("gone"), &login).await
        }
    });
    for answer in logins.await {
        assert!([200, 400, 401].contains(&answer.status.as_u16()), "{answer:?}");
        if let Some(token) = answer.json()["access_token"].as_str() {
            app.bearer(token).get("/oauth/check").await.assert_status(401);
        }
    }
}

#[tokio::test]
async fn an_operator_lists_clients_and_removes_them() {
    let home = Home::new().await;
    let create = |more: &[&str]| home.run(&[&["client", "create"][..], more].concat());
    let made = create(&["--name", "Reports", "--id", "reports", "--scope", "shop posts:read"]);
    let made = text(&made.stdout);
    let secret = made.split("client_secret=").nth(1).unwrap().trim();
    assert!(create(&["--name", "Invoices & more", "--id", "invoices"]).status.success());
    let list = || text(&home.run(&["client", "list"]).stdout);
    let refused = create(&["--name", "Typo", "--scope", "posts:read post:write"]);
    let words = text(&refused.stderr);
    assert!(
        !refused.status.success() && words.contains("no scope post:write; there are account, admin, "),
        "{words}"
    );
    assert!(words.contains("posts:write") && words.contains("revocations:read"), "{words}");
    assert_eq!(list(), "invoices\t-\tInvoices & more\nreports\tposts:read shop\tReports\n");

    let server = home.serve(&[("KEYWARD_REVOCATION_BOUND", "1s")]);
    let account = json!({ "email": "ana@example.com", "password": PASSWORD });
    assert_eq!(server.call("POST", "/users", "", &account).0, 201);
    let login = format!(
        "grant_type=password&username=ana%40example.com&password={}&client_id=reports&client_secret={secret}",
        PASSWORD.replace(' ', "+")
    );
    let (status, granted) = server.form("/oauth/token", &login);
    assert_eq!(status, 200, "{granted}");
    let access = granted["access_token"].as_str().unwrap();
    assert_eq!(server.call("GET", "/oauth/check", access, &Value::Null).0, 204);
    let removed = home.run(&["client", "remove", "reports"]);
    assert_eq!(text(&removed.stdout), "reports is removed; sessions ended: 1\n", "{}", text(&removed.stderr));
    assert_eq!(list(), "invoices\t-\tInvoices & more\n");
    assert_eq!(server.form("/oauth/token", &login).0, 401);
    std::thread::sleep(std::time::Duration::from_millis(1200));
    assert_eq!(server.call("GET", "/oauth/check", access, &Value::Null).0, 401);
    for unknown in ["reports", "no such id"] {
        let again = home.run(&["client", "remove", unknown]);
        assert!(!again.status.success());
        assert_eq!(text(&again.stderr), "keyward: there is no client with this id\n");
    }
}
