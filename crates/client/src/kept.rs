//! The place where a session is kept, and how it is refreshed there: by one process, while others wait and take what it got.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::spawn_blocking;

use crate::Error;
use crate::endpoints::Endpoints;
use crate::grant::Grant;
use crate::store::{LockedStore, SavedSession, SessionStore};

/// Where a session is kept, and under which id.
#[derive(Clone)]
pub(crate) struct Kept {
    store: Arc<dyn SessionStore>,
    id: String,
    unwritten: Arc<Mutex<Option<Unwritten>>>,
}

/// What could not be written: the only refresh token that is good.
struct Unwritten {
    /// The session as the store has it, whose refresh token was spent.
    spent: SavedSession,
    next: SavedSession,
}

/// A store that is locked, and what was read there.
pub(crate) struct Opened {
    locked: Box<dyn LockedStore>,
    pub(crate) saved: Option<SavedSession>,
}

/// What a store is opened for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Use,
    /// It may be one that others know.
    End,
    /// It need not be a session. What cannot be read for another reason stays.
    Replace,
}

/// Locks a store and reads it.
pub(crate) async fn open(store: &Arc<dyn SessionStore>, purpose: Purpose) -> Result<Opened, Error> {
    let store = Arc::clone(store);
    blocking(move || {
        let locked = store.lock()?;
        let saved = match purpose {
            Purpose::Use => locked.read()?,
            Purpose::End => locked.read_to_end()?,
            Purpose::Replace => match locked.read_to_end() {
                Err(error) if error.kind() == io::ErrorKind::InvalidData => None,
                saved => saved?,
            },
        };
        Ok(Opened { locked, saved })
    })
    .await
}

impl Opened {
    /// Writes a session, or removes what is there. The store stays locked.
    pub(crate) async fn write(self, session: Option<SavedSession>) -> Result<Self, Error> {
        blocking(move || {
            self.locked.write(session.as_ref())?;
            Ok(Self { locked: self.locked, saved: session })
        })
        .await
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Error> {
    let done =
        spawn_blocking(work).await.map_err(|_| Error::Store(io::Error::other("the work was cancelled")))?;
    done.map_err(Error::Store)
}

impl Kept {
    /// A place for the session with this id.
    pub(crate) fn new(store: Arc<dyn SessionStore>, id: String) -> Self {
        Self { store, id, unwritten: Arc::default() }
    }

    pub(crate) fn store(&self) -> &Arc<dyn SessionStore> {
        &self.store
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// What is kept, or could not be written, if it is this session still: it may have been ended, or another login may have taken its
    /// place.
    pub(crate) async fn open(&self, purpose: Purpose) -> Result<Option<(Opened, SavedSession)>, Error> {
        let opened = open(&self.store, purpose).await?;
        let Some(saved) = opened.saved.clone().filter(|saved| saved.id() == self.id) else { return Ok(None) };
        // Unless another process has gone on from there.
        let next = match &*self.unwritten() {
            Some(unwritten) if unwritten.spent.is_as(&saved) => Some(unwritten.next.clone()),
            _ => None,
        };
        Ok(Some((opened, next.unwrap_or(saved))))
    }

    /// Removes it, if it is this session still.
    pub(crate) async fn remove(&self) -> Result<(), Error> {
        if let Some((opened, _)) = self.open(Purpose::End).await? {
            opened.write(None).await?;
        }
        Ok(())
    }

    /// Whether the last tokens could not be written.
    pub(crate) fn is_behind(&self) -> bool {
        self.unwritten().is_some()
    }

    /// Writes what could not be written. If it still cannot be, it stays in memory.
    pub(crate) async fn catch_up(&self) -> Result<(), Error> {
        if let Some((opened, saved)) = self.open(Purpose::Use).await? {
            opened.write(Some(saved)).await?;
        }
        *self.unwritten() = None;
        Ok(())
    }

    /// The next tokens, where `access_token` is due: another process may have fetched them, or, since `asked` (in seconds since 1970),
    /// have tried in vain. They are written before they are used; where that fails, they are kept in memory.
    pub(crate) async fn renew(
        &self,
        keyward: &Endpoints,
        access_token: &str,
        asked: i64,
    ) -> Result<Grant, Error> {
        let Some((opened, saved)) = self.open(Purpose::Use).await? else { return Err(Error::SessionOver) };
        if saved.has_other_than(access_token) {
            return Ok(saved.grant());
        }
        if saved.has_failed_since(asked) {
            return Err(Error::Unavailable { retry_after: None });
        }
        // A full disk has to be noticed before the refresh token is spent.
        let opened = opened.write(Some(saved.clone())).await?;
        *self.unwritten() = None;
        match keyward.renew(&saved.renewal()).await {
            Ok(grant) => {
                let next = SavedSession::of(&grant, &keyward.address, &self.id);
                if opened.write(next.clone()).await.is_err() {
                    *self.unwritten() = next.map(|next| Unwritten { spent: saved, next });
                }
                Ok(grant)
            }
            Err(error @ (Error::SessionOver | Error::InvalidClient)) => {
                opened.write(None).await?;
                Err(error)
            }
            Err(error) => {
                // Those that wait for the lock need not try, too. A mark that cannot be written costs them a try.
                drop(opened.write(Some(saved.failed())).await);
                Err(error)
            }
        }
    }

    fn unwritten(&self) -> MutexGuard<'_, Option<Unwritten>> {
        self.unwritten.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
