//! Logging in with an e-mail address and a password.

use std::sync::Arc;

use keyward_auth::{Password, PasswordHash, RefreshTokens};

use super::error::SessionError;
use super::opening::{Opening, Tokens};
use crate::identity::verification::Verification;
use crate::identity::verification_error::VerificationError;
use crate::limits::throttle::{Guess, Throttle};
use crate::limits::waits::ThrottleError;
use crate::model::clients::Client;
use crate::model::events::{Event, EventKind};
use crate::model::sessions::Session;
use crate::model::store_error::StoreError;
use crate::model::users::{Credentials, User};
use crate::ports::bundle::Ports;
use crate::ports::hashing::Verified;
use crate::values::by::By;
use crate::values::email::Email;
use crate::values::ids::{SessionId, UserId};
use crate::values::origin::Origin;
use crate::values::scopes;

pub struct Login {
    /// The e-mail address, as typed; `None` if it is not well-formed.
    pub email: Option<Email>,
    /// The password, as typed.
    pub password: Password,
    /// The scope requested; `None` for all that the role may have.
    pub scope: Option<String>,
    /// The OAuth2 client in between, if one authenticated itself: no more is granted than it was registered for.
    pub client: Option<Client>,
    /// A refresh token that this device got at an earlier login, valid or not: it shows that the account knows the device.
    pub device: Option<String>,
}

#[derive(Clone)]
pub struct LogIn {
    ports: Ports,
    opening: Opening,
    throttle: Throttle,
    verification: Verification,
}

impl LogIn {
    /// The use case; `throttle` limits wrong passwords, and `verification` decides whether an address has to be verified.
    pub fn new(opening: Opening, throttle: Throttle, verification: Verification) -> Self {
        Self { ports: opening.ports.clone(), opening, throttle, verification }
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
            let (credentials, better) =
                self.check_password(login.email.as_ref(), &password, guess, origin).await?;
            self.require_verified(&credentials.user, guess).await?;
            let client = login.client.as_ref();
            let allowed = Client::bound(client, self.opening.grants().of(credentials.user.role));
            let scope = scopes::grant(login.scope.as_deref(), &allowed)?;
            let client = client.map(|client| client.id.clone());
            let session = self.opening.open(credentials.user.id, scope, client, origin);
            let tokens = self.opening.tokens(&session, session.scope.clone())?;
            if self.admit(&credentials, better.as_ref(), &session, guess, origin).await? {
                return Ok(tokens);
            }
        }
        Err(SessionError::InvalidCredentials)
    }

    /// The counters of this attempt. A trusted device has counters of its own, so that it need not wait for unknown ones.
    async fn ration(&self, login: &Login, origin: &Origin) -> Result<Guess, SessionError> {
        let address = origin.device.ip;
        let throttled = match self.throttle.stranger(login.email.as_ref(), address).await {
            Err(ThrottleError::Throttled(throttled)) => throttled,
            other => return Ok(other?),
        };
        let Some(email) = &login.email else { return Err(throttled.into()) };
        let device = self.known_device(email, login.device.as_deref()).await?;
        let known = self.throttle.acquaintance(email, device, address).await?;
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
        Ok(salt.filter(|salt| self.opening.codec.verify(&claim, salt)).map(|_| session))
    }

    /// The account whose password this is, and a better hash of it where there is one.
    async fn check_password(
        &self,
        email: Option<&Email>,
        password: &Arc<Password>,
        guess: Guess,
        origin: &Origin,
    ) -> Result<(Credentials, Option<PasswordHash>), SessionError> {
        let found = match email {
            Some(email) => self.ports.store.autocommit().users().credentials_of(email).await?,
            None => None,
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
        if user.email_verified || !self.verification.is_required() {
            return Ok(());
        }
        // This answer shows that the password was right, so it is rate limited, too.
        self.throttle.right(&mut *self.ports.store.autocommit(), guess).await?;
        match self.verification.request_for(user).await {
            Ok(()) | Err(VerificationError::JustSent(_)) => Err(SessionError::EmailUnverified),
            Err(VerificationError::TooManyMails(throttled)) => {
                Err(SessionError::EmailUnverifiedNoMail(throttled))
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn record_failure(
        &self,
        user: Option<UserId>,
        guess: Guess,
        origin: &Origin,
    ) -> Result<(), SessionError> {
        let mut event = Event::new(self.ports.clock.now(), EventKind::LoginFailed, By::UNKNOWN, origin);
        event.user = user;
        let wait = Event { user, ..self.throttle.event(By::UNKNOWN, origin) };
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
                    Some(better) => tx.user_changes().replace_hash(user.id, hash, better).await?,
                    None => tx.user_changes().still_has(user.id, hash).await?,
                };
                // Nor does one through a client outlive that.
                let registered = match &session.client {
                    Some(client) => tx.clients().hold(client).await?,
                    None => true,
                };
                let stands = stands && registered;
                if stands {
                    self.throttle.right(&mut *tx, guess).await?;
                    self.opening.store(&mut *tx, session, origin).await?;
                    tx.commit().await?;
                }
                Ok::<_, SessionError>(stands)
            })
            .await
    }
}
