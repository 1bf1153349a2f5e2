//! Logout tokens (OpenID Connect Back-Channel Logout, section 2.4): telling an application that a session of it has ended. Their
//! `typ` is `logout+jwt`, and they have no `nonce`, so that neither is taken for an ID token nor an access token.

use serde::Serialize;
use zeroize::Zeroizing;

use crate::jws;
use crate::{SigningKey, TokenError};

/// The media type of a logout token.
const TYPE: &str = "logout+jwt";
/// How long one is valid, in seconds: the standard recommends two minutes at most.
const TTL_SECONDS: i64 = 120;

/// What a logout token is to say.
#[derive(Clone, Copy, Debug)]
pub struct LogoutTokenGrant<'a> {
    /// `iss`: as in ID tokens.
    pub issuer: &'a str,
    /// `aud`: the client whose session has ended.
    pub client_id: &'a str,
    /// `sub`: the user's id.
    pub subject: &'a str,
    /// `sid`: the session, as in its ID tokens.
    pub session: &'a str,
    /// `jti`: names this token; each one has another.
    pub id: &'a str,
}

#[derive(Serialize)]
struct Written<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    jti: &'a str,
    events: Events,
    sid: &'a str,
}

#[derive(Serialize)]
struct Events {
    #[serde(rename = "http://schemas.openid.net/event/backchannel-logout")]
    backchannel_logout: Empty,
}

#[derive(Serialize)]
struct Empty {}

impl LogoutTokenGrant<'_> {
    /// Signs the token with `key`, valid for two minutes from `now` (Unix seconds) on.
    ///
    /// # Errors
    ///
    /// [`TokenError::Signing`] where signing fails.
    pub fn sign(&self, key: &SigningKey, now: i64) -> Result<Zeroizing<String>, TokenError> {
        let written = Written {
            iss: self.issuer,
            sub: self.subject,
            aud: self.client_id,
            iat: now,
            exp: now.saturating_add(TTL_SECONDS),
            jti: self.id,
            events: Events { backchannel_logout: Empty {} },
            sid: self.session,
        };
        let payload = serde_json::to_vec(&written).map_err(|_| TokenError::Signing)?;
        jws::sign(TYPE, &payload, key)
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    use super::*;
    use crate::{Algorithm, IdTokenHint, KeyRing};

    const ISSUER: &str = "https://login.example.com";

    #[test]
    fn a_logout_token_names_the_session_and_is_no_id_token() {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let grant =
            LogoutTokenGrant { issuer: ISSUER, client_id: "web", subject: "7", session: "s", id: "once" };
        let token = grant.sign(&key, 100).unwrap();
        let part = |index: usize| -> Value {
            let part = token.split('.').nth(index).unwrap();
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        };
        assert_eq!((&part(0)["typ"], &part(0)["alg"]), (&json!("logout+jwt"), &json!("ES256")));
        assert_eq!(
            part(1),
            json!({
                "iss": ISSUER, "sub": "7", "aud": "web", "iat": 100, "exp": 220, "jti": "once", "sid": "s",
                "events": { "http://schemas.openid.net/event/backchannel-logout": {} }
            })
        );
        assert_eq!(IdTokenHint::read(&token, ISSUER, &KeyRing::new(key)), None);
    }
}
