//! The routes of a resource, whose handlers take the resource's use cases as their state.

use std::sync::Arc;

use axum::extract::FromRef;
use keyward_auth::PasswordPolicy;
use keyward_domain::values::actor::Actor;
use keyward_guard::Authenticator;
use utoipa_axum::router::OpenApiRouter;

use crate::foundation::Core;
use crate::state::AppState;

/// The state of a resource's handlers: the service's, and its own.
///
/// A resource lets handlers take its use cases by `impl FromRef<Hosted<Mine>> for Mine`.
#[derive(Clone)]
pub struct Hosted<T> {
    app: AppState,
    /// The resource's own use cases.
    pub own: T,
}

impl<T> FromRef<Hosted<T>> for Arc<dyn Authenticator<Actor>> {
    fn from_ref(state: &Hosted<T>) -> Self {
        Arc::clone(&state.app.authenticator)
    }
}

impl<T> FromRef<Hosted<T>> for PasswordPolicy {
    fn from_ref(state: &Hosted<T>) -> Self {
        state.app.policy.clone()
    }
}

/// The routes of a resource, with their documentation.
#[derive(Clone)]
pub struct Routes(Arc<Make>);

/// Makes the routes: without a state, for the document alone.
type Make = dyn Fn(Option<&AppState>) -> OpenApiRouter<AppState> + Send + Sync;

impl Routes {
    /// `routes` lists the operations, and `own` makes the use cases that their handlers take.
    pub fn new<T>(routes: fn() -> OpenApiRouter<Hosted<T>>, own: fn(&Core) -> T) -> Self
    where
        T: Clone + Send + Sync + 'static,
    {
        Self(Arc::new(move |app| match app {
            Some(app) => routes().with_state(Hosted { app: app.clone(), own: own(&app.core) }),
            None => OpenApiRouter::with_openapi(routes().into_openapi()),
        }))
    }

    /// The routes in a running service.
    pub(crate) fn of(&self, app: &AppState) -> OpenApiRouter<AppState> {
        (self.0)(Some(app))
    }

    /// The routes without handlers, for the document.
    pub(crate) fn documented(&self) -> OpenApiRouter<AppState> {
        (self.0)(None)
    }
}
