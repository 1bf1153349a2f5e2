//! What every page works with.

use std::ops::Deref;
use std::sync::Arc;

use keyward_api::state::AppState;
use keyward_auth::{MasterSecret, Random};
use keyward_domain::sessions::browser_sessions::BrowserSessions;
use time::OffsetDateTime;

/// The state of every page: the service, and its browser sessions. Cheap to clone.
#[derive(Clone)]
pub struct Site(Arc<Parts>);

/// What a [`Site`] is made of.
pub struct Parts {
    /// The service and its use cases.
    pub app: AppState,
    /// Finds sessions by their cookie.
    pub browser_sessions: BrowserSessions,
}

impl Deref for Site {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Site {
    /// The pages of this service.
    pub fn new(app: &AppState) -> Self {
        let browser_sessions = BrowserSessions::new(app.opening.clone());
        Self(Arc::new(Parts { app: app.clone(), browser_sessions }))
    }

    /// The secret that everything sealed or signed here derives from.
    pub(crate) fn master(&self) -> &MasterSecret {
        &self.app.core.postbox.master
    }

    pub(crate) fn random(&self) -> &dyn Random {
        &*self.app.core.foundation.ports.random
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        self.app.core.foundation.ports.clock.now()
    }

    /// A path of this service, such as `/account`, as browsers see it: behind the path that a proxy strips, where one does.
    pub fn path(&self, path: &str) -> String {
        self.app.public.path(path)
    }
}
