//! The end of a session: Keyward makes its tokens void, and they are dropped here.

use reqwest::StatusCode;

use crate::{Error, Session};

impl Session {
    /// Logs out: every token of the session is void. A client's own token lasts until it expires, wherever
    /// there is a copy of it; here it is dropped, and the secret with it. An API key is good until its owner removes it; here it is
    /// dropped.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`], and then the session stands. A session that is over already is no error.
    pub async fn log_out(&self) -> Result<(), Error> {
        self.forget_client();
        let response = match self.at_keyward().post("/logout").send().await {
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
