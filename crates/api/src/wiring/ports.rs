//! The domain's ports over an open database, with a hashing pool of their own.

use std::sync::Arc;

use keyward_auth::{Argon2Engine, Argon2idHasher, PasswordError, SystemRandom};
use keyward_domain::ports::bundle::Ports;
use keyward_infra::clock::SystemClock;
use keyward_infra::hashing_pool::HashingPool;

use super::database::OpenDatabase;
use super::error::ServiceError;
use crate::settings::passwords::PasswordSettings;

/// The ports, with a hashing pool of their own.
///
/// # Errors
/// The parameters of Argon2id do not fit, or no thread can start.
pub fn ports(database: &OpenDatabase, passwords: &PasswordSettings) -> Result<Ports, ServiceError> {
    let hasher = Argon2idHasher::new(passwords.argon2(), Arc::new(SystemRandom)).map_err(unfit)?;
    if hasher.engine() == Argon2Engine::FellBack {
        tracing::warn!("the fast Argon2 failed its self-test on this machine, and the portable one is used");
    }
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let pool = HashingPool::start(Arc::new(hasher), threads)
        .map_err(|error| format!("the hashing threads cannot start: {error}"))?;
    Ok(Ports {
        store: database.store(),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        hashing: Arc::new(pool),
    })
}

/// Checks the parameters of Argon2id.
///
/// # Errors
/// They do not fit.
pub(super) fn check(passwords: &PasswordSettings) -> Result<(), ServiceError> {
    Argon2idHasher::check(passwords.argon2()).map_err(unfit)
}

fn unfit(error: PasswordError) -> ServiceError {
    format!("KEYWARD_ARGON2_MEMORY, _ITERATIONS and _PARALLELISM do not fit: {error}").into()
}
