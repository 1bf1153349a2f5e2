//! What opens an account beside its password: the mail about a new password names it, so that its owner finds what a thief left.

use time::OffsetDateTime;

use super::api_keys::MOST;
use crate::model::passkeys::MOST_PASSKEYS;
use crate::model::store_error::StoreError;
use crate::ports::letters::Besides;
use crate::ports::store::Repositories;
use crate::values::ids::UserId;

/// The passkeys of an account, and its API keys that are not over by age at `now`.
pub(super) async fn besides(
    repositories: &mut (impl Repositories + ?Sized),
    user: UserId,
    now: OffsetDateTime,
) -> Result<Besides, StoreError> {
    let passkeys = repositories.passkeys().of_user(user, MOST_PASSKEYS as u64).await?;
    let mut api_keys = repositories.api_keys().of_user(user, MOST).await?;
    api_keys.retain(|key| !key.is_over(now));
    Ok(Besides { passkeys, api_keys })
}
