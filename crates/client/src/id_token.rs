//! The ID token of a login, and whether it is this login's.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::Error;

/// How far the clocks of Keyward and of this machine may be apart, in seconds.
const LEEWAY: i64 = 300;

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    exp: i64,
    nonce: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// Checks that an ID token is of this issuer, for this client, not expired, and of the login with this nonce. Its signature is not
/// checked: it came from the issuer itself, over TLS or on this machine (OpenID Connect Core, section 3.1.3.7, point 6).
pub(crate) fn check(
    token: &str,
    issuer: &str,
    client_id: &str,
    nonce: Option<&str>,
    now: i64,
) -> Result<(), Error> {
    let claims = read(token).ok_or(Error::IdToken)?;
    let for_us = match &claims.aud {
        Audience::One(one) => one == client_id,
        Audience::Several(several) => several.iter().any(|one| one == client_id),
    };
    let sound = claims.iss == issuer && for_us && claims.exp > now.saturating_sub(LEEWAY);
    if sound && claims.nonce.as_deref() == nonce { Ok(()) } else { Err(Error::IdToken) }
}

fn read(token: &str) -> Option<Claims> {
    let mut parts = token.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn verdict(claims: serde_json::Value) -> bool {
        let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()));
        check(&token, "https://a.example", "cli", Some("n"), 1_000).is_ok()
    }

    #[test]
    fn an_id_token_is_for_this_client_and_this_login() {
        let good = json!({ "iss": "https://a.example", "aud": "cli", "exp": 1_100, "nonce": "n" });
        assert!(verdict(good.clone()));
        let with = |name: &str, value: serde_json::Value| {
            let mut claims = good.clone();
            claims[name] = value;
            verdict(claims)
        };
        assert!(with("aud", json!(["other", "cli"])));
        assert!(with("exp", json!(800)), "the clocks may be a little apart");
        assert!(!with("iss", json!("https://b.example")));
        assert!(!with("aud", json!("other")));
        assert!(!with("aud", json!(["other"])));
        assert!(!with("exp", json!(600)));
        assert!(!with("nonce", json!("another")));
        assert!(!with("nonce", json!(null)));
    }

    #[test]
    fn what_is_not_a_token_is_refused() {
        for bad in ["", "..", "e30.e30", "a.b.c", "e30.e30.e30"] {
            assert!(matches!(check(bad, "i", "c", None, 0), Err(Error::IdToken)), "{bad}");
        }
    }
}
