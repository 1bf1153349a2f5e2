//! Passkeys of one's own account: registering, renaming and removing them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, NoContent, Response};
use keyward_domain::factors::error::{
    InvalidPasskey, LastWayIn, NoPasskey, NoPasskeys, PasskeyTaken, TooManyPasskeys, TooNarrow, TooWeak,
};
use keyward_domain::factors::passkeys::Passkeys;
use keyward_domain::factors::registration::RegisteredPasskey;
use keyward_domain::limits::waits::TooManyAttempts;
use keyward_domain::model::passkeys::{Passkey, PasskeyName};
use keyward_domain::values::ids::PasskeyId;
use keyward_guard::{Answers, Enrolling, Owner, Schemas, document_success};
use keyward_web::{Body, Both, Input, Path};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::path::Operation;

use super::second_factor::Recent;
use super::webauthn::{PasskeyCreationOptions, PasskeyRegistration};
use crate::access::current_user::CurrentUser;
use crate::answers::refused::Refused;
use crate::answers::success::NoStore;
use crate::extract::{Id, Sender, read};
use crate::routes::rfc3339::rfc3339;

/// A passkey of an account.
#[derive(Serialize, ToSchema)]
pub struct OwnPasskey {
    id: i64,
    /// What its owner calls it.
    #[schema(example = "Ana's phone")]
    name: String,
    #[schema(format = DateTime, example = "2026-11-30T08:00:00Z")]
    created_at: String,
    /// Null before its first use.
    #[schema(required, format = DateTime, example = "2026-11-30T09:00:00Z")]
    last_used_at: Option<String>,
}

impl From<Passkey> for OwnPasskey {
    fn from(passkey: Passkey) -> Self {
        Self {
            id: passkey.id.0,
            name: passkey.new.name.to_string(),
            created_at: rfc3339(passkey.new.created_at),
            last_used_at: passkey.last_used_at.map(rfc3339),
        }
    }
}

/// A passkey that was registered.
#[derive(Serialize, ToSchema)]
pub struct AddedPasskey {
    #[serde(flatten)]
    passkey: OwnPasskey,
    /// Ten recovery codes, shown once, where it is the account's first second factor.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = json!(["0k1m-9abc-0000-1111"]))]
    recovery_codes: Option<Vec<String>>,
}

impl From<RegisteredPasskey> for AddedPasskey {
    fn from(RegisteredPasskey { passkey, codes }: RegisteredPasskey) -> Self {
        Self { passkey: passkey.into(), recovery_codes: codes.map(|codes| codes.shown()) }
    }
}

impl IntoResponse for AddedPasskey {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, NoStore(self)).into_response()
    }
}

impl Answers for AddedPasskey {
    fn answers(operation: &mut Operation, schemas: &mut Schemas) {
        document_success::<Self>(operation, schemas, StatusCode::CREATED);
    }
}

/// What its owner calls a passkey.
#[derive(Input)]
#[input(example = json!({ "name": "Ana's phone" }))]
pub struct PasskeyRename {
    #[input(read = read::text::<1, 100>())]
    name: PasskeyName,
}

/// Begin to register a passkey
///
/// The answer is for `navigator.credentials.create()`, by `PublicKeyCredential.parseCreationOptionsFromJSON`.
#[utoipa::path(post, path = "/users/me/passkeys/options", tag = "factors", responses(
    (status = 200, description = "What the authenticator is to make"),
))]
pub async fn begin_passkey(
    user: CurrentUser<Enrolling, Recent>,
    State(passkeys): State<Passkeys>,
) -> Result<NoStore<PasskeyCreationOptions>, Refused<(NoPasskeys, TooManyPasskeys, TooWeak, TooNarrow)>> {
    Ok(NoStore(passkeys.begin(&user).await?.into()))
}

/// Register a passkey
///
/// From now on it logs in alone, and logins with the password ask for it or for another second factor. Where it is the first
/// one, ten recovery codes are shown, once, for the day it is lost. An account has at most 20 passkeys.
#[utoipa::path(post, path = "/users/me/passkeys", tag = "factors", responses(
    (status = 201, description = "Registered"),
))]
pub async fn add_passkey(
    user: CurrentUser<Enrolling, Recent>,
    State(passkeys): State<Passkeys>,
    Sender(origin): Sender,
    Body(registration): Body<PasskeyRegistration>,
) -> Result<
    AddedPasskey,
    Refused<(InvalidPasskey, NoPasskeys, PasskeyTaken, TooManyPasskeys, TooWeak, TooNarrow, TooManyAttempts)>,
> {
    let (attestation, name) = registration.into_parts();
    Ok(passkeys.register(&user, &attestation, &name, &origin).await?.into())
}

/// Rename a passkey of mine
#[utoipa::path(patch, path = "/users/me/passkeys/{id}", tag = "factors")]
pub async fn rename_passkey(
    user: CurrentUser<Owner, Recent>,
    State(passkeys): State<Passkeys>,
    Sender(origin): Sender,
    Both(Path(id), Body(PasskeyRename { name })): Both<Path<Id<PasskeyId>>, Body<PasskeyRename>>,
) -> Result<Json<OwnPasskey>, Refused<(NoPasskey, TooWeak)>> {
    Ok(Json(passkeys.rename(&user, id, &name, &origin).await?.into()))
}

/// Remove a passkey of mine
///
/// Every other session of the account ends. With the last second factor the recovery codes are void.
#[utoipa::path(delete, path = "/users/me/passkeys/{id}", tag = "factors")]
pub async fn remove_passkey(
    user: CurrentUser<Owner, Recent>,
    State(passkeys): State<Passkeys>,
    Sender(origin): Sender,
    Path(id): Path<Id<PasskeyId>>,
) -> Result<NoContent, Refused<(NoPasskey, LastWayIn, TooWeak)>> {
    passkeys.remove(&user, id, &origin).await?;
    Ok(NoContent)
}
