//! Pushed authorization requests (RFC 9126): a client sends its request to the server first, and the browser brings a reference.

use std::sync::Arc;

use keyward_auth::{ErrorCode, MasterSecret, Thumbprint, Zeroizing};
use time::OffsetDateTime;

use super::answer::Refusal;
use super::params::{Params, TooLong};
use super::pending::Pending;
use super::pushed::{LIFE, Pushed};
use super::request::{AuthorizationRequest, Target, Unanswerable};
use crate::model::clients::Client;
use crate::ports::bundle::Ports;
use crate::values::codes;
use crate::values::failure::{Failure, Kind};

/// Why a pushed request is refused.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The redirect URI is not sure, or the parameters are too long together.
    #[error("{0}")]
    Unanswerable(Unanswerable),
    /// What the authorization endpoint would send to the client.
    #[error("{}", .0.description)]
    Refused(Refusal),
}

impl PushError {
    /// The code of RFC 6749, section 4.1.2.1, for it.
    pub fn oauth(&self) -> &'static str {
        match self {
            Self::Unanswerable(_) => "invalid_request",
            Self::Refused(refusal) => refusal.error,
        }
    }
}

impl Failure for PushError {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> ErrorCode {
        codes::INVALID_REQUEST
    }
}

crate::cases! {
    /// The request is malformed, or asks for what the client may not have: `error` says which, as the authorization endpoint would.
    RefusedRequest => PushError::Unanswerable(Unanswerable::ForeignRedirect);
}

/// A reference to a pushed request.
pub struct Reference {
    /// The `request_uri`.
    pub request_uri: Zeroizing<String>,
    /// How long it is good, in seconds.
    pub expires_in: i64,
}

/// Takes authorization requests from clients.
#[derive(Clone)]
pub struct PushRequests {
    ports: Ports,
    master: Arc<MasterSecret>,
    issuer: Arc<str>,
}

impl PushRequests {
    /// The use case; requests are sealed under `master`, and `issuer` is this server's address.
    pub fn new(ports: Ports, master: Arc<MasterSecret>, issuer: Arc<str>) -> Self {
        Self { ports, master, issuer }
    }

    /// Takes a request of this client, which has authenticated itself or is public: it is checked as the authorization endpoint would,
    /// up to what needs the person. The code will be bound to `key`, where the client shows one by a proof (RFC 9449, section 10.1).
    ///
    /// # Errors
    /// [`PushError`].
    pub fn push(
        &self,
        parameters: impl IntoIterator<Item = (String, String)>,
        client: &Client,
        key: Option<&Thumbprint>,
    ) -> Result<Reference, PushError> {
        if client.settings.redirect_uris.is_empty() {
            let words = "the client has no redirect URI";
            return Err(PushError::Refused(Refusal::new("unauthorized_client", words)));
        }
        let others = parameters.into_iter().filter(|(name, _)| name != "client_id");
        let mut all: Vec<_> = others.chain([("client_id".to_owned(), client.id.to_string())]).collect();
        let named = all.iter().find(|(name, value)| name == "dpop_jkt" && !value.is_empty());
        match (key, named) {
            (Some(key), Some((_, named))) if key.as_str() != named => {
                let words = "dpop_jkt names another key than the DPoP proof";
                return Err(PushError::Refused(Refusal::invalid(words)));
            }
            (Some(key), None) => all.push(("dpop_jkt".to_owned(), key.to_string())),
            _ => {}
        }
        let params = Params::new(all);
        let params = params.map_err(|TooLong| PushError::Unanswerable(Unanswerable::TooLong))?;
        Target::of(&params, client).map_err(PushError::Unanswerable)?;
        AuthorizationRequest::parse(&params, client, &self.issuer).map_err(PushError::Refused)?;
        let random = &*self.ports.random;
        let pushed = Pushed::new(client, params, self.ports.clock.now(), random);
        let request_uri = pushed.seal(&self.master, random);
        Ok(Reference { request_uri, expires_in: LIFE.whole_seconds() })
    }
}

/// The request that parameters of an authorization request make, or refer to: then that is good for a minute, for the client that
/// pushed it, and parameters beside `client_id` and `request_uri` are ignored (RFC 9126, section 4; RFC 9101, section 5).
pub(super) fn arrived(
    parameters: Vec<(String, String)>,
    master: &MasterSecret,
    now: OffsetDateTime,
) -> Result<Pending, Unanswerable> {
    let is_reference = |(name, value): &(String, String)| name == "request_uri" && Pushed::looks_like(value);
    if !parameters.iter().any(is_reference) {
        return match Params::new(parameters) {
            Ok(params) => Ok(Pending::new(params, now)),
            Err(TooLong) => Err(Unanswerable::TooLong),
        };
    }
    let one = |name: &'static str| {
        let mut found = parameters.iter().filter(|(known, value)| known == name && !value.is_empty());
        let first = found.next().map(|(_, value)| value.as_str());
        if found.next().is_some() { Err(Unanswerable::Twice(name)) } else { Ok(first.unwrap_or_default()) }
    };
    let (client, uri) = (one("client_id")?, one("request_uri")?);
    if client.is_empty() {
        return Err(Unanswerable::NoClient);
    }
    let pushed = Pushed::open(uri, master);
    let pushed = pushed.filter(|pushed| pushed.client.as_str() == client && !pushed.is_over(now));
    let Pushed { id, params, .. } = pushed.ok_or(Unanswerable::Expired)?;
    Ok(Pending { pushed: Some(id), ..Pending::new(params, now) })
}
