//! Another mail to verify an address, for people who cannot log in to ask for it.

use keyward_auth::SecretHash;

use super::verification::{MAILS, Verification};
use super::verification_error::VerificationError;
use crate::limits::budgets::Deed;
use crate::limits::throttle::Throttle;
use crate::model::attempts::AttemptKey;
use crate::model::users::User;
use crate::model::verifications::{Pending, Purpose};
use crate::ports::bundle::Ports;
use crate::ports::letters::Reader;
use crate::values::email::Email;
use crate::values::ids::{MailId, UserId};
use crate::values::names::LoginName;
use crate::values::origin::Origin;

/// Sends a code and a link to an address that has an account and is not verified. The answer and the work are the same for any
/// other address.
#[derive(Clone)]
pub struct ResendVerification {
    ports: Ports,
    throttle: Throttle,
    verification: Verification,
}

impl ResendVerification {
    /// The use case; `throttle` limits requests per IP address.
    pub fn new(ports: Ports, throttle: Throttle, verification: Verification) -> Self {
        Self { ports, throttle, verification }
    }

    /// Sends the mail, if there is such an account and the last mail is more than a minute old. Returns `false` if too many were
    /// requested for the address, with or without an account: then none is sent. What is requested here is counted apart from
    /// what the owner asks for, so that no other caller uses that up.
    pub async fn request(&self, email: Email, origin: &Origin) -> Result<bool, VerificationError> {
        self.throttle.spend(Deed::Mail, origin).await?;
        let now = self.ports.clock.now();
        let asked = AttemptKey::of("verification asked for", email.as_str(), None);
        let (login, secret) = (LoginName::Email(email.clone()), self.verification.secret());
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                if !tx.attempts().fail(asked, now, MAILS).await? {
                    return Ok(false);
                }
                // The same statements with and without an account, so that the time tells nothing. No id is negative.
                let found = tx.users().credentials_of(&login).await?;
                let held = tx.user_changes().hold(found.map_or(UserId(-1), |found| found.user.id)).await?;
                let waits = held.filter(|user| {
                    !user.disabled && !user.email_verified && user.names.email() == Some(&email)
                });
                let kept = match &waits {
                    Some(user) => {
                        let (email, token) = (email.clone(), SecretHash::of(&secret));
                        let new = Pending { user: user.id, purpose: Purpose::Verify, email, token };
                        self.verification.replace(&mut *tx, &new).await?
                    }
                    None => tx.verifications().spend(&SecretHash::of(&secret), now).await?.is_some(),
                };
                let name = waits.as_ref().and_then(User::called);
                let reader = Reader { email: &email, name };
                let mail = self.verification.post(&mut *tx, reader, Purpose::Verify, &secret).await?;
                tx.outbox().withdraw(if kept { MailId(0) } else { mail }).await?;
                tx.commit().await?;
                Ok(true)
            })
            .await
    }
}
