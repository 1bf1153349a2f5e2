//! A device asks for its tokens (RFC 8628, sections 3.4 and 3.5).

use keyward_auth::{SecretHash, Thumbprint};
use time::Duration;

use super::ask::INTERVAL;
use super::error::DeviceError;
use crate::model::clients::Client;
use crate::model::devices::{Allowance, DeviceRequest, DeviceState};
use crate::model::sessions::Session;
use crate::model::spent::OnceId;
use crate::model::store_error::StoreError;
use crate::oauth::authorize::challenge::Challenge;
use crate::oauth::authorize::code::Code;
use crate::oauth::redeem::RedeemCode;
use crate::ports::bundle::Ports;
use crate::sessions::opening::{Opening, Tokens};
use crate::values::ids::SessionId;
use crate::values::origin::Origin;

/// How long a device may take to fetch what the person has allowed.
pub(super) const FETCHED_WITHIN: Duration = Duration::minutes(2);
/// The longest interval between two polls. Within [`FETCHED_WITHIN`] a device polls once at least.
const LONGEST: Duration = Duration::minutes(1);
/// How much too early a device may poll: the clocks of replicas may differ by five seconds, and it waits by a clock of its own.
const SLACK: Duration = Duration::seconds(6);

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

    /// Opens the session that the person allowed. A device code is good once, for its client, for two minutes after the decision, and
    /// while the browser session stands in which it was allowed. Another use of it ends the session that the first one opened, as with
    /// authorization codes: its answer may have been lost.
    ///
    /// # Errors
    /// [`DeviceError::Pending`] and [`DeviceError::SlowDown`] until the person has decided; [`DeviceError::Denied`],
    /// [`DeviceError::Expired`], [`DeviceError::Invalid`]; [`DeviceError::Resource`] for another resource than the request's.
    pub async fn redeem(
        &self,
        code: &str,
        resource: Option<&str>,
        client: &Client,
        key: Option<&Thumbprint>,
        origin: &Origin,
    ) -> Result<Tokens, DeviceError> {
        let hash = SecretHash::of(code);
        loop {
            let found = self.ports.store.autocommit().devices().find(&hash).await?;
            let request = found.filter(|request| request.client == client.id).ok_or(DeviceError::Invalid)?;
            // A person may decide at any moment, once: then it is looked at again.
            if let Some(tokens) = self.answer(&request, resource, client, key, origin).await? {
                return Ok(tokens);
            }
        }
    }

    /// The answer to a device whose request is in this state; `None` where it was decided meanwhile.
    async fn answer(
        &self,
        request: &DeviceRequest,
        resource: Option<&str>,
        client: &Client,
        key: Option<&Thumbprint>,
        origin: &Origin,
    ) -> Result<Option<Tokens>, DeviceError> {
        if let DeviceState::Used(allowance) = &request.state {
            return Err(self.used(request, allowance, origin).await?);
        }
        if !client.settings.device {
            return Err(DeviceError::NotRegistered);
        }
        self.codes.same_resource(resource, request.resource.as_ref())?;
        let until = match &request.state {
            DeviceState::Allowed(allowance) => allowance.at + FETCHED_WITHIN,
            _ => request.expires_at,
        };
        if until <= self.ports.clock.now() {
            return Err(DeviceError::Expired);
        }
        match &request.state {
            DeviceState::Denied => Err(DeviceError::Denied),
            DeviceState::Pending => self.pace(request).await?.map_or(Ok(None), Err),
            DeviceState::Allowed(allowance) | DeviceState::Used(allowance) => {
                let code = grant(request, allowance);
                self.open(request, &code, client, key, origin).await.map(Some)
            }
        }
    }

    /// What a device is answered whose request is undecided; `None` where it was decided meanwhile. One that keeps polling too early
    /// costs no write once its interval is at its longest.
    async fn pace(&self, request: &DeviceRequest) -> Result<Option<DeviceError>, StoreError> {
        let now = self.ports.clock.now();
        let due = request.asked_at.map(|at| at + request.interval);
        let mut repositories = self.ports.store.autocommit();
        if due.is_none_or(|due| due <= now + SLACK) {
            if repositories.devices().pace(&request.code, now, SLACK).await? {
                return Ok(Some(DeviceError::Pending));
            }
            let found = repositories.devices().find(&request.code).await?;
            if found.is_none_or(|found| found.state != DeviceState::Pending) {
                return Ok(None);
            }
        }
        if request.interval < LONGEST {
            repositories.devices().slow(&request.code, INTERVAL, LONGEST).await?;
        }
        Ok(Some(DeviceError::SlowDown))
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
        if self.ports.retrying(|| self.store(code, request, &session, origin)).await? {
            return Ok(tokens);
        }
        let found = self.ports.store.autocommit().devices().find(&request.code).await?;
        match found.map(|found| found.state) {
            Some(DeviceState::Used(allowance)) => Err(self.used(request, &allowance, origin).await?),
            _ => Err(DeviceError::Invalid),
        }
    }

    /// Ends the session that the first use of the code opened, and returns what a further use is answered. A session that has ended
    /// costs no write.
    async fn used(
        &self,
        request: &DeviceRequest,
        allowance: &Allowance,
        origin: &Origin,
    ) -> Result<DeviceError, DeviceError> {
        let code = grant(request, allowance);
        if self.ports.store.autocommit().sessions().live(code.session).await?.is_some() {
            self.codes.end_first(&code, origin).await?;
        }
        Ok(DeviceError::Invalid)
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

/// The session that a request opens once it is allowed: always the same for one request.
pub(super) fn session_of(request: &DeviceRequest, allowance: &Allowance) -> SessionId {
    let mut tail = [0; 10];
    tail.copy_from_slice(&request.code.as_bytes()[..10]);
    let millis = u64::try_from(allowance.at.unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
    SessionId(uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid())
}

/// What was allowed, as an authorization code says it.
fn grant(request: &DeviceRequest, allowance: &Allowance) -> Code {
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
        session: session_of(request, allowance),
        client: request.client.clone(),
        scope: request.scope.clone(),
        resource: request.resource.clone(),
    }
}
