//! The OpenAPI document: what no single operation can say.

use keyward_auth::PasswordPolicy;
use keyward_guard::{ACCOUNT, Scope, code_flow, problems, schemes};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{InfoBuilder, LicenseBuilder, OpenApi, Server};
use utoipa::{PartialSchema, ToSchema};

use crate::access::scope::Admin;
use crate::codes::BOUNDARY;
use crate::document::docs::LICENCES;
use crate::error::Faults;
use crate::extract::{CLIENT_SCHEME, as_set};
use crate::resources::resource::Resource;
use crate::settings::public::PublicAddress;

const DESCRIPTION: &str = "\
FastAPI-style JWT authentication, in Rust.

**Try it:** sign up with `POST /users`, press **Authorize**, type e-mail and password, and every operation with a \
padlock is yours to call. `POST /logout` ends that.";

/// What [`ACCOUNT`] lets an OAuth2 client do.
const ACCOUNT_TITLE: &str = "Read and change your account";

/// The tags of Keyward's own operations that come before the resources'.
const FIRST_TAGS: [(&str, &str); 3] = [
    ("login", "Sign up, log in, stay logged in, log out"),
    ("users", "Accounts"),
    ("factors", "Second factors, and proving again who one is"),
];

/// Those that come after them.
const LATER_TAGS: [(&str, &str); 6] = [
    ("sessions", "Where I am logged in"),
    ("mail", "What is done by e-mail: choosing a new password, verifying an address, changing it"),
    ("clients", "Registered OAuth2 clients, for administrators"),
    ("oauth", "For programs that speak OAuth2, and services that check our tokens"),
    ("root", "The service itself, and one operation with and one without a lock"),
    ("health", "For monitoring the process"),
];

/// The names of Keyward's own tags.
pub(crate) fn own_tags() -> impl Iterator<Item = &'static str> {
    FIRST_TAGS.into_iter().chain(LATER_TAGS).map(|(name, _)| name)
}

/// Adds title, tags and security schemes to the operations, what `policy` asks of new passwords, and where the service is;
/// with `pages` for people also that they log in there.
pub(crate) fn complete(
    mut document: OpenApi,
    resources: &[Resource],
    policy: &PasswordPolicy,
    public: &PublicAddress,
    pages: bool,
) -> OpenApi {
    document.info = InfoBuilder::new()
        .title("Keyward")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .license(Some(
            LicenseBuilder::new().name("MIT OR Apache-2.0").url(Some(public.path(LICENCES))).build(),
        ))
        .build();
    document.servers = public.url.as_ref().map(|url| vec![Server::new(url)]);
    let tag = |(name, description)| TagBuilder::new().name(name).description(Some(description)).build();
    let own = resources.iter().flat_map(|resource| resource.tags.iter().copied());
    document.tags = Some(FIRST_TAGS.into_iter().chain(own).chain(LATER_TAGS).map(tag).collect());
    let scopes = resources.iter().flat_map(|resource| &resource.scopes);
    let scopes = scopes.map(|scope| (scope.name, scope.title)).chain([(Admin::NAME, Admin::TITLE)]);
    let mut scopes: Vec<_> = scopes.collect();
    schemes(&mut document, &public.path("/login"), &scopes);
    if pages {
        scopes.push((ACCOUNT, ACCOUNT_TITLE));
        code_flow(&mut document, &public.path("/oauth/authorize"), &public.path("/oauth/token"), &scopes);
    }
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
