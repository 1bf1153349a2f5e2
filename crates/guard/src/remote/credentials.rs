//! Who we are at the issuer: a registered client.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderValue;
use reqwest::{RequestBuilder, Url};

use super::RemoteError;

/// A client's id and secret, ready to be sent by HTTP Basic. Prints nothing.
#[derive(Clone)]
pub(super) struct Credentials(HeaderValue);

impl Credentials {
    pub(super) fn new(id: &str, secret: &str) -> Result<Self, RemoteError> {
        // RFC 6749, section 2.3.1: either is encoded as in a form first.
        let text = format!("{}:{}", encoded(id), encoded(secret));
        let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(text)))
            .map_err(|_| RemoteError::Settings("the client's id or secret cannot be sent"))?;
        value.set_sensitive(true);
        Ok(Self(value))
    }

    pub(super) fn sign(&self, request: RequestBuilder) -> RequestBuilder {
        request.header(reqwest::header::AUTHORIZATION, self.0.clone())
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(..)")
    }
}

/// A form's text (`application/x-www-form-urlencoded`), as a URL's query is one.
pub(super) fn form(fields: &[(&str, &str)]) -> String {
    let Ok(mut url) = Url::parse("form:") else { return String::new() };
    url.query_pairs_mut().extend_pairs(fields);
    url.query().unwrap_or_default().to_owned()
}

fn encoded(text: &str) -> String {
    form(&[(text, "")]).trim_end_matches('=').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_and_a_secret_may_hold_anything() {
        assert_eq!(encoded("kwc_a-b.c"), "kwc_a-b.c");
        assert_eq!(encoded("a:b c&d=%é"), "a%3Ab+c%26d%3D%25%C3%A9");
        assert_eq!(form(&[("token", "a.b"), ("x", "y z")]), "token=a.b&x=y+z");
        assert_eq!(format!("{:?}", Credentials::new("id", "secret").unwrap()), "Credentials(..)");
    }
}
