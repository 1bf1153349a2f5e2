//! Making accounts.

use super::error::UserError;
use crate::model::users::{Name, NewUser, User};
use crate::ports::bundle::Ports;
use crate::ports::hashing::HashingError;
use crate::values::names::Names;
use crate::values::new_password::NewPassword;
use crate::values::scopes::Role;

/// A request for an account.
pub struct Registration {
    /// What they will log in with.
    pub names: Names,
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
        let inserted = self.ports.store.autocommit().users().insert(&new).await;
        inserted.map_err(|error| UserError::on_insert(&new.names, error))
    }

    /// The slow part of a registration: hashes the password, outside any transaction.
    pub(crate) async fn prepare(&self, registration: Registration) -> Result<NewUser, HashingError> {
        let Registration { names, password, name, role } = registration;
        let hash = self.ports.hashing.hash(password.password()).await?;
        Ok(NewUser { names, name, role, hash: Some(hash), created_at: self.ports.clock.now() })
    }
}
