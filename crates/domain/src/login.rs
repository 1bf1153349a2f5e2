//! Logging in, signing up and logging out: the use cases that open and end sessions.

use std::sync::Arc;

use keyward_auth::{Grant, Password, PasswordHash, RefreshTokens, ScopeSet, TokenError, TokenIssuer};

use crate::email::Email;
use crate::hashing::Verified;
use crate::ports::Ports;
use crate::scopes;
use crate::sessions::{Caller, Device, Lifetimes, LiveSession, Session, SessionError, SessionId, Tokens};
use crate::store::StoreError;
use crate::users::{Credentials, Registration, UserError, UserId, Users};

/// The use cases of sessions.
#[derive(Clone)]
pub struct Sessions {
    pub(crate) ports: Ports,
    pub(crate) issuer: Arc<dyn TokenIssuer>,
    pub(crate) refresh: Arc<RefreshTokens>,
    pub(crate) lifetimes: Lifetimes,
}

impl Sessions {
    /// Use cases over these ports, signing with `issuer`.
    pub fn new(
        ports: Ports,
        issuer: Arc<dyn TokenIssuer>,
        refresh: RefreshTokens,
        lifetimes: Lifetimes,
    ) -> Self {
        Self { ports, issuer, refresh: Arc::new(refresh), lifetimes }
    }

    /// Logs in with an address and a password. `scope` narrows what is granted; without one it is all the role may have.
    ///
    /// # Errors
    /// An unknown address, a wrong password and a locked account answer alike, and cost alike.
    pub async fn log_in(
        &self,
        email: &str,
        password: Password,
        scope: Option<&str>,
        device: Device,
    ) -> Result<Tokens, SessionError> {
        let password = Arc::new(password);
        // A second round only if the stored hash changed between the check and the session's first row.
        for _ in 0..2 {
            let (credentials, better) = self.check_password(email, &password).await?;
            let scope = scopes::grant(scope, &credentials.user.role.scopes())?;
            let session = self.open(credentials.user.id, scope, device.clone());
            let tokens = self.tokens(&session, session.scope.clone())?;
            if self.admit(&credentials, better.as_ref(), &session).await? {
                return Ok(tokens);
            }
        }
        Err(SessionError::InvalidCredentials)
    }

    /// Makes an account and logs in to it, both or neither.
    pub async fn sign_up(&self, registration: Registration, device: Device) -> Result<Tokens, SessionError> {
        let new = Users::new(self.ports.clone()).prepare(registration).await?;
        let mut tx = self.ports.store.begin().await?;
        let user = tx.users().insert(&new).await.map_err(UserError::on_insert)?;
        let session = self.open(user.id, user.role.scopes(), device);
        tx.sessions().insert(&session).await?;
        let tokens = self.tokens(&session, session.scope.clone())?;
        tx.commit().await?;
        Ok(tokens)
    }

    /// The session of that id, if it stands.
    pub async fn live(&self, id: SessionId) -> Result<Option<LiveSession>, StoreError> {
        self.ports.store.autocommit().sessions().live(id).await
    }

    /// Ends the caller's session. One that has ended already stays so.
    pub async fn log_out(&self, caller: &Caller) -> Result<(), SessionError> {
        let mut repositories = self.ports.store.autocommit();
        repositories.sessions().revoke(caller.id, caller.session, self.ports.clock.now()).await?;
        self.ports.changes.changed(caller.id);
        Ok(())
    }

    /// The account whose password this is, and a better hash of it where there is one.
    async fn check_password(
        &self,
        email: &str,
        password: &Arc<Password>,
    ) -> Result<(Credentials, Option<PasswordHash>), SessionError> {
        let found = match Email::parse(email) {
            Ok(email) => self.ports.store.autocommit().users().credentials_of(&email).await?,
            Err(_) => None,
        };
        let stored = found.as_ref().map(|credentials| credentials.hash.clone());
        let verified = self.ports.hashing.verify(Arc::clone(password), stored).await?;
        let credentials =
            found.filter(|found| !found.user.disabled).ok_or(SessionError::InvalidCredentials)?;
        match verified {
            Verified::Mismatch => Err(SessionError::InvalidCredentials),
            Verified::Match => Ok((credentials, None)),
            Verified::Upgraded(better) => Ok((credentials, Some(better))),
        }
    }

    /// Writes the session if the account still has the hash that was checked, so that no login with a password
    /// outlives its change.
    async fn admit(
        &self,
        Credentials { user, hash }: &Credentials,
        better: Option<&PasswordHash>,
        session: &Session,
    ) -> Result<bool, StoreError> {
        let mut tx = self.ports.store.begin().await?;
        let stands = match better {
            Some(better) => tx.users().replace_hash(user.id, hash, better).await?,
            None => tx.users().still_has(user.id, hash).await?,
        };
        if stands {
            tx.sessions().insert(session).await?;
            tx.commit().await?;
        }
        Ok(stands)
    }

    fn open(&self, user: UserId, scope: ScopeSet, device: Device) -> Session {
        let now = self.ports.clock.now();
        let (mut salt, mut tail) = ([0; 16], [0; 10]);
        self.ports.random.fill(&mut salt);
        self.ports.random.fill(&mut tail);
        let millis = u64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
        let id = SessionId(uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid());
        Session { id, user, scope, device, created_at: now, last_seen_at: now, counter: 0, salt }
    }

    /// The pair that belongs to the session's present state.
    pub(crate) fn tokens(&self, session: &Session, scope: ScopeSet) -> Result<Tokens, TokenError> {
        let grant = Grant {
            subject: session.user.to_string(),
            session: Some(session.id.to_string()),
            client_id: None,
            scope: scope.clone(),
        };
        let access = self.issuer.issue(&grant, self.ports.clock.now().unix_timestamp())?;
        let refresh = self.refresh.encode(session.id.0, session.counter, &session.salt);
        Ok(Tokens { access, refresh, scope })
    }
}
