//! The use cases over the ports of a running service.

use std::sync::Arc;

use keyward_api::foundation::Foundation;

use crate::domain::posts::Posts;

/// The use cases of posts.
pub fn posts(foundation: &Foundation) -> Posts {
    Posts::new(foundation.ports.clone(), Arc::new(foundation.database.clone()))
}
