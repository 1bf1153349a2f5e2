//! What a token is bound to (RFC 7800).

use serde::{Deserialize, Serialize};

use crate::Thumbprint;
use crate::json::present;

/// What a token is bound to (RFC 7800; RFC 9449, section 6.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// The thumbprint of the key whose holder alone may use the token. `None` for a binding of another kind, which cannot be
    /// checked here.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub jkt: Option<String>,
}

impl Confirmation {
    /// Bound to the key of this thumbprint.
    pub fn of(key: &Thumbprint) -> Self {
        Self { jkt: Some(key.to_string()) }
    }

    /// The key, where that is what it is bound to.
    pub fn key(&self) -> Option<Thumbprint> {
        self.jkt.as_deref().and_then(Thumbprint::parse)
    }
}
