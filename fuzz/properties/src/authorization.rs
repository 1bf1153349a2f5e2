//! Authorization requests: what a browser brings from an application, or from anyone.

use std::sync::LazyLock;

use keyward_auth::{ScopeSet, SecretHash};
use keyward_domain::model::clients::{Client, ClientSettings};
use keyward_domain::oauth::authorize::params::Params;
use keyward_domain::oauth::authorize::request::{AuthorizationRequest, Target, client_id};
use keyward_domain::values::ids::ClientId;
use keyward_domain::values::resource_uri::ResourceUri;
use keyward_domain::values::text::Text;
use keyward_domain::values::uris::{RedirectKind, RedirectUri};
use keyward_web::decode;
use time::OffsetDateTime;

use crate::Fate;

const WEB: &str = "https://app.example.com/callback";
const LOOPBACK: &str = "http://127.0.0.1/callback";

static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    let uri = |text| RedirectUri::parse(text).expect("it is a redirect URI");
    let name = Text::parse("Example").expect("it is a name");
    let scope = ScopeSet::parse("openid profile posts:read").expect("it is a scope");
    Client {
        id: ClientId::parse("web").expect("it is an id"),
        secret: Some(SecretHash::of("secret")),
        settings: ClientSettings {
            redirect_uris: vec![uri(WEB), uri(LOOPBACK)],
            resources: vec![ResourceUri::parse("https://api.example.com").expect("it is a URI")],
            ..ClientSettings::new(name, scope)
        },
        created_at: OffsetDateTime::UNIX_EPOCH,
    }
});

/// An answer goes to a registered URI alone; an accepted request asks for no more than the client is registered for; and what is sealed
/// is read as it was.
pub fn check(input: &[u8]) -> Fate {
    let Ok(query) = std::str::from_utf8(input) else { return Fate::Refused };
    if let Ok(uri) = RedirectUri::parse(query) {
        assert!(uri.matches(query) && uri.kind() != RedirectKind::PrivateUse || query.contains('.'));
        assert!(!query.contains('#') && !query.contains(char::is_whitespace));
    }
    let pairs: Option<Vec<(String, String)>> = query
        .split('&')
        .map(|part| part.split_once('=').unwrap_or((part, "")))
        .map(|(name, value)| Some((decode(name.as_bytes())?, decode(value.as_bytes())?)))
        .collect();
    let Some(pairs) = pairs else { return Fate::Refused };
    let Ok(params) = Params::new(pairs.clone()) else { return Fate::Refused };
    assert_eq!(Params::unpack(&params.pack()), Some(params.clone()));
    let named = pairs.iter().filter(|(name, value)| name == "client_id" && !value.is_empty()).count();
    match client_id(&params) {
        Ok(id) if id == CLIENT.id => assert_eq!(named, 1),
        _ => return Fate::Refused,
    }
    let Ok(target) = Target::of(&params, &CLIENT) else { return Fate::Refused };
    let rest = target.redirect_uri.strip_prefix("http://127.0.0.1");
    let free = rest.and_then(|rest| rest.strip_suffix("/callback"));
    let port = |text: &str| {
        text.is_empty() || text.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
    };
    assert!(target.redirect_uri == WEB || free.is_some_and(port), "{}", target.redirect_uri);
    match AuthorizationRequest::parse(&params, &CLIENT, "https://id.example") {
        Ok(request) => {
            assert!(
                request
                    .scope
                    .is_none_or(|scope| !scope.is_empty() && scope.is_subset(&CLIENT.settings.scope))
            );
            assert!(request.resource.is_none_or(|resource| CLIENT.settings.resources.contains(&resource)));
            assert!(request.nonce.is_none_or(|nonce| nonce.len() <= 512));
            assert_eq!(params.one("code_challenge_method"), Ok(Some("S256")));
            assert_eq!(params.one("response_type"), Ok(Some("code")));
            Fate::Accepted
        }
        Err(refusal) => {
            assert!(!refusal.error.is_empty() && !refusal.description.is_empty());
            Fate::Refused
        }
    }
}
