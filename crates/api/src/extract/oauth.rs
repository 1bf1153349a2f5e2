//! Forms of the OAuth2 endpoints, with the client that authenticated itself, by HTTP Basic or in the form
//! (RFC 6749, section 2.3.1). Every refusal is one of section 5.2.

use std::marker::PhantomData;

use axum::extract::{FromRef, FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use keyward_domain::model::clients::Client;
use keyward_domain::oauth::clients::Clients;
use keyward_guard::{Documented, ErrorCode, Schemas, Scope};
use keyward_web::{
    Fields, Flaw, Input, Media, Received, Rejection, SECRETS, document_body, receive, refuse_credentials_in,
    unreceived,
};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::SecurityRequirement;

use super::client_auth::{authenticate, invalid_client, two_ways};
use crate::error::{ApiError, document_error};

/// The name of the scheme for clients.
pub const CLIENT_SCHEME: &str = "ClientBasic";

/// A form that anyone may send; a caller that names a client must authenticate as it.
pub struct OAuthForm<T: Input> {
    /// What the form says.
    pub value: T,
    /// The client, if one authenticated itself.
    pub client: Option<Client>,
}

/// A form that only a client may send that proves itself: no public one.
pub struct ClientForm<T: Input> {
    /// What the form says.
    pub value: T,
    pub client: Client,
}

/// A form that only a client may send: one that proves itself, or a public one that says its id.
pub struct KnownClientForm<T: Input> {
    /// What the form says.
    pub value: T,
    pub client: Client,
}

/// A request without a form, that only a client may send which was registered for the scope `R`.
pub struct ClientFor<R: Scope>(PhantomData<R>);

impl<S, R> FromRequestParts<S> for ClientFor<R>
where
    S: Send + Sync,
    R: Scope,
    Clients: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let client = authenticate(&Clients::from_ref(state), &parts.headers, &Map::new()).await?;
        let client = client.filter(|client| !client.is_public()).ok_or_else(invalid_client)?;
        if client.settings.scope.contains(R::NAME) {
            return Ok(Self(PhantomData));
        }
        Err(insufficient_scope(R::NAME))
    }
}

impl<S, T> FromRequest<S> for OAuthForm<T>
where
    S: Send + Sync,
    Clients: FromRef<S>,
    T: Input<Context = ()>,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        refuse_credentials_in(request.uri(), &SECRETS).map_err(refused)?;
        let (headers, form) = take::<T>(request).await;
        let object = form.map_err(refused)?;
        let client = authenticate(&Clients::from_ref(state), &headers, &object).await?;
        Ok(Self { value: read::<T>(&object)?, client })
    }
}

impl<S, T> FromRequest<S> for ClientForm<T>
where
    S: Send + Sync,
    Clients: FromRef<S>,
    T: Input<Context = ()>,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let (value, client) =
            of_client(request, &Clients::from_ref(state), |client| !client.is_public()).await?;
        Ok(Self { value, client })
    }
}

impl<S, T> FromRequest<S> for KnownClientForm<T>
where
    S: Send + Sync,
    Clients: FromRef<S>,
    T: Input<Context = ()>,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let (value, client) = of_client(request, &Clients::from_ref(state), |_| true).await?;
        Ok(Self { value, client })
    }
}

/// What a form says, and the client that sent it, where `admits` lets it.
async fn of_client<T: Input<Context = ()>>(
    request: Request,
    clients: &Clients,
    admits: impl Fn(&Client) -> bool,
) -> Result<(T, Client), ApiError> {
    refuse_credentials_in(request.uri(), &SECRETS).map_err(refused)?;
    let (headers, form) = take::<T>(request).await;
    // Who is asking comes before what is asked: a form that cannot be read names no client.
    let nothing = Map::new();
    let client = authenticate(clients, &headers, form.as_ref().unwrap_or(&nothing)).await?;
    let client = client.filter(admits).ok_or_else(invalid_client)?;
    Ok((read::<T>(&form.map_err(refused)?)?, client))
}

/// The headers and the form, which may be empty: the fields say what is missing.
async fn take<T: Input>(request: Request) -> (HeaderMap, Result<Map<String, Value>, Rejection>) {
    let (parts, body) = request.into_parts();
    let received = receive(&parts.headers, body, &[Media::Urlencoded], T::MAX_BODY).await;
    let object = received.map(|form| form.map(Received::into_object).unwrap_or_default());
    (parts.headers, object)
}

fn read<T: Input<Context = ()>>(object: &Map<String, Value>) -> Result<T, ApiError> {
    T::read_all(Fields::of_form(object), &()).map_err(|faults| refused(faults.into()))
}

fn refused(rejection: Rejection) -> ApiError {
    ApiError::rejected(rejection).for_oauth()
}

fn insufficient_scope(scope: &str) -> ApiError {
    let words = format!("The client is not registered for the scope {scope}");
    ApiError::new(StatusCode::FORBIDDEN, ErrorCode::INSUFFICIENT_SCOPE, &words)
        .with_oauth("insufficient_scope")
}

/// What authenticating a client can answer.
pub(super) fn document_client(operation: &mut Operation) {
    document_error(operation, &two_ways(), "Two ways of client authentication at once");
    document_error(operation, &invalid_client(), "Client authentication failed");
    let overloaded = "Overloaded: try again after `Retry-After` seconds";
    document_error(operation, &ApiError::unavailable(), overloaded);
}

impl<T: Input + ToSchema> Documented for OAuthForm<T> {
    fn document(operation: &mut Operation, schemas: &mut Schemas) {
        let media = [Media::Urlencoded];
        document_body::<T>(operation, schemas, &media);
        for (rejection, when) in unreceived::<T>(&media) {
            document_error(operation, &refused(rejection), when);
        }
        let fault = Rejection::fault(Flaw::missing().in_field("body", "grant_type", None));
        document_error(operation, &refused(fault), "A field is missing or malformed");
        document_client(operation);
    }
}

impl<T: Input + ToSchema> Documented for ClientForm<T> {
    fn document(operation: &mut Operation, schemas: &mut Schemas) {
        OAuthForm::<T>::document(operation, schemas);
        lock(operation, None);
    }
}

impl<T: Input + ToSchema> Documented for KnownClientForm<T> {
    fn document(operation: &mut Operation, schemas: &mut Schemas) {
        ClientForm::<T>::document(operation, schemas);
    }
}

impl<R: Scope> Documented for ClientFor<R> {
    fn document(operation: &mut Operation, _: &mut Schemas) {
        document_client(operation);
        let lacking = format!("The client is not registered for the scope `{}`", R::NAME);
        document_error(operation, &insufficient_scope(R::NAME), &lacking);
        lock(operation, Some(R::NAME));
    }
}

fn lock(operation: &mut Operation, scope: Option<&'static str>) {
    operation.security = Some(vec![SecurityRequirement::new(CLIENT_SCHEME, scope)]);
}
