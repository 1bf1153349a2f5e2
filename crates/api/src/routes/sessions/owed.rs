//! What a login owes whose password was right.

use keyward_domain::factors::challenge::Challenge;
use keyward_domain::sessions::admission::Admission;
use keyward_domain::sessions::opening::Tokens;
use keyward_domain::values::codes::MFA_REQUIRED;
use keyward_domain::values::failure::{Failure, Kind, Owed};
use keyward_domain::values::proof::Method;
use keyward_guard::ErrorCode;

/// The password was right, and a second factor is owed.
#[derive(thiserror::Error)]
#[error(
    "A second factor is required. Send mfa_token and one of mfa_methods to /login/mfa, or log in again with otp."
)]
pub struct MfaRequired {
    token: String,
    methods: Vec<&'static str>,
}

impl std::fmt::Debug for MfaRequired {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MfaRequired").field("methods", &self.methods).finish_non_exhaustive()
    }
}

impl From<Challenge> for MfaRequired {
    fn from(challenge: Challenge) -> Self {
        let methods = challenge.methods.into_iter().map(name).collect();
        Self { token: challenge.token.to_string(), methods }
    }
}

/// The field of `/login/mfa` that takes what this method shows.
pub(crate) fn name(method: Method) -> &'static str {
    match method {
        Method::Password => "password",
        Method::Otp => "otp",
        Method::RecoveryCode => "recovery_code",
        Method::Passkey => "passkey",
    }
}

impl Failure for MfaRequired {
    fn kind(&self) -> Kind {
        Kind::Unauthenticated
    }

    fn code(&self) -> ErrorCode {
        MFA_REQUIRED
    }

    fn owed(&self) -> Option<Owed<'_>> {
        Some(Owed { token: &self.token, methods: &self.methods })
    }
}

keyward_domain::cases! {
    /// The password is right, and the account owes a second factor.
    SecondFactorOwed => MfaRequired { token: "kwm_..".to_owned(), methods: vec!["otp", "recovery_code"] };
}

/// The tokens of a login, unless it owes a second factor.
///
/// # Errors
/// [`MfaRequired`].
pub fn granted(admission: Admission) -> Result<Tokens, MfaRequired> {
    match admission {
        Admission::Granted(tokens) => Ok(*tokens),
        Admission::Owes(challenge) => Err(challenge.into()),
    }
}
