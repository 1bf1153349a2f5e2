//! A person types the code of a device and decides (RFC 8628, section 3.3).

use std::sync::Arc;

use keyward_auth::{MasterSecret, ScopeSet, Zeroizing};

use super::error::DeviceError;
use super::question::Question;
use super::redeem::{FETCHED_WITHIN, session_of};
use crate::limits::budgets::Deed;
use crate::limits::throttle::Throttle;
use crate::model::clients::{Client, ClientName};
use crate::model::devices::{Allowance, DeviceRequest, DeviceState};
use crate::model::sessions::LiveSession;
use crate::model::store_error::StoreError;
use crate::oauth::authorize::outcome::Decision;
use crate::oauth::consents::Consents;
use crate::ports::bundle::Ports;
use crate::ports::store::{Repositories, Transaction};
use crate::sessions::opening::{Opening, owner};
use crate::values::ids::SessionId;
use crate::values::origin::{Device, Origin};
use crate::values::resource_uri::ResourceUri;
use crate::values::scopes;
use crate::values::user_code::UserCode;

/// What a person is asked.
pub struct DeviceAsked {
    /// What [`DecideDevice::decide`] needs. Keep it out of logs.
    pub question: Zeroizing<String>,
    pub user_code: UserCode,
    pub name: ClientName,
    /// What the client would get.
    pub scope: ScopeSet,
    pub resource: Option<ResourceUri>,
    /// Where the request came from.
    pub device: Device,
}

/// Whether a decision was new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decided {
    Now,
    /// It had been made before: a second click.
    Before,
}

/// Finds requests of devices by their codes, and notes what people decide.
#[derive(Clone)]
pub struct DecideDevice {
    ports: Ports,
    opening: Opening,
    consents: Consents,
    throttle: Throttle,
    master: Arc<MasterSecret>,
}

impl DecideDevice {
    /// The use case over these ports; `throttle` limits wrong codes, and questions are sealed under `master`.
    pub fn new(
        ports: Ports,
        opening: Opening,
        consents: Consents,
        throttle: Throttle,
        master: Arc<MasterSecret>,
    ) -> Self {
        Self { ports, opening, consents, throttle, master }
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
        let live = self.ports.store.autocommit().sessions().live(browser).await?;
        let live = live.ok_or(DeviceError::UnknownUserCode)?;
        let (request, client) = self.find(code, &live, origin).await?;
        let scope = self.grantable(&request, &client, &live)?;
        let question = Question { code: request.code, browser, scope: scope.clone() };
        Ok(DeviceAsked {
            question: question.seal(&self.master, &*self.ports.random),
            user_code: request.user_code,
            name: client.settings.name,
            scope,
            resource: request.resource,
            device: request.device,
        })
    }

    /// Notes what the person decided about [`DeviceAsked::question`], in the browser session in which they were asked. What they allow
    /// is remembered as a consent.
    ///
    /// # Errors
    /// [`DeviceError::UnknownUserCode`] for what is no question of this browser session, and where it was decided otherwise, has expired,
    /// or was allowed and has ended since; [`DeviceError::Scope`] as [`look`](Self::look).
    pub async fn decide(
        &self,
        question: &str,
        browser: SessionId,
        decision: Decision,
        origin: &Origin,
    ) -> Result<Decided, DeviceError> {
        let question = Question::open(question, &self.master).filter(|question| question.browser == browser);
        let question = question.ok_or(DeviceError::UnknownUserCode)?;
        self.ports.retrying(|| self.note(&question, decision, origin)).await
    }

    async fn note(
        &self,
        question: &Question,
        decision: Decision,
        origin: &Origin,
    ) -> Result<Decided, DeviceError> {
        let unknown = || DeviceError::UnknownUserCode;
        let now = self.ports.clock.now();
        let mut tx = self.ports.store.begin().await?;
        let user = tx.sessions().live(question.browser).await?.ok_or_else(unknown)?.session.user;
        tx.user_changes().hold(user).await?.ok_or_else(unknown)?;
        // It may have ended before its account was held.
        let live = tx.sessions().live(question.browser).await?.ok_or_else(unknown)?;
        let request = tx.devices().find(&question.code).await?.ok_or_else(unknown)?;
        match (&request.state, decision) {
            (DeviceState::Pending, _) if request.expires_at > now => {}
            (DeviceState::Allowed(by) | DeviceState::Used(by), Decision::Allow)
                if by.browser == question.browser && self.stands(&mut *tx, &request, by).await? =>
            {
                return Ok(Decided::Before);
            }
            (DeviceState::Denied, Decision::Deny) => return Ok(Decided::Before),
            _ => return Err(unknown()),
        }
        let allowed = match decision {
            Decision::Deny => None,
            Decision::Allow => {
                tx.clients().hold(&request.client).await?;
                let client =
                    tx.clients().find(&request.client).await?.filter(|client| client.settings.device);
                let client = client.ok_or_else(unknown)?;
                let scope = scopes::intersection(&self.grantable(&request, &client, &live)?, &question.scope);
                if scope.is_empty() {
                    return Err(DeviceError::Scope);
                }
                Some((Allowance { user, browser: question.browser, at: now }, scope))
            }
        };
        let noted = allowed.as_ref().map(|(allowance, scope)| (allowance, scope));
        if !tx.devices().decide(&question.code, noted, now).await? {
            return Err(unknown());
        }
        if let Some((_, scope)) = &allowed {
            let resource = request.resource.clone();
            self.consents.note(&mut *tx, &live.session, &request.client, scope, resource, origin).await?;
        }
        tx.commit().await?;
        Ok(Decided::Now)
    }

    /// The request of this code and its client. A wrong code counts as a guess of the account and of the address; a right one does not
    /// count, and makes up for none.
    async fn find(
        &self,
        code: &str,
        live: &LiveSession,
        origin: &Origin,
    ) -> Result<(DeviceRequest, Client), DeviceError> {
        let guess = self.throttle.user_code(live.session.user, origin.device.ip).await?;
        let event = self.throttle.event(owner(&live.session), origin).of(live.session.user);
        let mut repositories = self.ports.store.autocommit();
        let ahead = self.throttle.ahead(&mut *repositories, guess).await?;
        let found = self.pending(&mut *repositories, code).await;
        if let Ok(None) = found {
            self.throttle.keep(&mut *repositories, ahead, event).await?;
        } else {
            self.throttle.take_back(&mut *repositories, ahead).await?;
            self.throttle.check_address(Deed::Device, origin).await?;
        }
        found?.ok_or(DeviceError::UnknownUserCode)
    }

    /// The request of this code, if it waits, and its client.
    async fn pending(
        &self,
        repositories: &mut dyn Repositories,
        code: &str,
    ) -> Result<Option<(DeviceRequest, Client)>, StoreError> {
        let Some(code) = UserCode::parse(code) else { return Ok(None) };
        let request = repositories.devices().pending(&code, self.ports.clock.now()).await?;
        let Some(request) = request else { return Ok(None) };
        let client = repositories.clients().find(&request.client).await?;
        Ok(client.filter(|client| client.settings.device).map(|client| (request, client)))
    }

    /// Whether what was allowed to a device may still be fetched, or the session that it got lives.
    async fn stands(
        &self,
        tx: &mut dyn Transaction,
        request: &DeviceRequest,
        allowance: &Allowance,
    ) -> Result<bool, StoreError> {
        if let DeviceState::Used(_) = request.state {
            return Ok(tx.sessions().live(session_of(request, allowance)).await?.is_some());
        }
        Ok(allowance.at + FETCHED_WITHIN > self.ports.clock.now())
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
