//! A person types the code of a device and decides (RFC 8628, section 3.3).

use keyward_auth::ScopeSet;

use super::error::DeviceError;
use crate::limits::throttle::Throttle;
use crate::model::clients::{Client, ClientName};
use crate::model::devices::{Allowance, DeviceRequest};
use crate::model::sessions::LiveSession;
use crate::oauth::authorize::outcome::Decision;
use crate::oauth::consents::Consents;
use crate::ports::bundle::Ports;
use crate::sessions::opening::{Opening, owner};
use crate::values::ids::SessionId;
use crate::values::origin::{Device, Origin};
use crate::values::resource_uri::ResourceUri;
use crate::values::scopes;
use crate::values::user_code::UserCode;

/// What a person is asked.
pub struct DeviceAsked {
    pub user_code: UserCode,
    pub name: ClientName,
    /// What the client would get.
    pub scope: ScopeSet,
    pub resource: Option<ResourceUri>,
    /// Where the request came from.
    pub device: Device,
}

/// Finds requests of devices by their codes, and notes what people decide.
#[derive(Clone)]
pub struct DecideDevice {
    ports: Ports,
    opening: Opening,
    consents: Consents,
    throttle: Throttle,
}

impl DecideDevice {
    /// The use case over these ports; `throttle` limits wrong codes.
    pub fn new(ports: Ports, opening: Opening, consents: Consents, throttle: Throttle) -> Self {
        Self { ports, opening, consents, throttle }
    }

    /// The request that has this code, for the person of this browser session.
    ///
    /// # Errors
    /// [`DeviceError::UnknownUserCode`], [`DeviceError::Throttled`] after too many of them, [`DeviceError::Scope`] where the person may
    /// give nothing of what is asked for.
    pub async fn look(
        &self,
        code: &str,
        browser: SessionId,
        origin: &Origin,
    ) -> Result<DeviceAsked, DeviceError> {
        let live = self.standing(browser).await?;
        let (request, client) = self.find(code, &live, origin).await?;
        let scope = self.grantable(&request, &client, &live)?;
        let DeviceRequest { user_code, resource, device, .. } = request;
        Ok(DeviceAsked { user_code, name: client.settings.name, scope, resource, device })
    }

    /// Notes what the person decided, who was shown this scope. What they allow is remembered as a consent.
    ///
    /// # Errors
    /// As [`look`](Self::look); [`DeviceError::UnknownUserCode`] also where it was decided before.
    pub async fn decide(
        &self,
        code: &str,
        browser: SessionId,
        decision: Decision,
        shown: &ScopeSet,
        origin: &Origin,
    ) -> Result<(), DeviceError> {
        let live = self.standing(browser).await?;
        let (request, client) = self.find(code, &live, origin).await?;
        let (now, user_code) = (self.ports.clock.now(), &request.user_code);
        let decided = match decision {
            Decision::Deny => self.ports.store.autocommit().devices().decide(user_code, None, now).await?,
            Decision::Allow => {
                let scope = scopes::intersection(&self.grantable(&request, &client, &live)?, shown);
                if scope.is_empty() {
                    return Err(DeviceError::Scope);
                }
                let resource = request.resource.clone();
                self.consents.remember(&live.session, &client.id, &scope, resource, origin).await?;
                let allowance = Allowance { user: live.session.user, browser, at: now };
                let mut repositories = self.ports.store.autocommit();
                repositories.devices().decide(user_code, Some((&allowance, &scope)), now).await?
            }
        };
        if decided { Ok(()) } else { Err(DeviceError::UnknownUserCode) }
    }

    /// The browser session, which the caller has just looked up.
    async fn standing(&self, browser: SessionId) -> Result<LiveSession, DeviceError> {
        let live = self.ports.store.autocommit().sessions().live(browser).await?;
        live.ok_or(DeviceError::UnknownUserCode)
    }

    /// The request of this code and its client. A wrong code counts as a guess of the account and of the address.
    async fn find(
        &self,
        code: &str,
        live: &LiveSession,
        origin: &Origin,
    ) -> Result<(DeviceRequest, Client), DeviceError> {
        let guess = self.throttle.user_code(live.session.user, origin.device.ip).await?;
        let mut repositories = self.ports.store.autocommit();
        if let Some(code) = UserCode::parse(code)
            && let Some(request) = repositories.devices().pending(&code, self.ports.clock.now()).await?
            && let Some(client) = repositories.clients().find(&request.client).await?
        {
            return Ok((request, client));
        }
        let event = self.throttle.event(owner(&live.session), origin).of(live.session.user);
        self.throttle.wrong(&mut *repositories, guess, event).await?;
        Err(DeviceError::UnknownUserCode)
    }

    /// What the client may get from this person.
    fn grantable(
        &self,
        request: &DeviceRequest,
        client: &Client,
        live: &LiveSession,
    ) -> Result<ScopeSet, DeviceError> {
        let allowed = Client::bound(Some(client), self.opening.grants().through_consent(live.role));
        let scope = scopes::intersection(&request.scope, &allowed);
        if scope.is_empty() { Err(DeviceError::Scope) } else { Ok(scope) }
    }
}
