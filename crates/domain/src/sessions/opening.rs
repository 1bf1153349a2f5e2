//! Opening sessions, and issuing the tokens that belong to them.

use std::sync::Arc;

use keyward_auth::{
    AccessToken, Grant, RefreshToken, RefreshTokens, ScopeSet, Thumbprint, TokenError, TokenIssuer,
};

use crate::factors::policy::SecondFactor;
use crate::factors::standing::Standing;
use crate::limits::budgets::network;
use crate::mail::postbox::Postbox;
use crate::model::events::{Event, EventKind};
use crate::model::lifetimes::Lifetimes;
use crate::model::mail::Lane;
use crate::model::sessions::Session;
use crate::model::store_error::StoreError;
use crate::ports::bundle::Ports;
use crate::ports::letters::Reader;
use crate::ports::store::{Repositories, Transaction};
use crate::values::by::{By, Means};
use crate::values::ids::{ClientId, SessionId, UserId};
use crate::values::origin::Origin;
use crate::values::proof::{Method, Proof};
use crate::values::scopes::{Grants, OFFLINE_ACCESS, OPENID, Role};

/// A pair of tokens.
pub struct Tokens {
    /// The session that they belong to.
    pub session: SessionId,
    /// The access token, valid for minutes.
    pub access: AccessToken,
    /// The refresh token, good for one further pair.
    pub refresh: RefreshToken,
    pub scope: ScopeSet,
}

/// Opens sessions and issues tokens: what every way of logging in shares.
#[derive(Clone)]
pub struct Opening {
    pub(super) ports: Ports,
    pub(super) codec: Arc<RefreshTokens>,
    pub(crate) lifetimes: Lifetimes,
    issuer: Arc<dyn TokenIssuer>,
    grants: Arc<Grants>,
    pub(super) policy: SecondFactor,
    notices: Option<Postbox>,
    most: u64,
}

/// How many of an account's addresses are known.
const ADDRESSES: u64 = 100;
/// How many sessions one login ends at most. A larger surplus is left to further logins and to the cleaning.
const ENDED_AT_ONCE: u64 = 100;
/// How many sessions a client may be granted in one browser session, and how many beyond it. They do not count as the account's.
const MOST_GRANTS: u64 = 10;

impl Opening {
    /// Signs access tokens with `issuer` and refresh tokens with `codec`; `grants` bounds every scope, and an account has at
    /// most `most` sessions.
    pub fn new(
        ports: Ports,
        issuer: Arc<dyn TokenIssuer>,
        codec: RefreshTokens,
        lifetimes: Lifetimes,
        grants: Grants,
        most: u64,
    ) -> Self {
        let policy = SecondFactor::default();
        Self {
            ports,
            codec: Arc::new(codec),
            lifetimes,
            issuer,
            grants: Arc::new(grants),
            policy,
            notices: None,
            most,
        }
    }

    /// The same, where `policy` says who has to have a second factor.
    #[must_use]
    pub fn demanding(self, policy: SecondFactor) -> Self {
        Self { policy, ..self }
    }

    /// The same, where mails report logins from IP addresses that the account does not know.
    #[must_use]
    pub fn reporting(self, postbox: Option<Postbox>) -> Self {
        Self { notices: postbox, ..self }
    }

    /// What a session of this role gets of `granted`. Where the policy demands a second factor, the account has to have one
    /// and the session has to have shown it: a session that began with the password alone does not gain by an enrolment
    /// elsewhere.
    pub(crate) async fn narrowed(
        &self,
        repositories: &mut (impl Repositories + ?Sized),
        session: &Session,
        role: Role,
        granted: ScopeSet,
    ) -> Result<ScopeSet, StoreError> {
        if !self.policy.demands(role) {
            return Ok(granted);
        }
        let standing = Standing::of(repositories, session.user).await?;
        let shown = standing.is_owed() && session.proof.methods.are_strong();
        Ok(self.policy.bound(role, shown, granted))
    }

    /// Stores a new session of a login, and notes when it was. A mail may report it.
    pub(crate) async fn store(
        &self,
        tx: &mut dyn Transaction,
        session: &Session,
        origin: &Origin,
    ) -> Result<(), StoreError> {
        self.report(tx, session).await?;
        self.keep(tx, session, origin).await?;
        tx.overviews().note_login(session.user, session.created_at).await
    }

    /// Stores a new session. Where its account, or the client that it was granted to, has too many then, those unseen longest end.
    pub(crate) async fn keep(
        &self,
        tx: &mut dyn Transaction,
        session: &Session,
        origin: &Origin,
    ) -> Result<(), StoreError> {
        tx.sessions().insert(session).await?;
        tx.events().append(&opened(session, origin)).await?;
        let now = session.created_at;
        let granted = session.parent.is_some() || session.scope.contains(OFFLINE_ACCESS);
        let (user, parent) = (session.user, session.parent);
        let endings = tx.session_endings();
        let (most, surplus) = if let Some(client) = session.client.as_ref().filter(|_| granted) {
            (MOST_GRANTS, endings.revoke_surplus_of_client(user, parent, client, MOST_GRANTS, now).await?)
        } else {
            (self.most, endings.revoke_surplus(user, self.most, now, ENDED_AT_ONCE).await?)
        };
        for id in surplus {
            let event = Event::new(now, EventKind::SessionEnded, owner(session), origin)
                .of(session.user)
                .in_session(id);
            tx.events().append(&event.saying(format!("more than {most}"))).await?;
        }
        Ok(())
    }

    /// Has a mail report a login from a network that the account's sessions of before do not know. The first login of all is no
    /// news.
    async fn report(&self, tx: &mut dyn Transaction, session: &Session) -> Result<(), StoreError> {
        let (Some(postbox), Some(address)) = (&self.notices, session.device.ip) else { return Ok(()) };
        let known = tx.sessions().addresses(session.user, ADDRESSES).await?;
        if known.is_empty() || known.into_iter().any(|known| network(known) == network(address)) {
            return Ok(());
        }
        let user = tx.users().find(session.user).await?;
        let Some(reader) = user.as_ref().and_then(Reader::of) else { return Ok(()) };
        let letter = postbox.letters.new_device(reader, &session.device, session.created_at);
        let letter = letter.map_err(|error| StoreError::Internal(Box::new(error)))?;
        postbox.post(tx, &self.ports, Lane::Notice, reader.email.clone(), letter).await.map(drop)
    }

    /// How long sessions last.
    pub fn lifetimes(&self) -> Lifetimes {
        self.lifetimes
    }

    /// What a token's scope is worth now: what its user's role allows, and, where the policy demands a second factor, leave to enrol
    /// one unless the session has shown one that counts yet.
    pub fn standing_scope(&self, role: Role, proof: &Proof, scope: &ScopeSet) -> ScopeSet {
        let allowed = self.grants.bound(role, scope);
        self.policy.bound(role, proof.methods.are_strong(), allowed)
    }

    /// What each role may have.
    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    /// A new session of `user`, not stored yet.
    pub(super) fn open(
        &self,
        user: UserId,
        scope: ScopeSet,
        client: Option<ClientId>,
        methods: &[Method],
        origin: &Origin,
    ) -> Session {
        let now = self.ports.clock.now();
        let (mut salt, mut tail) = ([0; 16], [0; 10]);
        self.ports.random.fill(&mut salt);
        self.ports.random.fill(&mut tail);
        let millis = u64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
        let id = SessionId(uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid());
        let device = origin.device.clone();
        let proof = Proof::new(now, methods);
        Session {
            id,
            user,
            scope,
            client,
            parent: None,
            opened_in: None,
            audience: Vec::new(),
            device,
            created_at: now,
            last_seen_at: now,
            proof,
            counter: 0,
            key: None,
            salt,
        }
    }

    /// The pair of tokens for the session's current state. The access token is bound to `key`, or to the session's.
    pub(crate) fn tokens(
        &self,
        session: &Session,
        scope: ScopeSet,
        key: Option<&Thumbprint>,
    ) -> Result<Tokens, TokenError> {
        let grant = Grant {
            subject: session.user.to_string(),
            session: Some(session.id.to_string()),
            client_id: session.client.as_ref().map(ToString::to_string),
            key: key.or(session.key.as_ref()).cloned(),
            audience: session.audience.clone(),
            // A token that the userinfo endpoint would refuse is of no use to an OpenID Connect library.
            userinfo: scope.contains(OPENID),
            scope: scope.clone(),
            authentication: session.proof.claims(),
        };
        let access = self.sign(&grant)?;
        let refresh = self.codec.encode(session.id.0, session.counter, &session.salt);
        Ok(Tokens { session: session.id, access, refresh, scope })
    }

    /// A signed access token.
    pub(crate) fn sign(&self, grant: &Grant) -> Result<AccessToken, TokenError> {
        self.issuer.issue(grant, self.ports.clock.now().unix_timestamp())
    }
}

/// The event of a session that was opened.
fn opened(session: &Session, origin: &Origin) -> Event {
    let event = Event::new(session.created_at, EventKind::LoginOk, owner(session), origin);
    let event = event.of(session.user).in_session(session.id);
    match &session.client {
        Some(client) => event.saying(client.as_str()),
        None => event,
    }
}

/// The user, through the session that begins.
pub(crate) fn owner(session: &Session) -> By {
    By::user(session.user, Means::Session(session.id))
}
