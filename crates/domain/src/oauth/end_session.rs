//! Requests of applications to log a person out (OpenID Connect RP-Initiated Logout, section 2).

use std::sync::Arc;

use super::authorize::answer::escape;
use crate::keys::id_token_keys::IdTokenKeys;
use crate::model::clients::ClientName;
use crate::model::store_error::StoreError;
use crate::ports::bundle::Ports;
use crate::values::ids::{ClientId, UserId};
use crate::values::uris::RedirectUri;

/// The greatest number of bytes of the state.
const LONGEST_STATE: usize = 2_000;

/// What an application asks for.
#[derive(Clone, Debug, Default)]
pub struct LogoutRequest {
    /// The person whom an ID token of the application names.
    pub user: Option<UserId>,
    pub client: Option<ClientId>,
    pub name: Option<ClientName>,
    /// Where the browser returns to: one of the client's.
    pub return_to: Option<RedirectUri>,
    pub state: Option<String>,
}

/// Why a request is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unacceptable {
    #[error("The request of the application holds `{0}` twice.")]
    Twice(&'static str),
    #[error("The request of the application is too long.")]
    TooLong,
    /// The ID token was given to another client than the request names.
    #[error("The application named itself in two ways.")]
    OtherClient,
    #[error("This application is not registered here.")]
    UnknownClient,
    #[error("The application wants to return to an address that is not registered for it.")]
    ForeignRedirect,
}

/// Reads requests to log out.
#[derive(Clone)]
pub struct EndSession {
    ports: Ports,
    keys: IdTokenKeys,
    issuer: Arc<str>,
}

impl EndSession {
    /// The use case; hints are ID tokens of `issuer`, signed with `keys`.
    pub fn new(ports: Ports, keys: IdTokenKeys, issuer: Arc<str>) -> Self {
        Self { ports, keys, issuer }
    }

    /// Reads the parameters of a request, decoded. An ID token that is not ours counts as absent: the person is asked then.
    ///
    /// # Errors
    /// The store's; what is wrong with the request is the inner error.
    pub async fn read(
        &self,
        parameters: &[(String, String)],
    ) -> Result<Result<LogoutRequest, Unacceptable>, StoreError> {
        let one = |name: &'static str| {
            let mut found = parameters.iter().filter(|(known, value)| known == name && !value.is_empty());
            match (found.next(), found.next()) {
                (_, Some(_)) => Err(Unacceptable::Twice(name)),
                (first, None) => Ok(first.map(|(_, value)| value.as_str())),
            }
        };
        let all = (one("id_token_hint"), one("client_id"), one("post_logout_redirect_uri"), one("state"));
        let (hint, id, return_to, state) = match all {
            (Ok(hint), Ok(id), Ok(return_to), Ok(state)) => (hint, id, return_to, state),
            (Err(error), ..) | (_, Err(error), ..) | (_, _, Err(error), _) | (.., Err(error)) => {
                return Ok(Err(error));
            }
        };
        if state.is_some_and(|state| state.len() > LONGEST_STATE) {
            return Ok(Err(Unacceptable::TooLong));
        }
        let hint = match hint {
            Some(hint) => self.keys.hint(hint, &self.issuer).await?,
            None => None,
        };
        let hinted = hint.as_ref().map(|hint| hint.client_id.as_str());
        if let (Some(hinted), Some(id)) = (hinted, id)
            && hinted != id
        {
            return Ok(Err(Unacceptable::OtherClient));
        }
        let named = id.or(hinted);
        let client = match named.and_then(ClientId::parse) {
            Some(id) => self.ports.store.autocommit().clients().find(&id).await?,
            None => None,
        };
        let user = hint.as_ref().and_then(|hint| hint.subject.parse().ok()).map(UserId);
        let state = state.map(str::to_owned);
        let Some(client) = client else {
            return Ok(match (named, return_to) {
                (Some(_), _) => Err(Unacceptable::UnknownClient),
                (None, Some(_)) => Err(Unacceptable::ForeignRedirect),
                (None, None) => Ok(LogoutRequest { user, state, ..LogoutRequest::default() }),
            });
        };
        let known = |uri: &str| client.settings.logout_uris.iter().find(|known| known.as_str() == uri);
        let return_to = match return_to {
            Some(uri) => match known(uri) {
                Some(known) => Some(known.clone()),
                None => return Ok(Err(Unacceptable::ForeignRedirect)),
            },
            None => None,
        };
        let (client, name) = (Some(client.id), Some(client.settings.name));
        Ok(Ok(LogoutRequest { user, client, name, return_to, state }))
    }
}

impl LogoutRequest {
    /// Where the browser returns to, with the state; `None` where the application does not say.
    pub fn location(&self) -> Option<String> {
        let mut location = self.return_to.as_ref()?.to_string();
        if let Some(state) = &self.state {
            location.push(if location.contains('?') { '&' } else { '?' });
            location.push_str("state=");
            escape(state, &mut location);
        }
        Some(location)
    }
}
