//! Start and shutdown: which issuers to trust, starting while the issuer is unavailable, and leaving nothing behind.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Body;
use axum::extract::FromRef;
use axum::http::{Request, StatusCode, header};
use keyward_guard::{Authenticator, CurrentUser, Refusal, RemoteAuthenticator, RemoteError};
use serde_json::json;
use tower::ServiceExt;

use crate::issuer::{Issuer, Keys};
use crate::{SHORT, until};

#[derive(Clone)]
struct Service(Arc<dyn Authenticator>);

impl FromRef<Service> for Arc<dyn Authenticator> {
    fn from_ref(service: &Service) -> Self {
        Arc::clone(&service.0)
    }
}

async fn me(user: CurrentUser) -> String {
    user.subject.clone()
}

#[tokio::test]
async fn a_service_may_start_before_its_issuer() {
    let mut issuer = Issuer::away().await;
    let authenticator = RemoteAuthenticator::builder(issuer.name()).refetch_pause(SHORT).build().unwrap();
    let router = axum::Router::new()
        .route("/me", axum::routing::get(me))
        .with_state(Service(Arc::new(authenticator.clone())));
    let ask = async |token: String| {
        let request = Request::get("/me").header(header::AUTHORIZATION, format!("Bearer {token}"));
        router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    };
    let answer = ask(issuer.token()).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key(header::RETRY_AFTER));
    assert!(matches!(authenticator.ready().await, Err(RemoteError::Unreachable { .. })));
    issuer.open().await;
    until(async || ask(issuer.token()).await.status() == StatusCode::OK).await;
    assert_eq!(ask(issuer.forged()).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn whoever_calls_itself_otherwise_is_not_the_issuer() {
    let issuer = Issuer::start().await;
    for other in ["https://id.example", "", &format!("{}/", issuer.name())] {
        issuer.desk.metadata.lock().unwrap()["issuer"] = json!(other);
        let error = RemoteAuthenticator::discover(&issuer.name()).await.unwrap_err();
        assert!(matches!(error, RemoteError::OtherIssuer { .. }), "{error}");
    }
    assert_eq!(issuer.key_fetches(), 0);
}

#[tokio::test]
async fn metadata_may_be_where_openid_has_it() {
    let issuer = Issuer::start().await;
    *issuer.desk.metadata_path.lock().unwrap() = "/.well-known/openid-configuration";
    let authenticator = RemoteAuthenticator::discover(&issuer.name()).await.unwrap();
    assert!(authenticator.authenticate(&issuer.token()).await.is_ok());
}

#[tokio::test]
async fn what_the_issuer_says_must_be_usable() {
    let issuer = Issuer::start().await;
    let discover = async || RemoteAuthenticator::discover(&issuer.name()).await;
    for bad in [Keys::Garbage, Keys::None, Keys::TooLong] {
        *issuer.desk.keys.lock().unwrap() = bad;
        let error = discover().await.unwrap_err();
        assert!(matches!(error, RemoteError::Answer { .. }), "{bad:?}: {error}");
    }
    for (bad, status) in [(Keys::Elsewhere, 302), (Keys::Broken, 500)] {
        *issuer.desk.keys.lock().unwrap() = bad;
        let error = discover().await.unwrap_err();
        assert!(matches!(error, RemoteError::Status { status: found, .. } if found == status), "{error}");
    }
    assert_eq!(issuer.desk.strays.load(Ordering::SeqCst), 0, "no redirection is followed");
    for uri in ["http://keys.example/jwks", "/keys", "https://ana:x@keys.example"] {
        issuer.desk.metadata.lock().unwrap()["jwks_uri"] = json!(uri);
        let error = discover().await.unwrap_err();
        assert!(matches!(error, RemoteError::Address { .. }), "{error}");
    }
    issuer.desk.metadata.lock().unwrap()["jwks_uri"].take();
    assert!(matches!(discover().await.unwrap_err(), RemoteError::Answer { .. }));
}

#[tokio::test]
async fn an_issuer_that_does_not_answer_in_time_is_not_there() {
    let issuer = Issuer::start().await;
    issuer.desk.permits.forget_permits(usize::MAX);
    let builder = RemoteAuthenticator::builder(issuer.name()).time_limit(Duration::from_millis(100));
    assert!(matches!(builder.discover().await, Err(RemoteError::Unreachable { .. })));
}

#[tokio::test]
async fn a_token_without_a_session_is_let_in_only_where_that_is_wanted() {
    let issuer = Issuer::start().await;
    let token = issuer.token_of(None);
    let strict = RemoteAuthenticator::discover(&issuer.name()).await.unwrap();
    assert_eq!(strict.authenticate(&token).await, Err(Refusal::InvalidToken));
    let open = RemoteAuthenticator::builder(issuer.name()).sessions_optional().discover().await.unwrap();
    assert_eq!(open.authenticate(&token).await.unwrap().session, None);
}

#[tokio::test]
async fn a_token_for_another_audience_is_refused() {
    let issuer = Issuer::start().await;
    let other = RemoteAuthenticator::builder(issuer.name()).audience("invoices").discover().await.unwrap();
    assert_eq!(other.authenticate(&issuer.token()).await, Err(Refusal::InvalidToken));
}

#[tokio::test]
async fn with_the_last_clone_the_work_in_the_background_ends() {
    let issuer = Issuer::start().await;
    *issuer.desk.cache_control.lock().unwrap() = "max-age=0";
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    let authenticator =
        RemoteAuthenticator::builder(issuer.name()).refetch_pause(SHORT).discover().await.unwrap();
    let clone = authenticator.clone();
    drop(authenticator);
    let fetched = issuer.key_fetches();
    until(async || issuer.key_fetches() > fetched).await;
    drop(clone);
    until(async || tasks() == before).await;
}

#[test]
fn outside_a_runtime_there_is_no_background() {
    let error = RemoteAuthenticator::builder("http://127.0.0.1:1").build().unwrap_err();
    assert!(matches!(error, RemoteError::Settings(_)));
}
