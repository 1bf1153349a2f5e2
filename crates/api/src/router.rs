//! The table of contents: one line an operation, in the order of the documentation.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::extract::{OriginalUri, Request};
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::middleware::{from_fn, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use keyward_auth::PasswordPolicy;
use keyward_domain::values::codes::NOT_FOUND;
use keyward_guard::endpoint;
use keyward_web::{BasePath, Here};
use tower::ServiceExt;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::boundary::moved;
use crate::codes::METHOD_NOT_ALLOWED;
use crate::document::{docs, openapi};
use crate::error::ApiError;
use crate::middleware::Boundary;
use crate::resources::pages::Pages;
use crate::resources::resource::Resource;
use crate::resources::routes::Routes;
use crate::routes::factors::{self, passkeys, proof, recovery_codes, taken_away, totp};
use crate::routes::identity::{api_keys, me, recovery, users, verification};
use crate::routes::oauth::{
    check, clients, device, keys, metadata, push, resource_metadata, tokens, userinfo,
};
use crate::routes::sessions::{login, mfa, own, passkey, refresh, revocations};
use crate::routes::{health, root};
use crate::settings::public::PublicAddress;
use crate::state::AppState;

/// The other name of `/login`, in a server of its own.
pub(crate) const TOKEN: &str = "/token";

/// The first pages of a server of its own. In another program `/` is that program's. A browser is led to `account`, where there
/// are pages for people.
fn front_endpoints(account: Option<String>) -> OpenApiRouter<AppState> {
    let root = OpenApiRouter::new().routes(endpoint!(root::read_root));
    let root = match account {
        Some(account) => root.layer(from_fn(move |request, rest| root::lead(account.clone(), request, rest))),
        None => root,
    };
    root.routes(endpoint!(root::read_notsecret)).routes(endpoint!(root::read_secret))
}

/// Keyward's own operations that come before the resources' in the documentation.
fn first_endpoints() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(endpoint!(login::signup))
        .routes(endpoint!(login::login))
        .routes(endpoint!(mfa::login_mfa))
        .routes(endpoint!(passkey::begin_passkey_login))
        .routes(endpoint!(passkey::login_passkey))
        .routes(endpoint!(refresh::refresh_token))
        .routes(endpoint!(own::logout))
        .routes(endpoint!(own::logout_all))
        .routes(endpoint!(own::list_sessions))
        .routes(endpoint!(own::end_session))
        .routes(endpoint!(users::create_user))
        .routes(endpoint!(users::list_users))
        .routes(endpoint!(me::read_me))
        .routes(endpoint!(me::update_me))
        .routes(endpoint!(me::delete_me))
        .routes(endpoint!(me::change_password))
        .routes(endpoint!(users::read_user))
        .routes(endpoint!(users::update_user))
        .routes(endpoint!(users::delete_user))
        .routes(endpoint!(taken_away::remove_user_factors))
        .routes(endpoint!(proof::prove_again))
        .routes(endpoint!(factors::own::read_my_factors))
        .routes(endpoint!(totp::enrol_totp))
        .routes(endpoint!(totp::confirm_totp))
        .routes(endpoint!(totp::remove_totp))
        .routes(endpoint!(recovery_codes::renew_recovery_codes))
        .routes(endpoint!(passkeys::begin_passkey))
        .routes(endpoint!(passkeys::add_passkey))
        .routes(endpoint!(passkeys::rename_passkey))
        .routes(endpoint!(passkeys::remove_passkey))
        .routes(endpoint!(api_keys::make_api_key))
        .routes(endpoint!(api_keys::list_my_api_keys))
        .routes(endpoint!(api_keys::remove_my_api_key))
        .routes(endpoint!(api_keys::list_user_api_keys))
        .routes(endpoint!(api_keys::remove_user_api_keys))
        .routes(endpoint!(api_keys::remove_user_api_key))
}

/// What follows the resources' operations in the documentation. Requests for the page of a login are taken where there are `pages`.
fn later_endpoints(pages: bool) -> OpenApiRouter<AppState> {
    let with_pages = |routes: OpenApiRouter<AppState>, more: OpenApiRouter<AppState>| {
        if pages { routes.merge(more) } else { routes }
    };
    let routes = OpenApiRouter::new()
        .routes(endpoint!(verification::request_verification))
        .routes(endpoint!(verification::resend_verification))
        .routes(endpoint!(verification::change_email))
        .routes(endpoint!(verification::verify_email))
        .routes(endpoint!(recovery::recover_password))
        .routes(endpoint!(recovery::reset_password))
        .routes(endpoint!(clients::create_client))
        .routes(endpoint!(clients::list_clients))
        .routes(endpoint!(clients::read_client))
        .routes(endpoint!(clients::update_client))
        .routes(endpoint!(clients::renew_client_secret))
        .routes(endpoint!(clients::remove_client));
    let routes = with_pages(routes, OpenApiRouter::new().routes(endpoint!(push::push_request)));
    let routes = routes.routes(endpoint!(tokens::issue_token));
    with_pages(routes, OpenApiRouter::new().routes(endpoint!(device::ask_for_device)))
        .routes(endpoint!(tokens::revoke_token))
        .routes(endpoint!(tokens::introspect_token))
        .routes(endpoint!(userinfo::read_userinfo))
        .routes(endpoint!(userinfo::post_userinfo))
        .merge(OpenApiRouter::new().routes(endpoint!(check::check_token)).layer(map_response(check::mark)))
        .routes(endpoint!(revocations::list_revocations))
        .routes(endpoint!(keys::read_key_set))
        .routes(endpoint!(metadata::read_server_metadata))
        .routes(endpoint!(metadata::read_openid_configuration))
        .routes(endpoint!(resource_metadata::read_resource_metadata))
        .routes(endpoint!(passkey::read_related_origins))
        .routes(endpoint!(health::read_liveness))
        .routes(endpoint!(health::read_readiness))
}

/// Every operation, with those of resources that `of` gives, and those that lead to pages where there are `pages`.
fn endpoints(
    resources: &[Resource],
    of: impl Fn(&Routes) -> OpenApiRouter<AppState>,
    pages: bool,
) -> OpenApiRouter<AppState> {
    let own = resources.iter().map(|resource| of(&resource.routes));
    own.fold(first_endpoints(), OpenApiRouter::merge).merge(later_endpoints(pages))
}

/// The same with the pages of a server of its own.
fn standalone_endpoints(
    resources: &[Resource],
    of: impl Fn(&Routes) -> OpenApiRouter<AppState>,
    pages: bool,
    account: Option<String>,
) -> OpenApiRouter<AppState> {
    endpoints(resources, of, pages).merge(front_endpoints(account))
}

/// The whole document, as served at `/openapi.json` at default settings.
pub fn document(resources: &[Resource]) -> OpenApi {
    let document = standalone_endpoints(resources, Routes::documented, true, None).into_openapi();
    openapi::complete(document, resources, &PasswordPolicy::default(), &PublicAddress::default(), true)
}

/// The service without `/`, and without an answer of its own to paths that it does not serve: [`Router::merge`] panics
/// where two routers have the same path or a fallback.
pub(crate) fn mergeable(state: AppState, resources: &[Resource], pages: Option<Pages>) -> Router {
    let endpoints = endpoints(resources, |routes| routes.of(&state), pages.is_some());
    serving(state, resources, endpoints, pages).reset_fallback()
}

/// The whole service, with a 404 of its own.
pub fn standalone(state: AppState, resources: &[Resource], pages: Option<Pages>) -> Router {
    let account = pages.map(|_| state.public.path("/account"));
    let endpoints = standalone_endpoints(resources, |routes| routes.of(&state), pages.is_some(), account);
    // As FastAPI's own tutorial names it, and not in the document: there each operation has one path.
    let endpoints = endpoints.route(TOKEN, post(login::login)).route("/token/", any(without_slash));
    serving(state, resources, endpoints, pages)
}

fn serving(
    state: AppState,
    resources: &[Resource],
    endpoints: OpenApiRouter<AppState>,
    pages: Option<Pages>,
) -> Router {
    let state = state.serving(pages.is_some());
    let (router, document) = endpoints.split_for_parts();
    let document = openapi::complete(document, resources, &state.policy, &state.public, pages.is_some());
    let page_paths = pages.map_or(&[][..], |pages| pages.paths).iter().map(|path| (*path).to_owned());
    let page_paths: Vec<String> = docs::pages().into_iter().chain(page_paths).collect();
    let slashes: Vec<String> =
        document.paths.paths.keys().chain(&page_paths).filter_map(with_slash).collect();
    let router = slashes.iter().fold(router, |router, path| router.route(path, any(without_slash)));
    let paths: Arc<BTreeSet<String>> = Arc::new(document.paths.paths.keys().cloned().collect());
    let public = state.public.clone();
    let not_found = async move |uri: Uri| {
        let words = moved::instead(uri.path(), &paths, |path| public.path(path));
        nothing(words.as_deref().unwrap_or("Not Found"))
    };
    let router = match pages {
        Some(pages) => router.merge((pages.routes)(&state)),
        None => router,
    };
    let routes = router.merge(docs::router(&document, &state.public)).fallback(not_found);
    let routes = routes.method_not_allowed_fallback(async || {
        ApiError::new(StatusCode::METHOD_NOT_ALLOWED, METHOD_NOT_ALLOWED, "Method Not Allowed")
    });
    let routes = match state.public.base.clone() {
        Some(base) => under(base, routes, &state),
        None => routes,
    };
    routes.layer(Boundary(state.clone(), pages)).with_state(state)
}

fn nothing(words: &str) -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, NOT_FOUND, words)
}

/// The same routes behind a proxy that strips `base`: the metadata where RFC 8414, sections 3.1 and 5, and RFC 9728 have them, and the paths that
/// begin with `base`, for callers that reach the service without the proxy. A path of the service itself comes first.
fn under(base: BasePath, routes: Router<AppState>, state: &AppState) -> Router<AppState> {
    let metadata_path = format!("/.well-known/oauth-authorization-server{}", base.as_str());
    let stripped: Router = routes.clone().with_state(state.clone());
    let openid_path = format!("/.well-known/openid-configuration{}", base.as_str());
    let resource_path = format!("{}{}", keyward_guard::WELL_KNOWN, base.as_str());
    let routes = routes.route(&resource_path, get(resource_metadata::read_resource_metadata));
    // An issuer may end with a slash, and is named as it is written.
    let as_written = state.resource.metadata_path();
    let routes = if as_written == resource_path {
        routes
    } else {
        routes.route(&as_written, get(resource_metadata::read_resource_metadata))
    };
    let routes = routes.route(&metadata_path, get(metadata::read_server_metadata));
    routes.route(&openid_path, get(metadata::read_openid_configuration)).fallback(
        async move |mut request: Request| {
            let rest =
                request.uri().path_and_query().and_then(|whole| whole.as_str().strip_prefix(base.as_str()));
            let rest = rest.filter(|rest| rest.starts_with('/')).and_then(|rest| rest.parse().ok());
            // Any other path: the 404 of the routes says so.
            if let Some(uri) = rest {
                request.extensions_mut().insert(OriginalUri(Uri::clone(&uri)));
                *request.uri_mut() = uri;
            }
            stripped.oneshot(request).await.into_response()
        },
    )
}

fn with_slash(path: &String) -> Option<String> {
    (path != "/").then(|| format!("{path}/"))
}

/// Sends the form of a path with a slash at its end to the canonical one; the method, the body and the query
/// stay.
async fn without_slash(Here(uri): Here) -> Response {
    let path = uri.path().trim_end_matches('/');
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    match HeaderValue::try_from(format!("{path}{query}")) {
        Ok(location) => (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, location)]).into_response(),
        Err(_) => nothing("Not Found").into_response(),
    }
}
