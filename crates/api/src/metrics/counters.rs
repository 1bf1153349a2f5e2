//! What the process tells a Prometheus server: how requests go, how logins end, how full queues, pools and
//! caches are.
//!
//! Counting must cost next to nothing, and no label may hold what a caller chose: a route is its template,
//! and all paths that match none share one label, so that a caller cannot make the process keep a number for
//! each path. What can be looked up is looked up at a scrape (`scrape.rs`); only events are counted here.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::MatchedPath;
use axum::http::{Method, StatusCode};
use keyward_domain::mail::delivery::Delivered;
use keyward_domain::model::logouts::Backlog;
use keyward_domain::oauth::logouts::LogoutOutcome;
use keyward_domain::sessions::error::SessionError;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::labels::{self, MailState, Outcome, RequestLabels};
use super::scrape::Sources;

/// How request times are divided, in seconds: from a cached answer to a login in a long queue.
const BUCKETS: [f64; 14] =
    [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

type Histograms = Family<RequestLabels, Histogram, fn() -> Histogram>;
type Outcomes = Family<Outcome, Counter>;

/// Everything that is counted. Cheap to clone; clones count together.
#[derive(Clone)]
pub struct Metrics(Arc<Counters>);

struct Counters {
    registry: Registry,
    requests: Histograms,
    under_way: Gauge,
    throttled: Counter,
    logins: Outcomes,
    refreshes: Outcomes,
    mails: Family<MailState, Gauge>,
    deliveries: Outcomes,
    logouts: Family<MailState, Gauge>,
    logout_deliveries: Outcomes,
}

/// A request that is under way.
pub(crate) struct UnderWay(Gauge);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    /// Counters that begin at zero, beside what can be looked up in `sources`.
    pub fn new(sources: Sources) -> Self {
        let requests = Histograms::new_with_constructor(|| Histogram::new(BUCKETS));
        let counters = Counters {
            registry: Registry::default(),
            requests,
            under_way: Gauge::default(),
            throttled: Counter::default(),
            logins: beginning(labels::LOGINS),
            refreshes: beginning(labels::REFRESHES),
            mails: Family::default(),
            deliveries: beginning(labels::DELIVERIES),
            logouts: Family::default(),
            logout_deliveries: beginning(labels::LOGOUT_DELIVERIES),
        };
        for state in labels::LOGOUTS {
            drop(counters.logouts.get_or_create(&MailState { state }));
        }
        for state in labels::MAILS {
            drop(counters.mails.get_or_create(&MailState { state }));
        }
        Self(Arc::new(counters.registered(sources)))
    }

    /// A request came in; it is under way until this is dropped, answered or not.
    pub(crate) fn begin(&self) -> UnderWay {
        self.0.under_way.inc();
        UnderWay(self.0.under_way.clone())
    }

    pub(crate) fn end(
        &self,
        method: &Method,
        route: Option<MatchedPath>,
        status: StatusCode,
        elapsed: Duration,
    ) {
        let labels = RequestLabels::new(method, route, status);
        self.0.requests.get_or_create(&labels).observe(elapsed.as_secs_f64());
        if status == StatusCode::TOO_MANY_REQUESTS {
            self.0.throttled.inc();
        }
    }

    /// Counts how a login ended.
    pub fn login<T>(&self, ended: Result<T, SessionError>) -> Result<T, SessionError> {
        self.0.logins.get_or_create(&Outcome::login(ended.as_ref().err())).inc();
        ended
    }

    /// Counts how a refresh ended.
    pub(crate) fn refresh<T>(&self, ended: Result<T, SessionError>) -> Result<T, SessionError> {
        self.0.refreshes.get_or_create(&Outcome::refresh(ended.as_ref().err())).inc();
        ended
    }

    /// Counts what became of mails.
    pub(crate) fn delivered(&self, delivered: &Delivered) {
        let Delivered { sent, later, dead } = *delivered;
        for (outcome, mails) in [("sent", sent), ("later", later), ("dead", dead)] {
            self.0.deliveries.get_or_create(&Outcome::of(outcome)).inc_by(mails.into());
        }
    }

    /// Notes how many mails there are.
    pub(crate) fn outbox(&self, waiting: u64, dead: u64) {
        for (state, mails) in [("waiting", waiting), ("dead", dead)] {
            let mails = i64::try_from(mails).unwrap_or(i64::MAX);
            self.0.mails.get_or_create(&MailState { state }).set(mails);
        }
    }

    /// Counts what became of an attempt to tell a client of a logout.
    pub(crate) fn logout_delivered(&self, outcome: &LogoutOutcome) {
        let outcome = match outcome {
            LogoutOutcome::Delivered => "delivered",
            LogoutOutcome::Withdrawn => "withdrawn",
            LogoutOutcome::Refused(_) => "refused",
            LogoutOutcome::Later(_) => "later",
            LogoutOutcome::GivenUp(_) => "given_up",
        };
        self.0.logout_deliveries.get_or_create(&Outcome::of(outcome)).inc();
    }

    /// Notes how many logouts wait.
    pub(crate) fn logouts(&self, backlog: Backlog) {
        let new = backlog.waiting.saturating_sub(backlog.failing);
        for (state, number) in [("new", new), ("failing", backlog.failing)] {
            let number = i64::try_from(number).unwrap_or(i64::MAX);
            self.0.logouts.get_or_create(&MailState { state }).set(number);
        }
    }

    /// Everything, as a Prometheus server reads it.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a `String` does not fail.
        let _ = encode(&mut text, &self.0.registry);
        text
    }
}

impl Counters {
    fn registered(mut self, sources: Sources) -> Self {
        let registry = self.registry.sub_registry_with_prefix("keyward");
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The program that runs", version);
        registry.register_with_unit(
            "http_request_duration",
            "From the request's head to the answer's",
            Unit::Seconds,
            self.requests.clone(),
        );
        registry.register("http_requests_in_flight", "Requests under way", self.under_way.clone());
        registry.register("http_throttled", "Answers that said to come back later", self.throttled.clone());
        registry.register("logins", "Logins by how they ended", self.logins.clone());
        registry.register("refreshes", "Refreshes by how they ended", self.refreshes.clone());
        registry.register("mails", "Mails in the outbox", self.mails.clone());
        registry.register("mail_deliveries", "Tries by how they ended", self.deliveries.clone());
        registry.register("logouts", "Logouts that wait to be told to clients", self.logouts.clone());
        let deliveries = self.logout_deliveries.clone();
        registry.register("logout_deliveries", "Attempts to tell clients of logouts", deliveries);
        registry.register_collector(Box::new(sources));
        self
    }
}

/// Counters for outcomes that are known beforehand, so that a rate of them is zero and not missing.
fn beginning(outcomes: &[&'static str]) -> Outcomes {
    let family = Outcomes::default();
    for outcome in outcomes {
        drop(family.get_or_create(&Outcome::of(outcome)));
    }
    family
}
