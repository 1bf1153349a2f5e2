//! The end of a session: Keyward makes its tokens void, and they are dropped here and where they are kept.

use reqwest::StatusCode;

use crate::endpoints::ENDING;
use crate::grant::Renewal;
use crate::kept::Purpose;
use crate::{Error, Session};

impl Session {
    /// Logs out: every token of the session is void. A client's own token lasts until it expires, wherever
    /// there is a copy of it; here it is dropped, and the secret with it. An API key is good until its owner removes it; here it is
    /// dropped.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`], and then the session stands. A session that is over already is no error. [`Error::Store`] where it is kept
    /// and cannot be read or removed; the session is over then.
    pub async fn log_out(&self) -> Result<(), Error> {
        self.forget_client();
        let Ok(grant) = self.grant() else { return Ok(()) };
        if let Renewal::ThroughClient { client_id, .. } = &grant.renewal {
            return self.revoke(client_id).await;
        }
        self.end().await?;
        match self.kept() {
            Some(kept) => kept.remove().await,
            None => Ok(()),
        }
    }

    /// Ends the session of a public client by the refresh token that is good now: where the session is kept, another process may have
    /// fetched it.
    async fn revoke(&self, client_id: &str) -> Result<(), Error> {
        // Nothing is refreshed meanwhile.
        let _turn = self.turn().await;
        let opened = match self.kept() {
            Some(kept) => kept.open(Purpose::End).await,
            None => Ok(None),
        };
        let renewal = match (&opened, self.grant()) {
            (Ok(Some((_, saved))), _) => saved.renewal(),
            // Where the store cannot be read, too: what is in memory ends the session, and the error is returned after that.
            (_, Ok(grant)) => grant.renewal,
            (_, Err(_)) => return opened.map(drop),
        };
        if let Renewal::ThroughClient { refresh_token, .. } = &renewal {
            self.keyward().revoke(client_id, refresh_token).await?;
        }
        self.forget();
        if let Some((opened, _)) = opened? {
            opened.write(None).await?;
        }
        Ok(())
    }

    /// Ends a session that was opened without a client.
    async fn end(&self) -> Result<(), Error> {
        let logout = self.at_keyward().post("/logout").with(|request| request.timeout(ENDING));
        let response = match logout.send().await {
            Err(Error::SessionOver) => return Ok(()),
            Err(Error::Http(_)) => return Err(Error::Unavailable { retry_after: None }),
            response => response?,
        };
        if response.status().is_success() || response.status() == StatusCode::UNAUTHORIZED {
            self.forget();
            return Ok(());
        }
        Err(Error::of(&response, Error::SessionOver))
    }
}
