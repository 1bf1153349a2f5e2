//! A second factor in a body: one of several fields.

use keyward_domain::factors::answer::Answer;
use keyward_web::Flaw;

use super::webauthn::PasskeyAssertion;
use crate::error::ApiError;

/// How recent a login or proof has to be for what changes second factors: five minutes.
pub type Recent = keyward_guard::Fresh<300>;

/// The one answer that came in a body, by the names of its fields.
///
/// # Errors
/// A fault of the first field where none came, and of the second one where two did.
pub fn one<T>(fields: impl IntoIterator<Item = (&'static str, Option<T>)>) -> Result<T, ApiError> {
    let mut fields = fields.into_iter();
    let mut first = None;
    let mut answer = None;
    for (name, given) in &mut fields {
        first.get_or_insert(name);
        match (given, &answer) {
            (Some(_), Some(_)) => {
                let flaw = Flaw::value("Send one proof, not several.");
                return Err(ApiError::fault(flaw.in_field("body", name, None)));
            }
            (Some(given), None) => answer = Some(given),
            (None, _) => {}
        }
    }
    let missing = || Flaw::missing().in_field("body", first.unwrap_or("otp"), None);
    answer.ok_or_else(|| ApiError::fault(missing()))
}

/// The second factor of a body that may hold one of three.
///
/// # Errors
/// As [`one`].
pub fn answer(
    otp: Option<String>,
    recovery_code: Option<String>,
    passkey: Option<PasskeyAssertion>,
) -> Result<Answer, ApiError> {
    one([
        ("otp", otp.as_deref().map(Answer::otp)),
        ("recovery_code", recovery_code.as_deref().map(Answer::recovery_code)),
        ("passkey", passkey.map(|passkey| Answer::Passkey(Box::new(passkey.into())))),
    ])
}
