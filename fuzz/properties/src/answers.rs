//! Extractors run in a runtime of their own, and what their refusals look like.

use std::cell::LazyCell;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRef, FromRequest, FromRequestParts};
use axum::response::IntoResponse;
use http::{Request, StatusCode};
use keyward_auth::PasswordPolicy;
use keyward_domain::values::names::{LoginNames, NameRules};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

thread_local! {
    static RUNTIME: LazyCell<Runtime> =
        LazyCell::new(|| Builder::new_current_thread().enable_time().build().expect("a runtime starts"));
}

/// A router's state, in which the extractors find every setting at its default.
pub(crate) struct Defaults;

impl FromRef<Defaults> for PasswordPolicy {
    fn from_ref(_: &Defaults) -> Self {
        Self::default()
    }
}

impl FromRef<Defaults> for NameRules {
    fn from_ref(_: &Defaults) -> Self {
        Self { kinds: LoginNames::Both, email_required: false }
    }
}

/// What a request is read as.
pub(crate) fn whole<T>(request: Request<Body>) -> Result<T, Vec<u8>>
where
    T: FromRequest<Defaults>,
{
    run(T::from_request(request, &Defaults))
}

/// What the head of a request is read as.
pub(crate) fn head<T>(request: Request<Body>) -> Result<T, Vec<u8>>
where
    T: FromRequestParts<Defaults>,
{
    let (mut parts, _) = request.into_parts();
    run(T::from_request_parts(&mut parts, &Defaults))
}

/// The value, or the body of the refusal: the caller's fault, and said so in JSON.
fn run<T>(future: impl Future<Output = Result<T, impl IntoResponse>>) -> Result<T, Vec<u8>> {
    RUNTIME.with(|runtime| {
        runtime.block_on(async {
            match future.await {
                Ok(value) => Ok(value),
                Err(error) => Err(answer(error).await),
            }
        })
    })
}

async fn answer(error: impl IntoResponse) -> Vec<u8> {
    let response = error.into_response();
    let status = response.status();
    let known = [
        StatusCode::BAD_REQUEST,
        StatusCode::PAYLOAD_TOO_LARGE,
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        StatusCode::UNPROCESSABLE_ENTITY,
    ];
    assert!(known.contains(&status), "{status}");
    let body = to_bytes(response.into_body(), usize::MAX).await.expect("it is in memory");
    let said: Value = serde_json::from_slice(&body).expect("a refusal is JSON");
    let faults = said["detail"].as_array();
    assert_eq!(faults.is_some_and(|faults| !faults.is_empty()), status == StatusCode::UNPROCESSABLE_ENTITY);
    body.to_vec()
}
