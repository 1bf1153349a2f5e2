//! The ports every use case needs, in one bundle.

use std::sync::Arc;

use keyward_auth::Random;

use super::hashing::Hashing;
use super::store::Store;
use crate::values::clock::Clock;

/// What use cases need from outside.
#[derive(Clone)]
pub struct Ports {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    pub hashing: Arc<dyn Hashing>,
}
