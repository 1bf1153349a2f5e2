//! Accounts of another system: which of them are let in, with the hashes they bring, and adding them in batches.
//!
//! An account that has one of the names stays as it is. So an import that was cut short is simply done again.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use keyward_auth::{PasswordError, PasswordHash};

use crate::model::store_error::StoreError;
use crate::model::users::{ImportedUser, Name, NewUser};
use crate::ports::store::Store;
use crate::values::clock::Clock;
use crate::values::email::{Email, EmailError};
use crate::values::names::{Names, Username, UsernameError};
use crate::values::scopes::Role;
use crate::values::text::TextError;

/// How many accounts are added at once.
const BATCH: usize = 500;

/// An account as another system tells of it, not yet believed. Not `Debug`, because of its hash.
#[derive(Clone, Default)]
pub struct ForeignUser {
    /// The address they log in with.
    pub email: Option<String>,
    /// The user name they log in with; one with an `@` is the address.
    pub username: Option<String>,
    /// What others call them.
    pub name: Option<String>,
    /// The hash of their password, as that system writes it; empty for an account without a password.
    pub hash: String,
    /// The name of their role; without one they are a user.
    pub role: Option<String>,
    /// Whether they are locked out.
    pub disabled: bool,
    /// Whether they proved that the address is theirs.
    pub email_verified: bool,
}

/// What an import may do.
#[derive(Clone, Copy, Debug, Default)]
pub struct ImportRules {
    /// Let roles in other than a user's.
    pub allow_roles: bool,
    /// Check everything and add nothing.
    pub dry_run: bool,
    /// Add an account whose hash is refused without a password.
    pub without_password: bool,
}

/// What became of the accounts that were let in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportTally {
    /// How many were added, or would have been.
    pub added: u64,
    /// How many have an account already.
    pub present: u64,
    /// How many of both came without a password.
    pub without_password: u64,
}

/// Why an account is not let in. No sentence quotes what the other system said, which may be a secret in the wrong place.
#[derive(Debug, thiserror::Error)]
pub enum ImportRefusal {
    /// Not an e-mail address.
    #[error("the e-mail address is not valid: {0}")]
    Email(EmailError),
    /// Not a user name.
    #[error("the user name is not valid: {0}")]
    Username(UsernameError),
    /// The user name is an address, and there is another one.
    #[error("the user name is another e-mail address")]
    OtherEmail,
    /// Neither an address nor a user name.
    #[error("there is neither an e-mail address nor a user name")]
    Nameless,
    /// The address was there before.
    #[error("the e-mail address is that of line {0}, too")]
    Repeated(u64),
    /// The user name was there before.
    #[error("the user name is that of line {0}, too")]
    UsernameRepeated(u64),
    /// The name does not fit.
    #[error("the name {0}")]
    Name(TextError),
    /// The hash is of no use.
    #[error(transparent)]
    Hash(PasswordError),
    /// The hash is of a function that is not known here.
    #[error("{0}; those that can be imported: docs/CONFIGURATION.md, Bringing users along")]
    UnknownHash(PasswordError),
    /// There is no such role.
    #[error("there is no role of that name")]
    UnknownRole,
    /// A role that the import was not allowed to give.
    #[error("the role is more than a user's, which was not allowed")]
    Role,
}

/// An import under way.
pub struct Import {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    rules: ImportRules,
    batch: Vec<ImportedUser>,
    tally: ImportTally,
    /// On which line each name was, by 64 bits of a hash: 16 bytes a name are all that grows.
    lines: HashMap<u64, u64>,
    fingerprints: RandomState,
}

impl Import {
    /// An import into this store.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, rules: ImportRules) -> Self {
        Self {
            store,
            clock,
            rules,
            batch: Vec::with_capacity(BATCH),
            tally: ImportTally::default(),
            lines: HashMap::new(),
            fingerprints: RandomState::new(),
        }
    }

    /// Takes what stood on that line, to be added at the next [`flush`](Self::flush).
    ///
    /// # Errors
    /// [`ImportRefusal`] says why it is not let in.
    pub fn take(&mut self, line: u64, user: ForeignUser) -> Result<(), ImportRefusal> {
        let user = self.check(user)?;
        let names = &user.new.names;
        let email = names.email().map(|email| self.fingerprints.hash_one(email.as_str()));
        let username = names.username().map(|username| self.fingerprints.hash_one(username.as_str()));
        if let Some(before) = email.and_then(|email| self.lines.get(&email)) {
            return Err(ImportRefusal::Repeated(*before));
        }
        if let Some(before) = username.and_then(|username| self.lines.get(&username)) {
            return Err(ImportRefusal::UsernameRepeated(*before));
        }
        self.lines.extend([email, username].into_iter().flatten().map(|name| (name, line)));
        self.tally.without_password += u64::from(user.new.hash.is_none());
        self.batch.push(user);
        Ok(())
    }

    /// Whether it is time for [`flush`](Self::flush).
    pub fn is_full(&self) -> bool {
        self.batch.len() >= BATCH
    }

    /// Adds what was taken, all of it in one step, except for those of whose names one has an account.
    pub async fn flush(&mut self) -> Result<(), StoreError> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let mut repositories = self.store.autocommit();
        let all = self.batch.len() as u64;
        let added = if self.rules.dry_run {
            let names: Vec<&Names> = self.batch.iter().map(|user| &user.new.names).collect();
            all.saturating_sub(repositories.users().count_present(&names).await?)
        } else {
            repositories.users().insert_missing(&self.batch).await?
        };
        self.tally.added += added;
        self.tally.present += all.saturating_sub(added);
        self.batch.clear();
        Ok(())
    }

    /// What became of those that were taken and flushed.
    pub fn tally(&self) -> ImportTally {
        self.tally
    }

    fn check(&self, user: ForeignUser) -> Result<ImportedUser, ImportRefusal> {
        let role = user.role.as_deref().map_or(Some(Role::User), Role::from_name);
        let role = role.ok_or(ImportRefusal::UnknownRole)?;
        if role != Role::User && !self.rules.allow_roles {
            return Err(ImportRefusal::Role);
        }
        let new = NewUser {
            names: names(user.email.as_deref(), user.username.as_deref())?,
            name: user.name.as_deref().map(Name::parse).transpose().map_err(ImportRefusal::Name)?,
            role,
            hash: self.hash(&user.hash)?,
            created_at: self.clock.now(),
        };
        Ok(ImportedUser { new, disabled: user.disabled, email_verified: user.email_verified })
    }

    /// The hash of a password; `None` for an account without a password. Django marks such accounts with `!` and random characters
    /// behind it, `/etc/shadow` with `!` or `*`. A hash may begin with `*`, too, as MySQL's do.
    fn hash(&self, text: &str) -> Result<Option<PasswordHash>, ImportRefusal> {
        if text.is_empty() || text == "*" || text.starts_with('!') {
            return Ok(None);
        }
        match PasswordHash::imported(text) {
            Ok(hash) => Ok(Some(hash)),
            Err(_) if self.rules.without_password => Ok(None),
            Err(error @ PasswordError::UnknownHash(_)) => Err(ImportRefusal::UnknownHash(error)),
            Err(error) => Err(ImportRefusal::Hash(error)),
        }
    }
}

/// The names of an account, either of which may be missing. Here, too, a user name with an `@` is the address.
fn names(email: Option<&str>, username: Option<&str>) -> Result<Names, ImportRefusal> {
    let address = |text| Email::parse(text).map_err(ImportRefusal::Email);
    let email = email.map(address).transpose()?;
    match username {
        Some(text) if text.contains('@') => {
            let other = address(text)?;
            let same = email.is_none_or(|email| email == other);
            if same { Ok(other.into()) } else { Err(ImportRefusal::OtherEmail) }
        }
        _ => {
            let username = username.map(Username::parse).transpose().map_err(ImportRefusal::Username)?;
            Names::new(email, username).ok_or(ImportRefusal::Nameless)
        }
    }
}
