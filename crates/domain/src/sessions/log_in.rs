//! Logging in with an e-mail address or a user name, and a password.

use std::sync::Arc;

use keyward_auth::{Password, PasswordHash, Thumbprint, Zeroizing};

use super::admission::Admission;
use super::error::SessionError;
use super::known_device::KnownDevice;
use super::login_counters::LoginCounters;
use super::opening::{Opening, owner};
use super::owing::{Challenges, Recipient};
use super::verified::require_verified;
use crate::factors::answer::Answer;
use crate::factors::checks::{Checked, FactorChecks};
use crate::factors::standing::Standing;
use crate::identity::verification::Verification;
use crate::limits::throttle::{Guess, Throttle};
use crate::mail::postbox::Postbox;
use crate::model::clients::Client;
use crate::model::events::{Event, EventKind};
use crate::model::sessions::Session;
use crate::model::store_error::StoreError;
use crate::model::users::{Credentials, User};
use crate::ports::bundle::Ports;
use crate::ports::hashing::Verified;
use crate::values::by::By;
use crate::values::ids::UserId;
use crate::values::names::{LoginName, LoginNames};
use crate::values::origin::Origin;
use crate::values::proof::Method;
use crate::values::scopes;

pub struct Login {
    /// The name, as typed.
    pub name: String,
    /// The password, as typed.
    pub password: Password,
    /// The code of a second factor, where one came along.
    pub otp: Option<String>,
    /// The password may have a code behind it, a space and six digits: it came in a form, and there was no `otp`. Then it is
    /// compared whole and again without them, both always, as one attempt.
    pub with_code: bool,
    /// The scope requested; `None` for all that the role may have.
    pub scope: Option<String>,
    /// The OAuth2 client in between, if one authenticated itself: no more is granted than it was registered for.
    pub client: Option<Client>,
    /// What shows that the account knows the device.
    pub device: Option<KnownDevice>,
    /// The key that its tokens shall be bound to.
    pub key: Option<Thumbprint>,
}

/// The end of the transaction that opens the session.
enum Admitted {
    Yes,
    /// The password, the factors or the client are others by now.
    Changed,
    /// Another caller used the code first.
    Overtaken(Checked),
}

#[derive(Clone)]
pub struct LogIn {
    ports: Ports,
    opening: Opening,
    throttle: Throttle,
    verification: Verification,
    checks: FactorChecks,
    challenges: Challenges,
    counters: LoginCounters,
    names: LoginNames,
}

/// A password that was right.
struct Proven {
    credentials: Credentials,
    /// A better hash of it.
    better: Option<PasswordHash>,
    /// The code that was typed behind it.
    code: Option<Zeroizing<String>>,
}

impl LogIn {
    /// The use case; `throttle` limits wrong passwords, `verification` decides whether an address has to be verified, `checks`
    /// compares second factors, and `names` says which kinds of name log in. What is owed is sealed under the secret of `postbox`.
    pub fn new(
        opening: Opening,
        throttle: Throttle,
        verification: Verification,
        checks: FactorChecks,
        postbox: Postbox,
        names: LoginNames,
    ) -> Self {
        let ports = opening.ports.clone();
        let challenges = Challenges::new(ports.clone(), throttle.clone(), postbox, checks.clone());
        let counters = LoginCounters::new(&opening, throttle.clone());
        Self { ports, opening, throttle, verification, checks, challenges, counters, names }
    }

    /// Logs in with a name and a password.
    ///
    /// # Errors
    /// An unknown name, a wrong password and a locked account answer alike, and cost alike.
    pub async fn log_in(&self, login: Login, origin: &Origin) -> Result<Admission, SessionError> {
        let name = LoginName::parse(&login.name, self.names);
        let guess = self.counters.of(name.as_ref(), login.device.as_ref(), origin).await?;
        let apart = if login.with_code { login.password.with_code() } else { None };
        let apart = apart.map(|(password, code)| (Arc::new(password), code));
        let password = Arc::new(login.password);
        // A second round only if the stored hash changed between the check and the session's first row.
        for _ in 0..2 {
            let proven = self.check_password(name.as_ref(), &password, apart.as_ref(), guess, origin).await?;
            let user = &proven.credentials.user;
            self.require_verified(user, guess).await?;
            let client = login.client.as_ref();
            let grants = self.opening.grants();
            let allowed = match client {
                Some(_) => Client::bound(client, grants.through_client(user.role)),
                None => grants.of(user.role).clone(),
            };
            let scope = scopes::grant(login.scope.as_deref(), &allowed)?;
            let client = client.map(|client| client.id.clone());
            let standing = Standing::of(&mut *self.ports.store.autocommit(), user.id).await?;
            let code = proven.code.as_deref().map(String::as_str).or(login.otp.as_deref());
            // A blank field of a form is no code.
            let code = code.filter(|code| !code.trim().is_empty());
            let checked = match code.filter(|_| standing.is_owed()) {
                Some(code) => {
                    // The outcome of the code shows that the password was right, so it is rate limited, too.
                    self.throttle.right(&mut *self.ports.store.autocommit(), guess).await?;
                    let answer = Answer::otp(code);
                    let checked = self.checks.check(user.id, &standing, &answer, &By::UNKNOWN, origin).await;
                    Some(checked.map_err(SessionError::at_login)?)
                }
                None if standing.is_owed() => {
                    let Proven { credentials, better, .. } = &proven;
                    let better = better.as_ref();
                    let recipient = Recipient { client, key: login.key.clone() };
                    let owed = self.challenges.make(credentials, better, &standing, scope, recipient, guess);
                    match owed.await? {
                        Some(challenge) => return Ok(Admission::Owes(challenge)),
                        None => continue,
                    }
                }
                None => None,
            };
            let further = checked.as_ref().map(Checked::method);
            let methods: Vec<Method> = [Method::Password].into_iter().chain(further).collect();
            let mut session = self.opening.open(user.id, scope, client, &methods, origin);
            session.key = login.key.clone().filter(|_| login.client.as_ref().is_none_or(Client::is_public));
            let granted = self.opening.policy.bound(user.role, standing.is_owed(), session.scope.clone());
            let tokens = self.opening.tokens(&session, granted, login.key.as_ref())?;
            match self.admit(&proven, &standing, checked.as_ref(), &session, guess, origin).await? {
                Admitted::Yes => return Ok(Admission::Granted(Box::new(tokens))),
                Admitted::Changed => {}
                Admitted::Overtaken(checked) => {
                    let error = self.checks.overtaken(&checked, &By::UNKNOWN, origin).await;
                    return Err(SessionError::at_login(error));
                }
            }
        }
        Err(SessionError::InvalidCredentials)
    }

    /// The account whose password this is. `apart` is what was typed without a code at its end, and the code.
    async fn check_password(
        &self,
        name: Option<&LoginName>,
        password: &Arc<Password>,
        apart: Option<&(Arc<Password>, Zeroizing<String>)>,
        guess: Guess,
        origin: &Origin,
    ) -> Result<Proven, SessionError> {
        let found = match name {
            Some(name) => self.ports.store.autocommit().users().credentials_of(name).await?,
            None => None,
        };
        let stored = found.as_ref().and_then(|credentials| credentials.hash.clone());
        let mut verified = self.ports.hashing.verify(Arc::clone(password), stored.clone()).await?;
        let mut code = None;
        if let Some((password, typed)) = apart {
            let without = self.ports.hashing.verify(Arc::clone(password), stored).await?;
            // A code is worth something only where there is an app that shows some.
            if verified == Verified::Mismatch
                && without != Verified::Mismatch
                && self.has_app(found.as_ref()).await?
            {
                (verified, code) = (without, Some(typed.clone()));
            }
        }
        let user = found.as_ref().map(|credentials| credentials.user.id);
        match (found.filter(|found| !found.user.disabled), verified) {
            (Some(credentials), Verified::Match) => Ok(Proven { credentials, better: None, code }),
            (Some(credentials), Verified::Upgraded(better)) => {
                Ok(Proven { credentials, better: Some(better), code })
            }
            _ => {
                self.record_failure(user, guess, origin).await?;
                Err(SessionError::InvalidCredentials)
            }
        }
    }

    async fn has_app(&self, found: Option<&Credentials>) -> Result<bool, StoreError> {
        let Some(found) = found else { return Ok(false) };
        Ok(self.ports.store.autocommit().factors().totp(found.user.id).await?.is_some())
    }

    async fn require_verified(&self, user: &User, guess: Guess) -> Result<(), SessionError> {
        if user.email_verified || !self.verification.is_required() {
            return Ok(());
        }
        // This answer shows that the password was right, so it is rate limited, too.
        self.throttle.right(&mut *self.ports.store.autocommit(), guess).await?;
        require_verified(&self.verification, user).await
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
    /// outlives its change, and the factors that it had.
    async fn admit(
        &self,
        Proven { credentials: Credentials { user, hash }, better, .. }: &Proven,
        standing: &Standing,
        checked: Option<&Checked>,
        session: &Session,
        guess: Guess,
        origin: &Origin,
    ) -> Result<Admitted, SessionError> {
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                let stands = match better {
                    Some(better) => tx.user_changes().replace_hash(user.id, hash.as_ref(), better).await?,
                    None => tx.user_changes().still_has(user.id, hash.as_ref()).await?,
                };
                // Nor does one through a client outlive that.
                let registered = match &session.client {
                    Some(client) => tx.clients().hold(client).await?,
                    None => true,
                };
                let factors = Standing::of(&mut *tx, user.id).await?;
                let same = factors.fingerprint(hash.as_ref()) == standing.fingerprint(hash.as_ref());
                if !stands || !registered || !same {
                    return Ok(Admitted::Changed);
                }
                self.throttle.right(&mut *tx, guess).await?;
                if let Some(checked) = checked
                    && !self.checks.redeem(&mut *tx, checked, &owner(session), origin).await?
                {
                    return Ok(Admitted::Overtaken(*checked));
                }
                self.opening.store(&mut *tx, session, origin).await?;
                tx.commit().await?;
                Ok::<_, SessionError>(Admitted::Yes)
            })
            .await
    }
}
