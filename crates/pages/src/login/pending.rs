//! A login between its password and its second factor: the token from the one to the other, in a cookie of five minutes. A page could
//! not carry it in its address, which browsers keep and proxies log.

use axum::http::{HeaderMap, HeaderValue};
use keyward_auth::Zeroizing;
use keyward_domain::factors::challenge::Challenge;
use keyward_domain::values::proof::Method;

use crate::cookie;

const COOKIE: &str = "__Host-keyward-mfa";
/// As long as the token is good.
const SECONDS: i64 = 300;

/// A login that owes a second factor.
pub(super) struct Pending {
    /// The token for the use case.
    pub(super) token: Zeroizing<String>,
    /// What will do, by its name as in `amr`. It only chooses what the page offers.
    methods: String,
}

impl Pending {
    /// The one that the request's cookie holds.
    pub(super) fn read(headers: &HeaderMap) -> Option<Self> {
        let (token, methods) = cookie::read(headers, COOKIE)?.split_once('.')?;
        Some(Self { token: Zeroizing::new(token.to_owned()), methods: methods.to_owned() })
    }

    /// Whether the page offers a method.
    pub(super) fn takes(&self, method: Method) -> bool {
        self.methods.split('+').any(|name| name == method.as_str())
    }
}

/// The cookie for what a login owes.
pub(super) fn keep(challenge: &Challenge) -> Option<HeaderValue> {
    let methods: Vec<_> = challenge.methods.iter().map(|method| method.as_str()).collect();
    cookie::set(COOKIE, &format!("{}.{}", &*challenge.token, methods.join("+")), Some(SECONDS))
}

/// The field that removes it.
pub(super) fn forget() -> Option<HeaderValue> {
    cookie::remove(COOKIE)
}
