//! The table of contents of the pages: one line a page.

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use keyward_api::resources::pages::Pages;
use keyward_api::state::AppState;

use crate::account::{app, apps, data, deletion, devices, keys, passkeys, profile, recovery_codes, security};
use crate::login::{forgot, log_in, log_out, mfa, prove, sign_up};
use crate::oauth::{authorize, logout, switch};
use crate::refusal;
use crate::site::Site;

const SCRIPT: &str = include_str!("assets/page.js");

/// The pages, for [`Service::with_pages`](keyward_api::service::Service::with_pages).
pub fn pages() -> Pages {
    Pages { paths: &PATHS, routes }
}

/// The paths of pages that people may type.
const PATHS: [&str; 13] = [
    "/account",
    "/account/login",
    "/account/mfa",
    "/account/signup",
    "/account/forgot",
    "/account/logout",
    "/account/prove",
    "/account/security",
    "/account/sessions",
    "/account/keys",
    "/account/apps",
    "/oauth/authorize",
    "/oauth/logout",
];

fn routes(app: &AppState) -> Router<AppState> {
    let site = Site::new(app);
    let pages = Router::new()
        .route("/account/login", get(log_in::show).post(log_in::submit))
        .route("/account/mfa", get(mfa::show).post(mfa::submit))
        .route("/account/signup", get(sign_up::show).post(sign_up::submit))
        .route("/account/forgot", get(forgot::show).post(forgot::submit))
        .route("/account/logout", get(log_out::show).post(log_out::submit))
        .route("/account/prove", get(prove::show).post(prove::submit))
        .merge(own_account())
        .merge(applications())
        .route("/account/{*rest}", get(async || StatusCode::NOT_FOUND))
        .method_not_allowed_fallback(async || StatusCode::METHOD_NOT_ALLOWED);
    let pages = pages.layer(axum::middleware::from_fn_with_state(site.clone(), refusal::show));
    pages.route("/account/page.js", get(async || script())).with_state(site)
}

/// What applications send people to.
fn applications() -> Router<Site> {
    Router::new()
        .route("/oauth/authorize", get(authorize::ask).post(authorize::post))
        .route("/oauth/consent", post(authorize::decide))
        .route("/oauth/switch", post(switch::submit))
        .route("/oauth/logout", get(logout::ask).post(logout::post))
        .route("/oauth/logout/confirm", post(logout::confirm))
        .route("/account/apps", get(apps::show).post(apps::remove))
}

fn own_account() -> Router<Site> {
    Router::new()
        .route("/account", get(profile::show))
        .route("/account/name", post(profile::rename))
        .route("/account/email", post(profile::change_email))
        .route("/account/verification", post(profile::verify))
        .route("/account/data", get(data::download))
        .route("/account/delete", get(deletion::show).post(deletion::submit))
        .route("/account/deleted", get(deletion::done))
        .route("/account/security", get(security::show))
        .route("/account/security/password", post(security::change_password))
        .route("/account/security/app", get(app::show).post(app::confirm))
        .route("/account/security/app/begin", post(app::begin))
        .route("/account/security/app/remove", post(app::remove))
        .route("/account/security/recovery-codes", post(recovery_codes::renew))
        .route("/account/security/codes", get(recovery_codes::show))
        .route("/account/security/passkey", get(passkeys::show).post(passkeys::add))
        .route("/account/security/passkey/rename", post(passkeys::rename))
        .route("/account/security/passkey/remove", post(passkeys::remove))
        .route("/account/sessions", get(devices::show))
        .route("/account/sessions/end", post(devices::end))
        .route("/account/sessions/others", post(devices::end_others))
        .route("/account/keys", get(keys::show))
        .route("/account/keys/new", get(keys::offer).post(keys::make))
        .route("/account/keys/remove", post(keys::remove))
}

fn script() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
    ];
    (headers, SCRIPT).into_response()
}
