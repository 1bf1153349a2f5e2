//! Signing up: making an account for anyone who asks, with or without logging in to it.

use super::error::SessionError;
use super::opening::{Opening, Tokens};
use crate::identity::error::UserError;
use crate::identity::registration::{Register, Registration};
use crate::identity::verification::Verification;
use crate::limits::budgets::Deed;
use crate::limits::throttle::Throttle;
use crate::model::users::{NewUser, User};
use crate::model::verifications::Purpose;
use crate::ports::bundle::Ports;
use crate::ports::letters::Reader;
use crate::values::origin::Origin;
use crate::values::proof::Method;

/// Signs people up. The account, its session and its mail are written together or not at all.
#[derive(Clone)]
pub struct SignUp {
    ports: Ports,
    opening: Opening,
    throttle: Throttle,
    register: Register,
    verification: Verification,
}

impl SignUp {
    /// The use case; `throttle` limits sign-ups per IP address, and `verification` decides whether an address has to be
    /// verified first.
    pub fn new(opening: Opening, throttle: Throttle, verification: Verification) -> Self {
        let ports = opening.ports.clone();
        Self { register: Register::new(ports.clone()), ports, opening, throttle, verification }
    }

    /// Makes an account. Where addresses have to be verified, a code and a link are sent.
    pub async fn register(&self, registration: Registration, origin: &Origin) -> Result<User, SessionError> {
        self.throttle.spend(Deed::SignUp, origin).await?;
        let new = self.register.prepare(registration).await?;
        self.insert(&new).await
    }

    /// Makes an account and logs in to it. Where addresses have to be verified there is no login yet: `None`, and a code
    /// and a link are sent.
    pub async fn register_and_log_in(
        &self,
        registration: Registration,
        origin: &Origin,
    ) -> Result<Option<Tokens>, SessionError> {
        if self.verification.is_required() {
            return self.register(registration, origin).await.map(|_| None);
        }
        self.throttle.spend(Deed::SignUp, origin).await?;
        let new = self.register.prepare(registration).await?;
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                let inserted = tx.users().insert(&new).await;
                let user = inserted.map_err(|error| UserError::on_insert(&new.names, error))?;
                let scope = self.opening.grants().of(user.role).clone();
                let session = self.opening.open(user.id, scope, None, &[Method::Password], origin);
                self.opening.store(&mut *tx, &session, origin).await?;
                // A new account has no second factor.
                let scope = self.opening.policy.bound(user.role, false, session.scope.clone());
                let tokens = self.opening.tokens(&session, scope, None)?;
                tx.commit().await?;
                Ok(Some(tokens))
            })
            .await
    }

    /// Stores the account, with the mail that verifies its address where that is required.
    async fn insert(&self, new: &NewUser) -> Result<User, SessionError> {
        let secret = self.verification.is_required().then(|| self.verification.secret());
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                let inserted = tx.users().insert(new).await;
                let user = inserted.map_err(|error| UserError::on_insert(&new.names, error))?;
                if let (Some(secret), Some(reader)) = (&secret, Reader::of(&user)) {
                    self.verification.keep(&mut *tx, user.id, reader, Purpose::Verify, secret).await?;
                }
                tx.commit().await?;
                Ok(user)
            })
            .await
    }
}
