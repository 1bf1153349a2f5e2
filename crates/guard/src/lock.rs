//! What a lock looks like in an OpenAPI document.

use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::Components;
use utoipa::openapi::security::{
    AuthorizationCode, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Password, Scopes, SecurityRequirement,
    SecurityScheme,
};
use utoipa::openapi::{OpenApi, RefOr};

use crate::problem::{document_problem, problems};
use crate::{ACCOUNT, Refusal, StepUp};

/// The name of the scheme behind *Authorize*'s e-mail and password form, as FastAPI names it.
pub const PASSWORD_SCHEME: &str = "OAuth2PasswordBearer";
/// The name of the scheme for a token pasted by hand, as FastAPI names it.
pub const BEARER_SCHEME: &str = "HTTPBearer";

/// Locks `operation`: either scheme opens it, without a good token it answers 401, and without `scope` 403.
pub fn lock(operation: &mut Operation, scope: Option<&'static str>) {
    operation.security = Some(vec![
        SecurityRequirement::new(PASSWORD_SCHEME, scope),
        SecurityRequirement::new(BEARER_SCHEME, [] as [&str; 0]),
    ]);
    refusal(operation, Refusal::NotAuthenticated, "No access token");
    refusal(operation, Refusal::InvalidToken, "The access token is malformed, forged or revoked");
    refusal(operation, Refusal::Expired, "The access token has expired");
    if let Some(scope) = scope {
        refusal(
            operation,
            Refusal::InsufficientScope(scope),
            &format!("The token lacks the scope `{scope}`"),
        );
    }
    refusal(operation, Refusal::Unavailable, "Overloaded: try again after `Retry-After` seconds");
}

/// Adds the refusal of a token that is good for enrolling a second factor alone.
pub(crate) fn enrolled(operation: &mut Operation) {
    refusal(operation, Refusal::EnrolmentOnly, "The token is good for enrolling a second factor only");
}

/// Adds the refusal of callers who have to wait.
pub(crate) fn waits(operation: &mut Operation) {
    let when = "Too many unknown API keys came from this IP address: try again after `Retry-After` seconds";
    refusal(operation, Refusal::TooManyAttempts(30), when);
}

/// Adds the refusal of an API key.
pub(crate) fn api_key(operation: &mut Operation) {
    refusal(operation, Refusal::ApiKey, "The credential is an API key");
}

/// Adds the refusal of an OAuth2 client's token that may not operate on its user's account.
pub(crate) fn others_client(operation: &mut Operation) {
    let when = format!("The token was given to an OAuth2 client, and lacks the scope `{ACCOUNT}`");
    refusal(operation, Refusal::InsufficientScope(ACCOUNT), &when);
}

/// Adds the refusal of an authentication that is too old or too weak.
pub(crate) fn step_up(operation: &mut Operation, asked: StepUp) {
    let when = match asked.max_age {
        Some(seconds) => format!("The login, or the last proof, is older than {seconds} seconds"),
        None => "The login was with one factor, and two are asked for".to_owned(),
    };
    refusal(operation, Refusal::InsufficientAuthentication(asked), &when);
}

fn refusal(operation: &mut Operation, refusal: Refusal, when: &str) {
    document_problem(operation, refusal.status().as_u16(), when, refusal.body());
}

/// Adds both security schemes to `document`: the password form posts to `token_url`, and offers every one of `scopes`
/// (name and title). Errors refer to a schema `Problem`, which is added too.
pub fn schemes(document: &mut OpenApi, token_url: &str, scopes: &[(&str, &str)]) {
    let password = OAuth2::with_description(
        [Flow::Password(Password::new(token_url, titled(scopes)))],
        "Type e-mail and password; the token is kept until the page is reloaded. Choose no scope to get all you may have. \
         Where you have an authenticator app, type a space and its six digits behind the password.",
    );
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("Paste an access token, or an API key."))
        .build();
    let components = document.components.get_or_insert_with(Components::new);
    components.add_security_scheme(PASSWORD_SCHEME, SecurityScheme::OAuth2(password));
    components.add_security_scheme(BEARER_SCHEME, SecurityScheme::Http(bearer));
    problems(document, &[]);
}

/// Adds a second way in to the scheme of e-mail and password, beside its form: the authorization code grant (RFC 6749,
/// section 4.1). People log in at `authorization_url`, and the code is traded at `token_url` for a token with the chosen
/// ones of `scopes` (name and title). A document without [`schemes`] stays as it is.
pub fn code_flow(document: &mut OpenApi, authorization_url: &str, token_url: &str, scopes: &[(&str, &str)]) {
    let components = document.components.get_or_insert_with(Components::new);
    if let Some(RefOr::T(SecurityScheme::OAuth2(scheme))) =
        components.security_schemes.get_mut(PASSWORD_SCHEME)
    {
        let code = AuthorizationCode::new(authorization_url, token_url, titled(scopes));
        scheme.flows.insert("authorizationCode".to_owned(), Flow::AuthorizationCode(code));
    }
}

fn titled(scopes: &[(&str, &str)]) -> Scopes {
    scopes.iter().map(|(name, title)| ((*name).to_owned(), (*title).to_owned())).collect()
}
