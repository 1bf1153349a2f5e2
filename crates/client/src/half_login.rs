//! Logins that owe a second factor.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A login whose password was right, and which owes a second factor: see [`Keyward::finish_login`](crate::Keyward::finish_login). It is good for five minutes,
/// and once. `Debug` does not print its token.
#[derive(Clone, Deserialize)]
pub struct HalfLogin {
    pub(crate) mfa_token: String,
    mfa_methods: Vec<String>,
}

impl HalfLogin {
    /// What will do: `otp` (a code of an authenticator app), `recovery_code`, `passkey`, or what a later Keyward knows.
    pub fn methods(&self) -> impl Iterator<Item = &str> {
        self.mfa_methods.iter().map(String::as_str)
    }
}

impl fmt::Debug for HalfLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HalfLogin").field("mfa_methods", &self.mfa_methods).finish_non_exhaustive()
    }
}

/// What is shown as a second factor. Without `Debug`, because it is as good as a password.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SecondFactor<'a> {
    /// A code of an authenticator app: six digits.
    Otp(&'a str),
    /// A recovery code, which is good once.
    RecoveryCode(&'a str),
    /// What an authenticator answered to [`Keyward::passkey_options`](crate::Keyward::passkey_options): a `PublicKeyCredential` as
    /// its `toJSON()` gives it (WebAuthn level 3, section 5.1).
    Passkey(&'a serde_json::Value),
}

/// What finishes a login.
#[derive(Serialize)]
pub(crate) struct Finish<'a> {
    pub(crate) mfa_token: &'a str,
    #[serde(flatten)]
    pub(crate) answer: SecondFactor<'a>,
}

/// Why a 401 is one, where an answer says so.
#[derive(Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub(crate) enum Unauthorized {
    MfaRequired(HalfLogin),
    WrongCode,
    InvalidPasskey,
    InvalidMfaToken,
    #[serde(other)]
    Other,
}
