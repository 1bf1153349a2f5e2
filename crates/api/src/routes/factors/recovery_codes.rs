//! Recovery codes.

use axum::extract::State;
use keyward_domain::factors::error::{NoFactor, TooWeak};
use keyward_domain::factors::recovery_codes::{self, RenewRecoveryCodes};
use keyward_domain::limits::waits::TooManyAttempts;
use keyward_guard::Owner;
use serde::Serialize;
use utoipa::ToSchema;

use super::second_factor::Recent;
use crate::access::current_user::CurrentUser;
use crate::answers::refused::Refused;
use crate::answers::success::NoStore;
use crate::extract::Sender;

/// New recovery codes, shown once. Each is good once.
#[derive(Serialize, ToSchema)]
pub struct RecoveryCodes {
    #[schema(example = json!(["0k1m-9abc-0000-1111"]))]
    recovery_codes: Vec<String>,
}

impl From<recovery_codes::RecoveryCodes> for RecoveryCodes {
    fn from(codes: recovery_codes::RecoveryCodes) -> Self {
        Self { recovery_codes: codes.shown() }
    }
}

/// Get ten new recovery codes; those before are void
///
/// A mail reports it.
#[utoipa::path(post, path = "/users/me/recovery-codes", tag = "factors", responses(
    (status = 200, description = "The codes"),
))]
pub async fn renew_recovery_codes(
    user: CurrentUser<Owner, Recent>,
    State(renew): State<RenewRecoveryCodes>,
    Sender(origin): Sender,
) -> Result<NoStore<RecoveryCodes>, Refused<(NoFactor, TooWeak, TooManyAttempts)>> {
    Ok(NoStore(renew.renew(&user, &origin).await?.into()))
}
