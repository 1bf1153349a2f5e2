//! The extractor that is the lock: named in a handler's signature it enforces and, with the feature `openapi`, draws the
//! padlock through [`Documented`](crate::Documented).

use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;

use keyward_auth::{Authenticated, Scoped};

use crate::admission::{Arriving, admit};
use crate::principal::{authenticated, opened_by, require};
use crate::refused::Refused;
use crate::{Authenticator, Freshness, Principal, ProofCheck, Refusal, Requirement, StepUp};

/// The sender of a valid access token, which carries the scope `R` where one is named, and whose authentication is as recent
/// and as strong as `F` says: `CurrentUser<PostsWrite, Fresh<300>>`.
///
/// Make it the first argument of a handler: then nothing else of the request is looked at before the token is.
/// `Option<CurrentUser>` admits a request without a token; an invalid one is refused all the same.
///
/// `I` is the identity that the state's [`Authenticator`] returns.
pub struct CurrentUser<R: Requirement = (), F: Freshness = (), I = Principal> {
    identity: I,
    requirement: PhantomData<(R, F)>,
}

impl<R: Requirement, F: Freshness, I: Scoped + Authenticated> CurrentUser<R, F, I> {
    /// The identity.
    pub fn into_identity(self) -> I {
        self.identity
    }

    async fn admit(authenticator: Arc<dyn Authenticator<I>>, parts: &Parts) -> Result<Self, Refused> {
        let proofs = if R::BOUND_TOKENS { authenticator.proofs() } else { None };
        let admitted = Self::admit_to(&*authenticator, parts, proofs).await;
        admitted.map_err(|refusal| Refused::new(refusal, &parts.headers, proofs.is_some()))
    }

    async fn admit_to(
        authenticator: &dyn Authenticator<I>,
        parts: &Parts,
        proofs: Option<&ProofCheck>,
    ) -> Result<Self, Refusal> {
        let Parts { headers, method, uri, extensions, .. } = parts;
        let identity = admit(authenticator, &Arriving { headers, method, uri, extensions }, proofs).await?;
        require(&identity, R::SCOPE, R::ENROLLING)?;
        opened_by(&identity, R::OPENED_BY, StepUp::of::<F>())?;
        authenticated(&identity, StepUp::of::<F>(), || authenticator.now())?;
        Ok(Self { identity, requirement: PhantomData })
    }
}

impl<R: Requirement, F: Freshness> CurrentUser<R, F> {
    /// The principal.
    pub fn into_principal(self) -> Principal {
        self.identity
    }
}

impl<R: Requirement, F: Freshness, I> Deref for CurrentUser<R, F, I> {
    type Target = I;

    fn deref(&self) -> &I {
        &self.identity
    }
}

impl<S, R, F, I> FromRequestParts<S> for CurrentUser<R, F, I>
where
    S: Send + Sync,
    Arc<dyn Authenticator<I>>: FromRef<S>,
    R: Requirement,
    F: Freshness,
    I: Scoped + Authenticated,
{
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        Self::admit(FromRef::from_ref(state), parts).await
    }
}

impl<S, R, F, I> OptionalFromRequestParts<S> for CurrentUser<R, F, I>
where
    S: Send + Sync,
    Arc<dyn Authenticator<I>>: FromRef<S>,
    R: Requirement,
    F: Freshness,
    I: Scoped + Authenticated,
{
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Refused> {
        if !parts.headers.contains_key(axum::http::header::AUTHORIZATION) {
            return Ok(None);
        }
        Self::admit(FromRef::from_ref(state), parts).await.map(Some)
    }
}

#[cfg(feature = "openapi")]
mod documented {
    use utoipa::openapi::path::Operation;
    use utoipa::openapi::security::SecurityRequirement;

    use super::{Authenticated, CurrentUser, Freshness, Requirement, StepUp};
    use crate::documented::Documented;
    use crate::lock::{api_key, enrolled, lock, others_client, step_up, waits};
    use crate::schemas::Schemas;

    impl<R: Requirement, F: Freshness, I: Authenticated> Documented for CurrentUser<R, F, I> {
        fn document(operation: &mut Operation, _: &mut Schemas) {
            lock(operation, R::SCOPE);
            if I::WAITS {
                waits(operation);
            }
            if !R::OPENED_BY.admits_keys() || StepUp::of::<F>().is_some() {
                api_key(operation);
            }
            if R::OPENED_BY.asks_for_account() {
                others_client(operation);
            }
            // A token for enrolling has no other scope: where one is asked for, that is what it lacks.
            if !R::ENROLLING && R::SCOPE.is_none() {
                enrolled(operation);
            }
            if let Some(asked) = StepUp::of::<F>() {
                step_up(operation, asked);
            }
        }
    }

    impl<R: Requirement, F: Freshness, I: Authenticated> Documented for Option<CurrentUser<R, F, I>> {
        fn document(operation: &mut Operation, schemas: &mut Schemas) {
            CurrentUser::<R, F, I>::document(operation, schemas);
            operation.security.get_or_insert_default().insert(0, SecurityRequirement::default());
        }
    }
}
