//! Pushed authorization requests (RFC 9126): a client sends its request here first, and the browser brings a reference to it.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use keyward_domain::oauth::authorize::pushing::{PushError, PushRequests, RefusedRequest};
use keyward_guard::{Answers, Schemas, document_success};
use keyward_web::Input;
use keyward_web::readers::string;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::KnownFormat;

use crate::answers::refused::{GrantWords, Refused};
use crate::error::ApiError;
use crate::extract::dpop::ShownKey;
use crate::extract::{KnownClientForm, Sender};

/// An authorization request (RFC 6749, section 4.1.1; OpenID Connect Core, section 3.1.2.1), 4,000 bytes at most. Parameters that no
/// standard knows are ignored.
#[derive(Input)]
pub struct PushForm {
    /// `code`.
    #[input(example = "code")]
    response_type: Option<String>,
    /// May be absent where the client has one alone.
    redirect_uri: Option<String>,
    scope: Option<String>,
    /// Comes back with the answer.
    state: Option<String>,
    /// Comes back in the ID token.
    nonce: Option<String>,
    /// The SHA-256 of the verifier, base64url (RFC 7636). Required.
    code_challenge: Option<String>,
    /// `S256`.
    code_challenge_method: Option<String>,
    /// The service that the tokens are for (RFC 8707).
    resource: Option<String>,
    prompt: Option<String>,
    /// How old the login may be, in seconds.
    max_age: Option<String>,
    login_hint: Option<String>,
    id_token_hint: Option<String>,
    acr_values: Option<String>,
    /// `query`.
    response_mode: Option<String>,
    ui_locales: Option<String>,
    /// The thumbprint of the key by which alone the code may be traded (RFC 9449). A `DPoP` header says it, too.
    dpop_jkt: Option<String>,
    /// Refused, as at the authorization endpoint.
    request: Option<String>,
    /// Refused: a request is pushed, and not referred to (RFC 9126, section 2.1).
    request_uri: Option<String>,
    /// Refused.
    registration: Option<String>,
    /// The client's id, if it does not use HTTP Basic.
    pub client_id: Option<String>,
    /// The client's secret, if it has one and does not use HTTP Basic.
    #[input(read = string().format(KnownFormat::Password), secret)]
    pub client_secret: Option<String>,
}

impl PushForm {
    /// The parameters of the request.
    fn parameters(self) -> impl Iterator<Item = (String, String)> {
        let all = [
            ("response_type", self.response_type),
            ("redirect_uri", self.redirect_uri),
            ("scope", self.scope),
            ("state", self.state),
            ("nonce", self.nonce),
            ("code_challenge", self.code_challenge),
            ("code_challenge_method", self.code_challenge_method),
            ("resource", self.resource),
            ("prompt", self.prompt),
            ("max_age", self.max_age),
            ("login_hint", self.login_hint),
            ("id_token_hint", self.id_token_hint),
            ("acr_values", self.acr_values),
            ("response_mode", self.response_mode),
            ("ui_locales", self.ui_locales),
            ("dpop_jkt", self.dpop_jkt),
            ("request", self.request),
            ("request_uri", self.request_uri),
            ("registration", self.registration),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)))
    }
}

/// A reference to a pushed request (RFC 9126, section 2.2).
#[derive(Serialize, ToSchema)]
pub struct PushedRequest {
    /// For the authorization endpoint: `/oauth/authorize?client_id=..&request_uri=..`. One of the codes that come of it can be traded.
    #[schema(example = "urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c")]
    request_uri: String,
    /// In seconds.
    #[schema(example = 60)]
    expires_in: i64,
}

/// 201, with a body that no cache may keep.
pub struct Taken(PushedRequest);

impl IntoResponse for Taken {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, [(header::CACHE_CONTROL, "no-cache, no-store")], Json(self.0)).into_response()
    }
}

impl Answers for Taken {
    fn answers(operation: &mut Operation, schemas: &mut Schemas) {
        document_success::<PushedRequest>(operation, schemas, StatusCode::CREATED);
    }
}

/// Push an authorization request
///
/// The client authenticates itself as at `/oauth/token`; a public one says its `client_id`. The request is checked as at
/// `/oauth/authorize`, and goes on there when the browser brings the reference.
#[utoipa::path(post, path = "/oauth/par", tag = "oauth")]
pub async fn push_request(
    State(requests): State<PushRequests>,
    Sender(origin): Sender,
    shown: ShownKey,
    KnownClientForm { value: form, client }: KnownClientForm<PushForm>,
) -> Result<Taken, Refused<RefusedRequest, GrantWords>> {
    let key = shown.used_by(Some(&client), &origin)?;
    let pushed = requests.push(form.parameters(), &client, key.as_ref());
    let refused = |error: PushError| ApiError::of(&error).with_oauth(error.oauth());
    let pushed = pushed.map_err(refused)?;
    Ok(Taken(PushedRequest { request_uri: pushed.request_uri.to_string(), expires_in: pushed.expires_in }))
}
