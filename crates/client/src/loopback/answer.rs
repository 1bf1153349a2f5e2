//! What the answer to a login's request has to be, and the pages that the browser shows then.

use aws_lc_rs::constant_time::verify_slices_are_equal;

use super::request::Parameters;
use crate::Error;
use crate::oauth::of_code;

/// What the answer has to be.
pub(super) struct Expected {
    /// The port's own, as browsers send it in `Host`.
    pub(super) host: String,
    pub(super) path: String,
    pub(super) state: String,
    pub(super) issuer: String,
}

impl Expected {
    /// The code or the error of the request with this head, if it is the login's: one of the path and with the `state`. Any other
    /// request says nothing about the login, least of all that it failed.
    pub(super) fn judge(&self, head: &[u8]) -> Option<Result<String, Error>> {
        let parameters = Parameters::read(head, &self.host, &self.path)?;
        let state = parameters.one("state")?;
        verify_slices_are_equal(state.as_bytes(), self.state.as_bytes()).ok()?;
        // RFC 9207, section 2.4: of an error, too.
        if parameters.one("iss") != Some(self.issuer.as_str()) {
            return Some(Err(Error::Issuer));
        }
        Some(match (parameters.one("error"), parameters.one("code")) {
            (Some(error), _) => Err(of_code(error)),
            (None, Some(code)) => Ok(code.to_owned()),
            (None, None) => Err(Error::Refused { code: "missing_code".to_owned() }),
        })
    }
}

/// The whole answer with this status: a page of one sentence.
pub(super) fn page(status: &str, sentence: &str) -> String {
    let body = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{sentence}</title><p>{sentence}</p></html>\n"
    );
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nCache-Control: no-store\r\n\
         Content-Security-Policy: default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n\
         Referrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(query: &str) -> Option<Result<String, Error>> {
        let [host, path, state, issuer] =
            ["127.0.0.1:7", "/callback", "s", "https://a.example"].map(str::to_owned);
        let head = format!("GET /callback?{query} HTTP/1.1\r\nHost: 127.0.0.1:7\r\n\r\n");
        Expected { host, path, state, issuer }.judge(head.as_bytes())
    }

    #[test]
    fn a_request_without_the_state_says_nothing() {
        for query in ["", "state=t&iss=https://a.example&code=c", "iss=https://a.example&error=access_denied"]
        {
            assert!(judge(query).is_none(), "{query}");
        }
    }

    #[test]
    fn code_and_error_count_from_the_issuer_alone() {
        assert!(matches!(judge("state=s&iss=https://a.example&code=c"), Some(Ok(code)) if code == "c"));
        let denied = judge("state=s&iss=https://a.example&error=access_denied&code=c");
        assert!(matches!(denied, Some(Err(Error::Denied))));
        for bad in [
            "state=s&code=c",
            "state=s&iss=https://b.example&code=c",
            "state=s&error=access_denied",
            "state=s&iss=https://a.example&iss=https://a.example&code=c",
        ] {
            assert!(matches!(judge(bad), Some(Err(Error::Issuer))), "{bad}");
        }
        for bad in ["", "&code=c&code=d"] {
            let answer = judge(&format!("state=s&iss=https://a.example{bad}"));
            assert!(matches!(answer, Some(Err(Error::Refused { .. }))), "{bad}");
        }
    }
}
