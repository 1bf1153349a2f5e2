//! Programs that log people in through a browser: registered public clients.

use std::fmt;
use std::time::Duration;

use crate::endpoints::Endpoints;
use crate::grant::Pair;
use crate::{Error, Keyward, Session, id_token, wall};

/// How long a person may take for a login, unless the program says otherwise.
const PATIENCE: Duration = Duration::from_mins(5);

/// A program that logs people in through a browser. It is registered as a public client, one without a secret:
/// `keyward client create --public --redirect-uri http://127.0.0.1/callback`.
#[derive(Clone)]
pub struct Application {
    pub(crate) keyward: Endpoints,
    pub(crate) client_id: String,
    pub(crate) scope: Option<String>,
    pub(crate) resource: Option<String>,
    pub(crate) path: String,
    pub(crate) patience: Duration,
    pub(crate) pushed: bool,
}

impl Keyward {
    /// The program that is registered with this client id. Nothing is sent yet.
    pub fn application(&self, client_id: &str) -> Application {
        Application {
            keyward: self.endpoints.clone(),
            client_id: client_id.to_owned(),
            scope: None,
            resource: None,
            path: "/callback".to_owned(),
            patience: PATIENCE,
            pushed: false,
        }
    }
}

impl Application {
    /// Scope names to ask for, separated by spaces, as in `"openid profile offline_access"`. Without `offline_access`
    /// the session ends with the person's browser session. By default Keyward decides.
    #[must_use]
    pub fn scope(self, scope: &str) -> Self {
        Self { scope: Some(scope.to_owned()), ..self }
    }

    /// The service that the tokens are for (RFC 8707), one that the client is registered for. By default they are for Keyward.
    #[must_use]
    pub fn resource(self, resource: &str) -> Self {
        Self { resource: Some(resource.to_owned()), ..self }
    }

    /// The path of the registered redirect URI. By default it is `/callback`.
    #[must_use]
    pub fn redirect_path(self, path: &str) -> Self {
        Self { path: path.to_owned(), ..self }
    }

    /// Sends the request of a login to Keyward directly (RFC 9126), so that other users of this machine, who can read the command line of a
    /// browser, see nothing of it. The address has to be opened within a minute then: for programs that open the browser themselves, and
    /// for clients that have to push. Where Keyward takes no such requests, the address holds the request, as it does by default.
    #[must_use]
    pub fn pushed(self) -> Self {
        Self { pushed: true, ..self }
    }

    /// How long the person may take to log in with the browser of this machine. By default it is five minutes. On a device Keyward says
    /// how long.
    #[must_use]
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The session of these tokens, if the ID token beside them is this login's. Without one, Keyward has not granted `openid`. A session
    /// that is not for us is ended.
    pub(crate) async fn session(
        &self,
        pair: Pair,
        issuer: &str,
        nonce: Option<&str>,
    ) -> Result<Session, Error> {
        let id_token = pair.id_token.clone();
        let session = Session::new(self.keyward.clone(), pair.through(&self.client_id));
        let checked = id_token
            .map_or(Ok(()), |token| id_token::check(&token, issuer, &self.client_id, nonce, wall::now()));
        if let Err(error) = checked {
            // The error that counts is the first.
            drop(session.log_out().await);
            return Err(error);
        }
        Ok(session)
    }

    /// Whether an ID token is asked for.
    pub(crate) fn is_openid(&self) -> bool {
        self.scope.as_deref().is_some_and(|scope| scope.split(' ').any(|name| name == "openid"))
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Application");
        shown.field("address", &self.keyward.address).field("client_id", &self.client_id);
        shown.field("scope", &self.scope).field("resource", &self.resource).finish_non_exhaustive()
    }
}
