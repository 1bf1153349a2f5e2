//! `/oauth/token`: the grants, who may ask for them, and every refusal of RFC 6749, section 5.2.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::{PASSWORD, TestApp, address};
use keyward_api::testing::call::Call;
use keyward_api::testing::person::Person;
use keyward_auth::{ScopeSet, SecretHash};
use keyward_domain::model::clients::ClientSettings;
use keyward_domain::oauth::clients::{Administration, Clients};
use keyward_domain::values::ids::ClientId;
use keyward_domain::values::origin::Origin;
use keyward_domain::values::text::Text;
use serde_json::{Value, json};

use crate::app::Starts;
use crate::forge::claims_of;
use crate::sessions::{assert_spent, holder, refresh};

/// Registers a client, which may read posts and shop.
pub(crate) async fn register(app: &TestApp, id: &str) {
    register_for(app, id, "posts:read shop").await;
}

/// Registers a client for these scopes.
pub(crate) async fn register_for(app: &TestApp, id: &str, scope: &str) {
    let (name, scope) = (Text::parse(id).unwrap(), ScopeSet::parse(scope).unwrap());
    let secret = SecretHash::of(&secret(id));
    let id = ClientId::parse(id).unwrap();
    let (settings, origin) = (ClientSettings::new(name, scope), Origin::default());
    let who = Administration::command("client create", &origin);
    Clients::new(app.ports.clone()).register(id, settings, Some(secret), &who).await.unwrap();
}

/// The secret of the client of that id.
pub(crate) fn secret(id: &str) -> String {
    format!("the-secret-of-{id}")
}

/// The value of `Authorization` with these credentials.
pub(crate) fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

/// A form to an OAuth2 endpoint, to be completed.
pub(crate) fn form(app: &TestApp, path: &str, fields: &[(&str, &str)]) -> Call {
    let encode =
        |text: &str| text.replace('%', "%25").replace('+', "%2B").replace('&', "%26").replace(' ', "+");
    let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    app.anonymous().call("POST", path).form(&pairs.join("&"))
}

/// Asks for a token as this client, or without a client.
pub(crate) async fn token(app: &TestApp, client: Option<&str>, fields: &[(&str, &str)]) -> Answer {
    let call = form(app, "/oauth/token", fields);
    match client {
        Some(id) => call.header("authorization", basic(id, &secret(id))).send().await,
        None => call.send().await,
    }
}

const LOGIN: [(&str, &str); 3] =
    [("grant_type", "password"), ("username", "ana@example.com"), ("password", PASSWORD)];

/// Logs Ana in through a client, if one is named.
pub(crate) async fn log_in(app: &TestApp, client: Option<&str>) -> Person {
    holder(app, &token(app, client, &LOGIN).await.assert_status(200).json())
}

/// That a refusal is one of RFC 6749's.
#[track_caller]
fn assert_error(answer: &Answer, status: u16, error: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    let body = answer.json();
    assert_eq!(body["error"], error);
    let words = body["error_description"].as_str().unwrap();
    assert!(
        !words.is_empty() && words.bytes().all(|byte| byte.is_ascii() && !b"\"\\".contains(&byte)),
        "{words}"
    );
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("content-type"), "application/json");
    if status == 401 {
        assert!(answer.header("www-authenticate").starts_with("Basic realm="), "{answer:?}");
    }
}

#[tokio::test]
async fn every_grant_is_answered_as_the_rfc_says() {
    let app = TestApp::start().await;
    app.user("ana").await;
    register(&app, "web").await;
    for (client, scope) in [(None, "posts:read posts:write shop"), (Some("web"), "posts:read shop")] {
        let answer = token(&app, client, &LOGIN).await.assert_status(200);
        assert_eq!((answer.header("cache-control"), answer.header("pragma")), ("no-store", "no-cache"));
        let tokens = answer.json();
        assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("bearer"), &json!(900)));
        assert_eq!(tokens["scope"], scope);
        let ana = holder(&app, &tokens);
        ana.get("/oauth/check").await.assert_status(204);
        assert_eq!(claims_of(ana.token()).get("client_id"), client.map(|id| json!(id)).as_ref());
        let fields =
            [("grant_type", "refresh_token"), ("refresh_token", ana.refresh.as_str()), ("scope", "shop")];
        let answer = token(&app, client, &fields).await.assert_status(200);
        assert_eq!((answer.header("cache-control"), &answer.json()["scope"]), ("no-store", &json!("shop")));
        assert_ne!(answer.json()["refresh_token"], json!(ana.refresh));
    }
}

#[tokio::test]
async fn a_client_gets_a_token_of_its_own_which_opens_no_account() {
    let app = TestApp::start().await;
    register(&app, "web").await;
    let grant = ("grant_type", "client_credentials");
    for (fields, scope) in [(vec![grant], "posts:read shop"), (vec![grant, ("scope", "shop")], "shop")] {
        let answer = token(&app, Some("web"), &fields).await.assert_status(200);
        assert_eq!(answer.header("cache-control"), "no-store");
        let tokens = answer.json();
        let members: Vec<&String> = tokens.as_object().unwrap().keys().collect();
        assert_eq!(members, ["access_token", "expires_in", "scope", "token_type"], "no refresh token");
        assert_eq!(tokens["scope"], scope);
        let own = tokens["access_token"].as_str().unwrap();
        assert_eq!((&claims_of(own)["sub"], &claims_of(own)["client_id"]), (&json!("web"), &json!("web")));
        for path in ["/users/me", "/cart", "/orders", "/sessions"] {
            let status = app.bearer(own).get(path).await.status.as_u16();
            assert!([401, 403].contains(&status), "{path} {status}");
        }
    }
    assert_error(&token(&app, Some("web"), &[grant, ("scope", "admin")]).await, 400, "invalid_scope");
    assert_error(&token(&app, None, &[grant]).await, 401, "invalid_client");
}

#[tokio::test]
async fn every_refusal_is_one_of_the_rfc() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let [password, username, phrase] = LOGIN;
    let refreshing = ("grant_type", "refresh_token");
    let good = ("refresh_token", ana.refresh.as_str());
    let rows: [(&[(&str, &str)], &str); 16] = [
        (&[], "invalid_request"),
        (&[username, phrase], "invalid_request"),
        (&[("grant_type", "")], "invalid_request"),
        (&[("grant_type", "authorization_code")], "invalid_request"),
        (&[("grant_type", "PASSWORD"), username, phrase], "unsupported_grant_type"),
        (&[("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")], "unsupported_grant_type"),
        (&[password, phrase], "invalid_request"),
        (&[password, username], "invalid_request"),
        (&[password, password, username, phrase], "invalid_request"),
        (&[password, username, username, phrase], "invalid_request"),
        (&[password, username, ("password", "a wrong pass phrase")], "invalid_grant"),
        (&[password, ("username", "nobody@example.com"), phrase], "invalid_grant"),
        (&[password, username, phrase, ("scope", "admin")], "invalid_scope"),
        (&[refreshing], "invalid_request"),
        (&[refreshing, ("refresh_token", "kwr_nonsense")], "invalid_grant"),
        (&[refreshing, good, ("scope", "admin")], "invalid_scope"),
    ];
    for (fields, error) in rows {
        assert_error(&token(&app, None, fields).await, 400, error);
    }
    let call = app.anonymous().call("POST", "/oauth/token").json(&json!({ "grant_type": "password" }));
    let answer = call.send().await;
    assert!(answer.status.is_client_error());
    assert_eq!(answer.json()["error"], "invalid_request");
    app.anonymous().get("/oauth/token").await.assert_status(405);
    refresh(&app, &ana.refresh).await.assert_status(200);
}

#[tokio::test]
async fn a_client_authenticates_itself_by_basic_or_in_the_form_and_never_by_both() {
    let app = TestApp::start().await;
    app.user("ana").await;
    register(&app, "web").await;
    let grant = ("grant_type", "client_credentials");
    let (id, key) = (("client_id", "web"), ("client_secret", "the-secret-of-web"));
    token(&app, Some("web"), &[grant]).await.assert_status(200);
    token(&app, None, &[grant, id, key]).await.assert_status(200);
    token(&app, Some("web"), &[grant, id]).await.assert_status(200);
    assert_error(&token(&app, Some("web"), &[grant, id, key]).await, 400, "invalid_request");
    let mut bad: Vec<Call> = vec![
        form(&app, "/oauth/token", &[grant, id, ("client_secret", "x")]),
        form(&app, "/oauth/token", &[grant, key]),
        form(&app, "/oauth/token", &[grant, ("client_id", "other"), key]),
        form(&app, "/oauth/token", &[grant, id, ("client_secret", "")]),
    ];
    let fields = [
        basic("web", "x"),
        basic("web", ""),
        basic("other", "the-secret-of-web"),
        basic("WEB", "the-secret-of-web"),
        "Basic !!!".to_owned(),
        "Basic".to_owned(),
        format!("Basic {}", STANDARD.encode("web")),
        "Bearer x".to_owned(),
    ];
    bad.extend(
        fields.iter().map(|field| form(&app, "/oauth/token", &[grant]).header("authorization", field)),
    );
    bad.push(form(&app, "/oauth/token", &LOGIN).header("authorization", basic("web", "x")));
    for call in bad {
        assert_error(&call.send().await, 401, "invalid_client");
    }
}

#[tokio::test]
async fn a_registered_client_that_leaves_its_secret_out_gets_no_token() {
    let app = TestApp::start().await;
    app.user("ana").await;
    register(&app, "web").await;
    let ana = log_in(&app, None).await;
    let renewal = [("grant_type", "refresh_token"), ("refresh_token", ana.refresh.as_str())];
    for grant in [&LOGIN[..], &renewal, &[("grant_type", "client_credentials")]] {
        for more in [&[("client_id", "web")][..], &[("client_id", "web"), ("client_secret", "")]] {
            assert_error(&token(&app, None, &[grant, more].concat()).await, 401, "invalid_client");
        }
    }
    // An unknown id and empty fields name no client.
    for more in
        [&[("client_id", "my-app")][..], &[("client_id", "")], &[("client_id", ""), ("client_secret", "")]]
    {
        let granted = token(&app, None, &[&LOGIN[..], more].concat()).await.assert_status(200).json();
        assert_eq!(granted["scope"], "posts:read posts:write shop");
    }
    refresh(&app, &ana.refresh).await.assert_status(200);
}

#[tokio::test]
async fn a_registered_client_gets_no_session_without_its_bounds_at_login() {
    let app = TestApp::start().await;
    app.user("ana").await;
    register(&app, "web").await;
    let fields = [("username", "ana@example.com"), ("password", PASSWORD)];
    for path in ["/login", "/token"] {
        let id = ("client_id", "web");
        for more in [&[id][..], &[id, ("client_secret", "")], &[id, ("client_secret", "wrong")]] {
            let answer = form(&app, path, &[&fields, more].concat()).send().await.assert_status(401);
            assert_eq!(
                (&*answer.code(), &answer.json()["error"]),
                ("invalid_client", &json!("invalid_client"))
            );
            assert!(answer.detail().contains("/oauth/token"), "{}", answer.detail());
        }
        let by_basic = form(&app, path, &fields).header("authorization", basic("web", "x"));
        assert_eq!(&*by_basic.send().await.assert_status(401).code(), "invalid_client");
        // Any other id is ignored, as what Swagger UI sends.
        for id in ["my-app", "", "%"] {
            form(&app, path, &[&fields[..], &[("client_id", id)]].concat()).send().await.assert_status(200);
        }
    }
}

#[tokio::test]
async fn a_session_opened_through_a_client_is_refreshed_by_that_client_alone() {
    let app = TestApp::start().await;
    app.user("ana").await;
    register(&app, "web").await;
    register(&app, "other").await;
    let ana = log_in(&app, Some("web")).await;
    let fields = [("grant_type", "refresh_token"), ("refresh_token", ana.refresh.as_str())];
    assert_error(&token(&app, Some("other"), &fields).await, 400, "invalid_grant");
    assert_error(&token(&app, None, &fields).await, 400, "invalid_grant");
    let with_id = [fields[0], fields[1], ("client_id", "web")];
    assert_error(&token(&app, None, &with_id).await, 401, "invalid_client");
    assert_spent(&app, &ana.refresh, "at the door without clients").await;
    ana.get("/oauth/check").await.assert_status(204);
    let next = holder(&app, &token(&app, Some("web"), &fields).await.assert_status(200).json());
    next.get("/oauth/check").await.assert_status(204);
    assert_eq!(claims_of(next.token())["client_id"], "web");
}

#[tokio::test]
async fn what_a_client_is_registered_for_bounds_what_a_user_grants_it() {
    let app = TestApp::start().await;
    app.user("ana").await;
    // Of these a user may not have the last.
    register_for(&app, "reader", "posts:read shop admin").await;
    let reader = Some("reader");
    let granted = token(&app, reader, &LOGIN).await.assert_status(200).json();
    assert_eq!(granted["scope"], "posts:read shop");
    let ana = holder(&app, &granted);
    assert_eq!(claims_of(ana.token())["scope"], "posts:read shop");
    ana.get("/posts").await.assert_status(200);
    ana.post("/posts", json!({ "title": "x", "content": "y" })).await.assert_status(403);
    for scope in ["posts:write", "posts:read posts:write", "admin"] {
        let wider = [LOGIN[0], LOGIN[1], LOGIN[2], ("scope", scope)];
        assert_error(&token(&app, reader, &wider).await, 400, "invalid_scope");
        let wider = [("grant_type", "refresh_token"), ("refresh_token", &ana.refresh), ("scope", scope)];
        assert_error(&token(&app, reader, &wider).await, 400, "invalid_scope");
    }
    let next = refresh_through(&app, reader, &ana).await;
    assert_eq!(
        (&next["scope"], &claims_of(holder(&app, &next).token())["scope"]),
        (&json!("posts:read shop"), &json!("posts:read shop"))
    );
}

#[tokio::test]
async fn a_session_that_is_no_clients_gives_a_client_no_more_than_it_is_registered_for() {
    let app = TestApp::start().await;
    app.user("ana").await;
    register_for(&app, "reader", "posts:read").await;
    let ana = log_in(&app, None).await;
    let next = refresh_through(&app, Some("reader"), &ana).await;
    assert_eq!(
        (&next["scope"], &claims_of(holder(&app, &next).token())["scope"]),
        (&json!("posts:read"), &json!("posts:read"))
    );
    let own = refresh_through(&app, None, &holder(&app, &next)).await;
    assert_eq!(own["scope"], "posts:read posts:write shop");
}

/// Trades a refresh token for the next pair.
async fn refresh_through(app: &TestApp, client: Option<&str>, person: &Person) -> Value {
    let fields = [("grant_type", "refresh_token"), ("refresh_token", person.refresh.as_str())];
    token(app, client, &fields).await.assert_status(200).json()
}

#[tokio::test]
async fn too_many_wrong_passwords_wait_here_too() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let wrong = [LOGIN[0], LOGIN[1], ("password", "a wrong pass phrase")];
    for _ in 0..5 {
        assert_error(&token(&app, None, &wrong).await, 400, "invalid_grant");
    }
    let answer = token(&app, None, &LOGIN).await.assert_status(429);
    assert!(answer.header("retry-after").parse::<u32>().unwrap() >= 1);
    let login = json!({ "username": address("ana"), "password": PASSWORD });
    let elsewhere: Value = app.anonymous().post("/login", login).await.assert_status(429).json();
    assert!(elsewhere["detail"].is_string());
}

#[tokio::test]
async fn two_ways_of_client_authentication_at_once_are_refused_at_every_door() {
    let app = TestApp::start().await;
    register_for(&app, "web", "posts:read revocations:read").await;
    register(&app, "other").await;
    let field = |id: &str| basic(id, &secret(id));
    for (path, more) in [
        ("/oauth/token", ("grant_type", "client_credentials")),
        ("/oauth/introspect", ("token", "x")),
        ("/oauth/revoke", ("token", "x")),
    ] {
        let ask = |fields: &[(&str, &str)]| form(&app, path, fields).header("authorization", field("web"));
        ask(&[more, ("client_id", "web")]).send().await.assert_status(200);
        let named = ask(&[more, ("client_id", "other")]).send().await;
        assert_error(&named, 400, "invalid_request");
        for second in [field("web"), field("other"), "Bearer x".to_owned(), basic("", "")] {
            let answer = ask(&[more]).header("authorization", &second).send().await;
            assert_error(&answer, 400, "invalid_request");
        }
    }
    let ask = || app.anonymous().call("GET", "/oauth/revocations").header("authorization", field("web"));
    ask().send().await.assert_status(200);
    assert_error(&ask().header("authorization", field("other")).send().await, 400, "invalid_request");
}
