//! The outbox of the service under test, and what its mails say.

use keyward_domain::model::mail::{Lane, Message};
use keyward_domain::model::outbox::{Claimed, MailEntry, Recipients};
use time::Duration;

use super::app::TestApp;

impl TestApp {
    /// Everything in the outbox.
    pub async fn mails(&self) -> Vec<MailEntry> {
        self.ports.store.autocommit().outbox().list(None, 1_000).await.unwrap()
    }

    /// Takes every mail out of the outbox, in the order they were written.
    pub async fn letters(&self) -> Vec<Message> {
        let mut claimed = Vec::new();
        let now = self.ports.clock.now();
        let forever = now + Duration::days(365);
        for lane in Lane::ALL {
            let mut repositories = self.ports.store.autocommit();
            let any = Recipients::ANY;
            while let Some(mail) = repositories.outbox().claim(lane, &any, now, forever).await.unwrap() {
                claimed.push(mail);
            }
        }
        claimed.sort_by_key(|mail| mail.id);
        let open = |mail: Claimed| mail.mail.open(&self.postbox.master).expect("sealed under our own secret");
        claimed.into_iter().map(open).collect()
    }

    /// Takes the one mail out of the outbox.
    pub async fn letter(&self) -> Message {
        let mut letters = self.letters().await;
        assert_eq!(letters.len(), 1);
        letters.remove(0)
    }
}

/// The token of the link to `page`.
pub fn token(message: &Message, page: &str) -> String {
    let (_, rest) = message.letter.text.split_once(&format!("/{page}?token=")).expect("a link");
    rest.split_whitespace().next().unwrap().to_owned()
}

/// The code of six digits.
pub fn code(message: &Message) -> String {
    let (_, rest) = message.letter.text.split_once("Your code is ").expect("a code");
    rest[..6].to_owned()
}
