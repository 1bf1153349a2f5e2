//! A service as an OAuth 2 protected resource (RFC 9728): what it publishes about itself, and the challenges that lead clients there.

use std::sync::Arc;

use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue, Uri};
use keyward_auth::DPOP_ALGORITHMS;
use serde_json::{Map, Value, json};

/// Where the metadata of a resource without a path is (RFC 9728, section 3).
pub const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// The metadata of a service that access tokens open, for clients that do not know yet where to get a token.
///
/// A client that is refused reads the address of the metadata in the challenge, `resource_metadata="..."`, finds the
/// authorization server there, and asks it for a token with `resource` set to the address of the service (RFC 8707).
///
/// With the feature `axum`, [`protect`](Self::protect) does all of it to a router.
#[derive(Clone, Debug)]
pub struct ProtectedResource {
    resource: String,
    origin: String,
    path: String,
    servers: Vec<String>,
    scopes: Vec<String>,
    further: Map<String, Value>,
    #[cfg_attr(not(feature = "axum"), expect(dead_code, reason = "what it decides is a router's"))]
    at_root: bool,
    parameter: Arc<str>,
}

/// Why an address cannot name a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a resource is an http or https URL with a host, without user, query, fragment and quotes")]
pub struct NoResource;

impl ProtectedResource {
    /// The service that clients reach at `resource`, an `https` URL without query and fragment (`http` on a developer's
    /// machine), with the issuers whose tokens it accepts. The same text is the audience that its lock has to accept.
    ///
    /// # Errors
    /// [`NoResource`] where the address is not of that form.
    pub fn new<S: Into<String>>(
        resource: impl Into<String>,
        authorization_servers: impl IntoIterator<Item = S>,
    ) -> Result<Self, NoResource> {
        let resource = resource.into();
        let (origin, path) = origin_and_path(&resource)?;
        // The router takes such a segment for a pattern.
        if path.split('/').any(|segment| segment.starts_with([':', '*'])) {
            return Err(NoResource);
        }
        let parameter = format!("resource_metadata=\"{origin}{WELL_KNOWN}{path}\"").into();
        let servers = authorization_servers.into_iter().map(Into::into).collect();
        let (scopes, further) = (Vec::new(), Map::new());
        Ok(Self { resource, origin, path, servers, scopes, further, at_root: false, parameter })
    }

    /// The scopes that a client may ask for to use this service (`scopes_supported`).
    #[must_use]
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// Serves the metadata at [`WELL_KNOWN`] alone, too, for a proxy that strips the path. One resource of a router may ask for it.
    #[must_use]
    pub fn also_at_root(self) -> Self {
        Self { at_root: true, ..self }
    }

    /// Says that tokens may be bound to a key (`dpop_signing_alg_values_supported`), for a service whose lock accepts them. None has to be.
    #[must_use]
    pub fn accepts_dpop(self) -> Self {
        let algorithms: Vec<_> = DPOP_ALGORITHMS.split(' ').collect();
        let this = self.member("dpop_signing_alg_values_supported", algorithms);
        this.member("dpop_bound_access_tokens_required", false)
    }

    /// A further member of RFC 9728, section 2, such as `resource_name` or `resource_documentation`.
    #[must_use]
    pub fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.further.insert(name.to_owned(), value.into());
        self
    }

    /// The address of the service, as tokens name it in `aud`.
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// The path of the metadata: [`WELL_KNOWN`], and the path of the resource behind it.
    pub fn metadata_path(&self) -> String {
        format!("{WELL_KNOWN}{}", self.path)
    }

    /// The address of the metadata.
    pub fn metadata_url(&self) -> String {
        format!("{}{}", self.origin, self.metadata_path())
    }

    /// The metadata (RFC 9728, section 2), which any framework can serve as JSON at [`metadata_path`](Self::metadata_path).
    pub fn metadata(&self) -> Value {
        let mut all = self.further.clone();
        all.insert("resource".to_owned(), json!(self.resource));
        all.insert("authorization_servers".to_owned(), json!(self.servers));
        // A list without members is left out (RFC 9728, section 2).
        if !self.scopes.is_empty() {
            all.insert("scopes_supported".to_owned(), json!(self.scopes));
        }
        all.insert("bearer_methods_supported".to_owned(), json!(["header"]));
        Value::Object(all)
    }

    /// Adds `resource_metadata` to each challenge of the scheme `Bearer` or `DPoP` in the headers of an answer (RFC 9728,
    /// section 5.1).
    pub fn mark(&self, headers: &mut HeaderMap) {
        for (_, value) in headers.iter_mut().filter(|(name, _)| **name == WWW_AUTHENTICATE) {
            let Some(marked) = value.to_str().ok().and_then(|challenge| self.marked(challenge)) else {
                continue;
            };
            *value = marked;
        }
    }

    fn marked(&self, challenge: &str) -> Option<HeaderValue> {
        let (scheme, rest) = challenge.split_once(' ').unwrap_or((challenge, ""));
        let known = ["bearer", "dpop"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
        if !known || rest.contains("resource_metadata=") {
            return None;
        }
        let glue = if rest.is_empty() { " " } else { ", " };
        HeaderValue::try_from(format!("{challenge}{glue}{}", self.parameter)).ok()
    }
}

/// The origin and the path of a service's address; the path is empty for `/`.
pub(crate) fn origin_and_path(resource: &str) -> Result<(String, String), NoResource> {
    let plain = resource.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\#?{}".contains(&byte));
    let uri = resource.parse::<Uri>().ok().filter(|_| plain).ok_or(NoResource)?;
    let (Some(scheme @ ("http" | "https")), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(NoResource);
    };
    if authority.host().is_empty() || authority.as_str().contains('@') {
        return Err(NoResource);
    }
    let origin = format!("{scheme}://{authority}");
    let path = if uri.path() == "/" { String::new() } else { uri.path().to_owned() };
    Ok((origin, path))
}

#[cfg(feature = "axum")]
mod routed {
    use axum::Router;
    use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
    use axum::middleware::map_response;
    use axum::response::Response;
    use axum::routing::get;

    use super::{ProtectedResource, WELL_KNOWN};

    impl ProtectedResource {
        /// The same router, with the metadata at its well-known path and its address in the challenges of its answers. To be called on
        /// the outermost router, before it is served: a router that is nested in another one has the metadata at another path.
        ///
        /// # Panics
        /// Where the router has a route of that path already.
        pub fn protect<S: Clone + Send + Sync + 'static>(&self, router: Router<S>) -> Router<S> {
            let body = self.metadata().to_string();
            let headers = [
                (CONTENT_TYPE, "application/json"),
                (CACHE_CONTROL, "public, max-age=300"),
                // Nothing in it is secret, and clients in browsers read it.
                (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
            ];
            let serve = async move || (headers, body);
            let router = router.route(&self.metadata_path(), get(serve.clone()));
            let router = if self.path.is_empty() || !self.at_root {
                router
            } else {
                router.route(WELL_KNOWN, get(serve))
            };
            let this = self.clone();
            router.layer(map_response(move |mut response: Response| {
                this.mark(response.headers_mut());
                std::future::ready(response)
            }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(text: &str) -> Result<ProtectedResource, NoResource> {
        ProtectedResource::new(text, ["https://id.example"])
    }

    #[test]
    fn the_path_of_a_resource_follows_the_well_known_one() {
        for (text, url) in [
            ("https://api.example", "https://api.example/.well-known/oauth-protected-resource"),
            ("https://api.example/", "https://api.example/.well-known/oauth-protected-resource"),
            (
                "https://api.example:8443/mcp",
                "https://api.example:8443/.well-known/oauth-protected-resource/mcp",
            ),
            ("http://[::1]:3000/a/b", "http://[::1]:3000/.well-known/oauth-protected-resource/a/b"),
        ] {
            let resource = resource(text).unwrap();
            assert_eq!(resource.metadata_url(), url);
            assert_eq!(resource.metadata()["resource"], text, "as it was written");
        }
    }

    #[test]
    fn an_address_that_clients_could_not_compare_is_refused() {
        for text in [
            "",
            "notes",
            "/notes",
            "ftp://x",
            "https://",
            "https://x?y",
            "https://x#y",
            "https://a@x",
            "https://x/\"",
            "https://x/{y}",
            "https://x/:y",
            "https://x/ y",
            "https://x/\u{fc}",
        ] {
            assert_eq!(resource(text).err(), Some(NoResource), "{text:?}");
        }
    }

    #[test]
    fn challenges_for_tokens_name_the_metadata_once_and_others_do_not() {
        let resource = resource("https://x").unwrap();
        let named = "resource_metadata=\"https://x/.well-known/oauth-protected-resource\"";
        let mut headers = HeaderMap::new();
        for challenge in
            ["Bearer", "Bearer error=\"invalid_token\"", "DPoP algs=\"ES256\"", "Basic realm=\"x\""]
        {
            headers.append(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        resource.mark(&mut headers);
        resource.mark(&mut headers);
        let marked: Vec<_> =
            headers.get_all(WWW_AUTHENTICATE).iter().map(|value| value.to_str().unwrap()).collect();
        let expected = [
            format!("Bearer {named}"),
            format!("Bearer error=\"invalid_token\", {named}"),
            format!("DPoP algs=\"ES256\", {named}"),
            "Basic realm=\"x\"".to_owned(),
        ];
        assert_eq!(marked, expected);
    }

    #[test]
    fn metadata_have_no_empty_list() {
        let bare = resource("https://x").unwrap();
        assert!(bare.metadata().get("scopes_supported").is_none());
        let full = bare.scopes(["notes:read"]).member("resource_name", "Notes").metadata();
        assert_eq!(full["scopes_supported"], json!(["notes:read"]));
        assert_eq!(full["resource_name"], "Notes");
        assert_eq!(full["authorization_servers"], json!(["https://id.example"]));
        assert_eq!(full["bearer_methods_supported"], json!(["header"]));
    }
}
