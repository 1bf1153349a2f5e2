//! The use cases of posts on the ports of a service.

use std::sync::Arc;

use keyward_api::foundation::{Core, Foundation};

use crate::domain::posts::Posts;

/// For the handlers of a service.
pub fn posts(core: &Core) -> Posts {
    posts_on(&core.foundation)
}

/// For commands, which serve nothing and send no mail.
pub fn posts_on(foundation: &Foundation) -> Posts {
    Posts::new(foundation.ports.clone(), Arc::new(foundation.database.clone()), foundation.writes.clone())
}
