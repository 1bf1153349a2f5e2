//! The front door, and one room with and one without a lock: the smallest demonstration there is.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::current_user::CurrentUser;
use crate::boundary::wants_page::wants_page;
use crate::settings::public::PublicAddress;

/// What this is, and where its documentation is.
#[derive(Serialize, ToSchema)]
pub struct Welcome {
    #[schema(example = "keyward")]
    name: &'static str,
    #[schema(example = "0.1.0")]
    version: &'static str,
    #[schema(example = "/docs")]
    docs: String,
}

/// What this is, and where its documentation is
#[utoipa::path(get, path = "/", tag = "root", responses((status = 200, description = "Welcome")))]
pub(crate) async fn read_root(State(public): State<PublicAddress>) -> Json<Welcome> {
    Json(Welcome { name: "keyward", version: env!("CARGO_PKG_VERSION"), docs: public.path("/docs") })
}

/// Leads a browser on to `account`, the pages for people. Programs go on to [`read_root`].
pub(crate) async fn lead(account: String, request: Request, rest: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let mut answer = match HeaderValue::try_from(account) {
        Ok(account) if reads && wants_page(request.headers()) => {
            (StatusCode::SEE_OTHER, [(header::LOCATION, account)]).into_response()
        }
        _ => rest.run(request).await,
    };
    answer.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    answer
}

/// Something anyone may read
#[utoipa::path(get, path = "/notsecret", tag = "root", responses((status = 200, description = "For anyone")))]
pub async fn read_notsecret() -> Json<&'static str> {
    Json("Not secret data")
}

/// Something only users may read
#[utoipa::path(post, path = "/secret", tag = "root", responses((status = 200, description = "For users")))]
pub async fn read_secret(_: CurrentUser) -> Json<&'static str> {
    Json("Top Secret data only authorized users can access this info")
}
