//! Logins of accounts whose e-mail address has to be verified first.

use super::error::SessionError;
use crate::identity::verification::Verification;
use crate::identity::verification_error::VerificationError;
use crate::model::users::User;

/// Refuses the login of an account whose address has to be verified and is not. A mail with a code and a link goes out.
pub(super) async fn require_verified(verification: &Verification, user: &User) -> Result<(), SessionError> {
    if user.email_verified || !verification.is_required() {
        return Ok(());
    }
    match verification.request_for(user).await {
        Ok(()) | Err(VerificationError::JustSent(_)) => Err(SessionError::EmailUnverified),
        Err(VerificationError::NoEmail) => Err(SessionError::EmailMissing),
        Err(VerificationError::TooManyMails(throttled)) => {
            Err(SessionError::EmailUnverifiedNoMail(throttled))
        }
        Err(error) => Err(error.into()),
    }
}
