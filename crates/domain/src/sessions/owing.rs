//! What a login owes whose password was right: a second factor, asked for by a sealed token.

use keyward_auth::{PasswordHash, ScopeSet, Thumbprint};

use super::error::SessionError;
use crate::factors::challenge::{Challenge, PendingLogin};
use crate::factors::checks::FactorChecks;
use crate::factors::standing::Standing;
use crate::limits::throttle::{Guess, Throttle};
use crate::mail::postbox::Postbox;
use crate::model::users::Credentials;
use crate::ports::bundle::Ports;
use crate::values::ids::ClientId;

/// Whom a login is for.
pub(super) struct Recipient {
    /// The OAuth2 client in between.
    pub(super) client: Option<ClientId>,
    /// The key that the tokens shall be bound to.
    pub(super) key: Option<Thumbprint>,
}

/// Makes challenges.
#[derive(Clone)]
pub(super) struct Challenges {
    ports: Ports,
    throttle: Throttle,
    postbox: Postbox,
    checks: FactorChecks,
}

impl Challenges {
    /// Challenges that are sealed under the secret of `postbox`; `checks` says what answers them.
    pub(super) fn new(ports: Ports, throttle: Throttle, postbox: Postbox, checks: FactorChecks) -> Self {
        Self { ports, throttle, postbox, checks }
    }

    /// What is owed, or `None` if the account has another password by now. Wrong passwords are cleared: a caller that reads this
    /// answer knows that this one was right. `better` is a better hash of it.
    pub(super) async fn make(
        &self,
        Credentials { user, hash }: &Credentials,
        better: Option<&PasswordHash>,
        standing: &Standing,
        scope: ScopeSet,
        recipient: Recipient,
        guess: Guess,
    ) -> Result<Option<Challenge>, SessionError> {
        let stands = self
            .ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                let stands = match better {
                    Some(better) => tx.user_changes().replace_hash(user.id, hash.as_ref(), better).await?,
                    None => tx.user_changes().still_has(user.id, hash.as_ref()).await?,
                };
                if stands {
                    self.throttle.right(&mut *tx, guess).await?;
                    tx.commit().await?;
                }
                Ok::<_, SessionError>(stands)
            })
            .await?;
        let Recipient { client, key } = recipient;
        let (now, random) = (self.ports.clock.now(), &*self.ports.random);
        let fingerprint = standing.fingerprint(better.or(hash.as_ref()));
        let pending = PendingLogin::new(user.id, fingerprint, scope, client, key, now, random);
        let token = pending.seal(&self.postbox.master, random);
        Ok(stands.then(|| Challenge { token, methods: self.checks.methods(standing) }))
    }
}
