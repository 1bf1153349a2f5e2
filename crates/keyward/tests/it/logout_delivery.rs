//! Delivering logouts to receivers that are down, slow, hostile or elsewhere than they were.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use keyward_api::testing::app::TestApp;
use keyward_domain::mail::slots::Slots;
use keyward_domain::model::clients::ClientSettings;
use keyward_domain::oauth::logouts::{LogoutOutcome, Logouts};
use keyward_domain::values::logout_uri::Backchannel;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use time::Duration;
use tokio::net::TcpListener;

use crate::app::Starts;
use crate::browser::Browser;
use crate::logout_receiver::{Does, Receiver, logouts, through};
use crate::relying_party::{RelyingParty, SCOPE, settings};

/// A service with an account and an application that gets logout tokens at this URI.
async fn start(uri: &str) -> (TestApp, RelyingParty) {
    let app = TestApp::start().await;
    app.user("ana").await;
    let backchannel = Backchannel::parse(uri).unwrap();
    let settings = ClientSettings { backchannel, ..settings(SCOPE) };
    let rp = RelyingParty::with(&app, "rp", false, settings).await;
    (app, rp)
}

/// Ana logs in to the application, and out.
async fn log_in_and_out(app: &TestApp, rp: &RelyingParty) {
    let browser = Browser::logged_in(app, "ana").await;
    rp.tokens(&browser, &[]).await;
    browser.fill("/account/logout", &[]).await.assert_status(303);
}

/// The outcome of the one delivery that is due.
async fn outcome(logouts: &Logouts) -> LogoutOutcome {
    let mut outcomes = logouts.deliver_due().await.unwrap();
    assert_eq!(outcomes.len(), 1, "{outcomes:?}");
    outcomes.remove(0)
}

#[track_caller]
fn assert_later(outcome: &LogoutOutcome, words: &str) {
    let LogoutOutcome::Later(reason) = outcome else { panic!("{outcome:?}") };
    assert!(reason.contains(words), "{reason}");
}

/// Names that lead to the first of these addresses, and to the others when they are looked up again.
struct Names {
    answers: Vec<Vec<SocketAddr>>,
    asked: AtomicUsize,
}

impl Names {
    fn new(answers: &[&[&str]]) -> Arc<Self> {
        let address = |text: &&str| SocketAddr::new(text.parse().unwrap(), 0);
        let answers = answers.iter().map(|answer| answer.iter().map(address).collect()).collect();
        Arc::new(Self { answers, asked: AtomicUsize::new(0) })
    }
}

impl Resolve for Names {
    fn resolve(&self, _: Name) -> Resolving {
        let index = self.asked.fetch_add(1, Ordering::SeqCst).min(self.answers.len() - 1);
        let answer = self.answers[index].clone();
        Box::pin(async move { Ok(Box::new(answer.into_iter()) as Addrs) })
    }
}

#[tokio::test]
async fn a_receiver_that_was_down_for_a_day_is_told_when_it_is_back() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let (app, rp) = start(&format!("http://{address}/logout?x=1")).await;
    log_in_and_out(&app, &rp).await;
    let logouts = logouts(&app);
    assert_later(&outcome(&logouts).await, "refused");
    assert!(logouts.deliver_due().await.unwrap().is_empty(), "not at once again");
    let backlog = logouts.backlog().await.unwrap();
    assert_eq!((backlog.waiting, backlog.failing), (1, 1));
    for _ in 0..8 {
        app.clock.advance(Duration::hours(12));
        assert_later(&outcome(&logouts).await, "refused");
    }
    let receiver = Receiver::on(TcpListener::bind(address).await.unwrap(), Does::status("204 No Content"));
    app.clock.advance(Duration::hours(24));
    assert_eq!(outcome(&logouts).await, LogoutOutcome::Delivered);
    assert_eq!(receiver.tokens().len(), 1);
    assert_eq!(logouts.backlog().await.unwrap().waiting, 0);
}

#[tokio::test]
async fn a_receiver_that_never_comes_back_is_given_up() {
    let receiver = Receiver::start().await;
    receiver.now(Does::status("503 Service Unavailable"));
    let (app, rp) = start(&receiver.uri()).await;
    log_in_and_out(&app, &rp).await;
    let logouts = logouts(&app);
    let mut attempts = 1;
    while let LogoutOutcome::Later(reason) = outcome(&logouts).await {
        assert_eq!(reason, "it answered with the status 503");
        app.clock.advance(Duration::hours(match attempts {
            1..=5 => 1,
            6..=9 => 13,
            _ => 25,
        }));
        attempts += 1;
    }
    assert_eq!(attempts, 11);
    assert_eq!(receiver.tokens().len(), 11);
    assert_eq!(logouts.backlog().await.unwrap().waiting, 0);
    // One that could not even be tried for a week.
    log_in_and_out(&app, &rp).await;
    app.clock.advance(Duration::days(8));
    assert_eq!(outcome(&logouts).await, LogoutOutcome::GivenUp("it waited for too long".to_owned()));
    assert_eq!(receiver.tokens().len(), 0);
}

#[tokio::test]
async fn a_redirection_is_not_followed() {
    let elsewhere = Receiver::start().await;
    let receiver = Receiver::start().await;
    let location = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n",
        elsewhere.uri()
    );
    receiver.now(Does::Answers(location));
    let (app, rp) = start(&receiver.uri()).await;
    log_in_and_out(&app, &rp).await;
    assert_later(&outcome(&logouts(&app)).await, "the status 307");
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn no_more_of_an_answer_is_read_than_is_needed() {
    for status in ["400 Bad Request", "500 Oops", "200 OK"] {
        let receiver = Receiver::start().await;
        receiver.now(Does::AnswersForever(format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: 999999999\r\n\r\n"
        )));
        let (app, rp) = start(&receiver.uri()).await;
        log_in_and_out(&app, &rp).await;
        let begun = Instant::now();
        outcome(&logouts(&app)).await;
        assert!(begun.elapsed().as_secs() < 4, "{status}");
        // What fits into the buffers of the system may be sent.
        assert!(receiver.sent.load(Ordering::SeqCst) < 8 << 20, "{status}");
    }
}

#[tokio::test]
async fn no_code_is_read_from_more_than_four_kibibytes() {
    for (length, code) in [(4096, "invalid_request"), (4097, "none")] {
        let receiver = Receiver::start().await;
        let bare = r#"{"error":"invalid_request"}"#;
        receiver.now(Does::json("400 Bad Request", &format!("{bare}{}", " ".repeat(length - bare.len()))));
        let (app, rp) = start(&receiver.uri()).await;
        log_in_and_out(&app, &rp).await;
        assert_later(&outcome(&logouts(&app)).await, &format!("the code {code}"));
    }
}

#[tokio::test]
async fn a_receiver_that_never_answers_costs_five_seconds_and_holds_up_no_other() {
    let (slow, quick) = (Receiver::start().await, Receiver::start().await);
    slow.now(Does::Waits);
    let (app, rp) = start(&slow.uri()).await;
    let other = quick.client(&app, "quick").await;
    for _ in 0..6 {
        log_in_and_out(&app, &rp).await;
    }
    log_in_and_out(&app, &other).await;
    let (logouts, mut slots, mut under_way) = (logouts(&app), Slots::default(), Vec::new());
    let begun = Instant::now();
    while let Some((claimed, _)) = logouts.claim(&mut slots).await.unwrap() {
        let logouts = logouts.clone();
        under_way
            .push(tokio::spawn(async move { (claimed.receiver.clone(), logouts.deliver(&claimed).await) }));
    }
    assert_eq!(under_way.len(), 5, "four to one receiver at once");
    let mut slow = 0;
    for task in under_way {
        let (receiver, outcome) = task.await.unwrap();
        if receiver == quick.address.to_string() {
            assert_eq!(outcome.unwrap(), LogoutOutcome::Delivered);
        } else {
            assert_later(&outcome.unwrap(), "within 5 s");
            slow += 1;
        }
    }
    assert!(slow == 4 && begun.elapsed().as_secs() < 9);
    assert_eq!(quick.tokens().len(), 1);
}

#[tokio::test]
async fn nothing_is_sent_to_an_address_that_is_not_public_however_it_is_written() {
    let receiver = Receiver::start().await;
    let port = receiver.address.port();
    for host in ["127.0.0.1", "localhost", "[::1]"] {
        let (app, rp) = start(&format!("http://{host}:{port}/logout?x=1")).await;
        log_in_and_out(&app, &rp).await;
        let nowhere = through(&app, Arc::new(keyward_infra::oauth::receivers::SystemNames), false);
        assert_later(&outcome(&nowhere).await, "not one of the public Internet");
    }
    for host in ["10.0.0.1", "169.254.169.254", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "[fd00::1]"] {
        let (app, rp) = start(&format!("https://{host}:{port}/logout?x=1")).await;
        log_in_and_out(&app, &rp).await;
        let nowhere = through(&app, Arc::new(keyward_infra::oauth::receivers::SystemNames), false);
        assert_later(&outcome(&nowhere).await, "not one of the public Internet");
    }
    assert!(receiver.requests().is_empty());
}

#[tokio::test]
async fn a_name_with_one_address_that_is_not_public_is_refused() {
    let (app, rp) = start("https://app.example.com/logout").await;
    log_in_and_out(&app, &rp).await;
    for addresses in [&["1.1.1.1", "127.0.0.1"][..], &["127.0.0.1"], &["2606:4700::1111", "::ffff:10.0.0.1"]]
    {
        let names = Names::new(&[addresses]);
        assert_later(&outcome(&through(&app, names, false)).await, "not one of the public Internet");
        app.clock.advance(Duration::hours(1));
    }
}

#[tokio::test]
async fn a_name_is_looked_up_once_and_that_address_is_connected_to() {
    let receiver = Receiver::start().await;
    let port = receiver.address.port();
    // Nothing listens at the second address: a second look would fail.
    let names = Names::new(&[&["127.0.0.1"], &["127.0.0.9"]]);
    let (app, rp) = start(&format!("http://localhost:{port}/logout?x=1")).await;
    log_in_and_out(&app, &rp).await;
    assert_eq!(outcome(&through(&app, names.clone(), true)).await, LogoutOutcome::Delivered);
    assert_eq!(names.asked.load(Ordering::SeqCst), 1);
    // The next delivery looks again: what was public before and is not now is refused, with no connection that was kept.
    log_in_and_out(&app, &rp).await;
    let names = Names::new(&[&["127.0.0.9"]]);
    assert_later(&outcome(&through(&app, names, false)).await, "not one of the public Internet");
}
