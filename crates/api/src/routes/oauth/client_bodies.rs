//! Clients as they are read and shown.

use keyward_auth::{Algorithm, ScopeSet};
use keyward_domain::model::clients::{self, ClientChange, ClientName, ClientSettings};
use keyward_domain::values::ids::ClientId;
use keyward_domain::values::logout_uri::Backchannel;
use keyward_domain::values::resource_uri::ResourceUri;
use keyward_domain::values::uris::RedirectUri;
use keyward_web::Input;
use keyward_web::readers::choice;
use serde::Serialize;
use utoipa::ToSchema;

use crate::extract::clients as read;
use crate::routes::rfc3339::rfc3339;

/// A registered client.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "what an administrator decides, one by one")]
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
    /// Whether it may log people in on devices without a browser (RFC 8628).
    device: bool,
    /// Whether its authorization requests have to be pushed (RFC 9126).
    require_pushed_authorization_requests: bool,
    /// Where logout tokens for its ended sessions go (OpenID Connect Back-Channel Logout); empty for nowhere.
    #[schema(example = "https://app.example.com/backchannel-logout")]
    backchannel_logout_uri: String,
    /// Whether it cannot do without `sid` in logout tokens. Every logout token has it.
    backchannel_logout_session_required: bool,
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
            device: settings.device,
            require_pushed_authorization_requests: settings.require_par,
            backchannel_logout_uri: settings.backchannel.as_str().to_owned(),
            backchannel_logout_session_required: settings.backchannel_session_required,
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
    #[schema(example = "web")]
    client_id: String,
    #[schema(example = "VbAxIIPWu38YfTAnbLbBYnnHkZkCPYzpQzAWvE6bN6c")]
    client_secret: String,
}

/// What a new client shall be.
#[derive(Input)]
#[input(example = json!({ "name": "Photo album", "public": true, "redirect_uris": ["https://app.example.com/callback"] }))]
#[expect(clippy::struct_excessive_bools, reason = "what an administrator decides, one by one")]
pub struct ClientCreate {
    #[input(read = crate::extract::read::text())]
    name: ClientName,
    /// Made up without.
    #[input(read = read::id())]
    pub(super) client_id: Option<ClientId>,
    /// A client that cannot keep a secret, as an application in a browser or on a device. It needs a redirect URI, or `device`.
    #[input(default = false)]
    pub(super) public: bool,
    /// Without it: `openid profile email` for a client with redirect URIs or `device`, nothing for another.
    #[input(read = read::scope())]
    pub(super) scope: Option<ScopeSet>,
    /// Take scopes that no account can have: those of another service, for the client's own tokens.
    #[input(default = false)]
    pub(super) other_scopes: bool,
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
    /// It may log people in on devices without a browser (RFC 8628).
    #[input(default = false)]
    device: bool,
    /// Its authorization requests have to be pushed to `POST /oauth/par`.
    #[input(default = false)]
    require_pushed_authorization_requests: bool,
    /// Where logout tokens for its ended sessions go: `https`, or `http` on this machine.
    #[input(read = read::uri(Backchannel::parse))]
    backchannel_logout_uri: Option<Backchannel>,
    #[input(default = false)]
    backchannel_logout_session_required: bool,
}

/// What may be changed of a client. A member that is missing stays as it is.
#[derive(Input)]
#[input(example = json!({ "redirect_uris": ["https://app.example.com/callback"] }))]
pub struct ClientUpdate {
    #[input(read = crate::extract::read::text())]
    name: Option<ClientName>,
    #[input(read = read::scope())]
    pub(super) scope: Option<ScopeSet>,
    /// Take scopes that no account can have.
    #[input(default = false)]
    pub(super) other_scopes: bool,
    #[input(read = read::uris(RedirectUri::parse))]
    redirect_uris: Option<Vec<RedirectUri>>,
    #[input(read = read::uris(RedirectUri::parse))]
    post_logout_redirect_uris: Option<Vec<RedirectUri>>,
    #[input(read = read::uris(ResourceUri::parse))]
    resources: Option<Vec<ResourceUri>>,
    #[input(read = choice(ALGORITHMS).documented::<IdTokenAlgorithm>())]
    id_token_signed_response_alg: Option<Algorithm>,
    first_party: Option<bool>,
    device: Option<bool>,
    require_pushed_authorization_requests: Option<bool>,
    /// Empty for nowhere.
    #[input(read = read::uri(Backchannel::parse))]
    backchannel_logout_uri: Option<Backchannel>,
    backchannel_logout_session_required: Option<bool>,
}

impl NewClient {
    /// The client with its secret, if it has one.
    pub(super) fn new(client: clients::Client, secret: Option<&str>) -> Self {
        Self { client: client.into(), client_secret: secret.map(str::to_owned) }
    }
}

impl ClientSecret {
    /// The new secret of that client.
    pub(super) fn new(id: &ClientId, secret: &str) -> Self {
        Self { client_id: id.to_string(), client_secret: secret.to_owned() }
    }
}

impl ClientCreate {
    /// What the client is registered for.
    pub(super) fn settings(self) -> ClientSettings {
        let redirect_uris = self.redirect_uris.unwrap_or_default();
        let scope = self.scope.unwrap_or_else(|| ClientSettings::usual_scope(&redirect_uris, self.device));
        ClientSettings {
            redirect_uris,
            logout_uris: self.post_logout_redirect_uris.unwrap_or_default(),
            resources: self.resources.unwrap_or_default(),
            id_token_alg: self.id_token_signed_response_alg.unwrap_or(Algorithm::Rs256),
            first_party: self.first_party,
            device: self.device,
            require_par: self.require_pushed_authorization_requests,
            backchannel: self.backchannel_logout_uri.unwrap_or_default(),
            backchannel_session_required: self.backchannel_logout_session_required,
            ..ClientSettings::new(self.name, scope)
        }
    }
}

impl ClientUpdate {
    /// What is changed.
    pub(super) fn change(self) -> ClientChange {
        ClientChange {
            name: self.name,
            scope: self.scope,
            redirect_uris: self.redirect_uris,
            logout_uris: self.post_logout_redirect_uris,
            resources: self.resources,
            id_token_alg: self.id_token_signed_response_alg,
            first_party: self.first_party,
            device: self.device,
            require_par: self.require_pushed_authorization_requests,
            backchannel: self.backchannel_logout_uri,
            backchannel_session_required: self.backchannel_logout_session_required,
        }
    }
}
