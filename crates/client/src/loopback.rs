//! The login with the browser of this machine: a code comes back to a port of 127.0.0.1 (RFC 8252).

mod answer;
mod listener;
mod request;

use serde::Deserialize;

use crate::application::Application;
use crate::form::{encode, with_form};
use crate::grant::Pair;
use crate::oauth::{Refusal, ask, trade};
use crate::secrets::{challenge, random};
use crate::{Error, Session};
use answer::Expected;
use listener::Listener;

/// A parameter of an authorization request.
type Parameter = (&'static str, String);

/// The answer to a pushed request (RFC 9126, section 2.2).
#[derive(Deserialize)]
struct Pushed {
    request_uri: String,
}

impl Application {
    /// Logs a person in with the browser of this machine (RFC 8252): `open` gets the address to open in it, and can print it for
    /// the case that there is no browser. The answer comes to a port of 127.0.0.1 that is open for this login alone.
    ///
    /// It uses PKCE (RFC 7636), and checks `state`, `iss` (RFC 9207) and, with the scope `openid`, `nonce`. Dropping the future gives the
    /// login up and closes the port.
    ///
    /// # Errors
    ///
    /// [`Error::Address`] where the redirect path does not begin with a slash, or has more than a path; [`Error::Issuer`] where the address is not the name that this Keyward has for itself, or the answer came from another one;
    /// [`Error::NoPages`]; [`Error::Denied`] if the person or Keyward said no; [`Error::LoginOver`] if it took too long;
    /// [`Error::InvalidClient`], [`Error::Scope`], [`Error::Refused`], [`Error::IdToken`], [`Error::Listener`], [`Error::Throttled`],
    /// [`Error::Unavailable`] and [`Error::Unexpected`].
    pub async fn log_in(&self, open: impl FnOnce(&str)) -> Result<Session, Error> {
        if !self.path.starts_with('/') || self.path.contains(['?', '#']) {
            return Err(Error::Address);
        }
        let metadata = self.keyward.metadata().await?;
        if metadata.authorization_endpoint.is_none() {
            return Err(Error::NoPages);
        }
        let listener = Listener::bind(&self.path).await.map_err(Error::Listener)?;
        let (state, verifier, nonce) = (random()?, random()?, random()?);
        let nonce = self.is_openid().then_some(nonce);
        let request = self.request(listener.redirect_uri(), &state, &verifier, nonce.as_deref());
        // Other users of this machine can read the command line of a browser.
        let request = match &metadata.pushed_authorization_request_endpoint {
            Some(_) if self.pushed => self.push(request).await?,
            _ => request,
        };
        let mut url = self.keyward.address.join("/oauth/authorize")?;
        url.query_pairs_mut().extend_pairs(request);
        let expected = Expected {
            host: listener.host().to_owned(),
            path: self.path.clone(),
            state,
            issuer: metadata.issuer.clone(),
        };
        open(url.as_str());
        let answer = tokio::time::timeout(self.patience, listener.receive(expected)).await;
        let code = answer.map_err(|_| Error::LoginOver)??;
        let pair = self.redeem(&code, listener.redirect_uri(), &verifier).await?;
        self.session(pair, &metadata.issuer, nonce.as_deref()).await
    }

    /// An authorization request (RFC 6749, section 4.1.1).
    fn request(&self, uri: &str, state: &str, verifier: &str, nonce: Option<&str>) -> Vec<Parameter> {
        let challenge = challenge(verifier);
        let always = [
            ("response_type", "code"),
            ("client_id", self.client_id.as_str()),
            ("redirect_uri", uri),
            ("state", state),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ];
        let optional =
            [("scope", self.scope.as_deref()), ("resource", self.resource.as_deref()), ("nonce", nonce)];
        let optional = optional.into_iter().filter_map(|(name, value)| Some((name, value?)));
        always.into_iter().chain(optional).map(|(name, value)| (name, value.to_owned())).collect()
    }

    /// The request that refers to this one, which goes to Keyward directly (RFC 9126). Where that way is closed, as by a proxy, it is this
    /// one itself.
    async fn push(&self, request: Vec<Parameter>) -> Result<Vec<Parameter>, Error> {
        let form = encode(request.iter().map(|(name, value)| (*name, value.as_str())));
        let pushed = ask::<Pushed>(with_form(self.keyward.post("/oauth/par")?, form)).await;
        match pushed {
            Ok(Pushed { request_uri }) => {
                Ok(vec![("client_id", self.client_id.clone()), ("request_uri", request_uri)])
            }
            Err(Refusal::Other(Error::Unexpected { .. } | Error::Unavailable { .. })) => Ok(request),
            Err(refusal) => Err(refusal.into_error(Error::LoginOver)),
        }
    }

    /// Trades the code for tokens (RFC 6749, section 4.1.3). A second use ends the session that the first one opened.
    async fn redeem(&self, code: &str, uri: &str, verifier: &str) -> Result<Pair, Error> {
        let form = encode([
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", uri),
            ("client_id", &self.client_id),
            ("code_verifier", verifier),
        ]);
        let request = with_form(self.keyward.post("/oauth/token")?, form);
        trade(request).await.map_err(|refusal| refusal.into_error(Error::LoginOver))
    }
}
