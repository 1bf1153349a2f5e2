//! An authorization request of which is sure who asks and where the answer goes.

use super::answer::Refusal;
use super::pending::Pending;
use super::request::{AuthorizationRequest, Target};
use crate::model::clients::Client;

/// A request of which is sure who asks and where the answer goes.
pub(super) struct Asking<'a> {
    pub(super) pending: &'a Pending,
    /// Whether the browser has just brought it, rather than come back with it from a login.
    pub(super) is_first: bool,
    pub(super) client: &'a Client,
    pub(super) target: &'a Target,
}

impl Asking<'_> {
    /// Where the client gave it twice, it gets none back.
    pub(super) fn state(&self) -> Option<&str> {
        self.pending.params.one("state").ok().flatten()
    }

    /// What it asks for, of the server that `issuer` names.
    ///
    /// # Errors
    /// [`Refusal`] says what is wrong, for the client; also where it has to push its requests, and did not (RFC 9126, section 5).
    pub(super) fn read(&self, issuer: &str) -> Result<AuthorizationRequest, Refusal> {
        let is_pushed = self.pending.pushed.as_ref().is_some_and(|pushed| pushed.is_of(self.client));
        if self.client.settings.require_par && !is_pushed {
            return Err(Refusal::invalid("this client has to push its requests"));
        }
        AuthorizationRequest::parse(&self.pending.params, self.client, issuer)
    }
}
