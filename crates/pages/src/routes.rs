//! The table of contents of the pages: one line a page.

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use keyward_api::error::ApiError;
use keyward_api::resources::pages::Pages;
use keyward_api::state::AppState;
use keyward_domain::values::codes::NOT_FOUND;

use crate::account::{app, apps, data, deletion, devices, keys, passkeys, profile, recovery_codes, security};
use crate::login::{forgot, log_in, log_out, mfa, prove, sign_up};
use crate::mail_links::{reset_password, verify_email};
use crate::oauth::{authorize, device, logout, switch};
use crate::refusal;
use crate::site::Site;

const SCRIPT: &str = include_str!("assets/page.js");

/// The pages, for [`Service::with_pages`](keyward_api::service::Service::with_pages).
pub fn pages() -> Pages {
    Pages { paths: &PATHS, places: &PLACES, read_only: &READ_ONLY, routes, error: refusal::page }
}

/// The paths of pages that people may type.
const PATHS: [&str; 15] = [
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
    "/account/verify-email/another",
    "/account/device",
    "/oauth/authorize",
    "/oauth/logout",
];

/// Where pages are.
const PLACES: [&str; 5] =
    ["/account", "/oauth/authorize", "/oauth/consent", "/oauth/switch", "/oauth/logout"];
/// The pages of links in mails, whose forms go to places of pages. A POST to them is an operation for programs.
const READ_ONLY: [&str; 2] = ["/reset-password", "/verify-email"];

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
        .merge(mail_links())
        .route("/account/{*rest}", get(async || no_page()));
    pages.route("/account/page.js", get(async || script())).with_state(site)
}

fn no_page() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, NOT_FOUND, "Not Found")
}

/// What mails lead to.
fn mail_links() -> Router<Site> {
    Router::new()
        .route("/reset-password", get(reset_password::show))
        .route("/account/reset-password", post(reset_password::submit))
        .route("/account/reset-password/done", get(reset_password::done))
        .route("/verify-email", get(verify_email::show))
        .route("/account/verify-email", post(verify_email::submit))
        .route("/account/verify-email/done", get(verify_email::done))
        .route("/account/verify-email/another", get(verify_email::offer).post(verify_email::send))
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
        .route("/account/device", get(device::show).post(device::look))
        .route("/account/device/decide", post(device::decide))
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
