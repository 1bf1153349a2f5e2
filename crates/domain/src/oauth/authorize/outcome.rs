//! What becomes of an authorization request.

use keyward_auth::{ScopeSet, Zeroizing};

use super::answer::Answer;
use super::request::Unanswerable;
use crate::model::clients::ClientName;
use crate::values::ids::{ClientId, UserId};
use crate::values::resource_uri::ResourceUri;

/// What becomes of an authorization request.
pub enum Outcome {
    /// The person reads why; the client hears nothing.
    Unanswerable(Unanswerable),
    /// The browser goes back to the client, with a code or an error.
    Answer(Answer),
    /// The person has to log in.
    LogIn(Box<LoginNeeded>),
    /// The person is logged in, and has to log in as another one, or to choose.
    Switch(Box<SwitchNeeded>),
    /// The person has to prove again who they are.
    Prove(Box<LoginNeeded>),
    /// The person has to enrol a second factor first, as this server demands.
    Enrol(Box<LoginNeeded>),
    /// The person has to decide.
    Consent(Box<ConsentNeeded>),
}

/// A login that is needed.
pub struct LoginNeeded {
    /// The request, sealed: to be resumed with after the login.
    pub request: Zeroizing<String>,
    /// Where the browser goes in the end.
    pub redirect_uri: String,
    /// What the client takes for the person's name here: at most 320 bytes, never looked up.
    pub login_hint: Option<String>,
    /// Whether to offer the sign-up.
    pub sign_up: bool,
}

/// Another account that is needed, or a choice of it.
pub struct SwitchNeeded {
    /// The login as another person.
    pub login: LoginNeeded,
    /// The request, sealed, to be resumed with by a person who stays; `None` where that will not do.
    pub stay: Option<Zeroizing<String>>,
}

/// A decision that is needed.
pub struct ConsentNeeded {
    /// The request, sealed: to be decided with.
    pub request: Zeroizing<String>,
    pub redirect_uri: String,
    pub user: UserId,
    pub client: ClientId,
    pub name: ClientName,
    /// What the client would get.
    pub scope: ScopeSet,
    /// The service that its tokens would be for, where it named one.
    pub resource: Option<ResourceUri>,
}

/// What the person decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Allow,
    Deny,
}
