//! The OpenAPI document: what no single operation can say.

use keyward_guard::schemes;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{InfoBuilder, LicenseBuilder, OpenApi};

use crate::access::current_user::scope;
use crate::extract::CLIENT_SCHEME;

const DESCRIPTION: &str = "\
FastAPI-style JWT authentication, in Rust.

**Try it:** sign up with `POST /users`, press **Authorize**, type e-mail and password, and every operation with a \
padlock is yours to call. `POST /logout` ends that.";

const TAGS: [(&str, &str); 12] = [
    ("root", "The front door, and one room with and one without a lock"),
    ("login", "Signing up, logging in, staying in, logging out"),
    ("sessions", "Where I am logged in"),
    ("users", "Accounts"),
    ("posts", "Posts, behind locks"),
    ("blog", "Published posts, for anyone"),
    ("catalog", "What the shop has, for anyone to read"),
    ("cart", "What I want"),
    ("orders", "What I bought, at the price of its day"),
    ("mail", "What goes through the mailbox: forgotten passwords"),
    ("oauth", "For programs that speak OAuth2, and services that check our tokens"),
    ("health", "For whoever watches over the process"),
];

/// Adds title, tags and security schemes to the operations.
pub(crate) fn complete(mut document: OpenApi) -> OpenApi {
    document.info = InfoBuilder::new()
        .title("Keyward")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .license(Some(
            LicenseBuilder::new().name("MIT OR Apache-2.0").identifier(Some("MIT OR Apache-2.0")).build(),
        ))
        .build();
    let tag = |(name, description)| TagBuilder::new().name(name).description(Some(description)).build();
    document.tags = Some(TAGS.map(tag).to_vec());
    schemes(&mut document, "/login", scope::ALL);
    let client = HttpBuilder::new()
        .scheme(HttpAuthScheme::Basic)
        .description(Some("A registered client's id and secret: `keyward client create`."))
        .build();
    document
        .components
        .get_or_insert_default()
        .add_security_scheme(CLIENT_SCHEME, SecurityScheme::Http(client));
    document
}
