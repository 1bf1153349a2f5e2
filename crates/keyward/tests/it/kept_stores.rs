//! What may happen to a kept session's store: another login, a disk that fails at the wrong time, a caller that gives up, an outage.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration as WallTime, Instant};

use keyward_api::testing::app::{PASSWORD, address};
use keyward_client::{Error, LockedStore, SavedSession, SessionFile, SessionStore};
use tokio::time::{sleep, timeout};

use crate::client::Front;
use crate::kept_sessions::{EXPIRED, file};
use crate::loopback::{Place, email};

#[cfg(unix)]
#[tokio::test]
async fn a_session_that_others_can_read_is_ended_and_not_used() {
    let (place, folder) = (Place::start().await, tempfile::tempdir().unwrap());
    let path = folder.path().join("settings/session.json");
    let expose = || {
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        std::fs::set_permissions(&path, open).unwrap();
    };
    let first = place.log_in().await;
    first.keep_in(file(&folder)).await.unwrap();
    expose();
    assert!(matches!(place.keyward().resume(file(&folder)).await, Err(Error::Store(_))));
    assert!(place.keyward().end_kept(file(&folder)).await.unwrap());
    assert!(!path.exists());
    assert!(matches!(email(&first).await, Err(Error::SessionOver)));
    assert!(!place.keyward().end_kept(file(&folder)).await.unwrap());

    // Another login in its place ends it, too; so does its own logout.
    let second = place.log_in().await;
    second.keep_in(file(&folder)).await.unwrap();
    expose();
    let third = place.log_in().await;
    third.keep_in(file(&folder)).await.unwrap();
    assert!(matches!(email(&second).await, Err(Error::SessionOver)));
    expose();
    third.log_out().await.unwrap();
    assert!(!path.exists());
}

#[tokio::test]
async fn a_login_ends_the_one_before_it_in_the_same_store_but_none_of_another_keyward() {
    let (place, folder) = (Place::start().await, tempfile::tempdir().unwrap());
    let by_password = place.keyward().log_in(&address("ana"), PASSWORD).await.unwrap();
    by_password.keep_in(file(&folder)).await.unwrap();
    let first = place.log_in().await;
    first.keep_in(file(&folder)).await.unwrap();
    assert_eq!(by_password.get("/users/me").send().await.map(|answer| answer.status().as_u16()).ok(), None);
    assert_eq!(email(&first).await.unwrap(), address("ana"));
    let second = place.log_in().await;
    second.keep_in(file(&folder)).await.unwrap();
    assert!(matches!(email(&first).await, Err(Error::SessionOver)));
    assert_eq!(email(&second).await.unwrap(), address("ana"));

    let path = folder.path().join("settings/session.json");
    let elsewhere = std::fs::read_to_string(&path).unwrap().replace(&place.url, "http://127.0.0.1:9");
    std::fs::write(&path, &elsewhere).unwrap();
    let third = place.log_in().await;
    let refused = third.keep_in(file(&folder)).await.unwrap_err();
    assert!(refused.to_string().contains("another Keyward"), "{refused}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), elsewhere);
    // It is out of reach, and taken away all the same.
    assert!(place.keyward().end_kept(file(&folder)).await.unwrap());
    assert!(!path.exists());
    third.keep_in(file(&folder)).await.unwrap();
    // A damaged file does not keep a session from its end.
    std::fs::write(&path, "{").unwrap();
    assert!(matches!(third.log_out().await, Err(Error::Store(_))));
    assert!(matches!(email(&third).await, Err(Error::SessionOver)));
    assert_eq!(email(&second).await.unwrap(), address("ana"));
}

/// A file whose writes fail as planned, and whose lock takes a while.
struct Flaky {
    file: SessionFile,
    /// Whether each of the next writes fails.
    fails: Arc<Mutex<VecDeque<bool>>>,
    delay: WallTime,
}

struct Locked(Box<dyn LockedStore>, Arc<Mutex<VecDeque<bool>>>);

impl SessionStore for Flaky {
    fn lock(&self) -> io::Result<Box<dyn LockedStore>> {
        std::thread::sleep(self.delay);
        Ok(Box::new(Locked(self.file.lock()?, Arc::clone(&self.fails))))
    }
}

impl LockedStore for Locked {
    fn read(&self) -> io::Result<Option<SavedSession>> {
        self.0.read()
    }

    fn write(&self, session: Option<&SavedSession>) -> io::Result<()> {
        if self.1.lock().unwrap().pop_front().unwrap_or_default() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.write(session)
    }
}

#[tokio::test]
async fn tokens_that_could_not_be_written_are_used_and_written_at_the_next_call() {
    let (place, folder) = (Place::start().await, tempfile::tempdir().unwrap());
    let session = place.log_in().await;
    let fails = Arc::new(Mutex::new(VecDeque::new()));
    let store = Flaky { file: file(&folder), fails: Arc::clone(&fails), delay: WallTime::ZERO };
    session.keep_in(store).await.unwrap();
    let kept = async || {
        let resumed = place.keyward().resume(file(&folder)).await.unwrap().unwrap();
        resumed.token().await.unwrap()
    };
    for _ in 0..2 {
        place.app.clock.advance(EXPIRED);
        // The disk is full after the refresh token has been spent.
        fails.lock().unwrap().extend([false, true]);
        assert_eq!(email(&session).await.unwrap(), address("ana"));
        let token = session.token().await.unwrap();
        assert_eq!(kept().await, token, "it is written by then");
    }
    // At the end of a program.
    place.app.clock.advance(EXPIRED);
    fails.lock().unwrap().extend([false, true, true]);
    assert_eq!(email(&session).await.unwrap(), address("ana"));
    assert!(matches!(session.settle().await, Err(Error::Store(_))));
    session.settle().await.unwrap();
    fails.lock().unwrap().push_back(true);
    session.settle().await.unwrap();
    fails.lock().unwrap().clear();
    let read = std::fs::read_to_string(folder.path().join("settings/session.json")).unwrap();
    assert!(read.contains(&session.token().await.unwrap()));
    // The next refresh does not use the spent token, either.
    place.app.clock.advance(EXPIRED);
    fails.lock().unwrap().extend([false, true]);
    assert_eq!(email(&session).await.unwrap(), address("ana"));
    place.app.clock.advance(EXPIRED);
    fails.lock().unwrap().push_back(true);
    assert_eq!(email(&session).await.unwrap(), address("ana"));
    assert_eq!(kept().await, session.token().await.unwrap());
    session.log_out().await.unwrap();
}

#[tokio::test]
async fn a_caller_that_gives_up_leaves_no_session_with_two_owners() {
    let (place, folder) = (Place::start().await, tempfile::tempdir().unwrap());
    let session = place.log_in().await;
    let store = Flaky { file: file(&folder), fails: Arc::default(), delay: WallTime::from_millis(300) };
    assert!(timeout(WallTime::from_millis(50), session.keep_in(store)).await.is_err());
    sleep(WallTime::from_millis(800)).await;
    let again = session.keep_in(file(&folder)).await.unwrap_err();
    assert!(again.to_string().contains("kept already"), "{again}");
    let resumed = place.keyward().resume(file(&folder)).await.unwrap().unwrap();
    place.app.clock.advance(EXPIRED);
    for session in [&session, &resumed, &session] {
        assert_eq!(email(session).await.unwrap(), address("ana"));
    }
}

#[tokio::test]
async fn a_kept_session_whose_token_is_good_does_not_wait_for_a_keyward_that_is_away() {
    let folder = tempfile::tempdir().unwrap();
    let front = Front::with_flags(&["--access-token-ttl", "30s"]).await;
    let session = front.keyward.log_in(&address("ana"), PASSWORD).await.unwrap();
    session.keep_in(file(&folder)).await.unwrap();
    let first = session.token().await.unwrap();
    let closed = front.wire.gate.write().await;
    // From the last tenth of its life on, a token is replaced.
    sleep(WallTime::from_millis(27_200)).await;
    let begun = Instant::now();
    assert_eq!(session.token().await.unwrap(), first);
    assert!(begun.elapsed() < WallTime::from_millis(2300), "{:?}", begun.elapsed());
    let begun = Instant::now();
    assert_eq!(session.token().await.unwrap(), first);
    assert!(begun.elapsed() < WallTime::from_millis(200), "{:?}", begun.elapsed());
    drop(closed);
    session.settle().await.unwrap();
    assert_ne!(session.token().await.unwrap(), first, "the one refresh went on");
    let resumed = front.keyward.resume(file(&folder)).await.unwrap().unwrap();
    assert_eq!(resumed.token().await.unwrap(), session.token().await.unwrap());
    assert_eq!(front.refreshes(), 1);
}

#[tokio::test]
async fn of_many_processes_that_wait_for_a_refresh_which_fails_no_other_tries() {
    let folder = tempfile::tempdir().unwrap();
    let front = Front::with_flags(&["--access-token-ttl", "8s"]).await;
    let session = front.keyward.log_in(&address("ana"), PASSWORD).await.unwrap();
    session.keep_in(file(&folder)).await.unwrap();
    let mut sessions = Vec::new();
    for _ in 0..6 {
        sessions.push(front.keyward.resume(file(&folder)).await.unwrap().unwrap());
    }
    sleep(WallTime::from_millis(8100)).await;
    front.wire.outages.store(100, Ordering::SeqCst);
    let closed = front.wire.gate.write().await;
    let calls: Vec<_> =
        sessions.iter().cloned().map(|session| tokio::spawn(async move { session.token().await })).collect();
    sleep(WallTime::from_millis(1200)).await;
    drop(closed);
    for call in calls {
        assert!(matches!(call.await.unwrap(), Err(Error::Unavailable { .. })));
    }
    assert_eq!(front.refreshes(), 1);
    front.wire.outages.store(0, Ordering::SeqCst);
    sleep(WallTime::from_millis(1100)).await;
    for session in &sessions {
        session.token().await.unwrap();
    }
    assert_eq!(front.refreshes(), 2);
}
