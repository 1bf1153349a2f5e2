//! Where the pages of a login go on to.

use keyward_web::Input;

use crate::next::Next;
use crate::visit::Visit;

/// The parameters of the pages of a login.
#[derive(Input)]
pub struct Onward {
    /// A sealed [`Next`].
    pub next: Option<String>,
    /// Any text: what the form was for has been done.
    pub done: Option<String>,
}

impl Onward {
    /// Where the login goes on to: one's own account, where nothing else was said or the seal is not good any more.
    pub fn open(&self, visit: &Visit) -> Next {
        let sealed = self.next.as_deref();
        sealed.and_then(|sealed| Next::open(sealed, &visit.site)).unwrap_or_else(Next::account)
    }
}
