//! Logging in and signing up: the use cases that open sessions.

use std::sync::Arc;

use keyward_auth::{
    Grant, Password, PasswordHash, RefreshTokens, ScopeSet, TokenError, TokenIssuer, TokenVerifier,
};

use crate::clients::{Client, ClientId};
use crate::email::Email;
use crate::events::{Event, EventKind, Origin};
use crate::hashing::Verified;
use crate::ports::Ports;
use crate::scopes::{self, Grants};
use crate::sessions::{Lifetimes, LiveSession, Session, SessionError, SessionId, Tokens};
use crate::store::StoreError;
use crate::throttle::{Deed, Guess, Throttle, ThrottleError};
use crate::users::{Credentials, Registration, User, UserError, UserId, Users};
use crate::verification::{Verification, VerificationError};

/// What somebody logs in with.
pub struct Login {
    /// The address, as typed.
    pub email: String,
    /// The password, as typed.
    pub password: Password,
    /// The scope asked for; `None` for all that the role may have.
    pub scope: Option<String>,
    /// The OAuth2 client in between, if one authenticated itself: no more is granted than it was registered for.
    pub client: Option<Client>,
    /// A refresh token that this device got at an earlier login, good or not: it shows that the account knows the device.
    pub device: Option<String>,
}

/// The use cases of sessions.
#[derive(Clone)]
pub struct Sessions {
    pub(crate) ports: Ports,
    pub(crate) issuer: Arc<dyn TokenIssuer>,
    pub(crate) verifier: Arc<dyn TokenVerifier>,
    pub(crate) refresh: Arc<RefreshTokens>,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) throttle: Throttle,
    pub(crate) grants: Arc<Grants>,
    verification: Option<Verification>,
}

impl Sessions {
    /// Use cases over these ports, signing with `issuer` and believing `verifier`.
    pub fn new(
        ports: Ports,
        issuer: Arc<dyn TokenIssuer>,
        verifier: Arc<dyn TokenVerifier>,
        refresh: RefreshTokens,
        lifetimes: Lifetimes,
    ) -> Self {
        let throttle = Throttle::new(ports.clone(), None);
        let refresh = Arc::new(refresh);
        Self {
            ports,
            issuer,
            verifier,
            refresh,
            lifetimes,
            grants: Arc::default(),
            throttle,
            verification: None,
        }
    }

    /// The same, rationing wrong passwords.
    #[must_use]
    pub fn with_throttle(self, throttle: Throttle) -> Self {
        Self { throttle, ..self }
    }

    /// The same, letting nobody in whose address is not verified; who tries is sent a code and a link.
    #[must_use]
    pub fn requiring_verified_email(self, verification: Verification) -> Self {
        Self { verification: Some(verification), ..self }
    }

    /// The same, with what each role may have.
    #[must_use]
    pub fn with_grants(self, grants: Grants) -> Self {
        Self { grants: Arc::new(grants), ..self }
    }

    /// What each role may have.
    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    /// Logs in with an address and a password.
    ///
    /// # Errors
    /// An unknown address, a wrong password and a locked account answer alike, and cost alike.
    pub async fn log_in(&self, login: Login, origin: &Origin) -> Result<Tokens, SessionError> {
        let guess = self.ration(&login, origin).await?;
        let password = Arc::new(login.password);
        // A second round only if the stored hash changed between the check and the session's first row.
        for _ in 0..2 {
            let (credentials, better) = self.check_password(&login.email, &password, guess, origin).await?;
            self.require_verified(&credentials.user, guess).await?;
            let client = login.client.as_ref();
            let allowed = Client::bound(client, self.grants.of(credentials.user.role));
            let scope = scopes::grant(login.scope.as_deref(), &allowed)?;
            let client = client.map(|client| client.id.clone());
            let session = self.open(credentials.user.id, scope, client, origin);
            let tokens = self.tokens(&session, session.scope.clone())?;
            if self.admit(&credentials, better.as_ref(), &session, guess, origin).await? {
                return Ok(tokens);
            }
        }
        Err(SessionError::InvalidCredentials)
    }

    /// Makes an account and logs in to it, both or neither. Where addresses have to be verified there is no login yet:
    /// `None`, and a code and a link are on their way.
    pub async fn sign_up(
        &self,
        registration: Registration,
        origin: &Origin,
    ) -> Result<Option<Tokens>, SessionError> {
        self.throttle.spend(Deed::SignUp, origin).await?;
        let users = Users::new(self.ports.clone());
        if let Some(verification) = &self.verification {
            verification.request_for(&users.register(registration).await?).await?;
            return Ok(None);
        }
        let new = users.prepare(registration).await?;
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                let user = tx.users().insert(&new).await.map_err(UserError::on_insert)?;
                let session = self.open(user.id, self.grants.of(user.role).clone(), None, origin);
                tx.sessions().insert(&session).await?;
                tx.events().append(&opened(&session, origin)).await?;
                let tokens = self.tokens(&session, session.scope.clone())?;
                tx.commit().await?;
                Ok::<_, SessionError>(Some(tokens))
            })
            .await
    }

    /// The session of that id, if it stands.
    pub async fn live(&self, id: SessionId) -> Result<Option<LiveSession>, StoreError> {
        self.ports.store.autocommit().sessions().live(id).await
    }

    /// The counts that this guess belongs to. Where strangers have to wait, whoever the account knows has counts of their own.
    async fn ration(&self, login: &Login, origin: &Origin) -> Result<Guess, SessionError> {
        let address = origin.device.ip;
        let throttled = match self.throttle.stranger(&login.email, address).await {
            Err(ThrottleError::Throttled(throttled)) => throttled,
            other => return Ok(other?),
        };
        let Ok(email) = Email::parse(&login.email) else { return Err(throttled.into()) };
        let device = self.known_device(&email, login.device.as_deref()).await?;
        let known = self.throttle.acquaintance(&email, device, address).await?;
        known.ok_or(throttled.into())
    }

    /// The session of this account that a refresh token was made for, even one that is spent or whose session has ended.
    async fn known_device(
        &self,
        email: &Email,
        token: Option<&str>,
    ) -> Result<Option<SessionId>, StoreError> {
        let Some(Ok(claim)) = token.map(RefreshTokens::parse) else { return Ok(None) };
        let session = SessionId(claim.session);
        let salt = self.ports.store.autocommit().attempts().salt_of(email, session).await?;
        Ok(salt.filter(|salt| self.refresh.verify(&claim, salt)).map(|_| session))
    }

    /// The account whose password this is, and a better hash of it where there is one.
    async fn check_password(
        &self,
        email: &str,
        password: &Arc<Password>,
        guess: Guess,
        origin: &Origin,
    ) -> Result<(Credentials, Option<PasswordHash>), SessionError> {
        let found = match Email::parse(email) {
            Ok(email) => self.ports.store.autocommit().users().credentials_of(&email).await?,
            Err(_) => None,
        };
        let stored = found.as_ref().map(|credentials| credentials.hash.clone());
        let verified = self.ports.hashing.verify(Arc::clone(password), stored).await?;
        let user = found.as_ref().map(|credentials| credentials.user.id);
        match (found.filter(|found| !found.user.disabled), verified) {
            (Some(credentials), Verified::Match) => Ok((credentials, None)),
            (Some(credentials), Verified::Upgraded(better)) => Ok((credentials, Some(better))),
            _ => {
                self.record_failure(user, guess, origin).await?;
                Err(SessionError::InvalidCredentials)
            }
        }
    }

    async fn require_verified(&self, user: &User, guess: Guess) -> Result<(), SessionError> {
        let Some(verification) = self.verification.as_ref().filter(|_| !user.email_verified) else {
            return Ok(());
        };
        // Whoever reads this answer knows that the password was right, so it is rationed, too.
        self.throttle.right(&mut *self.ports.store.autocommit(), guess).await?;
        match verification.request_for(user).await {
            Ok(()) | Err(VerificationError::Throttled(_)) => Err(SessionError::EmailUnverified),
            Err(error) => Err(error.into()),
        }
    }

    async fn record_failure(
        &self,
        user: Option<UserId>,
        guess: Guess,
        origin: &Origin,
    ) -> Result<(), SessionError> {
        let mut event = Event::new(self.ports.clock.now(), EventKind::LoginFailed, origin);
        event.user = user;
        let wait = Event { user, ..self.throttle.event(origin) };
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                self.throttle.wrong(&mut *tx, guess, wait.clone()).await?;
                tx.events().append(&event).await?;
                Ok::<_, SessionError>(tx.commit().await?)
            })
            .await
    }

    /// Writes the session if the account still has the hash that was checked, so that no login with a password
    /// outlives its change.
    async fn admit(
        &self,
        Credentials { user, hash }: &Credentials,
        better: Option<&PasswordHash>,
        session: &Session,
        guess: Guess,
        origin: &Origin,
    ) -> Result<bool, SessionError> {
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                let stands = match better {
                    Some(better) => tx.users().replace_hash(user.id, hash, better).await?,
                    None => tx.users().still_has(user.id, hash).await?,
                };
                // Nor does one through a client outlive that.
                let registered = match &session.client {
                    Some(client) => tx.clients().hold(client).await?,
                    None => true,
                };
                let stands = stands && registered;
                if stands {
                    self.throttle.right(&mut *tx, guess).await?;
                    tx.sessions().insert(session).await?;
                    tx.events().append(&opened(session, origin)).await?;
                    tx.commit().await?;
                }
                Ok::<_, SessionError>(stands)
            })
            .await
    }

    fn open(&self, user: UserId, scope: ScopeSet, client: Option<ClientId>, origin: &Origin) -> Session {
        let now = self.ports.clock.now();
        let (mut salt, mut tail) = ([0; 16], [0; 10]);
        self.ports.random.fill(&mut salt);
        self.ports.random.fill(&mut tail);
        let millis = u64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
        let id = SessionId(uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid());
        let device = origin.device.clone();
        Session { id, user, scope, client, device, created_at: now, last_seen_at: now, counter: 0, salt }
    }

    /// The pair that belongs to the session's present state.
    pub(crate) fn tokens(&self, session: &Session, scope: ScopeSet) -> Result<Tokens, TokenError> {
        let grant = Grant {
            subject: session.user.to_string(),
            session: Some(session.id.to_string()),
            client_id: session.client.as_ref().map(ToString::to_string),
            scope: scope.clone(),
        };
        let access = self.issuer.issue(&grant, self.ports.clock.now().unix_timestamp())?;
        let refresh = self.refresh.encode(session.id.0, session.counter, &session.salt);
        Ok(Tokens { access, refresh, scope })
    }
}

fn opened(session: &Session, origin: &Origin) -> Event {
    Event::new(session.created_at, EventKind::LoginOk, origin).of(session.user).in_session(session.id)
}
