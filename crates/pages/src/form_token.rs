//! The token in every form, which shows that the form is of a page that this browser was given: a keyed hash of its session, or before there
//! is one of a random cookie. A token costs no row, serves several tabs at once, and outlives a change of the cookie's secret.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_auth::{MasterSecret, SecretHash};
use keyward_domain::values::ids::SessionId;

/// The field of a form that holds the token.
pub const FIELD: &str = "form_token";

const LABEL: &str = "keyward form token v1";

/// What a form is bound to.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Binding {
    /// To a session.
    Session(SessionId),
    /// To the random text of the cookie that browsers have before they log in.
    Nonce(String),
}

impl Binding {
    /// The token of forms that are bound to this.
    pub(crate) fn token(&self, master: &MasterSecret) -> String {
        let salt = match self {
            Self::Session(id) => format!("session {id}"),
            Self::Nonce(text) => format!("nonce {text}"),
        };
        URL_SAFE_NO_PAD.encode(*master.derive(LABEL, salt.as_bytes()))
    }

    /// Whether a form brought the token, in constant time.
    pub(crate) fn is_of(&self, token: &str, master: &MasterSecret) -> bool {
        SecretHash::of(&self.token(master)).matches(token)
    }
}

#[cfg(test)]
mod tests {
    use keyward_auth::SystemRandom;

    use super::*;

    #[test]
    fn a_token_is_good_for_its_own_binding_under_its_own_secret() {
        let (master, other) = (MasterSecret::generate(&SystemRandom), MasterSecret::generate(&SystemRandom));
        let binding = Binding::Nonce("a".to_owned());
        let token = binding.token(&master);
        assert!(binding.is_of(&token, &master));
        assert!(!binding.is_of(&token, &other) && !binding.is_of("", &master));
        assert!(!Binding::Nonce("b".to_owned()).is_of(&token, &master));
    }
}
