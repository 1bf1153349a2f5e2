//! OAuth2 clients on the wire, for administrators.

use axum::Json;
use axum::extract::State;
use axum::response::NoContent;
use keyward_auth::{Algorithm, ScopeSet, SecretHash};
use keyward_domain::factors::error::TooWeak;
use keyward_domain::keys::id_token_keys::IdTokenKeys;
use keyward_domain::model::clients::{self, ClientChange, ClientName, ClientSettings};
use keyward_domain::oauth::client_error::{ClientTaken, ManyClients, NoClient, NoSecret};
use keyward_domain::oauth::clients::{Administration, Clients};
use keyward_domain::sessions::opening::Opening;
use keyward_domain::values::actor::Actor;
use keyward_domain::values::by::By;
use keyward_domain::values::ids::ClientId;
use keyward_domain::values::origin::Origin;
use keyward_domain::values::resource_uri::ResourceUri;
use keyward_domain::values::scopes::for_clients;
use keyward_domain::values::uris::RedirectUri;
use keyward_web::readers::choice;
use keyward_web::{Body, Both, Flaw, Input, Path};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::current_user::CurrentUser;
use crate::access::scope::Admin;
use crate::answers::refused::Refused;
use crate::answers::success::{Created, Items, NoStore};
use crate::error::ApiError;
use crate::extract::{Id, Sender, clients as read};
use crate::routes::factors::second_factor::Recent;
use crate::routes::rfc3339::rfc3339;

/// A registered client.
#[derive(Serialize, ToSchema)]
pub struct Client {
    #[schema(example = "web")]
    client_id: String,
    /// What people read when they are asked to allow it.
    #[schema(example = "Photo album")]
    name: String,
    /// Whether it has no secret, as an application in a browser or on a device.
    public: bool,
    /// What it may be granted: for itself, and at most in the name of a user.
    #[schema(example = "openid profile email")]
    scope: String,
    /// Where authorization codes may be sent, byte for byte; only the port of a loopback IP address is free.
    #[schema(example = json!(["https://app.example.com/callback"]))]
    redirect_uris: Vec<String>,
    /// Where a browser may return to after a logout.
    #[schema(example = json!(["https://app.example.com/"]))]
    post_logout_redirect_uris: Vec<String>,
    /// The services that its tokens may be for (RFC 8707).
    #[schema(example = json!(["https://api.example.com"]))]
    resources: Vec<String>,
    #[schema(value_type = IdTokenAlgorithm)]
    id_token_signed_response_alg: &'static str,
    /// Whether people are not asked to allow it.
    first_party: bool,
    /// Whether its authorization requests have to be pushed (RFC 9126).
    require_pushed_authorization_requests: bool,
    #[schema(format = DateTime, example = "2026-01-31T12:00:00Z")]
    created_at: String,
}

/// How ID tokens are signed.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the names of `Algorithm`")]
enum IdTokenAlgorithm {
    #[schema(rename = "RS256")]
    Rs256,
    #[schema(rename = "ES256")]
    Es256,
    #[schema(rename = "EdDSA")]
    EdDsa,
}

const ALGORITHMS: &[(&str, Algorithm)] =
    &[("RS256", Algorithm::Rs256), ("ES256", Algorithm::Es256), ("EdDSA", Algorithm::EdDsa)];

fn texts<T: ToString>(uris: &[T]) -> Vec<String> {
    uris.iter().map(T::to_string).collect()
}

impl From<clients::Client> for Client {
    fn from(client: clients::Client) -> Self {
        let public = client.is_public();
        let clients::Client { id, settings, created_at, .. } = client;
        Self {
            client_id: id.to_string(),
            name: settings.name.to_string(),
            public,
            scope: settings.scope.to_string(),
            redirect_uris: texts(&settings.redirect_uris),
            post_logout_redirect_uris: texts(&settings.logout_uris),
            resources: texts(&settings.resources),
            id_token_signed_response_alg: settings.id_token_alg.as_str(),
            first_party: settings.first_party,
            require_pushed_authorization_requests: settings.require_par,
            created_at: rfc3339(created_at),
        }
    }
}

/// A client that was registered, with its secret, which is shown once.
#[derive(Serialize, ToSchema)]
pub struct NewClient {
    #[serde(flatten)]
    client: Client,
    /// Null for a public client.
    #[schema(required, example = "VbAxIIPWu38YfTAnbLbBYnnHkZkCPYzpQzAWvE6bN6c")]
    client_secret: Option<String>,
}

/// The new secret of a client, which is shown once.
#[derive(Serialize, ToSchema)]
pub struct ClientSecret {
    client_id: String,
    #[schema(example = "VbAxIIPWu38YfTAnbLbBYnnHkZkCPYzpQzAWvE6bN6c")]
    client_secret: String,
}

/// What a new client shall be.
#[derive(Input)]
#[input(example = json!({ "name": "Photo album", "public": true, "redirect_uris": ["https://app.example.com/callback"] }))]
pub struct ClientCreate {
    #[input(read = crate::extract::read::text())]
    name: ClientName,
    /// Made up without.
    #[input(read = read::id())]
    client_id: Option<ClientId>,
    /// A client that cannot keep a secret, as an application in a browser or on a device. It needs a redirect URI.
    #[input(default = false)]
    public: bool,
    /// Without it: `openid profile email` for a client with redirect URIs, nothing for another.
    #[input(read = read::scope())]
    scope: Option<ScopeSet>,
    /// Take scopes that no account can have: those of another service, for the client's own tokens.
    #[input(default = false)]
    other_scopes: bool,
    #[input(read = read::uris(RedirectUri::parse))]
    redirect_uris: Option<Vec<RedirectUri>>,
    #[input(read = read::uris(RedirectUri::parse))]
    post_logout_redirect_uris: Option<Vec<RedirectUri>>,
    #[input(read = read::uris(ResourceUri::parse))]
    resources: Option<Vec<ResourceUri>>,
    #[input(read = choice(ALGORITHMS).documented::<IdTokenAlgorithm>())]
    id_token_signed_response_alg: Option<Algorithm>,
    /// People are not asked to allow it: for applications of this server's operator.
    #[input(default = false)]
    first_party: bool,
    /// Its authorization requests have to be pushed to `POST /oauth/par`.
    require_pushed_authorization_requests: Option<bool>,
}

/// What may be changed of a client. A member that is missing stays as it is.
#[derive(Input)]
#[input(example = json!({ "redirect_uris": ["https://app.example.com/callback"] }))]
pub struct ClientUpdate {
    #[input(read = crate::extract::read::text())]
    name: Option<ClientName>,
    #[input(read = read::scope())]
    scope: Option<ScopeSet>,
    /// Take scopes that no account can have.
    #[input(default = false)]
    other_scopes: bool,
    #[input(read = read::uris(RedirectUri::parse))]
    redirect_uris: Option<Vec<RedirectUri>>,
    #[input(read = read::uris(RedirectUri::parse))]
    post_logout_redirect_uris: Option<Vec<RedirectUri>>,
    #[input(read = read::uris(ResourceUri::parse))]
    resources: Option<Vec<ResourceUri>>,
    #[input(read = choice(ALGORITHMS).documented::<IdTokenAlgorithm>())]
    id_token_signed_response_alg: Option<Algorithm>,
    first_party: Option<bool>,
    require_pushed_authorization_requests: Option<bool>,
}

fn administration<'a>(actor: &'a Actor, origin: &'a Origin) -> Administration<'a> {
    Administration { by: By::from(actor), actor: Some(actor), origin }
}

/// Refuses a scope that neither an account nor a client can have here: most likely it is misspelt.
fn known(scope: Option<&ScopeSet>, others: bool, opening: &Opening) -> Result<(), ApiError> {
    let known = for_clients(opening.grants());
    let unknown = scope.into_iter().flat_map(ScopeSet::iter).find(|name| !known.contains(name));
    match unknown.filter(|_| !others) {
        Some(name) => {
            let words = format!("there is no scope {name}; other_scopes takes those of other services");
            Err(ApiError::fault(Flaw::value(&words).in_field("body", "scope", None)))
        }
        None => Ok(()),
    }
}

/// Register a client
///
/// The answer alone shows the secret.
#[utoipa::path(post, path = "/clients", tag = "clients", responses((status = 201, description = "The client")))]
pub async fn create_client(
    admin: CurrentUser<Admin, Recent>,
    State(clients): State<Clients>,
    State(opening): State<Opening>,
    State(keys): State<IdTokenKeys>,
    Sender(origin): Sender,
    Body(create): Body<ClientCreate>,
) -> Result<Created<NewClient>, Refused<(ClientTaken, ManyClients, TooWeak)>> {
    known(create.scope.as_ref(), create.other_scopes, &opening)?;
    let redirect_uris = create.redirect_uris.unwrap_or_default();
    let scope = create.scope.unwrap_or_else(|| ClientSettings::usual_scope(&redirect_uris));
    let settings = ClientSettings {
        redirect_uris,
        logout_uris: create.post_logout_redirect_uris.unwrap_or_default(),
        resources: create.resources.unwrap_or_default(),
        id_token_alg: create.id_token_signed_response_alg.unwrap_or(Algorithm::Rs256),
        first_party: create.first_party,
        require_par: create.require_pushed_authorization_requests.unwrap_or_default(),
        ..ClientSettings::new(create.name, scope)
    };
    let id = create.client_id.unwrap_or_else(|| clients.make_id());
    let secret = (!create.public).then(|| clients.make_secret());
    let hash = secret.as_deref().map(|secret| SecretHash::of(secret));
    let made = clients.register(id, settings, hash, &administration(&admin, &origin)).await?;
    keys.make_for(&made).await?;
    Ok(Created(NewClient { client: made.into(), client_secret: secret.map(|secret| secret.to_string()) }))
}

/// Every client, by its id
#[utoipa::path(get, path = "/clients", tag = "clients")]
pub async fn list_clients(
    _admin: CurrentUser<Admin>,
    State(clients): State<Clients>,
) -> Result<Items<Client>, Refused> {
    Ok(Items(clients.list().await?.into_iter().map(Into::into).collect()))
}

/// A client
#[utoipa::path(get, path = "/clients/{id}", tag = "clients")]
pub async fn read_client(
    _admin: CurrentUser<Admin>,
    State(clients): State<Clients>,
    Path(id): Path<Id<ClientId>>,
) -> Result<Json<Client>, Refused<NoClient>> {
    Ok(Json(clients.find(&id).await?.into()))
}

/// Change a client
///
/// A scope that is taken away is lost at the next refresh of each token.
#[utoipa::path(patch, path = "/clients/{id}", tag = "clients")]
pub async fn update_client(
    admin: CurrentUser<Admin, Recent>,
    State(clients): State<Clients>,
    State(opening): State<Opening>,
    Sender(origin): Sender,
    Both(Path(id), Body(update)): Both<Path<Id<ClientId>>, Body<ClientUpdate>>,
) -> Result<Json<Client>, Refused<(NoClient, TooWeak)>> {
    known(update.scope.as_ref(), update.other_scopes, &opening)?;
    let change = ClientChange {
        name: update.name,
        scope: update.scope,
        redirect_uris: update.redirect_uris,
        logout_uris: update.post_logout_redirect_uris,
        resources: update.resources,
        id_token_alg: update.id_token_signed_response_alg,
        first_party: update.first_party,
        require_par: update.require_pushed_authorization_requests,
    };
    Ok(Json(clients.change(&id, &change, &administration(&admin, &origin)).await?.into()))
}

/// Give a client a new secret
///
/// The answer alone shows it; the one before is refused from now on.
#[utoipa::path(post, path = "/clients/{id}/secret", tag = "clients")]
pub async fn renew_client_secret(
    admin: CurrentUser<Admin, Recent>,
    State(clients): State<Clients>,
    Sender(origin): Sender,
    Path(id): Path<Id<ClientId>>,
) -> Result<NoStore<ClientSecret>, Refused<(NoClient, NoSecret, TooWeak)>> {
    let secret = clients.make_secret();
    clients.replace_secret(&id, &SecretHash::of(&secret), &administration(&admin, &origin)).await?;
    Ok(NoStore(ClientSecret { client_id: id.to_string(), client_secret: secret.to_string() }))
}

/// Remove a client
///
/// Its secret is good no more, and the sessions opened through it end.
#[utoipa::path(delete, path = "/clients/{id}", tag = "clients")]
pub async fn remove_client(
    admin: CurrentUser<Admin, Recent>,
    State(clients): State<Clients>,
    Sender(origin): Sender,
    Path(id): Path<Id<ClientId>>,
) -> Result<NoContent, Refused<(NoClient, TooWeak)>> {
    clients.remove(&id, &administration(&admin, &origin)).await?;
    Ok(NoContent)
}
