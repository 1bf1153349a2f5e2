//! Signing up and logging in: tokens on the wire.
//!
//! `/login` borrows the field names of RFC 6749's password grant, because every OAuth2-aware client and Swagger UI's
//! *Authorize* know them. It is this service's own login form, not an offer to third parties (RFC 9700, section 2.4).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use keyward_auth::AccessToken;
use keyward_domain::identity::error::{EmailTaken, UsernameTaken};
use keyward_domain::identity::verification_error::TooManyMails;
use keyward_domain::limits::waits::TooManyAttempts;
use keyward_domain::sessions::error::{EmailUnverified, InvalidCredentials, UngrantableScope, WrongCode};
use keyward_domain::sessions::known_device::KnownDevice;
use keyward_domain::sessions::log_in::{self, LogIn};
use keyward_domain::sessions::opening::Tokens;
use keyward_domain::sessions::sign_up::SignUp;
use keyward_guard::{Answers, Schemas, document_success};
use keyward_web::readers::string;
use keyward_web::{Body, Here, Input, refuse_credentials_in};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::path::Operation;

use super::owed::{SecondFactorOwed, granted};
use crate::answers::refused::{Refused, TokenWords};
use crate::answers::success::{Accepted, NoStore};
use crate::error::ApiError;
use crate::extract::read::LoginPassword;
use crate::extract::{NamedClient, Sender, TokenBody, UserCreate, read};
use crate::metrics::counters::Metrics;
use crate::routes::identity::recovery::Notice;
use crate::routes::oauth::grant_error::{ClientElsewhere, GrantError, OnlyPassword};

/// What a login hands out (RFC 6749, section 5.1).
#[derive(Serialize, ToSchema)]
pub struct Token {
    /// Send it as `Authorization: Bearer ..`.
    #[schema(example = "eyJhbGciOi..")]
    access_token: String,
    #[schema(value_type = TokenType)]
    token_type: &'static str,
    /// How many seconds the access token is good for.
    #[schema(example = 900)]
    expires_in: i64,
    /// Buys the next pair, once.
    #[schema(example = "kwr_..")]
    refresh_token: String,
    /// What was granted, separated by spaces.
    #[schema(example = "posts:read posts:write")]
    scope: String,
}

/// How a token is sent: `bearer` (RFC 6750), or `DPoP` with a proof (RFC 9449).
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the types there are")]
pub(crate) enum TokenType {
    #[schema(rename = "bearer")]
    Bearer,
    #[schema(rename = "DPoP")]
    Dpop,
}

/// How this token is sent.
pub(crate) fn token_type(token: &AccessToken) -> &'static str {
    if token.claims().cnf.is_some() { "DPoP" } else { "bearer" }
}

impl From<Tokens> for Token {
    fn from(tokens: Tokens) -> Self {
        Self {
            access_token: tokens.access.as_str().to_owned(),
            token_type: token_type(&tokens.access),
            expires_in: tokens.access.expires_in(),
            refresh_token: tokens.refresh.expose().to_owned(),
            scope: tokens.scope.to_string(),
        }
    }
}

impl IntoResponse for Token {
    fn into_response(self) -> Response {
        NoStore(self).into_response()
    }
}

/// A name and a password. `username`, as OAuth2's form calls it, takes an e-mail address, too; JSON may say `email`.
#[derive(Input)]
#[input(example = json!({ "username": "ana@example.com", "password": "a long pass phrase" }))]
pub struct Login {
    /// `password`, or nothing.
    #[input(read = string().pattern("^password$"))]
    grant_type: Option<String>,
    /// The e-mail address or the user name.
    #[input(alias = "email")]
    username: String,
    /// In a form without `otp`, a space and the code may stand behind it.
    #[input(read = read::login_password())]
    password: LoginPassword,
    /// The code of an authenticator app, where the account has one.
    #[input(secret)]
    otp: Option<String>,
    /// What the token shall be good for, separated by spaces; nothing for all that the account may have.
    scope: Option<String>,
    /// A refresh token that this device got at an earlier login of the account, good or not any more. While strangers'
    /// guesses make the account wait, it lets this device go on.
    #[input(secret)]
    device: Option<String>,
    /// Ignored, unless it names a registered client, which is refused: clients log in at `/oauth/token`.
    pub client_id: Option<String>,
    /// Ignored.
    #[input(secret)]
    pub client_secret: Option<String>,
}

impl Answers for Token {
    fn answers(operation: &mut Operation, schemas: &mut Schemas) {
        document_success::<Self>(operation, schemas, StatusCode::OK);
    }
}

/// What follows a sign-up.
pub enum SignedUp {
    /// The tokens of a first login.
    LoggedIn(Token),
    /// The address has to be verified before the first login.
    Unverified(Notice),
}

impl IntoResponse for SignedUp {
    fn into_response(self) -> Response {
        match self {
            Self::LoggedIn(token) => (StatusCode::CREATED, token).into_response(),
            Self::Unverified(notice) => Accepted(notice).into_response(),
        }
    }
}

impl Answers for SignedUp {
    fn answers(operation: &mut Operation, schemas: &mut Schemas) {
        document_success::<Token>(operation, schemas, StatusCode::CREATED);
        document_success::<Notice>(operation, schemas, StatusCode::ACCEPTED);
    }
}

/// Why a login fails.
pub type NoLogin = (
    OnlyPassword,
    UngrantableScope,
    (InvalidCredentials, SecondFactorOwed, WrongCode, ClientElsewhere),
    EmailUnverified,
    TooManyAttempts,
);

/// Sign up, and be logged in
#[utoipa::path(post, path = "/signup", tag = "login", responses(
    (status = 201, description = "Signed up and logged in"),
    (status = 202, description = "Signed up; where addresses have to be verified before the first login, a code and a link are on their way"),
))]
pub async fn signup(
    State(sign_up): State<SignUp>,
    Sender(origin): Sender,
    Body(registration): Body<UserCreate>,
) -> Result<SignedUp, Refused<(EmailTaken, UsernameTaken, TooManyMails, TooManyAttempts)>> {
    Ok(match sign_up.register_and_log_in(registration.into(), &origin).await? {
        Some(tokens) => SignedUp::LoggedIn(tokens.into()),
        None => SignedUp::Unverified(Notice::code_sent()),
    })
}

/// Log in
///
/// This is what *Authorize* posts to. An account that owes a second factor is answered 401 `mfa_required`, unless the code comes
/// along: as `otp`, or in a form behind the password, after a space.
#[utoipa::path(post, path = "/login", tag = "login", responses((status = 200, description = "Logged in")))]
pub async fn login(
    State(log_in): State<LogIn>,
    State(metrics): State<Metrics>,
    Sender(origin): Sender,
    Here(uri): Here,
    named: NamedClient,
    TokenBody(form): TokenBody<Login>,
) -> Result<Token, Refused<NoLogin, TokenWords>> {
    // Elsewhere a name may be anything; here it is half of what logs in.
    refuse_credentials_in(&uri, &["username"])
        .map_err(|rejection| ApiError::rejected(rejection).with_oauth("invalid_request"))?;
    let Login {
        grant_type,
        username,
        password: LoginPassword { password, in_form },
        otp,
        scope,
        device,
        client_id,
        ..
    } = form;
    if grant_type.is_some_and(|grant| grant != "password") {
        return Err(GrantError::OnlyPassword.into());
    }
    // Its session would have none of the bounds that the client is registered with.
    if named.is_registered(client_id.as_deref()).await? {
        return Err(GrantError::ClientElsewhere.into());
    }
    let with_code = in_form && otp.is_none();
    let login = log_in::Login {
        name: username,
        password,
        otp,
        with_code,
        scope,
        client: None,
        device: device.map(KnownDevice::RefreshToken),
        key: None,
    };
    Ok(granted(metrics.login(log_in.log_in(login, &origin).await)?)?.into())
}
