//! Enrolling an authenticator app, and removing it.

use axum::extract::State;
use axum::response::NoContent;
use keyward_domain::factors::error::{NoEnrolment, NoFactor, TooWeak, WrongCode};
use keyward_domain::factors::removal::Factors;
use keyward_domain::factors::totp::EnrolTotp;
use keyward_domain::limits::waits::TooManyAttempts;
use keyward_guard::{Enrolling, Owner};
use keyward_web::{Body, Input};
use serde::Serialize;
use utoipa::ToSchema;

use super::qr;
use super::recovery_codes::RecoveryCodes;
use super::second_factor::Recent;
use crate::access::current_user::CurrentUser;
use crate::answers::refused::Refused;
use crate::answers::success::NoStore;
use crate::extract::Sender;

/// A secret for an authenticator app.
#[derive(Serialize, ToSchema)]
pub struct TotpEnrolment {
    /// To be typed, in base32.
    #[schema(example = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")]
    secret: String,
    /// What the QR code says.
    #[schema(example = "otpauth://totp/localhost:ana%40example.com?secret=..")]
    uri: String,
    /// The QR code, as an SVG image.
    #[schema(example = "<svg ..></svg>")]
    qr: String,
}

/// The first code of an authenticator app.
#[derive(Input)]
#[input(example = json!({ "otp": "123456" }))]
pub struct TotpConfirmation {
    /// Six digits.
    #[input(secret)]
    otp: String,
}

/// Begin to enrol an authenticator app
///
/// The secret is shown once. It counts after a code of the app was confirmed, within half an hour.
#[utoipa::path(post, path = "/users/me/totp", tag = "factors", responses((status = 200, description = "The secret")))]
pub async fn enrol_totp(
    user: CurrentUser<Enrolling, Recent>,
    State(enrol): State<EnrolTotp>,
) -> Result<NoStore<TotpEnrolment>, Refused<TooWeak>> {
    let enrolment = enrol.begin(&user).await?;
    let qr = qr::svg(&enrolment.uri).unwrap_or_default();
    Ok(NoStore(TotpEnrolment { secret: enrolment.secret.to_string(), uri: enrolment.uri.to_string(), qr }))
}

/// Confirm an authenticator app with a code of it
///
/// From now on logins ask for a code. Ten recovery codes are shown, once, for the day the app is lost.
#[utoipa::path(post, path = "/users/me/totp/confirm", tag = "factors", responses(
    (status = 200, description = "Enrolled"),
))]
pub async fn confirm_totp(
    user: CurrentUser<Enrolling, Recent>,
    State(enrol): State<EnrolTotp>,
    Sender(origin): Sender,
    Body(TotpConfirmation { otp }): Body<TotpConfirmation>,
) -> Result<NoStore<RecoveryCodes>, Refused<(WrongCode, NoEnrolment, TooWeak, TooManyAttempts)>> {
    let code: String = otp.split_whitespace().collect();
    Ok(NoStore(enrol.confirm(&user, &code, &origin).await?.into()))
}

/// Remove my authenticator app
///
/// Every other session of the account ends. With the last second factor the recovery codes are void.
#[utoipa::path(delete, path = "/users/me/totp", tag = "factors")]
pub async fn remove_totp(
    user: CurrentUser<Owner, Recent>,
    State(factors): State<Factors>,
    Sender(origin): Sender,
) -> Result<NoContent, Refused<(NoFactor, TooWeak)>> {
    factors.remove_totp(&user, &origin).await?;
    Ok(NoContent)
}
