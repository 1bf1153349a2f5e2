//! What a client may read of a user.

use axum::body::{Body, Bytes};
use http_body_util::{Full, Limited};
use keyward_api::testing::app::{TestApp, address};
use serde_json::{Value, json};
use time::Duration;

use crate::app::Starts;
use crate::browser::Browser;
use crate::relying_party::{RelyingParty, escape};

const PATH: &str = "/oauth/userinfo";

async fn start(scope: &str) -> (TestApp, Value) {
    let app = TestApp::start().await;
    app.user("ana").await;
    let rp = RelyingParty::public(&app, "album").await;
    let browser = Browser::logged_in(&app, "ana").await;
    let tokens = rp.tokens(&browser, &[("scope", scope)]).await;
    (app, tokens)
}

#[tokio::test]
async fn oidcc_userinfo_get_post_header_and_post_body() {
    let (app, tokens) = start("openid email").await;
    let token = tokens["access_token"].as_str().unwrap();
    let expected = json!({ "sub": "1", "email": address("ana"), "email_verified": false });
    let get = app.bearer(token).get(PATH).await.assert_status(200);
    assert_eq!(get.header("cache-control"), "no-store");
    let mut claims = get.json();
    assert!(claims["sub"].is_string());
    claims["sub"] = json!("1");
    assert_eq!(claims, expected);
    let header = app.bearer(token).call("POST", PATH).send().await.assert_status(200);
    let form = format!("access_token={}", escape(token));
    let body = app.anonymous().call("POST", PATH).form(&form).send().await.assert_status(200);
    assert_eq!(header.json(), get.json());
    assert_eq!(body.json(), get.json());
    let twice = app.bearer(token).call("POST", PATH).form(&form).send().await.assert_status(400);
    assert_eq!(&*twice.code(), "ambiguous_token");
    let two = format!("{form}&{form}");
    let repeated = app.bearer(token).call("POST", PATH).form(&two).send().await.assert_status(400);
    assert_eq!((&*repeated.code(), &repeated.json()["error"]), ("validation", &json!("invalid_request")));
    app.anonymous().get(&format!("{PATH}?{form}")).await.assert_status(401);
}

#[tokio::test]
async fn a_token_that_is_not_for_this_opens_it_not() {
    let (app, tokens) = start("openid").await;
    let own = app.user("ana").await;
    for method in ["GET", "POST"] {
        let ask = async |token: Option<&str>| {
            let caller = token.map_or_else(|| app.anonymous(), |token| app.bearer(token));
            caller.call(method, PATH).send().await
        };
        assert_eq!(&*ask(None).await.assert_status(401).code(), "not_authenticated");
        for token in ["x.y.z", own.token(), tokens["id_token"].as_str().unwrap()] {
            assert_eq!(&*ask(Some(token)).await.assert_status(401).code(), "invalid_token");
        }
    }
    let form = app.anonymous().call("POST", PATH).form("access_token=x.y.z").send().await;
    form.assert_status(401);
    let token = tokens["access_token"].as_str().unwrap();
    app.clock.advance(Duration::minutes(16));
    for method in ["GET", "POST"] {
        let expired = app.bearer(token).call(method, PATH).send().await.assert_status(401);
        assert_eq!(&*expired.code(), "token_expired");
    }
}

#[tokio::test]
async fn a_token_narrowed_to_less_than_openid_reads_nothing() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let rp = RelyingParty::public(&app, "album").await;
    let browser = Browser::logged_in(&app, "ana").await;
    let tokens = rp.tokens(&browser, &[("scope", "openid posts:read")]).await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh), ("scope", "posts:read")];
    let narrow = rp.ask("/oauth/token", &fields).await.assert_status(200).json();
    assert_eq!(narrow.get("id_token"), None);
    app.bearer(narrow["access_token"].as_str().unwrap()).get(PATH).await.assert_status(401);
}

#[tokio::test]
async fn a_form_that_cannot_be_read_is_refused_after_its_token() {
    let (app, tokens) = start("openid").await;
    let post = |query: &str| {
        app.bearer(tokens["access_token"].as_str().unwrap()).call("POST", &format!("{PATH}{query}"))
    };
    let form = "application/x-www-form-urlencoded";
    let broken = Body::new(Limited::new(Full::<Bytes>::from("x=1"), 1));
    for (status, code, call) in [
        (413, "body_too_large", post("").body(form, vec![b'x'; 2 << 20])),
        (415, "unsupported_media_type", post("").body("text/plain", "x")),
        (400, "unreadable_body", post("").body(form, broken)),
        (400, "credentials_in_query", post("?password=x").form("x=1")),
    ] {
        let answer = call.send().await;
        assert_eq!((answer.status.as_u16(), &*answer.code()), (status, code));
    }
    let anonymous = app.anonymous().call("POST", PATH).body("text/plain", "x").send().await;
    anonymous.assert_status(401);
}
