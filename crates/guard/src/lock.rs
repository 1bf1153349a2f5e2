//! What a lock looks like in an OpenAPI document.

use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::Components;
use utoipa::openapi::security::{
    Flow, HttpAuthScheme, HttpBuilder, OAuth2, Password, Scopes, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{HeaderBuilder, OpenApi, Ref, RefOr, ResponseBuilder};

/// The name of the scheme behind *Authorize*'s e-mail and password form, as FastAPI names it.
pub const PASSWORD_SCHEME: &str = "OAuth2PasswordBearer";
/// The name of the scheme for a token pasted by hand, as FastAPI names it.
pub const BEARER_SCHEME: &str = "HTTPBearer";

/// The name of the schema of an error's body.
pub const ERROR: &str = "Error";

/// Locks `operation`: either scheme opens it, without a good token it answers 401, and without `scope` 403.
pub fn lock(operation: &mut Operation, scope: Option<&'static str>) {
    operation.security = Some(vec![
        SecurityRequirement::new(PASSWORD_SCHEME, scope),
        SecurityRequirement::new(BEARER_SCHEME, [] as [&str; 0]),
    ]);
    refusal(operation, "401", "Not authenticated, or the token is no longer good", true);
    if let Some(scope) = scope {
        refusal(operation, "403", &format!("The token lacks the scope `{scope}`"), true);
    }
    refusal(operation, "503", "Overloaded: try again after `Retry-After` seconds", false);
}

fn refusal(operation: &mut Operation, status: &str, description: &str, challenge: bool) {
    let mut response = ResponseBuilder::new().description(description).content(
        "application/json",
        utoipa::openapi::ContentBuilder::new().schema(Some(Ref::from_schema_name(ERROR))).build(),
    );
    if challenge {
        let header = HeaderBuilder::new().description(Some("The challenge of RFC 6750, section 3")).build();
        response = response.header("WWW-Authenticate", header);
    }
    operation.responses.responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(response.build()));
}

/// Adds both security schemes to `document`: the password form posts to `token_url`, and offers every one of `scopes`
/// (name and title). Locked operations refer to a schema `Error`, `{"detail": ".."}`, which is added too.
pub fn schemes(document: &mut OpenApi, token_url: &str, scopes: &[(&str, &str)]) {
    let scopes =
        scopes.iter().map(|(name, title)| ((*name).to_owned(), (*title).to_owned())).collect::<Scopes>();
    let password = OAuth2::with_description(
        [Flow::Password(Password::new(token_url, scopes))],
        "Type e-mail and password; the token is kept until the page is reloaded. Choose no scope to get all you may have.",
    );
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("Paste an access token."))
        .build();
    let components = document.components.get_or_insert_with(Components::new);
    components.add_security_scheme(PASSWORD_SCHEME, SecurityScheme::OAuth2(password));
    components.add_security_scheme(BEARER_SCHEME, SecurityScheme::Http(bearer));
    components.schemas.entry(ERROR.to_owned()).or_insert_with(|| RefOr::T(error_schema()));
}

/// The schema of an error's body, which [`schemes`] adds to a document as [`ERROR`].
pub fn error_schema() -> utoipa::openapi::Schema {
    use utoipa::openapi::schema::{ObjectBuilder, Type};
    let text = |words: &str| ObjectBuilder::new().schema_type(Type::String).description(Some(words));
    ObjectBuilder::new()
        .property("detail", text("What went wrong"))
        .required("detail")
        .property("error", text("At the token endpoints: the code of RFC 6749, section 5.2"))
        .property("error_description", text("At the token endpoints: the detail once more"))
        .description(Some("An error in FastAPI's shape"))
        .examples([serde_json::json!({ "detail": "Not authenticated" })])
        .build()
        .into()
}
