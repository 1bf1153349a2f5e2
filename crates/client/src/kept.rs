//! The place where a session is kept, and how it is refreshed there: by one process, while others wait and take what it got.

use std::io;
use std::sync::Arc;

use tokio::task::spawn_blocking;

use crate::Error;
use crate::endpoints::Endpoints;
use crate::grant::Grant;
use crate::store::{LockedStore, SavedSession, SessionStore};

/// Where a session is kept, and under which id.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) store: Arc<dyn SessionStore>,
    pub(crate) id: String,
}

/// A store that is locked, and what was read there.
pub(crate) struct Opened {
    locked: Box<dyn LockedStore>,
    pub(crate) saved: Option<SavedSession>,
}

/// Locks a store and reads it. One that is to be replaced need not be readable.
pub(crate) async fn open(store: &Arc<dyn SessionStore>, replacing: bool) -> Result<Opened, Error> {
    let store = Arc::clone(store);
    blocking(move || {
        let locked = store.lock()?;
        let saved = locked.read().or_else(|error| if replacing { Ok(None) } else { Err(error) })?;
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
    /// What is kept, if it is this session still: it may have been ended, or another login may have taken its place.
    pub(crate) async fn open(&self) -> Result<Option<(Opened, SavedSession)>, Error> {
        let opened = open(&self.store, false).await?;
        let saved = opened.saved.clone().filter(|saved| saved.id() == self.id);
        Ok(saved.map(|saved| (opened, saved)))
    }

    /// Removes it, if it is this session still.
    pub(crate) async fn remove(&self) -> Result<(), Error> {
        if let Some((opened, _)) = self.open().await? {
            opened.write(None).await?;
        }
        Ok(())
    }

    /// The next tokens, where `access_token` is due: another process may have fetched them. They are written before they are used.
    pub(crate) async fn renew(&self, keyward: &Endpoints, access_token: &str) -> Result<Grant, Error> {
        let Some((opened, saved)) = self.open().await? else { return Err(Error::SessionOver) };
        if saved.has_other_than(access_token) {
            return Ok(saved.grant());
        }
        // A full disk has to be noticed before the refresh token is spent.
        let opened = opened.write(Some(saved.clone())).await?;
        match keyward.renew(&saved.renewal()).await {
            Ok(grant) => {
                opened.write(SavedSession::of(&grant, &keyward.address, &self.id)).await?;
                Ok(grant)
            }
            Err(error @ (Error::SessionOver | Error::InvalidClient)) => {
                opened.write(None).await?;
                Err(error)
            }
            Err(error) => Err(error),
        }
    }
}
