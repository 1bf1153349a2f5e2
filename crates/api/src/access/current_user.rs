//! Who is asking, for handlers: the guard's lock, with ids instead of texts.

use std::ops::Deref;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use keyward_domain::sessions::{Caller, SessionId};
use keyward_domain::users::UserId;
use keyward_guard::{Documented, Principal, Refusal, Requirement, Schemas};
use utoipa::openapi::path::Operation;

use crate::state::AppState;

/// The user whose good access token came with the request; it carries the scope `R` where one is named.
///
/// Always a handler's first argument, so that nothing else is looked at before.
pub struct CurrentUser<R: Requirement = ()> {
    caller: Caller,
    requirement: std::marker::PhantomData<R>,
}

impl<R: Requirement> Deref for CurrentUser<R> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl<R: Requirement> FromRequestParts<AppState> for CurrentUser<R> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Refusal> {
        let user = keyward_guard::CurrentUser::<R>::from_request_parts(parts, state).await?;
        let caller = caller(user.into_principal()).ok_or(Refusal::InvalidToken)?;
        // At once, for what a span has noted is written anew each time.
        tracing::record_all!(tracing::Span::current(), user = caller.id.0, session = %caller.session);
        Ok(Self { caller, requirement: std::marker::PhantomData })
    }
}

impl<R: Requirement> Documented for CurrentUser<R> {
    fn document(operation: &mut Operation, schemas: &mut Schemas) {
        keyward_guard::CurrentUser::<R>::document(operation, schemas);
    }
}

fn caller(principal: Principal) -> Option<Caller> {
    let Principal { subject, session, scope } = principal;
    Some(Caller { id: UserId(subject.parse().ok()?), session: SessionId(session?.parse().ok()?), scope })
}

/// The scopes of Keyward's own routes, as types.
pub mod scope {
    use keyward_domain::scopes;
    use keyward_guard::Scope;

    macro_rules! scopes {
        ($($(#[$doc:meta])* $name:ident = $scope:expr, $title:literal;)*) => {
            $(
                $(#[$doc])*
                pub struct $name;

                impl Scope for $name {
                    const NAME: &'static str = $scope;
                    const TITLE: &'static str = $title;
                }
            )*

            /// Name and title of every scope that a role may have.
            pub const ALL: &[(&str, &str)] = &[$(($name::NAME, $name::TITLE)),*];
        };
    }

    /// Follow the feed of ended sessions: a registered client's, which *Authorize* therefore does not offer.
    pub struct RevocationsRead;

    impl Scope for RevocationsRead {
        const NAME: &'static str = scopes::REVOCATIONS_READ;
        const TITLE: &'static str = "Follow the feed of ended sessions";
    }

    scopes! {
        /// Read posts.
        PostsRead = scopes::POSTS_READ, "Read posts";
        /// Write one's own posts.
        PostsWrite = scopes::POSTS_WRITE, "Write, change and delete your own posts";
        /// Shop.
        Shop = scopes::SHOP, "Fill your cart and place orders";
        /// Write the catalogue.
        CatalogWrite = scopes::CATALOG_WRITE, "Change what the shop has";
        /// Manage users and orders.
        Admin = scopes::ADMIN, "Manage everybody's accounts and orders";
    }
}
