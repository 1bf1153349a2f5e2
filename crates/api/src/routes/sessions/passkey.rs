//! Logging in with a passkey.

use axum::Json;
use axum::extract::State;
use keyward_domain::factors::error::NoPasskeys;
use keyward_domain::limits::waits::TooManyAttempts;
use keyward_domain::sessions::error::{EmailUnverified, InvalidPasskey};
use keyward_domain::sessions::passkey_login::LogInWithPasskey;
use keyward_web::Body;
use serde::Serialize;
use utoipa::ToSchema;

use super::login::Token;
use crate::answers::refused::Refused;
use crate::answers::success::NoStore;
use crate::extract::Sender;
use crate::metrics::counters::Metrics;
use crate::routes::factors::webauthn::{PasskeyAssertion, PasskeyRequestOptions};
use crate::state::Passkeyed;

/// Ask for a passkey
///
/// The answer is for `navigator.credentials.get()`, by `PublicKeyCredential.parseRequestOptionsFromJSON`. What that gives serves
/// `/login/passkey`, `/login/mfa` and `/users/me/proof` alike.
#[utoipa::path(post, path = "/login/passkey/options", tag = "login", responses(
    (status = 200, description = "What the authenticator is to sign"),
))]
pub async fn begin_passkey_login(
    State(log_in): State<LogInWithPasskey>,
) -> Result<NoStore<PasskeyRequestOptions>, Refused<NoPasskeys>> {
    Ok(NoStore(log_in.begin()?.into()))
}

/// Log in with a passkey
///
/// The passkey names the account. It is two factors by itself: no code is asked.
#[utoipa::path(post, path = "/login/passkey", tag = "login", responses((status = 200, description = "Logged in")))]
pub async fn login_passkey(
    State(log_in): State<LogInWithPasskey>,
    State(metrics): State<Metrics>,
    Sender(origin): Sender,
    Body(passkey): Body<PasskeyAssertion>,
) -> Result<Token, Refused<(InvalidPasskey, EmailUnverified, TooManyAttempts)>> {
    Ok(metrics.login(log_in.log_in(&passkey.into(), &origin).await)?.into())
}

/// Origins that may use this host's passkeys.
#[derive(Serialize, ToSchema)]
pub struct RelatedOrigins {
    #[schema(example = json!(["https://example.de"]))]
    origins: Vec<String>,
}

/// Pages of other hosts that may use passkeys of this one
///
/// Browsers read it (WebAuthn level 3, section 5.11).
#[utoipa::path(get, path = "/.well-known/webauthn", tag = "factors")]
pub async fn read_related_origins(State(Passkeyed(party)): State<Passkeyed>) -> Json<RelatedOrigins> {
    let origins = party.iter().flat_map(|party| party.related()).map(str::to_owned).collect();
    Json(RelatedOrigins { origins })
}
