//! Two extractors in one, for faults of path, query and headers beside those of the body.

use axum::extract::{FromRequest, FromRequestParts, Request};
use keyward_guard::{Documented, Schemas};
use utoipa::openapi::path::Operation;

use crate::rejection::Rejection;

/// Two extractors whose faults are reported together, in order: the path's or query's, then the body's.
pub struct Both<A, B>(pub A, pub B);

impl<S, A, B> FromRequest<S> for Both<A, B>
where
    S: Send + Sync,
    A: FromRequestParts<S, Rejection = Rejection> + Send,
    B: FromRequest<S, Rejection = Rejection> + Send,
{
    type Rejection = Rejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, Rejection> {
        let (mut parts, body) = request.into_parts();
        let first = A::from_request_parts(&mut parts, state).await;
        let second = B::from_request(Request::from_parts(parts, body), state).await;
        match (first, second) {
            (Ok(first), Ok(second)) => Ok(Self(first, second)),
            (Err(first), Err(second)) => Err(first.merge(second)),
            (Err(error), Ok(_)) | (Ok(_), Err(error)) => Err(error),
        }
    }
}

impl<A: Documented, B: Documented> Documented for Both<A, B> {
    fn document(operation: &mut Operation, schemas: &mut Schemas) {
        A::document(operation, schemas);
        B::document(operation, schemas);
    }
}
