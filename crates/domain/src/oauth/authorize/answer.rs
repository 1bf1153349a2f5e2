//! The answer to an authorization request, which the browser brings to the client (RFC 6749, section 4.1.2; RFC 9207).

use std::fmt::Write as _;

/// What the browser is sent back to the client with.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    redirect_uri: String,
    parameters: Vec<(&'static str, String)>,
}

/// Why a request is refused, as the client reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The code of RFC 6749, section 4.1.2.1, or OpenID Connect Core, section 3.1.2.6.
    pub error: &'static str,
    /// What is wrong, for the client's developer.
    pub description: String,
}

impl Refusal {
    /// A refusal with this code.
    pub fn new(error: &'static str, description: impl Into<String>) -> Self {
        Self { error, description: description.into() }
    }

    /// A malformed request.
    pub fn invalid(description: impl Into<String>) -> Self {
        Self::new("invalid_request", description)
    }
}

impl Answer {
    /// A code.
    pub(crate) fn code(redirect_uri: &str, code: &str, state: Option<&str>, issuer: &str) -> Self {
        Self::new(redirect_uri, vec![("code", code.to_owned())], state, issuer)
    }

    /// A refusal.
    pub(crate) fn refusal(redirect_uri: &str, refusal: Refusal, state: Option<&str>, issuer: &str) -> Self {
        let Refusal { error, description } = refusal;
        let parameters = vec![("error", error.to_owned()), ("error_description", description)];
        Self::new(redirect_uri, parameters, state, issuer)
    }

    fn new(
        redirect_uri: &str,
        mut parameters: Vec<(&'static str, String)>,
        state: Option<&str>,
        issuer: &str,
    ) -> Self {
        parameters.extend(state.map(|state| ("state", state.to_owned())));
        parameters.push(("iss", issuer.to_owned()));
        Self { redirect_uri: redirect_uri.to_owned(), parameters }
    }

    /// Whether it says why there is no code.
    pub fn is_refusal(&self) -> bool {
        self.parameters.iter().any(|(name, _)| *name == "error")
    }

    /// The client's redirect URI.
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// Where the browser has to go. Never log it: it may hold a code.
    pub fn location(&self) -> String {
        let mut location = self.redirect_uri.clone();
        let mut glue = if location.contains('?') { '&' } else { '?' };
        for (name, value) in &self.parameters {
            location.push(glue);
            location.push_str(name);
            location.push('=');
            escape(value, &mut location);
            glue = '&';
        }
        location
    }
}

/// Appends `text`, with every character escaped that is not unreserved (RFC 3986, section 2.3).
pub fn escape(text: &str, to: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            to.push(byte.into());
        } else {
            // Writing to a `String` does not fail.
            let _ = write!(to, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_keeps_the_query_of_the_redirect_uri_and_escapes_what_it_adds() {
        let issuer = "https://login.example.com";
        let iss = "iss=https%3A%2F%2Flogin.example.com";
        let answer = Answer::code("https://a.example/cb", "c", Some("s&t=ä"), issuer);
        assert_eq!(answer.location(), format!("https://a.example/cb?code=c&state=s%26t%3D%C3%A4&{iss}"));
        let refusal = Refusal::new("access_denied", "No.");
        let answer = Answer::refusal("https://a.example/cb?x=1", refusal, None, issuer);
        let expected = format!("https://a.example/cb?x=1&error=access_denied&error_description=No.&{iss}");
        assert_eq!(answer.location(), expected);
    }
}
