//! The extractor that is the lock: named in a handler's signature it enforces and, with the feature `openapi`, draws the
//! padlock through [`Documented`](crate::Documented).

use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;

use crate::{Authenticator, Principal, Refusal, Requirement, bearer};

/// Whoever sent a good access token, which carries the scope `R` where one is named.
///
/// Make it the first argument of a handler: then nothing else of the request is looked at before the token is.
/// `Option<CurrentUser>` lets pass who sends no token at all; a bad one is refused all the same.
pub struct CurrentUser<R: Requirement = ()> {
    principal: Principal,
    requirement: PhantomData<R>,
}

impl<R: Requirement> CurrentUser<R> {
    /// Who it is.
    pub fn into_principal(self) -> Principal {
        self.principal
    }

    async fn admit(authenticator: Arc<dyn Authenticator>, token: &str) -> Result<Self, Refusal> {
        let principal = authenticator.authenticate(token).await?;
        principal.require(R::SCOPE)?;
        Ok(Self { principal, requirement: PhantomData })
    }
}

impl<R: Requirement> Deref for CurrentUser<R> {
    type Target = Principal;

    fn deref(&self) -> &Principal {
        &self.principal
    }
}

impl<S, R> FromRequestParts<S> for CurrentUser<R>
where
    S: Send + Sync,
    Arc<dyn Authenticator>: FromRef<S>,
    R: Requirement,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        Self::admit(FromRef::from_ref(state), bearer::token(&parts.headers)?).await
    }
}

impl<S, R> OptionalFromRequestParts<S> for CurrentUser<R>
where
    S: Send + Sync,
    Arc<dyn Authenticator>: FromRef<S>,
    R: Requirement,
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
    use crate::documented::{Documented, Schemas};
    use crate::lock::lock;

    impl<R: Requirement> Documented for CurrentUser<R> {
        fn document(operation: &mut Operation, _: &mut Schemas) {
            lock(operation, R::SCOPE);
        }
    }

    impl<R: Requirement> Documented for Option<CurrentUser<R>> {
        fn document(operation: &mut Operation, _: &mut Schemas) {
            lock(operation, R::SCOPE);
            operation.security.get_or_insert_default().insert(0, SecurityRequirement::default());
        }
    }
}
