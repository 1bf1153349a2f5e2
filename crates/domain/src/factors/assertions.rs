//! Asking for a passkey, and checking the answer: at a login, as a second factor, and as a further proof.

use std::sync::Arc;

use keyward_auth::MasterSecret;

use super::ceremony::Ceremony;
use super::error::FactorError;
use crate::model::events::{Event, EventKind};
use crate::model::passkeys::{Passkey, PasskeyUse};
use crate::model::store_error::StoreError;
use crate::ports::bundle::Ports;
use crate::ports::store::Transaction;
use crate::ports::webauthn::{Assertion, Unfit, Webauthn};
use crate::values::by::By;
use crate::values::ids::{PasskeyId, UserId};
use crate::values::origin::Origin;

/// What a browser is to ask authenticators for.
#[derive(Clone, Debug)]
pub struct AssertionRequest {
    /// What the authenticator has to sign. Good once, for five minutes.
    pub challenge: Vec<u8>,
    /// The relying party's id.
    pub party: String,
}

/// Checks passkeys, where this server offers them.
#[derive(Clone)]
pub(crate) struct PasskeyChecks {
    ports: Ports,
    master: Arc<MasterSecret>,
    webauthn: Option<Arc<dyn Webauthn>>,
}

/// A passkey whose signature was right when it was checked. It counts once its use is [noted](PasskeyChecks::note_use).
#[derive(Clone, Copy)]
pub(crate) struct ShownPasskey {
    user: UserId,
    id: PasskeyId,
    counter: u32,
    /// The counter is not above the highest one that was shown.
    went_back: bool,
    /// The passkey may be synced: then its counter may go back.
    synced: bool,
    ceremony: Ceremony,
}

impl ShownPasskey {
    /// Whether there may be a copy of its key: it is never synced, and its counter did not grow.
    fn may_be_a_copy(&self) -> bool {
        self.went_back && !self.synced
    }
}

impl PasskeyChecks {
    /// Checks by `webauthn`; `None` where passkeys are not offered. Challenges are sealed under `master`.
    pub(super) fn new(ports: Ports, master: Arc<MasterSecret>, webauthn: Option<Arc<dyn Webauthn>>) -> Self {
        Self { ports, master, webauthn }
    }

    /// What checks passkeys.
    ///
    /// # Errors
    /// [`FactorError::NoPasskeys`] where this server cannot offer them.
    pub(super) fn webauthn(&self) -> Result<&dyn Webauthn, FactorError> {
        self.webauthn.as_deref().ok_or(FactorError::NoPasskeys)
    }

    /// A request for any passkey of this relying party.
    ///
    /// # Errors
    /// [`FactorError::NoPasskeys`] where this server cannot offer them.
    pub(crate) fn request(&self) -> Result<AssertionRequest, FactorError> {
        let party = self.webauthn()?.party().id.clone();
        let ceremony = Ceremony::new(self.ports.clock.now(), &*self.ports.random);
        let challenge = ceremony.seal_assertion(&self.master, &*self.ports.random);
        Ok(AssertionRequest { challenge, party })
    }

    /// Checks an assertion by this passkey, which has the assertion's credential id. An answer that names an account has to
    /// name the passkey's. `None` if the assertion is not sound, or its challenge is not ours or has expired. Its counter is judged
    /// once its challenge is used.
    pub(crate) fn shown(&self, assertion: &Assertion, passkey: &Passkey) -> Option<ShownPasskey> {
        let webauthn = self.webauthn.as_ref()?;
        let stored = &passkey.new;
        let challenge = webauthn.challenge(&assertion.client_data);
        let ceremony = challenge
            .as_deref()
            .and_then(|challenge| Ceremony::open_assertion(challenge, &self.master, self.ports.clock.now()));
        let (Some(challenge), Some(ceremony)) = (challenge, ceremony) else {
            return self.refused(Unfit::Challenge);
        };
        if assertion.id != stored.credential {
            return self.refused(Unfit::UnknownPasskey);
        }
        // The port logs why.
        let asserted = webauthn.asserted(&challenge, assertion, &stored.key).ok()?;
        // After the signature, so that the time tells nothing of the handle.
        if assertion.user_handle.as_ref().is_some_and(|handle| *handle != stored.handle) {
            return self.refused(Unfit::OtherUserHandle);
        }
        let synced = stored.backup_eligible;
        if asserted.backup_eligible != synced {
            return self.refused(Unfit::BackupEligibility);
        }
        let counts = asserted.counter != 0 || stored.counter != 0;
        let went_back = counts && asserted.counter <= stored.counter;
        let (user, id, counter) = (stored.user, passkey.id, asserted.counter);
        Some(ShownPasskey { user, id, counter, went_back, synced, ceremony })
    }

    /// Compares an answer by a passkey that is not known with a key that no passkey has, so that it takes as long as one that is
    /// known. It is refused in any case.
    pub(crate) fn compare_unknown(&self, assertion: &Assertion) {
        let _ = self.refused::<()>(Unfit::UnknownPasskey);
        let Some(webauthn) = &self.webauthn else { return };
        let Some(challenge) = webauthn.challenge(&assertion.client_data) else { return };
        let ceremony = Ceremony::open_assertion(&challenge, &self.master, self.ports.clock.now());
        if ceremony.is_some() {
            let _ = webauthn.asserted(&challenge, assertion, &webauthn.stand_in());
        }
    }

    /// Nothing, and a line in the log that says why.
    pub(crate) fn refused<T>(&self, unfit: Unfit) -> Option<T> {
        if let Some(webauthn) = &self.webauthn {
            webauthn.note(unfit);
        }
        None
    }

    /// Notes the use of a passkey and of its challenge, in the transaction in which it counts. Returns whether the passkey still
    /// stands, its counter grew or need not, and the challenge was not used or void. Where it did not count, the caller
    /// [reports a copy](Self::report_copy).
    pub(crate) async fn note_use(
        &self,
        tx: &mut dyn Transaction,
        shown: &ShownPasskey,
        by: &By,
        origin: &Origin,
    ) -> Result<bool, StoreError> {
        if shown.may_be_a_copy() {
            return Ok(false);
        }
        let ShownPasskey { user, id, counter, ceremony, .. } = *shown;
        let at = self.ports.clock.now();
        let noted = PasskeyUse { user, id, counter, issued_at: ceremony.issued_at, at };
        let used = tx.spent().spend(ceremony.id, ceremony.expiry()).await?
            && tx.passkey_changes().count_use(&noted).await?;
        if used && shown.went_back {
            tx.events()
                .append(&self.went_back(user, "accepted: the passkey is synced", by.clone(), origin))
                .await?;
        }
        Ok(used)
    }

    /// Records that there may be a copy of the key, and uses the challenge up by that: the same answer once more is a retry, and no
    /// news.
    pub(crate) async fn report_copy(
        &self,
        shown: &ShownPasskey,
        by: &By,
        origin: &Origin,
    ) -> Result<(), StoreError> {
        if !shown.may_be_a_copy() {
            return Ok(());
        }
        let event = self.went_back(shown.user, "refused", by.clone(), origin);
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                if tx.spent().spend(shown.ceremony.id, shown.ceremony.expiry()).await? {
                    tx.events().append(&event).await?;
                    tx.commit().await?;
                }
                Ok(())
            })
            .await
    }

    /// The event of a passkey whose counter went back.
    fn went_back(&self, user: UserId, detail: &str, by: impl Into<By>, origin: &Origin) -> Event {
        Event::new(self.ports.clock.now(), EventKind::PasskeyCounterBack, by, origin).of(user).saying(detail)
    }
}
