//! What a person of one browser session was asked, sealed into the form: what they decide is then no guess at a code.

use keyward_auth::{MasterSecret, Random, ScopeSet, SecretHash, Zeroizing};

use crate::values::ids::SessionId;
use crate::values::packed::{Packer, Unpacker};

const PREFIX: &str = "kwd_";
const LABEL: &str = "keyward device question v1";

/// A question about one request of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    /// The hash of the device's code.
    pub(super) code: SecretHash,
    /// The browser session in which it was asked.
    pub(super) browser: SessionId,
    /// The scope that was shown.
    pub(super) scope: ScopeSet,
}

impl Question {
    /// Seals it.
    pub(super) fn seal(&self, master: &MasterSecret, random: &dyn Random) -> Zeroizing<String> {
        let packed = Packer::default().bytes(self.code.as_bytes()).bytes(self.browser.0.as_bytes());
        master.seal_text(PREFIX, LABEL, &packed.text(&self.scope.to_string()).done(), random)
    }

    /// Opens what [`seal`](Self::seal) gave; `None` for anything else.
    pub(super) fn open(text: &str, master: &MasterSecret) -> Option<Self> {
        let plain = master.open_text(PREFIX, LABEL, text)?;
        let mut read = Unpacker::new(&plain);
        let question = Self {
            code: SecretHash::from_bytes(read.array()?),
            browser: SessionId(uuid::Uuid::from_bytes(read.array()?)),
            scope: ScopeSet::parse(read.text()?).ok()?,
        };
        read.is_done().then_some(question)
    }
}

#[cfg(test)]
mod tests {
    use keyward_auth::SystemRandom;

    use super::*;

    #[test]
    fn a_question_opens_as_it_was_sealed_and_under_its_own_secret_only() {
        let master = MasterSecret::generate(&SystemRandom);
        let question = Question {
            code: SecretHash::of("code"),
            browser: SessionId(uuid::Uuid::from_u128(7)),
            scope: ScopeSet::parse("openid email").unwrap(),
        };
        let text = question.seal(&master, &SystemRandom);
        assert_eq!(Question::open(&text, &master), Some(question));
        assert_eq!(Question::open(&text, &MasterSecret::generate(&SystemRandom)), None);
        assert_eq!(Question::open(&text[..text.len() - 1], &master), None);
        assert_eq!(Question::open("BCDF-GHJK", &master), None);
    }
}
