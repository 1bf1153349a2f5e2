//! The counters that a login attempt belongs to.

use std::sync::Arc;

use keyward_auth::RefreshTokens;

use super::error::SessionError;
use super::known_device::KnownDevice;
use super::opening::Opening;
use crate::limits::throttle::{Guess, Throttle};
use crate::limits::waits::ThrottleError;
use crate::model::store_error::StoreError;
use crate::ports::bundle::Ports;
use crate::values::ids::SessionId;
use crate::values::names::LoginName;
use crate::values::origin::Origin;

/// Finds the counters of login attempts.
#[derive(Clone)]
pub(super) struct LoginCounters {
    ports: Ports,
    codec: Arc<RefreshTokens>,
    throttle: Throttle,
}

impl LoginCounters {
    /// Counters that `throttle` keeps. Devices are known by the refresh tokens of `opening`.
    pub(super) fn new(opening: &Opening, throttle: Throttle) -> Self {
        Self { ports: opening.ports.clone(), codec: Arc::clone(&opening.codec), throttle }
    }

    /// The counters of this attempt. A trusted device has counters of its own, so that it need not wait for unknown ones.
    pub(super) async fn of(
        &self,
        name: Option<&LoginName>,
        device: Option<&KnownDevice>,
        origin: &Origin,
    ) -> Result<Guess, SessionError> {
        let address = origin.device.ip;
        let subject = match name {
            Some(name) => Some(self.subject(name).await?),
            None => None,
        };
        let throttled = match self.throttle.stranger(subject.as_deref(), address).await {
            Err(ThrottleError::Throttled(throttled)) => throttled,
            other => return Ok(other?),
        };
        let (Some(name), Some(subject)) = (name, subject) else { return Err(throttled.into()) };
        let device = self.known_device(name, device).await?;
        let known = self.throttle.acquaintance(name, &subject, device, address).await?;
        known.ok_or(throttled.into())
    }

    /// The name under which attempts at this one are counted: an account has one count, whichever of its names is used. A
    /// user name costs one look-up, whether or not it has an account.
    async fn subject(&self, name: &LoginName) -> Result<String, StoreError> {
        let found = match name {
            LoginName::Email(_) => None,
            LoginName::Username(_) => self.ports.store.autocommit().users().credentials_of(name).await?,
        };
        let primary = found.map(|found| found.user.names.primary().to_owned());
        Ok(primary.unwrap_or_else(|| name.to_string()))
    }

    /// The session of this account that the device had, even one that has ended, or of which the refresh token is spent.
    async fn known_device(
        &self,
        name: &LoginName,
        device: Option<&KnownDevice>,
    ) -> Result<Option<SessionId>, StoreError> {
        let (session, claim) = match device {
            None => return Ok(None),
            Some(KnownDevice::Session(session)) => (*session, None),
            Some(KnownDevice::RefreshToken(token)) => {
                let claim = RefreshTokens::parse(token).ok().filter(|claim| !self.codec.is_forged(claim));
                let Some(claim) = claim else { return Ok(None) };
                (SessionId(claim.session), Some(claim))
            }
        };
        let salt = self.ports.store.autocommit().attempts().salt_of(name, session).await?;
        let genuine = |salt: &[u8; 16]| claim.as_ref().is_none_or(|claim| self.codec.verify(claim, salt));
        Ok(salt.filter(genuine).map(|_| session))
    }
}
