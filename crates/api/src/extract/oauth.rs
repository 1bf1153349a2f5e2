//! Forms of the OAuth2 endpoints, with the client that authenticated itself, by HTTP Basic or in the form
//! (RFC 6749, section 2.3.1). Every refusal is one of section 5.2.

use std::convert::Infallible;
use std::marker::PhantomData;

use axum::extract::{FromRef, FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keyward_domain::model::clients::Client;
use keyward_domain::oauth::clients::{ClientError, Clients};
use keyward_domain::values::codes::INVALID_CLIENT;
use keyward_guard::{Documented, ErrorCode, Schemas, Scope};
use keyward_web::{
    Fields, Flaw, Input, Media, Received, Rejection, SECRETS, decode, document_body, receive,
    refuse_credentials_in, unreceived,
};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::SecurityRequirement;

use crate::codes::AMBIGUOUS_CLIENT;
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

/// A form that only a client may send.
pub struct ClientForm<T: Input> {
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
        let client = client.ok_or_else(invalid_client)?;
        if client.scope.contains(R::NAME) {
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
        let (object, client) = match form {
            Ok(object) => {
                let client = authenticate(&Clients::from_ref(state), &headers, &object).await?;
                (object, client)
            }
            Err(rejection) => return Err(refused(rejection)),
        };
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
        refuse_credentials_in(request.uri(), &SECRETS).map_err(refused)?;
        let (headers, form) = take::<T>(request).await;
        // Who is asking comes before what is asked: a form that cannot be read names no client.
        let nothing = Map::new();
        let client =
            authenticate(&Clients::from_ref(state), &headers, form.as_ref().unwrap_or(&nothing)).await?;
        let client = client.ok_or_else(invalid_client)?;
        let object = form.map_err(refused)?;
        Ok(Self { value: read::<T>(&object)?, client })
    }
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

/// The client whose credentials came with the request, if any came.
async fn authenticate(
    clients: &Clients,
    headers: &HeaderMap,
    form: &Map<String, Value>,
) -> Result<Option<Client>, ApiError> {
    let text = |name: &str| form.get(name).and_then(Value::as_str);
    let in_form = text("client_secret").map(|secret| (text("client_id").unwrap_or_default(), secret));
    // Empty fields, as generated clients send them, count as absent.
    let in_form = in_form.filter(|(id, secret)| !id.is_empty() || !secret.is_empty());
    let (id, secret) = match (basic(headers)?, in_form) {
        (None, None) => {
            // Without its secret a registered client would get a token beyond what it was registered for.
            let named = text("client_id").filter(|id| !id.is_empty());
            let registered = match named {
                Some(id) => clients.is_registered(id).await?,
                None => false,
            };
            return if registered { Err(invalid_client()) } else { Ok(None) };
        }
        (Some(_), Some(_)) => return Err(two_ways()),
        // The form may repeat the client's id, but not name another client.
        (Some((id, _)), None) if text("client_id").is_some_and(|named| named != id) => return Err(two_ways()),
        (Some(credentials), None) => credentials,
        (None, Some((id, secret))) => (id.to_owned(), secret.to_owned()),
    };
    match clients.authenticate(&id, &secret).await {
        Ok(client) => Ok(Some(client)),
        Err(ClientError::Unknown) => Err(invalid_client()),
        Err(error) => Err(error.into()),
    }
}

/// Whether a request that needs no client names a registered one, which proves nothing.
pub struct NamedClient {
    clients: Clients,
    /// The id in `Authorization: Basic`, if there is one that can be read.
    by_basic: Option<String>,
}

impl NamedClient {
    /// Whether one is named there or by this field of a form.
    pub async fn is_registered(&self, in_form: Option<&str>) -> Result<bool, ClientError> {
        for id in [self.by_basic.as_deref(), in_form].into_iter().flatten().filter(|id| !id.is_empty()) {
            if self.clients.is_registered(id).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for NamedClient
where
    Clients: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let by_basic = basic(&parts.headers).ok().flatten().map(|(id, _)| id);
        Ok(Self { clients: Clients::from_ref(state), by_basic })
    }
}

impl Documented for NamedClient {
    fn document(_: &mut Operation, _: &mut Schemas) {}
}

/// The credentials of `Authorization: Basic`. Empty ones, as Swagger UI sends them, count as absent.
fn basic(headers: &HeaderMap) -> Result<Option<(String, String)>, ApiError> {
    let mut fields = headers.get_all(header::AUTHORIZATION).iter();
    let Some(field) = fields.next() else { return Ok(None) };
    if fields.next().is_some() {
        return Err(two_ways());
    }
    let decoded = field.to_str().ok().and_then(|field| {
        let (scheme, encoded) = field.split_once(' ')?;
        let bytes = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(encoded.trim()).ok())??;
        let text = String::from_utf8(bytes).ok()?;
        let (id, secret) = text.split_once(':')?;
        Some((decode(id.as_bytes())?, decode(secret.as_bytes())?))
    });
    match decoded {
        Some((id, secret)) if id.is_empty() && secret.is_empty() => Ok(None),
        Some(credentials) => Ok(Some(credentials)),
        None => Err(invalid_client()),
    }
}

/// RFC 6749, section 2.3: two readers of one request might see different clients in it.
fn two_ways() -> ApiError {
    let words = "A client authenticates itself once: by HTTP Basic or in the form.";
    ApiError::new(StatusCode::BAD_REQUEST, AMBIGUOUS_CLIENT, words).with_oauth("invalid_request")
}

/// No client authenticated itself, or another one did.
pub fn invalid_client() -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, INVALID_CLIENT, "Client authentication failed")
        .with_oauth("invalid_client")
        .challenging("Basic realm=\"keyward\"")
}

fn insufficient_scope(scope: &str) -> ApiError {
    let words = format!("The client is not registered for the scope {scope}");
    ApiError::new(StatusCode::FORBIDDEN, ErrorCode::INSUFFICIENT_SCOPE, &words)
        .with_oauth("insufficient_scope")
}

/// What authenticating a client can answer.
fn document_client(operation: &mut Operation) {
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
