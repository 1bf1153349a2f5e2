//! Making accounts.

use super::error::UserError;
use crate::model::users::{Name, NewUser, User};
use crate::ports::bundle::Ports;
use crate::ports::hashing::HashingError;
use crate::values::email::Email;
use crate::values::new_password::NewPassword;
use crate::values::scopes::Role;

/// A request for an account.
pub struct Registration {
    /// The address they will log in with.
    pub email: Email,
    /// The password they chose.
    pub password: NewPassword,
    /// The name that others see.
    pub name: Option<Name>,
    /// What they may do.
    pub role: Role,
}

#[derive(Clone)]
pub struct Register {
    ports: Ports,
}

impl Register {
    /// Makes accounts through these ports.
    pub fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Makes an account, for an operator: without a rate limit.
    pub async fn register(&self, registration: Registration) -> Result<User, UserError> {
        let new = self.prepare(registration).await?;
        self.ports.store.autocommit().users().insert(&new).await.map_err(UserError::on_insert)
    }

    /// The slow part of a registration: hashes the password, outside any transaction.
    pub(crate) async fn prepare(&self, registration: Registration) -> Result<NewUser, HashingError> {
        let Registration { email, password, name, role } = registration;
        let hash = self.ports.hashing.hash(password.password()).await?;
        Ok(NewUser { email, name, role, hash: Some(hash), created_at: self.ports.clock.now() })
    }
}
