//! `/docs` (Swagger UI), `/redoc` (ReDoc) and `/openapi.json`, all from this binary: no other host is asked.

use std::hash::{DefaultHasher, Hash, Hasher};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use keyward_web::Conditions;
use utoipa::openapi::OpenApi;

use super::packed::{Packed, asset};
use crate::settings::brand::Logo;
use crate::settings::public::PublicAddress;

const SWAGGER: &str = include_str!("docs/swagger.html");
const SWAGGER_STYLE: &str = include_str!("docs/swagger.css");
const SWAGGER_START: &str = include_str!("docs/swagger.js");
const SWAGGER_RETURN: &str = include_str!("docs/oauth2-redirect.html");
const SWAGGER_RETURN_SCRIPT: &str = include_str!("docs/oauth2-redirect.js");
const PAGES_STYLE: &str = include_str!("docs/pages.css");
const PAGES_ICON: &str = include_str!("docs/icon.svg");
const ICON: &[u8] = include_bytes!("swagger/favicon-32x32.png");
const REDOC: &str = include_str!("docs/redoc.html");
const REDOC_STYLE: &str = include_str!("docs/redoc.css");
const REDOC_START: &str = include_str!("docs/redoc.js");

pub(super) static SWAGGER_BUNDLE: Packed =
    Packed::new("text/javascript", include_bytes!("swagger/swagger-ui-bundle.js.gz"));
pub(super) static SWAGGER_BUNDLE_STYLE: Packed =
    Packed::new("text/css", include_bytes!("swagger/swagger-ui.css.gz"));
pub(super) static REDOC_BUNDLE: Packed =
    Packed::new("text/javascript", include_bytes!("redoc/redoc.standalone.js.gz"));

/// Where the licences are that the document names.
pub(crate) const LICENCES: &str = "/docs/licences.txt";
const LICENCE_TEXTS: &str =
    concat!(include_str!("../../../../LICENSE-MIT"), "\n\n", include_str!("../../../../LICENSE-APACHE"));

/// Only our own scripts and styles, none inline.
const SWAGGER_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// `ReDoc` puts style elements into the page, one with a rule and others that it fills by script: these two hashes are of
/// what they hold when they come in, and let no other one in (CSP 3, section 8.3). It searches in a worker.
const REDOC_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' \
    'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc=' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; \
    img-src 'self' data:; connect-src 'self'; worker-src blob:; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";

/// The paths of the pages.
pub(crate) fn pages() -> [String; 3] {
    ["/docs", "/redoc", "/openapi.json"].map(str::to_owned)
}

/// The pages and what they load.
pub(crate) fn router<S: Clone + Send + Sync + 'static>(
    document: &OpenApi,
    public: &PublicAddress,
) -> Router<S> {
    let document = document.to_json().unwrap_or_default();
    let tag = tag(&document);
    let document = Bytes::from(document);
    let style = Bytes::from(format!("{PAGES_STYLE}{}", public.style));
    let logo = public.logo.clone();
    let client = public.docs_client.as_deref().unwrap_or_default();
    let swagger = Bytes::from(SWAGGER.replace("data-client=\"\"", &format!("data-client=\"{client}\"")));
    Router::new()
        .route("/docs", get(async move || page(swagger, SWAGGER_POLICY)))
        .route("/docs/oauth2-redirect.html", get(async || page(SWAGGER_RETURN.into(), SWAGGER_POLICY)))
        .route(
            "/docs/oauth2-redirect.js",
            get(async || asset("text/javascript", SWAGGER_RETURN_SCRIPT.into())),
        )
        .route("/docs/page.css", get(async || asset("text/css", SWAGGER_STYLE.into())))
        .route("/docs/start.js", get(async || asset("text/javascript", SWAGGER_START.into())))
        .route("/docs/swagger-ui.css", get(async |headers: HeaderMap| SWAGGER_BUNDLE_STYLE.answer(&headers)))
        .route("/docs/swagger-ui-bundle.js", get(async |headers: HeaderMap| SWAGGER_BUNDLE.answer(&headers)))
        .route("/docs/favicon-32x32.png", get(async || asset("image/png", ICON.into())))
        .route("/docs/pages.css", get(async move || asset("text/css", style)))
        .route("/docs/logo", get(async move || picture(logo.as_deref())))
        .route("/docs/icon.svg", get(async || asset("image/svg+xml", PAGES_ICON.into())))
        .route(LICENCES, get(async || asset("text/plain; charset=utf-8", LICENCE_TEXTS.into())))
        .route("/redoc", get(async || page(REDOC.into(), REDOC_POLICY)))
        .route("/redoc/page.css", get(async || asset("text/css", REDOC_STYLE.into())))
        .route("/redoc/start.js", get(async || asset("text/javascript", REDOC_START.into())))
        .route("/redoc/redoc.standalone.js", get(async |headers: HeaderMap| REDOC_BUNDLE.answer(&headers)))
        .route(
            "/openapi.json",
            get(async move |conditions: Conditions| described(&conditions, &tag, document)),
        )
}

/// The document, unless the caller has it already.
fn described(conditions: &Conditions, tag: &HeaderValue, document: Bytes) -> Response {
    let headers =
        [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
    if conditions.know(tag) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, [(header::CONTENT_TYPE, "application/json")], document).into_response()
}

/// What tells this document from those of other versions.
fn tag(document: &str) -> HeaderValue {
    let mut hasher = DefaultHasher::new();
    document.hash(&mut hasher);
    HeaderValue::try_from(format!("\"{:016x}\"", hasher.finish()))
        .unwrap_or(HeaderValue::from_static("\"0\""))
}

fn page(html: Bytes, policy: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, html).into_response()
}

/// The logo that is set.
fn picture(logo: Option<&Logo>) -> Response {
    match logo {
        Some(logo) => asset(logo.kind, Bytes::from(logo.bytes.clone())),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
