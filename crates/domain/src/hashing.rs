//! The password-hashing port: slow work, done elsewhere, by few workers with a bounded queue.

use std::sync::Arc;

use async_trait::async_trait;
use keyward_auth::{Password, PasswordHash, PasswordPolicy, PasswordRefusal};

use crate::email::Email;
use crate::failure::{Failure, Kind};

/// Whose service it is, so that nobody guesses it first.
const PRODUCT: &str = "keyward";

/// A password that its owner may choose: the policy has seen it.
pub struct NewPassword(Arc<Password>);

impl NewPassword {
    /// Checks `raw` against `policy`; it must not be the account's own address, nor the product's name with nothing but
    /// digits and signs around it.
    ///
    /// # Errors
    /// [`PasswordRefusal`] says which rule it breaks.
    pub fn parse(raw: &str, policy: &PasswordPolicy, owner: Option<&Email>) -> Result<Self, PasswordRefusal> {
        let password = Password::new(raw);
        let (address, local) = owner.map_or(("", ""), |email| (email.as_str(), email.local()));
        policy.check(&password, &[address, local])?;
        let word = password.expose().trim_matches(|c: char| !c.is_alphabetic());
        if word.eq_ignore_ascii_case(PRODUCT) {
            Err(PasswordRefusal::Context)
        } else {
            Ok(Self(Arc::new(password)))
        }
    }

    /// Whether it may belong to the account of that address: it must not be the address, nor the part before the @.
    ///
    /// # Errors
    /// [`PasswordRefusal::Context`].
    pub fn check_owner(&self, owner: &Email) -> Result<(), PasswordRefusal> {
        let words_only = PasswordPolicy { min_chars: 0, max_chars: usize::MAX, ..PasswordPolicy::default() };
        words_only.check(&self.0, &[owner.as_str(), owner.local()])
    }

    /// The password, for the hasher.
    pub fn password(&self) -> Arc<Password> {
        Arc::clone(&self.0)
    }
}

/// Hashes and verifies passwords off the threads that serve requests.
#[async_trait]
pub trait Hashing: Send + Sync {
    /// Hashes a new password.
    async fn hash(&self, password: Arc<Password>) -> Result<PasswordHash, HashingError>;

    /// Compares `password` with `stored`. With nothing stored it costs as much as a wrong password and never matches.
    async fn verify(
        &self,
        password: Arc<Password>,
        stored: Option<PasswordHash>,
    ) -> Result<Verified, HashingError>;

    /// How busy the workers are.
    fn load(&self) -> HashingLoad {
        HashingLoad::default()
    }
}

/// How busy those are who hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HashingLoad {
    /// How many there are.
    pub threads: u64,
    /// How many of them hash.
    pub busy: u64,
    /// How many passwords wait for one of them.
    pub waiting: u64,
    /// How many passwords the full queue refused so far.
    pub rejected: u64,
}

/// What a comparison found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verified {
    /// Another password, or none stored.
    Mismatch,
    /// The same password.
    Match,
    /// The same password, and a better hash of it to keep from now on.
    Upgraded(PasswordHash),
}

/// Why nothing was hashed.
#[derive(Debug, thiserror::Error)]
pub enum HashingError {
    /// The queue is full.
    #[error("too many logins at once")]
    Busy,
    /// The hasher failed.
    #[error("password hashing failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Failure for HashingError {
    fn kind(&self) -> Kind {
        match self {
            Self::Busy => Kind::Unavailable,
            Self::Failed(_) => Kind::Internal,
        }
    }
}
