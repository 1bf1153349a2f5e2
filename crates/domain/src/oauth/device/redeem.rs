//! A device asks for its tokens (RFC 8628, sections 3.4 and 3.5).

use keyward_auth::{SecretHash, Thumbprint};
use time::OffsetDateTime;

use super::error::DeviceError;
use crate::model::clients::Client;
use crate::model::devices::{Allowance, DeviceRequest, DeviceState};
use crate::model::sessions::Session;
use crate::model::spent::OnceId;
use crate::oauth::authorize::challenge::Challenge;
use crate::oauth::authorize::code::Code;
use crate::oauth::redeem::RedeemCode;
use crate::ports::bundle::Ports;
use crate::sessions::opening::{Opening, Tokens};
use crate::values::ids::SessionId;
use crate::values::origin::Origin;

/// Trades device codes for tokens.
#[derive(Clone)]
pub struct RedeemDevice {
    ports: Ports,
    opening: Opening,
    codes: RedeemCode,
}

impl RedeemDevice {
    /// The use case; what a person allowed stands as with authorization codes.
    pub fn new(ports: Ports, opening: Opening, codes: RedeemCode) -> Self {
        Self { ports, opening, codes }
    }

    /// Opens the session that the person allowed. A device code is good once, for its client, and while the browser session stands in
    /// which it was allowed.
    ///
    /// # Errors
    /// [`DeviceError::Pending`] and [`DeviceError::SlowDown`] until the person has decided; [`DeviceError::Denied`],
    /// [`DeviceError::Expired`], [`DeviceError::Invalid`].
    pub async fn redeem(
        &self,
        code: &str,
        client: &Client,
        key: Option<&Thumbprint>,
        origin: &Origin,
    ) -> Result<Tokens, DeviceError> {
        let (hash, now) = (SecretHash::of(code), self.ports.clock.now());
        let found = self.ports.store.autocommit().devices().find(&hash).await?;
        let request = found.filter(|request| request.client == client.id).ok_or(DeviceError::Invalid)?;
        if !client.settings.device {
            return Err(DeviceError::NotRegistered);
        }
        if request.expires_at <= now {
            return Err(DeviceError::Expired);
        }
        match &request.state {
            DeviceState::Denied => Err(DeviceError::Denied),
            DeviceState::Pending => {
                let paced = self.ports.store.autocommit().devices().pace(&hash, now).await?;
                Err(if paced { DeviceError::Pending } else { DeviceError::SlowDown })
            }
            DeviceState::Allowed(allowance) => {
                let code = self.grant(&request, allowance);
                self.open(&request, &code, client, key, origin).await
            }
        }
    }

    async fn open(
        &self,
        request: &DeviceRequest,
        code: &Code,
        client: &Client,
        key: Option<&Thumbprint>,
        origin: &Origin,
    ) -> Result<Tokens, DeviceError> {
        let (session, tokens) = self.codes.prepare(code, client, key).await?;
        // The person used a browser elsewhere.
        let session = Session { device: request.device.clone(), ..session };
        let opened = self.ports.retrying(|| self.store(code, request, &session, origin)).await?;
        if opened { Ok(tokens) } else { Err(DeviceError::Invalid) }
    }

    /// What was allowed, as an authorization code says it.
    fn grant(&self, request: &DeviceRequest, allowance: &Allowance) -> Code {
        let now: OffsetDateTime = self.ports.clock.now();
        let mut tail = [0; 10];
        self.ports.random.fill(&mut tail);
        let millis = u64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
        Code {
            // The request itself is what can be used once, and the device has proven itself.
            id: OnceId([0; 16]),
            challenge: Challenge::from_bytes([0; 32]),
            redirect_uri: None,
            nonce: None,
            key: None,
            expires_at: Code::expiry(allowance.at),
            user: allowance.user,
            parent: allowance.browser,
            session: SessionId(uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid()),
            client: request.client.clone(),
            scope: request.scope.clone(),
            resource: request.resource.clone(),
        }
    }

    /// Stores the session. Returns whether this is the first use of the device code, and what was allowed still stands.
    async fn store(
        &self,
        code: &Code,
        request: &DeviceRequest,
        session: &Session,
        origin: &Origin,
    ) -> Result<bool, DeviceError> {
        let mut tx = self.ports.store.begin().await?;
        if !self.codes.stands(&mut *tx, code).await? || !tx.devices().take(&request.code).await? {
            return Ok(false);
        }
        self.opening.store(&mut *tx, session, origin).await?;
        tx.commit().await?;
        Ok(true)
    }
}
