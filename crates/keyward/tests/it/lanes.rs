//! Mail in lanes: a slow receiver holds up no other mail, and notices have a rate limit.

use std::time::{Duration, Instant};

use keyward_api::testing::app::{PASSWORD, TestApp, address};
use keyward_domain::mail::slots::Slots;
use keyward_domain::model::mail::Lane;
use serde_json::{Value, json};

use crate::app::Starts;
use crate::mailbox::Mailbox;
use crate::process::{Home, Served};

fn sign_up(server: &Served, email: &str) {
    let account = json!({ "email": email, "password": PASSWORD });
    assert_eq!(server.call("POST", "/users", "", &account).0, 201, "{email}");
}

fn forget_password(server: &Served, email: &str) {
    assert_eq!(server.call("POST", "/password-recovery", "", &json!({ "email": email })).0, 202, "{email}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn receivers_that_take_a_minute_hold_up_no_other_mail() {
    let home = Home::new().await;
    let mailbox = Mailbox::open().await;
    let server = home.serve(&[("KEYWARD_SMTP_URL", mailbox.url.as_str())]);
    let stuck: Vec<String> = (0..9).map(|number| format!("stuck{number}@slow.example")).collect();
    for email in stuck.iter().map(String::as_str).chain(["ana@quick.example"]) {
        sign_up(&server, email);
    }
    for email in &stuck {
        forget_password(&server, email);
    }
    while stuck.iter().filter(|email| mailbox.tries(email) > 0).count() < 4 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let begun = Instant::now();
    forget_password(&server, "ana@quick.example");
    while mailbox.of("ana@quick.example").is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{}", server.output());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let begun_to: Vec<u32> = stuck.iter().map(|email| mailbox.tries(email)).collect();
    assert_eq!(begun_to.iter().sum::<u32>(), 4, "no more than half for one domain: {begun_to:?}");
    assert_eq!(server.call("GET", "/health/ready", "", &Value::Null).1, json!({ "status": "ok" }));
}

/// Waits until a mail to this recipient was taken: how long that took.
async fn arrival(server: &Served, mailbox: &Mailbox, email: &str) -> Duration {
    let begun = Instant::now();
    while mailbox.of(email).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{email}: {}", server.output());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    begun.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_slow_domains_hold_up_no_other_domain() {
    let home = Home::new().await;
    let mailbox = Mailbox::open().await;
    let server = home.serve(&[("KEYWARD_SMTP_URL", mailbox.url.as_str())]);
    // More than there are slots, at a domain each, and others that could take a domain's whole share.
    let mut stuck: Vec<String> =
        (0..36).map(|number| format!("stuck{number}@slow{number}.example")).collect();
    stuck.extend((0..12).map(|number| format!("stuck-too{number}@slow{}.example", number / 2)));
    let others = ["ana@quick.example", "bea@quick.example", "cid@new.example"];
    for email in stuck.iter().map(String::as_str).chain(others) {
        sign_up(&server, email);
    }
    forget_password(&server, others[0]);
    arrival(&server, &mailbox, others[0]).await;
    for email in &stuck {
        forget_password(&server, email);
    }
    while stuck.iter().filter(|email| mailbox.tries(email) > 0).count() < 16 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    forget_password(&server, others[1]);
    let known = arrival(&server, &mailbox, others[1]).await;
    assert!(known < Duration::from_secs(3), "a domain that answered lately waited {known:?}");
    forget_password(&server, others[2]);
    let new = arrival(&server, &mailbox, others[2]).await;
    assert!(new < Duration::from_secs(15), "another domain waited {new:?}");
    assert!(stuck.iter().all(|email| mailbox.of(email).is_empty()));
}

#[tokio::test]
async fn a_link_goes_before_a_notice_that_was_written_earlier() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let new = "another fine phrase";
    let change = json!({ "current_password": PASSWORD, "new_password": new });
    ana.post("/users/me/password", change).await.assert_status(204);
    app.clock.advance(time::Duration::seconds(1));
    let asked = json!({ "email": address("ana") });
    app.anonymous().post("/password-recovery", asked).await.assert_status(202);
    let mailbox = Mailbox::open().await;
    let outbox = crate::mail::outbox(&app, &mailbox);
    let mut slots = Slots::default();
    let mut lanes = Vec::new();
    while let Some((claimed, _)) = outbox.claim(&mut slots).await.unwrap() {
        lanes.push(claimed.mail.lane);
    }
    assert_eq!(lanes, [Lane::Code, Lane::Notice]);
}

#[tokio::test]
async fn many_changes_send_few_notices() {
    let app = TestApp::with_flags(&["--access-token-ttl", "1d"]).await;
    let ana = app.user("ana").await;
    let passwords = [PASSWORD, "another fine phrase"];
    let change = async |number: usize| {
        let (current, new) = (passwords[number % 2], passwords[(number + 1) % 2]);
        let change = json!({ "current_password": current, "new_password": new });
        ana.post("/users/me/password", change).await.assert_status(204);
        app.mails().await.len()
    };
    for number in 0..10 {
        assert_eq!(change(number).await, number + 1);
    }
    for number in 10..20 {
        assert_eq!(change(number).await, 10, "the change is made all the same");
    }
    app.clock.advance(time::Duration::minutes(16));
    assert_eq!(change(20).await, 11, "and later one reports again");
}
