//! Authorization requests, from their arrival to a code: the use case behind `/oauth/authorize`.

use std::sync::Arc;

use keyward_auth::{MasterSecret, ScopeSet};
use time::OffsetDateTime;

use super::answer::{Answer, Refusal};
use super::checks::{Facts, Need, first};
use super::code::Code;
use super::identified::Asking;
use super::outcome::{ConsentNeeded, Decision, LoginNeeded, Outcome, SwitchNeeded};
use super::params::Params;
use super::pending::Pending;
use super::pushing::arrived;
use super::request::{AuthorizationRequest, Prompt, Target, Unanswerable, client_id};
use crate::factors::standing::Standing;
use crate::keys::id_token_keys::IdTokenKeys;
use crate::model::clients::Client;
use crate::model::lifetimes::CLOCKS;
use crate::model::sessions::LiveSession;
use crate::model::store_error::StoreError;
use crate::oauth::consents::Consents;
use crate::ports::bundle::Ports;
use crate::ports::store::Repositories;
use crate::sessions::opening::Opening;
use crate::values::ids::{SessionId, UserId};
use crate::values::origin::Origin;
use crate::values::scopes::ENROL;

/// Answers authorization requests.
#[derive(Clone)]
pub struct Authorize {
    ports: Ports,
    opening: Opening,
    consents: Consents,
    keys: IdTokenKeys,
    master: Arc<MasterSecret>,
    issuer: Arc<str>,
}

impl Authorize {
    /// The use case; requests and codes are sealed under `master`, and answers name `issuer`.
    pub fn new(
        ports: Ports,
        opening: Opening,
        consents: Consents,
        keys: IdTokenKeys,
        master: Arc<MasterSecret>,
        issuer: Arc<str>,
    ) -> Self {
        Self { ports, opening, consents, keys, master, issuer }
    }

    /// Looks at a request that arrives: its parameters, decoded, and the browser session that it came with.
    ///
    /// # Errors
    /// The store's alone: what is wrong with the request is an [`Outcome`].
    pub async fn begin(
        &self,
        parameters: impl IntoIterator<Item = (String, String)>,
        session: Option<SessionId>,
    ) -> Result<Outcome, StoreError> {
        let parameters = parameters.into_iter().collect();
        match arrived(parameters, &self.master, self.ports.clock.now()) {
            Ok(pending) => self.look(pending, true, session, None).await,
            Err(reason) => Ok(Outcome::Unanswerable(reason)),
        }
    }

    /// Looks again at a request that was sealed into an outcome before, after a login.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub async fn resume(&self, sealed: &str, session: Option<SessionId>) -> Result<Outcome, StoreError> {
        match Pending::open(sealed, &self.master, self.ports.clock.now()) {
            Some(pending) => self.look(pending, false, session, None).await,
            None => Ok(Outcome::Unanswerable(Unanswerable::Expired)),
        }
    }

    /// Carries out what the person decided about a request that asked for consent in this session. The consent is remembered.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub async fn decide(
        &self,
        sealed: &str,
        session: SessionId,
        decision: Decision,
        origin: &Origin,
    ) -> Result<Outcome, StoreError> {
        let pending = Pending::open(sealed, &self.master, self.ports.clock.now());
        let Some(pending) = pending.filter(|pending| pending.asked_in == Some(session)) else {
            return Ok(Outcome::Unanswerable(Unanswerable::Expired));
        };
        self.look(pending, false, Some(session), Some((decision, origin))).await
    }

    async fn look(
        &self,
        pending: Pending,
        is_first: bool,
        session: Option<SessionId>,
        decision: Option<(Decision, &Origin)>,
    ) -> Result<Outcome, StoreError> {
        let mut repositories = self.ports.store.autocommit();
        let (client, target) = match self.target(&mut *repositories, &pending.params).await? {
            Ok(sure) => sure,
            Err(reason) => return Ok(Outcome::Unanswerable(reason)),
        };
        let asking = Asking { pending: &pending, is_first, client: &client, target: &target };
        match self.weigh(&mut *repositories, &asking, session, decision).await? {
            Ok(outcome) => Ok(outcome),
            Err(refusal) => Ok(Outcome::Answer(self.refusal(&asking, refusal))),
        }
    }

    /// Who asks, and where the answer goes.
    async fn target(
        &self,
        repositories: &mut dyn Repositories,
        params: &Params,
    ) -> Result<Result<(Client, Target), Unanswerable>, StoreError> {
        let id = match client_id(params) {
            Ok(id) => id,
            Err(reason) => return Ok(Err(reason)),
        };
        let Some(client) = repositories.clients().find(&id).await? else {
            return Ok(Err(Unanswerable::UnknownClient));
        };
        Ok(Target::of(params, &client).map(|target| (client, target)))
    }

    fn refusal(&self, asking: &Asking<'_>, refusal: Refusal) -> Answer {
        Answer::refusal(&asking.target.redirect_uri, refusal, asking.state(), &self.issuer)
    }

    async fn weigh(
        &self,
        repositories: &mut dyn Repositories,
        asking: &Asking<'_>,
        session: Option<SessionId>,
        decision: Option<(Decision, &Origin)>,
    ) -> Result<Result<Outcome, Refusal>, StoreError> {
        let client = asking.client;
        let request = match asking.read(&self.issuer) {
            Ok(request) => request,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let (now, random) = (self.ports.clock.now(), &*self.ports.random);
        let live = self.standing(repositories, session, now).await?;
        if let Some((Decision::Deny, _)) = decision {
            return Ok(Err(Refusal::new("access_denied", "the person said no")));
        }
        let hinted = match &request.id_token_hint {
            Some(hint) => match self.hinted(hint, client).await? {
                Some(user) => Some(user),
                None => return Ok(Err(Refusal::invalid("id_token_hint is no ID token of this client"))),
            },
            None => None,
        };
        let mut scope = ScopeSet::default();
        let (mut consent, mut refusal) = (None, None);
        if let Some(LiveSession { session, role }) = &live {
            scope = request.grantable(client, self.opening.grants().through_consent(*role));
            if scope.is_empty() {
                refusal = Some(Refusal::new("invalid_scope", "the account may have none of this scope"));
            }
            consent = repositories.consents().find(session.user, &client.id).await?;
            let strong = session.proof.methods.are_strong();
            if request.strong && !strong && !Standing::of(repositories, session.user).await?.is_owed() {
                let words = "the account has no second factor";
                refusal = refusal.or_else(|| Some(Refusal::new("unmet_authentication_requirements", words)));
            }
        }
        let agreed = decision.filter(|_| asking.pending.showed(&scope, client));
        let facts = Facts {
            request: &request,
            client,
            redirect_uri: &asking.target.redirect_uri,
            session: live.as_ref().map(|live| &live.session),
            hinted,
            // Of a namesake that was removed since nothing is remembered. It was registered by another machine's clock.
            consent: consent.as_ref().filter(|consent| consent.allowed_at >= client.created_at - CLOCKS),
            scope: &scope,
            chosen: session.is_some() && asking.pending.asked_in == session,
            agreed: agreed.is_some(),
            begun_at: (!asking.is_first).then_some(asking.pending.begun_at),
            now,
        };
        let check = first(&facts);
        // What this account may not have, another one may, which the person is to log in with or to choose.
        let other = check.is_some_and(|check| matches!(check.need, Need::Login | Need::Choice));
        if let Some(refusal) = refusal.filter(|_| !other) {
            return Ok(Err(refusal));
        }
        if let Some(check) = check {
            if request.asks_for(Prompt::None) {
                return Ok(Err(Refusal::new(check.error, check.name)));
            }
            return Ok(Ok(match (check.need, &live) {
                (Need::Consent, Some(live)) => self.consent(asking, &request, live, scope),
                (Need::Login | Need::Choice, Some(live)) => {
                    Outcome::Switch(self.switch(asking, &request, live, check.need).into())
                }
                (Need::Proof, _) => Outcome::Prove(self.login(asking, &request).into()),
                _ => Outcome::LogIn(self.login(asking, &request).into()),
            }));
        }
        let Some(live) = live else { return Ok(Ok(Outcome::LogIn(self.login(asking, &request).into()))) };
        let narrowed = self.opening.narrowed(repositories, &live.session, live.role, scope.clone()).await?;
        if narrowed.contains(ENROL) {
            if request.asks_for(Prompt::None) {
                return Ok(Err(Refusal::new("interaction_required", "the account needs a second factor")));
            }
            return Ok(Ok(Outcome::Enrol(self.login(asking, &request).into())));
        }
        if let Some((Decision::Allow, origin)) = agreed {
            let resource = request.resource.clone();
            self.consents.remember(&live.session, &client.id, &scope, resource, origin).await?;
        }
        let code = Code::new(asking.client, asking.target, &request, &live.session, scope, now, random);
        let code = code.of(asking.pending.pushed.as_ref()).seal(&self.master, random);
        let answer = Answer::code(&asking.target.redirect_uri, &code, asking.state(), &self.issuer);
        Ok(Ok(Outcome::Answer(answer)))
    }

    /// The browser session, if it stands.
    async fn standing(
        &self,
        repositories: &mut dyn Repositories,
        session: Option<SessionId>,
        now: OffsetDateTime,
    ) -> Result<Option<LiveSession>, StoreError> {
        let Some(id) = session else { return Ok(None) };
        let live = repositories.sessions().live(id).await?;
        Ok(live.filter(|live| !self.opening.lifetimes.are_over(&live.session, now)))
    }

    /// The user whom the hint names; `None` where it is no ID token of this client.
    async fn hinted(&self, hint: &str, client: &Client) -> Result<Option<UserId>, StoreError> {
        let hint = self.keys.hint(hint, &self.issuer).await?;
        let hint = hint.filter(|hint| hint.client_id == client.id.as_str());
        Ok(hint.and_then(|hint| hint.subject.parse().ok()).map(UserId))
    }

    fn login(&self, asking: &Asking<'_>, request: &AuthorizationRequest) -> LoginNeeded {
        LoginNeeded {
            request: asking.pending.seal(&self.master, &*self.ports.random),
            redirect_uri: asking.target.redirect_uri.clone(),
            login_hint: request.login_hint.clone(),
            sign_up: request.asks_for(Prompt::Create),
        }
    }

    fn switch(
        &self,
        asking: &Asking<'_>,
        request: &AuthorizationRequest,
        live: &LiveSession,
        need: Need,
    ) -> SwitchNeeded {
        let chosen = Pending { asked_in: Some(live.session.id), shown: None, ..asking.pending.clone() };
        let stay = (need == Need::Choice).then(|| chosen.seal(&self.master, &*self.ports.random));
        SwitchNeeded { login: self.login(asking, request), stay }
    }

    fn consent(
        &self,
        asking: &Asking<'_>,
        request: &AuthorizationRequest,
        live: &LiveSession,
        scope: ScopeSet,
    ) -> Outcome {
        let pending = asking.pending.clone().asked(live.session.id, &scope, asking.client);
        Outcome::Consent(Box::new(ConsentNeeded {
            request: pending.seal(&self.master, &*self.ports.random),
            redirect_uri: asking.target.redirect_uri.clone(),
            user: live.session.user,
            client: asking.client.id.clone(),
            name: asking.client.settings.name.clone(),
            scope,
            resource: request.resource.clone(),
        }))
    }
}
