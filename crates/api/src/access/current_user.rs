//! Who makes a request, for handlers: the guard's lock, with Keyward's own identity.

use axum::http::StatusCode;
use keyward_domain::values::actor::{Actor, Via};
use keyward_domain::values::ids::UserId;
use keyward_domain::values::scopes::ACCOUNT;
use keyward_guard::{ErrorCode, OpenedBy, Requirement};

use crate::error::ApiError;

/// The user whose valid access token came with the request; it carries the scope `R` where one is named, and
/// the user's login or last proof is as recent and as strong as `F` says.
///
/// Always a handler's first argument, so that nothing else is looked at before.
pub type CurrentUser<R = (), F = ()> = keyward_guard::CurrentUser<R, F, Actor>;

/// Asks for a session, which alone is what the operation is about: an access token, one for enrolling or of an OAuth2 client
/// included, and no API key.
pub struct ThisSession;

impl Requirement for ThisSession {
    const SCOPE: Option<&'static str> = None;
    const ENROLLING: bool = true;
    const OPENED_BY: OpenedBy = OpenedBy::AccessTokens;
}

/// Asks for what is good for reading the user's own account: an API key will do, an OAuth2 client's token needs the scope `account`.
pub struct Reader;

impl Requirement for Reader {
    const SCOPE: Option<&'static str> = None;
    const OPENED_BY: OpenedBy = OpenedBy::OwnerOrApiKey;
}

/// Admits an administrator to an operation on the account `id`.
///
/// # Errors
/// 403 for a client that acts on its user's own account without the scope `account`: that operation asks for no password.
pub(crate) fn administers(actor: &Actor, id: UserId) -> Result<(), ApiError> {
    let client = matches!(actor.via, Via::ClientSession(_)) && !actor.scope.contains(ACCOUNT);
    if client && actor.who == id {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            ErrorCode::INSUFFICIENT_SCOPE,
            "Not enough permissions",
        ));
    }
    Ok(())
}
