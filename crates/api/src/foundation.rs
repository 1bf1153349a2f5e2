//! What a resource's use cases are built on.

use std::sync::Arc;

use keyward_domain::limits::writes::WriteLimit;
use keyward_domain::mail::postbox::Postbox;
use keyward_domain::ports::bundle::Ports;
use keyward_infra::database::store::Database;
use keyward_infra::mail::templates::Templates;

/// What use cases are built on.
#[derive(Clone)]
pub struct Foundation {
    pub ports: Ports,
    /// The database, for ports of a resource's own.
    pub database: Database,
    /// How fast one account may write.
    pub writes: WriteLimit,
}

/// What use cases that send mail are built on.
#[derive(Clone)]
pub struct Core {
    /// The ports and the database.
    pub foundation: Foundation,
    /// The way into the outbox.
    pub postbox: Postbox,
    /// The templates of letters, those of resources included.
    pub templates: Arc<Templates>,
}
