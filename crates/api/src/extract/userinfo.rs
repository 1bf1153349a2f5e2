//! The access token of a request to the userinfo endpoint, which may come in a form instead of the header (RFC 6750, section 2.2).

use axum::extract::{FromRef, FromRequest, FromRequestParts, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use keyward_domain::values::actor::Actor;
use keyward_guard::{Documented, Refusal, Schemas};
use keyward_web::{
    Fields, Flaw, Input, Media, Received, Rejection, SECRETS, document_body, receive, refuse_credentials_in,
    unreceived,
};
use utoipa::openapi::path::Operation;
use utoipa::openapi::{RefOr, Required};

use crate::access::userinfo::{ClaimsLock, ClaimsReader, Userinfo};
use crate::codes::AMBIGUOUS_TOKEN;
use crate::error::{ApiError, document_error};

/// An access token in a form.
#[derive(Input)]
pub struct UserinfoForm {
    /// Where it is not in the header `Authorization`.
    #[input(secret)]
    access_token: Option<String>,
}

/// Stands for a token that no header can hold. It has a character that no token has.
const NO_TOKEN: HeaderValue = HeaderValue::from_static("Bearer !");

/// The user about whom a client asks, by a token in the header or in a form.
pub struct ForUserinfo(pub Actor);

impl FromRequest<crate::state::AppState> for ForUserinfo {
    type Rejection = Response;

    async fn from_request(request: Request, state: &crate::state::AppState) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let in_header = parts.headers.contains_key(header::AUTHORIZATION);
        // Who is asking comes before what is asked. A proof is good once, so the lock is asked once.
        let admitted = if in_header { Some(admit(&mut parts, state).await?) } else { None };
        let rejected = |rejection| refused(rejection).into_response();
        refuse_credentials_in(&parts.uri, &SECRETS).map_err(rejected)?;
        let received = receive(&parts.headers, body, &[Media::Urlencoded], UserinfoForm::MAX_BODY).await;
        let object = match received {
            Ok(form) => form.map(Received::into_object).unwrap_or_default(),
            // A form that cannot be read holds no token.
            Err(_) if !in_header => return Err(no_token(&mut parts, state).await),
            Err(rejection) => return Err(rejected(rejection)),
        };
        let form = UserinfoForm::read_all(Fields::of_form(&object), &());
        let form = form.map_err(|faults| rejected(faults.into()))?;
        match form.access_token {
            Some(_) if in_header => return Err(two_tokens().into_response()),
            Some(token) => {
                let field = HeaderValue::try_from(format!("Bearer {token}")).unwrap_or(NO_TOKEN);
                parts.headers.insert(header::AUTHORIZATION, field);
            }
            None => {}
        }
        let reader = match admitted {
            Some(reader) => reader,
            None => admit(&mut parts, state).await?,
        };
        Ok(Self(reader.0))
    }
}

/// The lock's answer to a request without a token.
async fn no_token(parts: &mut axum::http::request::Parts, state: &crate::state::AppState) -> Response {
    match admit(parts, state).await {
        Err(refused) => refused,
        Ok(_) => Refusal::NotAuthenticated.into_response(),
    }
}

async fn admit(
    parts: &mut axum::http::request::Parts,
    state: &crate::state::AppState,
) -> Result<ClaimsReader, Response> {
    let reader = ClaimsLock::from_request_parts(parts, state).await;
    reader.map(ClaimsLock::into_identity).map_err(IntoResponse::into_response)
}

impl FromRef<crate::state::AppState> for std::sync::Arc<dyn keyward_guard::Authenticator<ClaimsReader>> {
    fn from_ref(state: &crate::state::AppState) -> Self {
        std::sync::Arc::new(Userinfo::from_ref(state))
    }
}

fn refused(rejection: Rejection) -> ApiError {
    ApiError::rejected(rejection).for_oauth()
}

/// RFC 6750, section 2: two readers of one request might see different tokens in it.
fn two_tokens() -> ApiError {
    let words = "Send the access token once: in the header or in the form.";
    ApiError::new(StatusCode::BAD_REQUEST, AMBIGUOUS_TOKEN, words).with_oauth("invalid_request")
}

impl Documented for ForUserinfo {
    fn document(operation: &mut Operation, schemas: &mut Schemas) {
        ClaimsLock::document(operation, schemas);
        let media = [Media::Urlencoded];
        document_body::<UserinfoForm>(operation, schemas, &media);
        if let Some(RefOr::T(body)) = &mut operation.request_body {
            body.required = Some(Required::False);
        }
        for (rejection, when) in unreceived::<UserinfoForm>(&media) {
            document_error(operation, &refused(rejection), when);
        }
        let fault = Rejection::fault(Flaw::missing().in_field("body", "access_token", None));
        document_error(operation, &refused(fault), "A field is malformed");
        document_error(operation, &two_tokens(), "The access token came twice");
    }
}
