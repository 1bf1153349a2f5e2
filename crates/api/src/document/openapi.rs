//! The OpenAPI document: what no single operation can say.

use keyward_auth::PasswordPolicy;
use keyward_guard::{Scope, problems, schemes};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{InfoBuilder, LicenseBuilder, OpenApi};
use utoipa::{PartialSchema, ToSchema};

use crate::access::scope::Admin;
use crate::codes::BOUNDARY;
use crate::error::Faults;
use crate::extract::{CLIENT_SCHEME, as_set};
use crate::resources::resource::Resource;

const DESCRIPTION: &str = "\
FastAPI-style JWT authentication, in Rust.

**Try it:** sign up with `POST /users`, press **Authorize**, type e-mail and password, and every operation with a \
padlock is yours to call. `POST /logout` ends that.";

/// The tags of Keyward's own operations that come before the resources'.
const FIRST_TAGS: [(&str, &str); 5] = [
    ("root", "The front door, and one room with and one without a lock"),
    ("login", "Signing up, logging in, staying in, logging out"),
    ("sessions", "Where I am logged in"),
    ("users", "Accounts"),
    ("factors", "Second factors, and proving again who one is"),
];

/// Those that come after them.
const LATER_TAGS: [(&str, &str); 3] = [
    ("mail", "What goes through the mailbox: forgotten passwords"),
    ("oauth", "For programs that speak OAuth2, and services that check our tokens"),
    ("health", "For monitoring the process"),
];

/// The names of Keyward's own tags.
pub(crate) fn own_tags() -> impl Iterator<Item = &'static str> {
    FIRST_TAGS.into_iter().chain(LATER_TAGS).map(|(name, _)| name)
}

/// Adds title, tags and security schemes to the operations, and what `policy` asks of new passwords.
pub(crate) fn complete(mut document: OpenApi, resources: &[Resource], policy: &PasswordPolicy) -> OpenApi {
    document.info = InfoBuilder::new()
        .title("Keyward")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .license(Some(
            LicenseBuilder::new().name("MIT OR Apache-2.0").identifier(Some("MIT OR Apache-2.0")).build(),
        ))
        .build();
    let tag = |(name, description)| TagBuilder::new().name(name).description(Some(description)).build();
    let own = resources.iter().flat_map(|resource| resource.tags.iter().copied());
    document.tags = Some(FIRST_TAGS.into_iter().chain(own).chain(LATER_TAGS).map(tag).collect());
    let scopes = resources.iter().flat_map(|resource| &resource.scopes);
    let scopes = scopes.map(|scope| (scope.name, scope.title)).chain([(Admin::NAME, Admin::TITLE)]);
    schemes(&mut document, "/login", &scopes.collect::<Vec<_>>());
    let client = HttpBuilder::new()
        .scheme(HttpAuthScheme::Basic)
        .description(Some("A registered client's id and secret: `keyward client create`."))
        .build();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme(CLIENT_SCHEME, SecurityScheme::Http(client));
    // Here it has RFC 6749's members, too.
    components.schemas.insert(Faults::name().into_owned(), Faults::schema());
    problems(&mut document, &BOUNDARY);
    as_set(&mut document, policy);
    document
}
