//! Mail: every order that was placed is confirmed once, every other never, and what no server takes is visibly dead.

use std::sync::Arc;

use keyward_api::testing::app::TestApp;
use keyward_api::testing::person::Person;
use keyward_domain::mail::delivery::{DELAYS, Outbox};
use keyward_domain::model::outbox::MailState;
use keyward_infra::mail::folder::MailFolder;
use keyward_infra::mail::sender::Sender;
use keyward_infra::mail::smtp::SmtpMailer;
use serde_json::json;
use time::Duration;

use crate::app::Starts;
use crate::mailbox::Mailbox;

/// What the tests here ask of the service.
trait Shop {
    fn app(&self) -> &TestApp;

    /// Delivers through `mailbox`.
    fn outbox(&self, mailbox: &Mailbox) -> Outbox {
        outbox(self.app(), mailbox)
    }

    /// A product that there are `quantity` pieces of: its id.
    async fn product(&self, quantity: u32) -> i64 {
        let admin = self.app().admin("boss").await;
        let category = admin.post("/categories", json!({ "name": "Tea" })).await.assert_status(201).json();
        let product = json!({ "name": "Green <tea>", "description": "Leaves", "price": 4.5,
            "quantity": quantity, "category_id": category["id"] });
        admin.post("/products", product).await.assert_status(201).json()["id"].as_i64().unwrap()
    }
}

/// Delivers the mails of `app` through `mailbox`.
pub(crate) fn outbox(app: &TestApp, mailbox: &Mailbox) -> Outbox {
    let sender = Sender::parse("Keyward <keyward@example.com>").unwrap();
    let mailer = Arc::new(SmtpMailer::new(&mailbox.url, sender).unwrap());
    Outbox::new(app.ports.clone(), app.postbox.clone(), mailer)
}

impl Shop for TestApp {
    fn app(&self) -> &TestApp {
        self
    }
}

/// What the people here do.
trait Buys {
    fn person(&self) -> &Person;

    /// Puts `quantity` pieces into the cart and orders them: the status.
    async fn buys(&self, product: i64, quantity: u32) -> u16 {
        let item = json!({ "product_id": product, "quantity": quantity });
        self.person().post("/cart/items", item).await.assert_status(201);
        self.person().post("/orders", json!({ "shipping_address": "1 Main Street" })).await.status.as_u16()
    }
}

impl Buys for Person {
    fn person(&self) -> &Person {
        self
    }
}

#[tokio::test]
async fn an_order_is_confirmed_once_and_one_that_fails_is_not() {
    let app = TestApp::start().await;
    let product = app.product(3).await;
    let (ana, bob) = (app.user("ana").await, app.user("bob").await);
    let item = json!({ "product_id": product, "quantity": 2 });
    ana.post("/cart/items", item.clone()).await.assert_status(201);
    bob.post("/cart/items", item).await.assert_status(201);
    for _ in 0..2 {
        let order = ana.call("POST", "/orders").header("idempotency-key", "once");
        order.json(&json!({ "shipping_address": "1 Main Street" })).send().await.assert_status(201);
    }
    bob.post("/orders", json!({ "shipping_address": "2 Main Street" })).await.assert_status(409);
    ana.post("/orders", json!({ "shipping_address": "1 Main Street" })).await.assert_status(404);
    let mails = app.mails().await;
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!((mails[0].recipient.as_str(), mails[0].state), ("ana@example.com", MailState::Waiting));

    let mailbox = Mailbox::open().await;
    let outbox = app.outbox(&mailbox);
    assert_eq!(outbox.deliver_due().await.unwrap().sent, 1);
    assert_eq!(outbox.deliver_due().await.unwrap().sent, 0);
    let [mail] = &mailbox.of("ana@example.com")[..] else { panic!("exactly one mail") };
    assert_eq!(mail.header("Subject"), mails[0].subject);
    assert_eq!(mail.header("From"), "Keyward <keyward@example.com>");
    assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
    assert!(mail.header("Message-ID").ends_with("@example.com>"), "{}", mail.content);
    assert!(mail.content.contains("2 x Green <tea>: 9.00"), "{}", mail.content);
    assert!(mail.content.contains("Green &lt;tea&gt;"), "{}", mail.content);
}

#[tokio::test]
async fn every_mail_arrives_exactly_once_or_is_visibly_dead_whatever_the_mail_server_does() {
    let app = TestApp::start().await;
    let product = app.product(1_000).await;
    let names = ["ana", "slow", "busy", "unheard", "never", "full", "shut"];
    for name in names {
        assert_eq!(app.user(name).await.buys(product, 1).await, 201, "{name}");
    }
    let mailbox = Mailbox::open().await;
    // Two replicas deliver, as long as it takes.
    let (one, other) = (app.outbox(&mailbox), app.replica().outbox(&mailbox));
    for _ in 0..=DELAYS.len() {
        let (one, other) = tokio::join!(one.deliver_due(), other.deliver_due());
        one.unwrap();
        other.unwrap();
        app.clock.advance(Duration::hours(24));
    }
    for mail in app.mails().await {
        let recipient = mail.recipient.as_str();
        let (state, tries) = match recipient.split('@').next().unwrap() {
            "never" => (MailState::Dead, 1),
            "full" | "shut" => (MailState::Dead, 10),
            "busy" => (MailState::Sent, 3),
            "unheard" => (MailState::Sent, 2),
            _ => (MailState::Sent, 1),
        };
        assert_eq!((mail.state, mail.attempts, mailbox.tries(recipient)), (state, tries, tries), "{mail:?}");
        assert_eq!(mailbox.of(recipient).len(), usize::from(state == MailState::Sent), "{recipient}");
        let words = mail.last_error.unwrap_or_default();
        assert_eq!(words.is_empty(), state == MailState::Sent, "{recipient}: {words}");
    }
    assert_eq!(app.mails().await.len(), names.len());
}

#[tokio::test]
async fn a_mail_server_that_is_away_costs_nothing_but_time() {
    let app = TestApp::start().await;
    let product = app.product(1).await;
    assert_eq!(app.user("ana").await.buys(product, 1).await, 201);
    let mut mailbox = Mailbox::open().await;
    let there = mailbox.clone();
    mailbox.url = "smtp://127.0.0.1:1".to_owned();
    assert_eq!(app.outbox(&mailbox).deliver_due().await.unwrap().later, 1);
    assert_eq!(app.outbox(&there).deliver_due().await.unwrap().sent, 0, "it is not due yet");
    app.clock.advance(DELAYS[0]);
    assert_eq!(app.outbox(&there).deliver_due().await.unwrap().sent, 1);
    assert_eq!(there.of("ana@example.com").len(), 1);
}

#[tokio::test]
async fn without_a_mail_server_mails_are_files_that_only_their_owner_reads() {
    let app = TestApp::start().await;
    let product = app.product(2).await;
    let ana = app.user("ana").await;
    assert_eq!((ana.buys(product, 1).await, ana.buys(product, 1).await), (201, 201));
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("mail");
    let sender = Sender::parse("keyward@example.com").unwrap();
    let outbox =
        Outbox::new(app.ports.clone(), app.postbox.clone(), Arc::new(MailFolder::new(place.clone(), sender)));
    assert_eq!(outbox.deliver_due().await.unwrap().sent, 2);
    let files: Vec<_> = std::fs::read_dir(&place).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(files.len(), 2, "{files:?}");
    for file in files {
        assert_eq!(file.extension().unwrap(), "eml");
        assert!(std::fs::read_to_string(&file).unwrap().contains("To: ana@example.com\r\n"));
        #[cfg(unix)]
        {
            let mode =
                std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}

#[test]
fn a_password_is_never_sent_where_anybody_can_read_it() {
    let sender = || Sender::parse("keyward@example.com").unwrap();
    for url in ["smtp://ana:s3cret@mail.example", "ana:s3cret@mail.example", "http://mail.example"] {
        let problem = SmtpMailer::new(url, sender()).err().unwrap().to_string();
        assert!(!problem.contains("s3cret"), "{problem}");
    }
    for url in ["smtps://ana:s3cret@mail.example", "smtp://ana:s3cret@mail.example:587?tls=required"] {
        assert!(SmtpMailer::new(url, sender()).is_ok(), "{url}");
    }
    assert!(Sender::parse("nobody").is_err());
}
