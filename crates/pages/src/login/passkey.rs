//! Passkeys in forms: what the script asks the authenticator for stands in the page, and its answer comes back in a field.

use keyward_api::error::ApiError;
use keyward_api::routes::factors::webauthn::{PasskeyAssertion, PasskeyRequestOptions};
use keyward_domain::ports::webauthn::Assertion;
use keyward_web::{Fields, Flaw, Input};
use serde_json::Value;

use crate::page_form::PageForm;
use crate::site::Site;

/// The field with an authenticator's answer.
pub(crate) const FIELD: &str = "passkey";

/// What `navigator.credentials.get()` is to ask for, as JSON; `None` where this server has no passkeys.
pub(crate) fn request(site: &Site) -> Option<String> {
    let request = site.app.log_in_with_passkey.begin().ok()?;
    serde_json::to_string(&PasskeyRequestOptions::from(request)).ok()
}

/// The authenticator's answer; `None` where the form has none.
///
/// # Errors
/// A fault of the field.
pub(crate) fn assertion(form: &PageForm) -> Result<Option<Assertion>, ApiError> {
    read::<PasskeyAssertion>(form).map(|read| read.map(Assertion::from))
}

/// The JSON in the field.
///
/// # Errors
/// A fault of the field.
pub(crate) fn read<T: Input<Context = ()>>(form: &PageForm) -> Result<Option<T>, ApiError> {
    let text = form.text(FIELD);
    if text.is_empty() {
        return Ok(None);
    }
    let fault = || {
        let flaw = Flaw::value("The browser's answer could not be read. Try again");
        ApiError::fault(flaw.in_field("body", FIELD, None))
    };
    let Ok(Value::Object(object)) = serde_json::from_str(text) else { return Err(fault()) };
    T::read_all(Fields::of_json(&object), &()).map(Some).map_err(|_| fault())
}
