//! Headers that decide who is asking: credentials, scopes, and what proxies noted. An input is a header a line.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use axum::extract::FromRequestParts;
use http::header::{AUTHORIZATION, FORWARDED, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use keyward_api::boundary::proxies::{Proxies, ProxyHeader, TrustedProxy};
use keyward_auth::ScopeSet;
use keyward_guard::{Authenticator, BearerLayer, Credential, Principal, Refusal};
use keyward_shop::routes::idempotency::Idempotency;
use tower::{Layer, Service, service_fn};

use crate::Fate;

/// The token that gets to be checked is the one of the one `Authorization` field; only our proxies can set an address.
pub fn check(input: &[u8]) -> Fate {
    let headers = headers(input);
    addresses(&headers);
    idempotency(&headers);
    for value in headers.get_all("scope").iter().filter_map(|value| value.to_str().ok()) {
        scopes(value);
    }
    Fate::accepted(token(&headers))
}

fn headers(input: &[u8]) -> HeaderMap {
    let fields = input.split(|byte| *byte == b'\n').filter_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&line[..colon]).ok()?;
        Some((name, HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?))
    });
    let mut headers = HeaderMap::new();
    for (name, value) in fields.take(64) {
        headers.append(name, value);
    }
    headers
}

/// Notes what it is asked about, and lets it in.
#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

#[async_trait]
impl Authenticator for Notes {
    async fn authenticate(&self, token: &str) -> Result<Principal, Refusal> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(token.to_owned());
        Ok(Principal {
            subject: "1".to_owned(),
            session: None,
            scope: ScopeSet::default(),
            authenticated_at: None,
            acr: None,
            methods: Vec::new(),
            credential: Credential::AccessToken,
            confirmation: None,
        })
    }
}

/// Whether a token got through the lock's door.
fn token(headers: &HeaderMap) -> bool {
    let notes = Arc::new(Notes::default());
    let inner = service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(())));
    let mut service = BearerLayer::new(Arc::clone(&notes) as Arc<dyn Authenticator>).layer(inner);
    let mut request = Request::new(());
    request.headers_mut().clone_from(headers);
    let Ok(response) = at_once(service.call(request));

    let asked = notes.0.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(token) = asked.first() else {
        let grpc = headers.get("content-type").is_some_and(|media| media.as_bytes().len() >= 16);
        assert!(response.status() == StatusCode::UNAUTHORIZED || grpc, "{}", response.status());
        assert!(response.headers().contains_key(WWW_AUTHENTICATE), "a refusal says what is asked for");
        return false;
    };
    let fields: Vec<&[u8]> = headers.get_all(AUTHORIZATION).iter().map(HeaderValue::as_bytes).collect();
    let [field] = fields[..] else { panic!("{} fields, and a token", fields.len()) };
    assert!(field.len() > 7 && field[..7].eq_ignore_ascii_case(b"bearer "));
    assert_eq!(field[7..].trim_ascii(), token.as_bytes(), "the token is all that follows");
    assert!(!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic() && byte != b','));
    assert_eq!((asked.len(), response.status()), (1, StatusCode::OK));
    true
}

/// What a scope says is what is written, in one order, and says the same when it is read again.
fn scopes(text: &str) {
    let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    let allowed = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    let good = words.iter().all(|word| word.bytes().all(allowed));
    match ScopeSet::parse(text) {
        Ok(scopes) => {
            assert!(good && words.iter().all(|word| scopes.contains(word)));
            assert!(scopes.iter().all(|name| words.contains(&name)));
            assert_eq!(ScopeSet::parse(&scopes.to_string()).as_ref(), Ok(&scopes));
        }
        Err(_) => assert!(!good),
    }
}

/// The address of an untrusted peer is its own, without regard to headers; entries to the left of it are ignored.
fn addresses(headers: &HeaderMap) {
    let ours: TrustedProxy = "10.0.0.0/8".parse().expect("a network");
    let (stranger, proxy) = (Ipv4Addr::new(192, 0, 2, 9).into(), IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)));
    let is_ours = |address: IpAddr| matches!(address, IpAddr::V4(address) if address.octets()[0] == 10);
    for (kind, name, forged) in [
        (ProxyHeader::XForwardedFor, HeaderName::from_static("x-forwarded-for"), "203.0.113.66"),
        (ProxyHeader::Forwarded, FORWARDED, "for=203.0.113.66"),
    ] {
        let proxies = Proxies::new(&[ours], kind);
        assert_eq!(proxies.client(stranger, headers), stranger);
        let client = proxies.client(proxy, headers);
        assert_eq!(client, client.to_canonical());
        if !is_ours(client) {
            let mut more = HeaderMap::new();
            more.append(name.clone(), HeaderValue::from_static(forged));
            for value in headers.get_all(&name) {
                more.append(name.clone(), value.clone());
            }
            assert_eq!(proxies.client(proxy, &more), client, "what is furthest to the left is anybody's");
        }
    }
}

/// A key is visible ASCII, and given once.
fn idempotency(headers: &HeaderMap) {
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.headers.clone_from(headers);
    let given: Vec<_> = headers.get_all("idempotency-key").iter().map(HeaderValue::as_bytes).collect();
    match at_once(Idempotency::from_request_parts(&mut parts, &())) {
        Ok(Idempotency(None)) => assert!(given.is_empty()),
        Ok(Idempotency(Some(key))) => {
            assert_eq!(given, [key.as_str().as_bytes()]);
            assert!((1..=255).contains(&given[0].len()) && given[0].iter().all(u8::is_ascii_graphic));
        }
        Err(_) => assert!(!given.is_empty()),
    }
}

/// What a future that never waits comes to.
fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("there is nothing to wait for"),
    }
}
