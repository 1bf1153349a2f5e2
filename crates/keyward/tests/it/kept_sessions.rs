//! Sessions of `keyward-client` that are kept between runs: in a file of their owner alone, by several processes at once.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use keyward_api::testing::app::{PASSWORD, address};
use keyward_client::{Error, LockedStore, SavedSession, SessionFile, SessionStore};
use time::Duration;

use crate::loopback::{Place, email};

/// Past the access tokens that are out.
pub(crate) const EXPIRED: Duration = Duration::minutes(16);

pub(crate) fn file(folder: &tempfile::TempDir) -> SessionFile {
    SessionFile::at(folder.path().join("settings/session.json"))
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions()) & 0o777
}

#[tokio::test]
async fn a_session_is_kept_in_a_file_that_its_owner_alone_can_read() {
    let (place, folder) = (Place::start().await, tempfile::tempdir().unwrap());
    assert!(place.keyward().resume(file(&folder)).await.unwrap().is_none());
    let session = place.log_in().await;
    session.keep_in(file(&folder)).await.unwrap();
    let resumed = place.keyward().resume(file(&folder)).await.unwrap().unwrap();
    assert_eq!(resumed.token().await.unwrap(), session.token().await.unwrap());
    assert_eq!(email(&resumed).await.unwrap(), address("ana"));
    let path = folder.path().join("settings/session.json");
    #[cfg(unix)]
    {
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        assert_eq!(mode(&path.with_extension("json.lock")), 0o600);
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        std::fs::set_permissions(&path, open).unwrap();
        let refused = place.keyward().resume(file(&folder)).await;
        assert!(matches!(refused, Err(Error::Store(_))), "{refused:?}");
    }
    // It is not given for another Keyward.
    let elsewhere = keyward_client::Keyward::at("http://127.0.0.1:9").unwrap();
    std::fs::remove_file(&path).unwrap();
    let other = place.log_in().await;
    other.keep_in(file(&folder)).await.unwrap();
    assert!(elsewhere.resume(file(&folder)).await.unwrap().is_none());
    std::fs::write(&path, "{").unwrap();
    assert!(matches!(place.keyward().resume(file(&folder)).await, Err(Error::Store(_))));
    let shown = format!("{other:?}");
    assert!(!shown.contains(&other.token().await.unwrap()), "{shown}");
}

#[tokio::test]
async fn of_many_processes_with_one_file_one_refreshes_and_none_loses_the_session() {
    let (place, folder) = (Place::start().await, tempfile::tempdir().unwrap());
    place.log_in().await.keep_in(file(&folder)).await.unwrap();
    let mut sessions = Vec::new();
    for _ in 0..8 {
        sessions.push(place.keyward().resume(file(&folder)).await.unwrap().unwrap());
    }
    for _ in 0..3 {
        // More than the ten seconds in which Keyward repeats a refresh.
        place.app.clock.advance(EXPIRED);
        let calls: Vec<_> = sessions
            .iter()
            .cloned()
            .map(|session| tokio::spawn(async move { email(&session).await }))
            .collect();
        for call in calls {
            assert_eq!(call.await.unwrap().unwrap(), address("ana"));
        }
        let token = sessions[0].token().await.unwrap();
        for session in &sessions {
            assert_eq!(session.token().await.unwrap(), token, "there was more than one refresh");
        }
    }
    // What one of them ends is over for the others, and removed.
    sessions[0].log_out().await.unwrap();
    place.app.clock.advance(EXPIRED);
    assert!(matches!(email(&sessions[1]).await, Err(Error::SessionOver)));
    assert!(place.keyward().resume(file(&folder)).await.unwrap().is_none());
    sessions[2].log_out().await.unwrap();
}

#[tokio::test]
async fn another_login_in_the_same_file_is_never_taken_for_this_session() {
    let (place, folder) = (Place::start().await, tempfile::tempdir().unwrap());
    let first = place.log_in().await;
    first.keep_in(file(&folder)).await.unwrap();
    let second = place.keyward().log_in(&address("ana"), PASSWORD).await.unwrap();
    second.keep_in(file(&folder)).await.unwrap();
    assert!(matches!(second.keep_in(file(&folder)).await, Err(Error::Store(_))));
    place.app.clock.advance(EXPIRED);
    assert!(matches!(email(&first).await, Err(Error::SessionOver)));
    first.log_out().await.unwrap();
    let resumed = place.keyward().resume(file(&folder)).await.unwrap().unwrap();
    let me = resumed.get("/users/me").send().await.unwrap();
    assert_eq!(me.status(), 200);
    resumed.log_out().await.unwrap();
    assert!(place.keyward().resume(file(&folder)).await.unwrap().is_none());
}

/// A disk that is full at times.
struct Disk {
    file: SessionFile,
    full: Arc<AtomicBool>,
}

struct Locked(Box<dyn LockedStore>, Arc<AtomicBool>);

impl SessionStore for Disk {
    fn lock(&self) -> io::Result<Box<dyn LockedStore>> {
        Ok(Box::new(Locked(self.file.lock()?, Arc::clone(&self.full))))
    }
}

impl LockedStore for Locked {
    fn read(&self) -> io::Result<Option<SavedSession>> {
        self.0.read()
    }

    fn write(&self, session: Option<&SavedSession>) -> io::Result<()> {
        if self.1.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.write(session)
    }
}

#[tokio::test]
async fn a_full_disk_costs_no_refresh_token() {
    let (place, folder) = (Place::start().await, tempfile::tempdir().unwrap());
    let full = Arc::new(AtomicBool::new(false));
    let session = place.log_in().await;
    session.keep_in(Disk { file: file(&folder), full: Arc::clone(&full) }).await.unwrap();
    place.app.clock.advance(EXPIRED);
    full.store(true, Ordering::SeqCst);
    assert!(matches!(email(&session).await, Err(Error::Store(_))));
    // A refresh token that had been spent would now end the session.
    place.app.clock.advance(EXPIRED);
    full.store(false, Ordering::SeqCst);
    assert_eq!(email(&session).await.unwrap(), address("ana"));
}
