//! The extractor that is the lock: named in a handler's signature it enforces and, with the feature `openapi`, draws the
//! padlock through [`Documented`](crate::Documented).

use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;

use keyward_auth::Scoped;

use crate::principal::require;
use crate::{Authenticator, Principal, Refusal, Requirement, bearer};

/// The sender of a valid access token, which carries the scope `R` where one is named.
///
/// Make it the first argument of a handler: then nothing else of the request is looked at before the token is.
/// `Option<CurrentUser>` admits a request without a token; an invalid one is refused all the same.
///
/// `I` is the identity that the state's [`Authenticator`] returns.
pub struct CurrentUser<R: Requirement = (), I = Principal> {
    identity: I,
    requirement: PhantomData<R>,
}

impl<R: Requirement, I: Scoped> CurrentUser<R, I> {
    /// The identity.
    pub fn into_identity(self) -> I {
        self.identity
    }

    async fn admit(authenticator: Arc<dyn Authenticator<I>>, token: &str) -> Result<Self, Refusal> {
        let identity = authenticator.authenticate(token).await?;
        require(&identity, R::SCOPE)?;
        Ok(Self { identity, requirement: PhantomData })
    }
}

impl<R: Requirement> CurrentUser<R> {
    /// The principal.
    pub fn into_principal(self) -> Principal {
        self.identity
    }
}

impl<R: Requirement, I> Deref for CurrentUser<R, I> {
    type Target = I;

    fn deref(&self) -> &I {
        &self.identity
    }
}

impl<S, R, I> FromRequestParts<S> for CurrentUser<R, I>
where
    S: Send + Sync,
    Arc<dyn Authenticator<I>>: FromRef<S>,
    R: Requirement,
    I: Scoped,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        Self::admit(FromRef::from_ref(state), bearer::token(&parts.headers)?).await
    }
}

impl<S, R, I> OptionalFromRequestParts<S> for CurrentUser<R, I>
where
    S: Send + Sync,
    Arc<dyn Authenticator<I>>: FromRef<S>,
    R: Requirement,
    I: Scoped,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Refusal> {
        if !parts.headers.contains_key(axum::http::header::AUTHORIZATION) {
            return Ok(None);
        }
        Self::admit(FromRef::from_ref(state), bearer::token(&parts.headers)?).await.map(Some)
    }
}

#[cfg(feature = "openapi")]
mod documented {
    use utoipa::openapi::path::Operation;
    use utoipa::openapi::security::SecurityRequirement;

    use super::{CurrentUser, Requirement};
    use crate::documented::Documented;
    use crate::lock::lock;
    use crate::schemas::Schemas;

    impl<R: Requirement, I> Documented for CurrentUser<R, I> {
        fn document(operation: &mut Operation, _: &mut Schemas) {
            lock(operation, R::SCOPE);
        }
    }

    impl<R: Requirement, I> Documented for Option<CurrentUser<R, I>> {
        fn document(operation: &mut Operation, _: &mut Schemas) {
            lock(operation, R::SCOPE);
            operation.security.get_or_insert_default().insert(0, SecurityRequirement::default());
        }
    }
}
