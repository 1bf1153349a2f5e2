//! OAuth2 clients on the wire, for administrators.

use axum::Json;
use axum::extract::State;
use axum::response::NoContent;
use keyward_auth::{ScopeSet, SecretHash};
use keyward_domain::factors::error::TooWeak;
use keyward_domain::keys::id_token_keys::IdTokenKeys;
use keyward_domain::oauth::client_error::{ClientTaken, ManyClients, NoClient, NoSecret};
use keyward_domain::oauth::clients::{Administration, Clients};
use keyward_domain::sessions::opening::Opening;
use keyward_domain::values::actor::Actor;
use keyward_domain::values::by::By;
use keyward_domain::values::ids::ClientId;
use keyward_domain::values::origin::Origin;
use keyward_domain::values::scopes::for_clients;
use keyward_web::{Body, Both, Flaw, Path};

use super::client_bodies::{Client, ClientCreate, ClientSecret, ClientUpdate, NewClient};
use crate::access::current_user::CurrentUser;
use crate::access::scope::Admin;
use crate::answers::refused::Refused;
use crate::answers::success::{Created, Items, NoStore};
use crate::error::ApiError;
use crate::extract::{Id, Sender};
use crate::routes::factors::second_factor::Recent;

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
    let (public, given, settings) = (create.public, create.client_id.clone(), create.settings());
    let id = given.unwrap_or_else(|| clients.make_id());
    let secret = (!public).then(|| clients.make_secret());
    let hash = secret.as_deref().map(|secret| SecretHash::of(secret));
    let made = clients.register(id, settings, hash, &administration(&admin, &origin)).await?;
    keys.make_for(&made).await?;
    Ok(Created(NewClient::new(made, secret.as_deref().map(String::as_str))))
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
    let change = update.change();
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
    Ok(NoStore(ClientSecret::new(&id, &secret)))
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
