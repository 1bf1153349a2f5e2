//! Sessions that outlive the process: they are kept in a store, and resumed from it.

use std::io;
use std::sync::Arc;

use crate::kept::{Kept, open};
use crate::secrets::random;
use crate::store::{SavedSession, SessionStore};
use crate::{Error, Keyward, Session};

impl Session {
    /// Keeps the session in a store, in place of what was there, from now until it ends. Every refresh is written before its token is used.
    /// Of several processes with the same store one refreshes, and the others take what it got.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] where it cannot be written, where this session is kept already, or is not a user's; [`Error::SessionOver`].
    pub async fn keep_in(&self, store: impl SessionStore) -> Result<(), Error> {
        let kept = Kept { store: Arc::new(store), id: random()? };
        // Nothing is refreshed meanwhile.
        let _turn = self.turn().await;
        let unfit = |words| Error::Store(io::Error::new(io::ErrorKind::InvalidInput, words));
        if self.kept().is_some() {
            return Err(unfit("this session is kept already"));
        }
        let (grant, keyward) = (self.grant()?, self.keyward());
        let saved = SavedSession::of(&grant, &keyward.address, &kept.id);
        let saved = saved.ok_or_else(|| unfit("it is not a user's session"))?;
        open(&kept.store, true).await?.write(Some(saved)).await?;
        self.set_kept(kept);
        Ok(())
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
        let saved = open(&store, false).await?.saved;
        let Some(saved) = saved.filter(|saved| saved.is_at(&self.endpoints.address)) else { return Ok(None) };
        let session = Session::new(self.endpoints.clone(), saved.grant());
        session.set_kept(Kept { store, id: saved.id().to_owned() });
        Ok(Some(session))
    }
}
