//! Following Keyward's feed of ended sessions: one task asks, every request looks into memory.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::RemoteError;
use super::credentials::{Credentials, form};
use super::discovery::Discovery;
use super::http::read;
use super::task::Task;
use crate::Refusal;
use crate::authenticator::unix_now;

/// The longest leeway, in seconds, with which no token outlives its entry: Keyward tells of an ended session until a minute after
/// the last of its tokens expired (`CLOCKS` in its `domain/src/sessions.rs`).
pub(super) const MAX_LEEWAY: i64 = 60;
/// The longest wait that Keyward grants, in seconds.
const MAX_WAIT: u64 = 20;
/// The least time between two questions, so that a feed that never waits is not asked without end.
const PAUSE: Duration = Duration::from_millis(250);
/// Interval at which the whole set is read again, in case the issuer's database was replaced meanwhile.
const WHOLE: Duration = Duration::from_mins(5);
/// The longest wait after a request without an answer.
const MAX_PAUSE: Duration = Duration::from_secs(5);

/// One answer of the feed.
#[derive(Deserialize)]
struct Feed {
    revocations: Vec<Ended>,
    after: String,
    #[serde(default)]
    more: bool,
}

#[derive(Deserialize)]
struct Ended {
    sid: String,
    expires_at: i64,
}

/// The ended sessions. When it is dropped, the feed is no longer followed.
pub(super) struct Revocations {
    shared: Arc<Shared>,
    _follower: Task,
}

struct Shared {
    discovery: Arc<Discovery>,
    credentials: Credentials,
    bound: Duration,
    strict: bool,
    known: RwLock<Known>,
    /// Changes whenever a question was answered or failed: why, if it failed.
    done: watch::Sender<Option<Result<(), RemoteError>>>,
}

#[derive(Default)]
struct Known {
    /// Ended sessions, and until when that matters, in Unix seconds.
    ended: HashMap<String, i64>,
    /// Every session that ended before this moment is known.
    at: Option<Instant>,
}

impl Revocations {
    /// Begins to follow. Must be called inside a tokio runtime.
    pub(super) fn new(
        discovery: Arc<Discovery>,
        credentials: Credentials,
        bound: Duration,
        strict: bool,
    ) -> Self {
        let (known, done) = (RwLock::default(), watch::Sender::default());
        let shared = Arc::new(Shared { discovery, credentials, bound, strict, known, done });
        let follower = Task::spawn(Arc::clone(&shared).follow());
        Self { shared, _follower: follower }
    }

    /// Waits for the first answer.
    pub(super) async fn ready(&self) -> Result<(), RemoteError> {
        if self.are_current() {
            return Ok(());
        }
        let mut done = self.shared.done.subscribe();
        let answered = done.wait_for(Option::is_some).await;
        answered.ok().and_then(|answer| answer.clone()).unwrap_or(Ok(()))
    }

    /// Whether everything that ended longer ago than the bound is known.
    pub(super) fn are_current(&self) -> bool {
        self.shared.is_current()
    }

    /// Refuses what has ended; and, where that is wanted, every token while the feed is not current.
    pub(super) async fn check(&self, session: Option<&str>) -> Result<(), Refusal> {
        if !self.are_current() {
            // The very first answer is waited for. Its failure is in the log.
            let _ = self.ready().await;
            if self.shared.strict && !self.are_current() {
                return Err(Refusal::Unavailable);
            }
        }
        match session {
            Some(session) if self.shared.known().ended.contains_key(session) => Err(Refusal::InvalidToken),
            _ => Ok(()),
        }
    }
}

impl Shared {
    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn known_mut(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_current(&self) -> bool {
        self.known().at.is_some_and(|at| at.elapsed() < self.bound)
    }

    /// How long the feed may wait with an answer: a quarter of the bound. An answer tells for certain only what had ended when
    /// it was asked for: the feed looks then, looks again when it hears of something and when the wait is over, but answers with
    /// its last look where its server stops. So what is known is as old as two questions by the time the second is answered.
    /// Each has half the bound at most, a quarter to wait and a quarter to come: that nothing ends keeps none of the strict out.
    /// After a request without an answer, the rest of a quarter is for a second attempt, which does not wait.
    fn quarter(&self) -> Duration {
        self.bound / 4
    }

    /// Polls for ever. Any failure starts again with the whole set, so that nothing depends on what the issuer remembers.
    async fn follow(self: Arc<Self>) {
        let (mut after, mut began, mut whole_at, mut told) = (None, None, Instant::now(), false);
        loop {
            if whole_at.elapsed() > WHOLE {
                (after, whole_at) = (None, Instant::now());
            }
            let asked = Instant::now();
            let mut pause = PAUSE.min(self.quarter());
            match self.ask(after.as_deref()).await {
                Ok((sent, feed)) => {
                    // Pages after the first tell what had ended when that one was made.
                    let more = self.learn(&feed, *began.get_or_insert(sent));
                    after = Some(feed.after);
                    if more {
                        continue;
                    }
                    began = None;
                    if told {
                        tracing::info!("ended sessions are known again");
                    }
                    told = false;
                    self.done.send_replace(Some(Ok(())));
                }
                Err(error) => {
                    (after, began) = (None, None);
                    pause = MAX_PAUSE.min(self.quarter() / 2);
                    if !told && !self.is_current() {
                        told = true;
                        tracing::warn!(cause = ?error, strict = self.strict, "ended sessions are not known");
                    }
                    self.discovery.forget().await;
                    self.done.send_replace(Some(Err(error)));
                }
            }
            sleep(pause.saturating_sub(asked.elapsed())).await;
        }
    }

    /// Takes an answer over, the first page of which was asked for when it `began`; says whether there is more to ask for at once.
    fn learn(&self, feed: &Feed, began: Instant) -> bool {
        let now = unix_now();
        let mut known = self.known_mut();
        known.ended.retain(|_, expires_at| *expires_at > now);
        for ended in &feed.revocations {
            known.ended.insert(ended.sid.clone(), ended.expires_at);
        }
        if !feed.more {
            known.at = Some(began);
        }
        feed.more
    }

    /// An answer, and when it was asked for.
    async fn ask(&self, after: Option<&str>) -> Result<(Instant, Feed), RemoteError> {
        let metadata = self.discovery.metadata().await?;
        let mut url = metadata.revocations()?.clone();
        let wait = self.quarter().as_secs().min(MAX_WAIT).to_string();
        let fields = after.map(|after| [("after", after), ("wait", &wait)]);
        url.set_query(fields.as_ref().map(|fields| form(fields)).as_deref());
        let limit = self.quarter() * 2;
        let request = self.discovery.http().ask(&url).timeout(limit);
        let sent = Instant::now();
        Ok((sent, read(&url, self.credentials.sign(request)).await?.value))
    }
}
