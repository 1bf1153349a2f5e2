//! Delivering logouts to clients (OpenID Connect Back-Channel Logout): what is due is claimed, sent and settled, by any replica.
//!
//! A logout is neither lost when the server dies, nor sent for a session that did not end, because it is stored in the transaction
//! that ends the session. The token is made when it is sent. A client may get it twice, under the same `jti`: where its answer came too
//! late or was lost, or where a replica died before it recorded the answer.

use std::sync::Arc;

use keyward_auth::{LogoutTokenGrant, Zeroizing};
use time::{Duration, OffsetDateTime};

use crate::keys::id_token_keys::IdTokenKeys;
use crate::mail::slots::{Slot, Slots};
use crate::model::clients::Client;
use crate::model::logouts::{Backlog, CLAIM, ClaimedLogout};
use crate::model::mail::Lane;
use crate::model::store_error::StoreError;
use crate::ports::bundle::Ports;
use crate::ports::logout_sender::{LogoutSender, Undelivered};

/// How long to wait after each failed attempt, for two days in all; after the one beyond the last a logout is given up.
const DELAYS: [Duration; 10] = [
    Duration::seconds(5),
    Duration::seconds(30),
    Duration::minutes(2),
    Duration::minutes(10),
    Duration::minutes(30),
    Duration::hours(2),
    Duration::hours(4),
    Duration::hours(8),
    Duration::hours(12),
    Duration::hours(24),
];
/// The attempt from which on a refusal is final.
const MOST_REFUSALS: u32 = 5;
/// How long a logout waits at most to be tried at all, as behind many others of a client that is slow.
const LONGEST_WAIT: Duration = Duration::days(7);
/// How many logouts one call delivers at most.
const BATCH: u32 = 200;

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogoutOutcome {
    /// The client took it.
    Delivered,
    /// The client was removed since, or has no URI for logouts any more.
    Withdrawn,
    /// The client refused it again and again, in the end with this error code if it named one.
    Refused(Option<String>),
    /// It failed for this reason, and is tried again.
    Later(String),
    /// It failed for this reason, and is not tried again.
    GivenUp(String),
}

/// Delivers logouts.
#[derive(Clone)]
pub struct Logouts {
    ports: Ports,
    keys: IdTokenKeys,
    issuer: Arc<str>,
    sender: Arc<dyn LogoutSender>,
}

impl Logouts {
    /// The use case; tokens are those of `issuer`, signed with the keys of ID tokens.
    pub fn new(ports: Ports, keys: IdTokenKeys, issuer: Arc<str>, sender: Arc<dyn LogoutSender>) -> Self {
        Self { ports, keys, issuer, sender }
    }

    /// Counts the logouts that wait.
    pub async fn backlog(&self) -> Result<Backlog, StoreError> {
        self.ports.store.autocommit().logouts().backlog().await
    }

    /// Claims a logout that is due and whose receiver has a slot left. The caller delivers it and then gives the slot back.
    pub async fn claim(&self, slots: &mut Slots) -> Result<Option<(ClaimedLogout, Slot)>, StoreError> {
        let now = self.ports.clock.now();
        // Slots are shared by urgency where there are mails; logouts are all equally urgent.
        for offer in slots.offers(now).into_iter().filter(|offer| offer.lane == Lane::Code) {
            let mut repositories = self.ports.store.autocommit();
            let claim = repositories.logouts().claim(&offer.recipients, now, now + CLAIM).await?;
            if let Some(claimed) = claim {
                let slot = slots.take(&offer, &claimed.receiver, now);
                return Ok(Some((claimed, slot)));
            }
        }
        Ok(None)
    }

    /// Gives a slot back, after any outcome of its delivery.
    pub fn give_back(&self, slots: &mut Slots, slot: Slot) {
        slots.give_back(slot, self.ports.clock.now());
    }

    /// Delivers a claimed logout and records the outcome.
    pub async fn deliver(&self, claimed: &ClaimedLogout) -> Result<LogoutOutcome, StoreError> {
        let outcome = self.send(claimed).await?;
        let mut repositories = self.ports.store.autocommit();
        match &outcome {
            LogoutOutcome::Later(reason) => {
                let at = self.ports.clock.now() + delay(claimed.attempt).unwrap_or(CLAIM);
                repositories.logouts().postpone(claimed.id, claimed.until, at, reason).await?;
            }
            _ => {
                repositories.logouts().settle(claimed.id, claimed.until).await?;
            }
        }
        Ok(outcome)
    }

    /// Delivers the logouts that are due, one after the other. Returns what became of each.
    pub async fn deliver_due(&self) -> Result<Vec<LogoutOutcome>, StoreError> {
        let (mut slots, mut outcomes) = (Slots::default(), Vec::new());
        for _ in 0..BATCH {
            let Some((claimed, slot)) = self.claim(&mut slots).await? else { break };
            outcomes.push(self.deliver(&claimed).await?);
            self.give_back(&mut slots, slot);
        }
        Ok(outcomes)
    }

    async fn send(&self, claimed: &ClaimedLogout) -> Result<LogoutOutcome, StoreError> {
        let now = self.ports.clock.now();
        if claimed.until <= now {
            // Another replica may have it by now.
            return Ok(LogoutOutcome::Later("the claim ran out".to_owned()));
        }
        if now - claimed.ended_at > LONGEST_WAIT {
            return Ok(LogoutOutcome::GivenUp("it waited for too long".to_owned()));
        }
        let client = match self.ports.store.autocommit().clients().find(&claimed.client).await {
            Ok(Some(client)) => client,
            Ok(None) => return Ok(LogoutOutcome::Withdrawn),
            Err(error) => return Ok(LogoutOutcome::Later(format!("its client could not be read: {error}"))),
        };
        let Some(uri) = &client.settings.backchannel.0 else { return Ok(LogoutOutcome::Withdrawn) };
        let sent = match self.token(claimed, &client).await {
            Ok(token) => self.sender.send(uri, &token).await,
            Err(reason) => Err(Undelivered::Failed(reason)),
        };
        Ok(match sent {
            Ok(()) => LogoutOutcome::Delivered,
            Err(Undelivered::Refused(code)) if claimed.attempt < MOST_REFUSALS => LogoutOutcome::Later(
                format!("it refused with the code {}", code.as_deref().unwrap_or("none")),
            ),
            Err(Undelivered::Refused(code)) => LogoutOutcome::Refused(code),
            Err(Undelivered::Failed(reason)) if delay(claimed.attempt).is_some() => {
                LogoutOutcome::Later(reason)
            }
            Err(Undelivered::Failed(reason)) => LogoutOutcome::GivenUp(reason),
        })
    }

    /// The token, or why there is no token.
    async fn token(&self, claimed: &ClaimedLogout, client: &Client) -> Result<Zeroizing<String>, String> {
        let ring = self.keys.ring(client.settings.id_token_alg).await.map_err(|error| error.to_string())?;
        let key = ring.current().ok_or("there is no key to sign with")?;
        // The same at each attempt, so that a client can recognise what it took before.
        let ended = claimed.ended_at.unix_timestamp_nanos() / 1_000;
        let grant = LogoutTokenGrant {
            issuer: &self.issuer,
            client_id: client.id.as_str(),
            subject: &claimed.user.to_string(),
            session: &claimed.session.to_string(),
            id: &format!("{:x}-{ended:x}", claimed.id.0),
        };
        let now: OffsetDateTime = self.ports.clock.now();
        grant.sign(key, now.unix_timestamp()).map_err(|error| error.to_string())
    }
}

/// How long to wait after that attempt failed; `None` after the last one.
fn delay(attempt: u32) -> Option<Duration> {
    DELAYS.get(usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failed_attempt_waits_longer_and_the_last_is_after_two_days() {
        let waits: Vec<_> = (1..).map_while(delay).collect();
        assert!(waits.is_sorted() && waits.len() == DELAYS.len());
        let all: Duration = waits.into_iter().sum();
        assert!(all > Duration::days(2) && all < Duration::days(3), "{all}");
    }
}
