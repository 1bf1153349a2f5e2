//! An authorization request (RFC 6749, section 4.1.1; RFC 7636; RFC 8707; OpenID Connect Core, section 3.1.2.1), read in two
//! steps: first who asks and where the answer goes, then everything else. What is wrong before that is known goes to the
//! person; what is wrong after, to the client.

use keyward_auth::{ScopeSet, Thumbprint};

use super::answer::Refusal;
use super::challenge::Challenge;
use super::params::Params;
use crate::model::clients::Client;
use crate::values::ids::ClientId;
use crate::values::resource_uri::{ResourceUri, is_own};
use crate::values::scopes;

/// The greatest number of bytes of a nonce, which ends up in an ID token.
const LONGEST_NONCE: usize = 512;

/// Why a request cannot even be answered: it is not sure who asks, or where the answer would go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unanswerable {
    /// The parameters are too long together.
    #[error("The request of the application is too long.")]
    TooLong,
    /// There is no `client_id`.
    #[error("The application did not say which one it is: `client_id` is missing.")]
    NoClient,
    /// `client_id` or `redirect_uri` is there twice.
    #[error("The request of the application holds `{0}` twice.")]
    Twice(&'static str),
    /// There is no such client.
    #[error("This application is not registered here.")]
    UnknownClient,
    /// No `redirect_uri`, and the client has not exactly one.
    #[error("The application did not say where to return to: `redirect_uri` is missing.")]
    NoRedirect,
    /// The client has no such redirect URI.
    #[error("The application wants to return to an address that is not registered for it.")]
    ForeignRedirect,
    /// The sealed request is not ours, too old, or was used.
    #[error("This request has expired or was used. Go back to the application and try again.")]
    Expired,
}

/// The client that asks.
///
/// # Errors
/// [`Unanswerable`] where that is not sure.
pub fn client_id(params: &Params) -> Result<ClientId, Unanswerable> {
    let id = params.one("client_id").map_err(Unanswerable::Twice)?.ok_or(Unanswerable::NoClient)?;
    ClientId::parse(id).ok_or(Unanswerable::UnknownClient)
}

/// Where the answer goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// As the request has it, or the client's only one.
    pub redirect_uri: String,
    /// Whether the request named it: then the token request has to name it, too (RFC 6749, section 4.1.3).
    pub named: bool,
}

impl Target {
    /// Where the answer to these parameters goes.
    ///
    /// # Errors
    /// [`Unanswerable`] where that is not sure.
    pub fn of(params: &Params, client: &Client) -> Result<Self, Unanswerable> {
        let own = &client.settings.redirect_uris;
        match params.one("redirect_uri").map_err(Unanswerable::Twice)? {
            Some(given) if own.iter().any(|uri| uri.matches(given)) => {
                Ok(Self { redirect_uri: given.to_owned(), named: true })
            }
            Some(_) => Err(Unanswerable::ForeignRedirect),
            None => match own.as_slice() {
                [only] => Ok(Self { redirect_uri: only.to_string(), named: false }),
                _ => Err(Unanswerable::NoRedirect),
            },
        }
    }
}

/// What a client wants the person to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// No page at all.
    None,
    /// A proof of who the person is, also where there is a session.
    Login,
    /// A choice of the account, also where there is a session.
    SelectAccount,
    /// The question for consent, also where the answer is remembered.
    Consent,
    /// The sign-up (Initiating User Registration via OpenID Connect).
    Create,
}

impl Prompt {
    /// Each with its name.
    const ALL: [(&str, Self); 5] = [
        ("none", Self::None),
        ("login", Self::Login),
        ("select_account", Self::SelectAccount),
        ("consent", Self::Consent),
        ("create", Self::Create),
    ];
}

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationRequest {
    /// What the tokens shall be good for; `None` for all that the client is registered for.
    pub scope: Option<ScopeSet>,
    pub resource: Option<ResourceUri>,
    pub challenge: Challenge,
    pub nonce: Option<String>,
    pub prompts: Vec<Prompt>,
    /// How old the login may be, in seconds.
    pub max_age: Option<u32>,
    pub login_hint: Option<String>,
    /// An ID token that names the expected user, not read yet.
    pub id_token_hint: Option<String>,
    /// Whether nothing but two factors will do.
    pub strong: bool,
    /// The key by which alone the code may be traded (RFC 9449, section 10).
    pub key: Option<Thumbprint>,
}

impl AuthorizationRequest {
    /// What the client would get of what it asks for, from a user who may allow it this.
    pub(super) fn grantable(&self, client: &Client, allowed: &ScopeSet) -> ScopeSet {
        let allowed = Client::bound(Some(client), allowed);
        if let Some(asked) = &self.scope {
            return scopes::intersection(asked, &allowed);
        }
        // What outlives the browser session has to be asked for by its name.
        let named = allowed.iter().filter(|name| *name != scopes::OFFLINE_ACCESS);
        ScopeSet::from_names(named).unwrap_or_default()
    }

    /// Whether `prompt` asks for this.
    pub fn asks_for(&self, prompt: Prompt) -> bool {
        self.prompts.contains(&prompt)
    }

    /// Reads the parameters of a request of this client, to the server that `issuer` names.
    ///
    /// # Errors
    /// [`Refusal`] says what is wrong, for the client.
    pub fn parse(params: &Params, client: &Client, issuer: &str) -> Result<Self, Refusal> {
        if let Some(name) = params.repeated() {
            return Err(Refusal::invalid(format!("{name} is there twice")));
        }
        let one = |name| params.one(name).ok().flatten();
        for (name, error) in [
            ("request", "request_not_supported"),
            ("request_uri", "request_uri_not_supported"),
            ("registration", "registration_not_supported"),
        ] {
            if one(name).is_some() {
                return Err(Refusal::new(error, format!("{name} is not supported")));
            }
        }
        match one("response_type") {
            Some("code") => {}
            None => return Err(Refusal::invalid("response_type is missing")),
            Some(_) => return Err(Refusal::new("unsupported_response_type", "response_type must be code")),
        }
        if one("response_mode").is_some_and(|mode| mode != "query") {
            return Err(Refusal::invalid("response_mode must be query"));
        }
        let nonce = one("nonce").map(str::to_owned);
        if nonce.as_ref().is_some_and(|nonce| nonce.len() > LONGEST_NONCE) {
            return Err(Refusal::invalid(format!("nonce has more than {LONGEST_NONCE} bytes")));
        }
        let max_age =
            one("max_age").map(|text| number(text).ok_or_else(|| Refusal::invalid("max_age is no number")));
        Ok(Self {
            scope: scope(one("scope"), client)?,
            resource: resource(one("resource"), client, issuer)?,
            challenge: challenge(one("code_challenge"), one("code_challenge_method"))?,
            nonce,
            prompts: prompts(one("prompt"))?,
            max_age: max_age.transpose()?,
            login_hint: one("login_hint").filter(|hint| hint.len() <= 320).map(str::to_owned),
            id_token_hint: one("id_token_hint").map(str::to_owned),
            strong: one("acr_values").is_some_and(wants_two_factors),
            key: key(one("dpop_jkt"))?,
        })
    }
}

/// Digits alone; a greater number than fits is the greatest.
fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u32::MAX))
}

/// What is asked for, as far as the client is registered for it. Names that mean nothing here are ignored (OpenID Connect Core,
/// section 3.1.2.1); the answer of the token endpoint says what was granted.
fn scope(asked: Option<&str>, client: &Client) -> Result<Option<ScopeSet>, Refusal> {
    let Some(asked) = asked else { return Ok(None) };
    let invalid = || Refusal::new("invalid_scope", "the client is registered for none of this scope");
    let asked = ScopeSet::parse(asked).map_err(|_| invalid())?;
    let kept = asked.iter().filter(|name| client.settings.scope.contains(name));
    let kept = ScopeSet::from_names(kept).unwrap_or_default();
    if kept.is_empty() { Err(invalid()) } else { Ok(Some(kept)) }
}

/// The service that the tokens are for; `None` for this server, which a request may name by its address (RFC 9728), too.
fn resource(asked: Option<&str>, client: &Client, issuer: &str) -> Result<Option<ResourceUri>, Refusal> {
    let Some(asked) = asked else { return Ok(None) };
    let known = client.settings.resources.iter().find(|resource| resource.as_str() == asked);
    match known {
        Some(resource) => Ok(Some(resource.clone())),
        None if is_own(asked, issuer) => Ok(None),
        None => Err(Refusal::new("invalid_target", "the client is not registered for this resource")),
    }
}

fn challenge(challenge: Option<&str>, method: Option<&str>) -> Result<Challenge, Refusal> {
    let challenge =
        challenge.ok_or_else(|| Refusal::invalid("code_challenge is missing: PKCE is required"))?;
    if method != Some("S256") {
        return Err(Refusal::invalid("code_challenge_method must be S256"));
    }
    Challenge::parse(challenge).ok_or_else(|| Refusal::invalid("code_challenge is no S256 challenge"))
}

fn key(thumbprint: Option<&str>) -> Result<Option<Thumbprint>, Refusal> {
    let read = |text| Thumbprint::parse(text).ok_or_else(|| Refusal::invalid("dpop_jkt is no thumbprint"));
    thumbprint.map(read).transpose()
}

fn prompts(text: Option<&str>) -> Result<Vec<Prompt>, Refusal> {
    let words = text.unwrap_or_default().split(' ').filter(|word| !word.is_empty());
    let known = |word: &str| Prompt::ALL.iter().find(|(name, _)| *name == word).map(|(_, prompt)| *prompt);
    let prompts: Option<Vec<Prompt>> = words.map(known).collect();
    let unknown = || Refusal::invalid("prompt must be none, login, consent, select_account or create");
    let prompts = prompts.ok_or_else(unknown)?;
    if prompts.contains(&Prompt::None) && prompts.iter().any(|prompt| *prompt != Prompt::None) {
        return Err(Refusal::invalid("prompt=none stands alone"));
    }
    Ok(prompts)
}

/// Whether `aal2` is among them and `aal1` is not. Names that mean nothing here are ignored.
fn wants_two_factors(acr_values: &str) -> bool {
    let mut names = acr_values.split(' ');
    names.clone().any(|name| name == keyward_auth::AAL2) && !names.any(|name| name == keyward_auth::AAL1)
}
