//! Bodies of the endpoints that hand out tokens.

use axum::extract::{FromRequest, Request};
use keyward_guard::{Documented, Schemas};
use keyward_web::{AnyBody, FromState, Input, Media, Rejection, document_body, missing_body, unreceived};
use utoipa::ToSchema;
use utoipa::openapi::path::Operation;

use crate::error::{ApiError, document_error, document_validation};

/// What `AnyBody` reads.
const MEDIA: [Media; 3] = [Media::Urlencoded, Media::Multipart, Media::Json];

/// A body in JSON or as a form, urlencoded or multipart. Refusals name RFC 6749's code, too, because that is
/// what Swagger UI shows.
pub struct TokenBody<T: Input>(pub T);

impl<S, T> FromRequest<S> for TokenBody<T>
where
    S: Send + Sync,
    T: Input,
    T::Context: FromState<S>,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        match AnyBody::from_request(request, state).await {
            Ok(AnyBody(value)) => Ok(Self(value)),
            Err(rejection) => Err(ApiError::rejected(rejection).with_oauth("invalid_request")),
        }
    }
}

impl<T: Input + ToSchema> Documented for TokenBody<T> {
    fn document(operation: &mut Operation, schemas: &mut Schemas) {
        let word = |rejection| ApiError::rejected(rejection).with_oauth("invalid_request");
        document_body::<T>(operation, schemas, &MEDIA);
        for (rejection, when) in unreceived::<T>(&MEDIA) {
            document_error(operation, &word(rejection), when);
        }
        document_validation(operation, schemas, &word(Rejection::fault(missing_body())));
    }
}
