//! A second factor in a form.

use keyward_api::error::ApiError;
use keyward_domain::factors::answer::Answer;
use keyward_web::Flaw;

use super::passkey;
use crate::page_form::PageForm;

/// The field that was filled in, which an error of the answer is about.
pub(crate) fn field(form: &PageForm) -> &'static str {
    if form.text("recovery_code").is_empty() { "otp" } else { "recovery_code" }
}

/// The one that was given.
///
/// # Errors
/// A fault of the field for a code, where nothing was.
pub(crate) fn read(form: &PageForm) -> Result<Answer, ApiError> {
    if let Some(assertion) = passkey::assertion(form)? {
        return Ok(Answer::Passkey(Box::new(assertion)));
    }
    match (form.text("otp"), form.text("recovery_code")) {
        ("", "") => Err(ApiError::fault(Flaw::missing().in_field("body", "otp", None))),
        (otp, "") => Ok(Answer::otp(otp)),
        (_, code) => Ok(Answer::recovery_code(code)),
    }
}
