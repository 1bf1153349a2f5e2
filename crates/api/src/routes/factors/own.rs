//! Which second factors one's own account has.

use axum::Json;
use axum::extract::State;
use keyward_domain::factors::removal;
use keyward_domain::factors::standing::Standing;
use keyward_guard::Enrolling;
use serde::Serialize;
use utoipa::ToSchema;

use super::passkeys::OwnPasskey;
use crate::access::current_user::CurrentUser;
use crate::answers::refused::Refused;

/// The second factors of an account.
#[derive(Serialize, ToSchema)]
pub struct Factors {
    /// Whether an authenticator app is enrolled.
    totp: bool,
    /// The account's passkeys.
    passkeys: Vec<OwnPasskey>,
    /// How many recovery codes are left.
    #[schema(example = 10)]
    recovery_codes_left: u64,
}

impl From<Standing> for Factors {
    fn from(standing: Standing) -> Self {
        Self {
            totp: standing.totp.is_some(),
            passkeys: standing.passkeys.into_iter().map(OwnPasskey::from).collect(),
            recovery_codes_left: standing.recovery_codes,
        }
    }
}

/// My second factors
#[utoipa::path(get, path = "/users/me/factors", tag = "factors")]
pub async fn read_my_factors(
    user: CurrentUser<Enrolling>,
    State(factors): State<removal::Factors>,
) -> Result<Json<Factors>, Refused> {
    Ok(Json(factors.own(&user).await?.into()))
}
