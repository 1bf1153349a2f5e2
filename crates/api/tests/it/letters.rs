//! Reading the outbox, as whoever gets the mails.

use keyward_domain::outbox::Message;
use time::Duration;

use crate::app::TestApp;

impl TestApp {
    /// Takes every mail out of the outbox, in the order they were written.
    pub(crate) async fn letters(&self) -> Vec<Message> {
        let mut letters = Vec::new();
        let now = self.ports.clock.now();
        let forever = now + Duration::days(365);
        while let Some(claimed) = self.ports.store.autocommit().outbox().claim(now, forever).await.unwrap() {
            letters.push(claimed.mail.open(&self.postbox.master).expect("sealed under our own secret"));
        }
        letters
    }

    /// Takes the one mail out of the outbox.
    pub(crate) async fn letter(&self) -> Message {
        let mut letters = self.letters().await;
        assert_eq!(letters.len(), 1);
        letters.remove(0)
    }
}

/// The token of the link to `page`.
pub(crate) fn token(message: &Message, page: &str) -> String {
    let (_, rest) = message.letter.text.split_once(&format!("/{page}?token=")).expect("a link");
    rest.split_whitespace().next().unwrap().to_owned()
}

/// The code of six digits.
pub(crate) fn code(message: &Message) -> String {
    let (_, rest) = message.letter.text.split_once("Your code is ").expect("a code");
    rest[..6].to_owned()
}
