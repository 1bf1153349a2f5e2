//! Sessions that outlive the process: they are kept in a store, and resumed from it.

use std::io;
use std::sync::Arc;

use crate::kept::{Kept, Opened, Purpose, open};
use crate::secrets::random;
use crate::store::{SavedSession, SessionStore};
use crate::{Error, Keyward, Session};

impl Session {
    /// Keeps the session in a store from now until it ends. Every refresh is written before its token is used. Of several processes with the
    /// same store one refreshes, and the others take what it got. A session of this Keyward that the store kept before is ended, if Keyward
    /// can be reached.
    ///
    /// Call [`Session::settle`] before the program ends.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] where it cannot be written, where the store keeps a session of another Keyward ([`Keyward::end_kept`] takes it away),
    /// where this session is kept already, or is not a user's; [`Error::SessionOver`]. The session stands then, and is not kept: [`Session::log_out`] ends it.
    pub async fn keep_in(&self, store: impl SessionStore) -> Result<(), Error> {
        let kept = Kept::new(Arc::new(store), random()?);
        let session = self.clone();
        // In a task of its own: a caller that gives up must not leave a session with two owners.
        let keeping = tokio::spawn(async move {
            if let Some(last) = session.keep(kept).await? {
                // It may have ended before, and this one is kept in any case.
                drop(Self::new(session.keyward().clone(), last.grant()).log_out().await);
            }
            Ok(())
        });
        keeping.await.unwrap_or_else(|_| Err(Error::Store(io::Error::other("the work was cancelled"))))
    }

    /// Writes the session, and returns the one that was there.
    async fn keep(&self, kept: Kept) -> Result<Option<SavedSession>, Error> {
        // Nothing is refreshed meanwhile.
        let _turn = self.turn().await;
        let unfit = |words| Error::Store(io::Error::new(io::ErrorKind::InvalidInput, words));
        if self.kept().is_some() {
            return Err(unfit("this session is kept already"));
        }
        let (grant, keyward) = (self.grant()?, self.keyward());
        let saved = SavedSession::of(&grant, &keyward.address, kept.id());
        let saved = saved.ok_or_else(|| unfit("it is not a user's session"))?;
        let opened = open(kept.store(), Purpose::Replace).await?;
        let last = opened.saved.clone();
        if last.as_ref().is_some_and(|last| !last.is_at(&keyward.address)) {
            return Err(unfit(
                "there is a session of another Keyward: end that one first, by `Keyward::end_kept`",
            ));
        }
        opened.write(Some(saved)).await?;
        self.set_kept(kept);
        Ok(last)
    }

    /// Waits until no token is being fetched, and writes what could not be written where the session is kept. A program whose session is
    /// kept calls it before it ends: a refresh token that was spent, and whose successor was not written, ends the session.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] where the last tokens cannot be written. They are in memory, so a later call may succeed.
    pub async fn settle(&self) -> Result<(), Error> {
        let _turn = self.turn().await;
        match self.kept().filter(|kept| kept.is_behind()) {
            Some(kept) => kept.catch_up().await,
            None => Ok(()),
        }
    }
}

impl Keyward {
    /// The session at this Keyward that a store keeps, if there is one. Nothing is sent: whether it still stands, the first call will show.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] where it cannot be read.
    pub async fn resume(&self, store: impl SessionStore) -> Result<Option<Session>, Error> {
        let store: Arc<dyn SessionStore> = Arc::new(store);
        let saved = open(&store, Purpose::Use).await?.saved;
        let Some(saved) = saved.filter(|saved| saved.is_at(&self.endpoints.address)) else { return Ok(None) };
        let session = Session::new(self.endpoints.clone(), saved.grant());
        session.set_kept(Kept::new(store, saved.id().to_owned()));
        Ok(Some(session))
    }

    /// Ends the session that a store keeps, and removes it there: also one that is not resumed because others can read it. Returns whether
    /// there was one. One of another Keyward is ended there if that one can be reached, and removed in any case.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`], and then the session stands; [`Error::Store`] where it cannot be read or removed.
    pub async fn end_kept(&self, store: impl SessionStore) -> Result<bool, Error> {
        let (store, keyward): (Arc<dyn SessionStore>, _) = (Arc::new(store), self.clone());
        // In a task of its own: a refresh may be under way when the caller gives up.
        let ending = tokio::spawn(async move {
            let opened = open(&store, Purpose::End).await?;
            let Some(saved) = opened.saved.clone() else { return Ok(false) };
            if saved.is_at(&keyward.endpoints.address) {
                return keyward.end(opened, saved).await;
            }
            if let Ok(other) = Self::at(saved.keyward()) {
                drop(Session::new(other.endpoints, saved.grant()).log_out().await);
            }
            opened.write(None).await?;
            Ok(true)
        });
        ending.await.unwrap_or_else(|_| Err(Error::Store(io::Error::other("the work was cancelled"))))
    }

    /// Ends a session of this Keyward. One that stands is kept with the refresh token that is good now: the attempt may have spent the
    /// other.
    async fn end(&self, opened: Opened, saved: SavedSession) -> Result<bool, Error> {
        let session = Session::new(self.endpoints.clone(), saved.grant());
        let ended = session.log_out().await;
        let left = match &ended {
            Ok(()) => None,
            Err(_) => SavedSession::of(&session.grant()?, &self.endpoints.address, saved.id()),
        };
        if left.as_ref().is_none_or(|left| !left.is_as(&saved)) {
            opened.write(left).await?;
        }
        ended.map(|()| true)
    }
}
