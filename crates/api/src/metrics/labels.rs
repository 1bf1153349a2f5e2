//! Labels, each from a short list that the program knows: never a caller's text.

use std::fmt;
use std::hash::{Hash, Hasher};

use axum::extract::MatchedPath;
use axum::http::{Method, StatusCode};
use keyward_domain::ports::hashing::HashingError;
use keyward_domain::sessions::error::SessionError;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};

/// How a login can end.
pub(super) const LOGINS: &[&str] = &["ok", "refused", "throttled", "busy", "failed"];
/// How a refresh can end.
pub(super) const REFRESHES: &[&str] = &["ok", "refused", "reused", "failed"];
/// How a try to deliver a mail can end.
pub(super) const DELIVERIES: &[&str] = &["sent", "later", "dead"];
/// How an attempt to tell a client of a logout can end.
pub(super) const LOGOUT_DELIVERIES: &[&str] = &["delivered", "withdrawn", "refused", "later", "given_up"];
/// What a logout that is kept can be.
pub(super) const LOGOUTS: [&str; 2] = ["new", "failing"];
/// What a mail that is kept can be.
pub(super) const MAILS: [&str; 2] = ["waiting", "dead"];

/// What kind of request it was, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq, EncodeLabelSet)]
pub(super) struct RequestLabels {
    method: &'static str,
    route: Route,
    status: &'static str,
}

impl RequestLabels {
    pub(super) fn new(method: &Method, route: Option<MatchedPath>, status: StatusCode) -> Self {
        Self { method: known(method), route: Route(route), status: class(status) }
    }
}

/// By the route alone: few requests of one route differ in the rest, and each request is counted.
impl Hash for RequestLabels {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.route.as_str().hash(state);
    }
}

/// A route's template, or that there was none.
#[derive(Clone)]
struct Route(Option<MatchedPath>);

impl Route {
    fn as_str(&self) -> &str {
        self.0.as_ref().map_or("none", MatchedPath::as_str)
    }
}

impl PartialEq for Route {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Route {}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl EncodeLabelValue for Route {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        self.as_str().encode(encoder)
    }
}

/// A method may be any token: those that no route has are one.
fn known(method: &Method) -> &'static str {
    let all = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    all.into_iter().find(|name| *name == method.as_str()).unwrap_or("other")
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(super) struct Outcome {
    outcome: &'static str,
}

/// What a mail is.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(super) struct MailState {
    pub(super) state: &'static str,
}

impl Outcome {
    pub(super) fn of(outcome: &'static str) -> Self {
        Self { outcome }
    }

    pub(super) fn login(error: Option<&SessionError>) -> Self {
        Self::of(match error {
            None => "ok",
            Some(
                SessionError::InvalidCredentials
                | SessionError::EmailUnverified
                | SessionError::EmailUnverifiedNoMail(_)
                | SessionError::InvalidMfaToken
                | SessionError::WrongCode
                | SessionError::Scope(_),
            ) => "refused",
            Some(SessionError::Throttled(_)) => "throttled",
            Some(SessionError::Hashing(HashingError::Busy)) => "busy",
            Some(_) => "failed",
        })
    }

    pub(super) fn refresh(error: Option<&SessionError>) -> Self {
        Self::of(match error {
            None => "ok",
            Some(SessionError::RefreshTokenReused) => "reused",
            Some(SessionError::InvalidRefreshToken | SessionError::Scope(_)) => "refused",
            Some(_) => "failed",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_method_is_one_label_with_all_others() {
        let made_up = Method::from_bytes(b"BREW").unwrap();
        assert_eq!((known(&made_up), known(&Method::PATCH)), ("other", "PATCH"));
    }

    #[test]
    fn every_outcome_is_on_its_list() {
        let errors = [SessionError::InvalidCredentials, SessionError::Hashing(HashingError::Busy)];
        for error in &errors {
            assert!(LOGINS.contains(&Outcome::login(Some(error)).outcome));
            assert!(REFRESHES.contains(&Outcome::refresh(Some(error)).outcome));
        }
        assert_eq!(Outcome::refresh(Some(&SessionError::RefreshTokenReused)).outcome, "reused");
    }
}
