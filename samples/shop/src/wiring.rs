//! The shop's use cases on the ports of a service.

use std::sync::Arc;

use keyward_api::foundation::{Core, Foundation};

use crate::domain::carts::Carts;
use crate::domain::catalog::Catalog;
use crate::domain::orders::Orders;
use crate::routes::Shop;
use crate::storage::letters::TemplateLetters;

/// For the handlers of a service.
pub fn shop(core: &Core) -> Shop {
    let Core { foundation, postbox, templates } = core;
    let (ports, store) = (foundation.ports.clone(), Arc::new(foundation.database.clone()));
    let letters = Arc::new(TemplateLetters(Arc::clone(templates)));
    Shop {
        catalog: catalog_on(foundation),
        carts: Carts::new(ports.clone(), store.clone()),
        orders: Orders::new(ports, store, postbox.clone(), letters, foundation.writes.clone()),
    }
}

/// The catalogue for commands, which serve nothing and send no mail.
pub fn catalog_on(foundation: &Foundation) -> Catalog {
    Catalog::new(foundation.ports.clone(), Arc::new(foundation.database.clone()))
}
