//! Reading the `Authorization` header (RFC 9110, section 11.6.2; RFC 6750, section 2.1). A token in a query, a form
//! or a cookie is never looked at.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::Refusal;

/// How a token is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// RFC 6750.
    Bearer,
    /// RFC 9449, section 7.1.
    Dpop,
}

/// The scheme of a request, for the challenge to it: `Bearer` unless it is plainly `DPoP`.
pub(crate) fn scheme(headers: &HeaderMap) -> Scheme {
    let field = headers.get(AUTHORIZATION).map(|field| split(field.as_bytes()));
    let is_dpop = field.is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case(b"dpop"));
    if is_dpop { Scheme::Dpop } else { Scheme::Bearer }
}

/// The text in the place of a token, and its scheme. Its characters are not checked: see [`is_b64token`].
///
/// # Errors
/// [`Refusal::NotAuthenticated`] without a header, with an empty one or one of another scheme;
/// [`Refusal::InvalidToken`] when there are two, or what follows the scheme is not UTF-8.
pub(crate) fn token(headers: &HeaderMap) -> Result<(Scheme, &str), Refusal> {
    let mut fields = headers.get_all(AUTHORIZATION).iter();
    let field = fields.next().ok_or(Refusal::NotAuthenticated)?;
    if fields.next().is_some() {
        return Err(Refusal::InvalidToken);
    }
    let (scheme, token) = split(field.as_bytes());
    let scheme = match scheme {
        _ if token.is_empty() => return Err(Refusal::NotAuthenticated),
        scheme if scheme.eq_ignore_ascii_case(b"bearer") => Scheme::Bearer,
        scheme if scheme.eq_ignore_ascii_case(b"dpop") => Scheme::Dpop,
        _ => return Err(Refusal::NotAuthenticated),
    };
    std::str::from_utf8(token).map(|token| (scheme, token)).map_err(|_| Refusal::InvalidToken)
}

fn split(field: &[u8]) -> (&[u8], &[u8]) {
    match field.iter().position(|byte| *byte == b' ') {
        Some(space) => (&field[..space], field[space..].trim_ascii()),
        None => (field, b""),
    }
}

/// Whether the text has only the characters of a token (RFC 6750, section 2.1).
///
/// Looks at every byte, without a branch: the compiler then looks at 16 at once, and every request has some 500.
pub(crate) fn is_b64token(text: &str) -> bool {
    text.bytes().fold(0, |strange, byte| strange | strangeness(byte)) == 0
}

/// Zero for a character of a token. A number, because a sum of numbers is kept in bytes and one of truths is not.
fn strangeness(byte: u8) -> u8 {
    let is_not = |other: u8| u8::from(byte != other);
    let no_letter = u8::from((byte | 0x20).wrapping_sub(b'a') >= 26);
    // `-`, `.`, `/` and the digits follow each other.
    let no_digit = u8::from(byte.wrapping_sub(b'-') >= 13);
    no_letter & no_digit & is_not(b'+') & is_not(b'=') & is_not(b'_') & is_not(b'~')
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(fields: &[&str]) -> Result<String, Refusal> {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(field.as_bytes()).unwrap());
        }
        token(&headers).map(|(_, token)| token.to_owned())
    }

    #[test]
    fn the_scheme_may_have_any_letter_case() {
        for field in ["Bearer a.b.c", "bearer a.b.c", "BEARER a.b.c", "Bearer   a.b.c"] {
            assert_eq!(read(&[field]), Ok("a.b.c".to_owned()));
        }
    }

    #[test]
    fn without_a_token_nobody_is_authenticated() {
        assert_eq!(read(&[]), Err(Refusal::NotAuthenticated));
        for field in ["", "Bearer", "Bearer ", "Basic Og==", "Bearera.b.c", "\u{ff} x"] {
            assert_eq!(read(&[field]), Err(Refusal::NotAuthenticated), "{field:?}");
        }
    }

    #[test]
    fn what_can_be_no_token_is_an_invalid_one() {
        assert_eq!(read(&["Bearer a", "Bearer a"]), Err(Refusal::InvalidToken));
        let mut headers = HeaderMap::new();
        headers.append(AUTHORIZATION, HeaderValue::from_bytes(b"Bearer \xff").unwrap());
        assert_eq!(token(&headers), Err(Refusal::InvalidToken));
        for text in ["a b", "\u{ff}", "a,b"] {
            assert!(!is_b64token(text), "{text:?}");
        }
    }

    #[test]
    fn a_token_is_of_the_characters_that_rfc_6750_names() {
        for byte in 0..=u8::MAX {
            let named = byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
            assert_eq!(strangeness(byte) == 0, named, "{byte:#x}");
        }
    }
}
