//! Forms: `application/x-www-form-urlencoded`.

use reqwest::header::CONTENT_TYPE;
use reqwest::{RequestBuilder, Url};

/// A form's text, which is written as a URL's query is.
pub(crate) fn encode<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let Ok(mut url) = Url::parse("form:") else { return String::new() };
    url.query_pairs_mut().extend_pairs(fields);
    url.query().unwrap_or_default().to_owned()
}

/// The request with this form as its body.
pub(crate) fn with_form(request: RequestBuilder, form: String) -> RequestBuilder {
    request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form)
}
