//! Programs that log in as themselves with `keyward-client`: a registered client's own token, kept fresh.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use keyward_auth::{JwtVerifier, VerifierSettings};
use keyward_client::{Error, Session};
use keyward_guard::{Authenticator, CurrentUser, Scope, TokenAuthenticator};
use tokio::net::TcpListener;

use crate::client::Front;
use crate::oauth::{register_for, secret};

/// Tokens that are replaced after 1.8 s.
const SHORT: [&str; 2] = ["--access-token-ttl", "2s"];

async fn front(flags: &[&str]) -> Front {
    let front = Front::with_flags(flags).await;
    register_for(&front.app, "reports", "invoices:read invoices:write").await;
    front
}

async fn reports(front: &Front) -> Session {
    front.keyward.log_in_client("reports", &secret("reports")).await.unwrap()
}

struct InvoicesRead;
impl Scope for InvoicesRead {
    const NAME: &'static str = "invoices:read";
    const TITLE: &'static str = "Read invoices";
}

struct InvoicesWrite;
impl Scope for InvoicesWrite {
    const NAME: &'static str = "invoices:write";
    const TITLE: &'static str = "Write invoices";
}

/// Another service, which trusts the tokens and says whose they are.
async fn service(front: &Front) -> String {
    let whoami = |user: CurrentUser<InvoicesRead>| async move { user.subject.clone() };
    let write = |_: CurrentUser<InvoicesWrite>| async { "written" };
    let (settings, keys) = (&front.app.settings, front.app.keys.clone());
    let trusted = VerifierSettings::new(settings.issuer(), settings.tokens.audience.clone());
    let verifier = Arc::new(JwtVerifier::new(trusted, keys));
    let authenticator: Arc<dyn Authenticator> = Arc::new(TokenAuthenticator::new(verifier));
    let router = Router::new().route("/whoami", get(whoami).post(write)).with_state(authenticator);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

#[tokio::test]
async fn a_program_logs_in_as_itself_and_calls_a_service_that_trusts_keyward() {
    let front = front(&[]).await;
    let service = service(&front).await;
    let reports = reports(&front).await.at(&service).unwrap();
    let answer = reports.get("/whoami").send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.text().await.unwrap().as_str()), (200, "reports"));
    let secret = secret("reports");
    let narrow = front.keyward.log_in_client_for("invoices:read", "reports", &secret).await.unwrap();
    let narrow = narrow.at(&service).unwrap();
    assert_eq!(narrow.get("/whoami").send().await.unwrap().status(), 200);
    assert_eq!(narrow.post("/whoami").send().await.unwrap().status(), 403);
    assert_eq!(reports.post("/whoami").send().await.unwrap().text().await.unwrap(), "written");
    assert_eq!(front.refreshes(), 2, "one token each");
}

#[tokio::test]
async fn fifty_waiters_for_a_programs_next_token_fetch_it_once_and_before_the_last_one_expires() {
    let front = front(&SHORT).await;
    let reports = reports(&front).await;
    let first = reports.token().await.unwrap();
    tokio::time::sleep(Duration::from_millis(1850)).await;
    let closed = front.wire.gate.write().await;
    let waiters: Vec<_> = (0..50)
        .map(|_| reports.clone())
        .map(|reports| tokio::spawn(async move { reports.token().await.unwrap() }))
        .collect();
    while front.refreshes() < 2 {
        tokio::task::yield_now().await;
    }
    drop(closed);
    for waiter in waiters {
        assert_ne!(waiter.await.unwrap(), first);
    }
    assert_eq!(front.refreshes(), 2);
}

#[tokio::test]
async fn a_program_that_gives_up_waiting_keeps_nobody_from_the_next_token() {
    let front = front(&SHORT).await;
    let reports = reports(&front).await;
    tokio::time::sleep(Duration::from_millis(1850)).await;
    let closed = front.wire.gate.write().await;
    let impatient = tokio::time::timeout(Duration::from_millis(100), reports.token()).await;
    assert!(impatient.is_err());
    drop(closed);
    reports.token().await.unwrap();
    assert_eq!(front.refreshes(), 2);
}

#[tokio::test]
async fn a_program_uses_its_token_on_while_keyward_is_away_and_no_longer() {
    let front = front(&SHORT).await;
    let reports = reports(&front).await;
    let first = reports.token().await.unwrap();
    front.wire.outages.store(usize::MAX, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(1850)).await;
    assert_eq!(reports.token().await.unwrap(), first);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let refused = reports.token().await;
    assert!(matches!(refused, Err(Error::Unavailable { .. })), "{refused:?}");
    front.wire.outages.store(0, Ordering::SeqCst);
    assert_ne!(reports.token().await.unwrap(), first);
}

#[tokio::test]
async fn a_login_of_a_program_that_fails_says_why() {
    let front = front(&[]).await;
    let keyward = &front.keyward;
    for (id, secret) in [("reports", "another one"), ("nobody", &secret("reports")), ("", ""), ("a:b", "%+é")]
    {
        let refused = keyward.log_in_client(id, secret).await;
        assert!(matches!(refused, Err(Error::InvalidClient)), "{id}: {refused:?}");
    }
    let scope = keyward.log_in_client_for("catalog:write", "reports", &secret("reports")).await;
    assert!(matches!(scope, Err(Error::Scope)), "{scope:?}");
    front.wire.outages.store(1, Ordering::SeqCst);
    let away = keyward.log_in_client("reports", &secret("reports")).await;
    assert!(matches!(away, Err(Error::Unavailable { retry_after: Some(_) })), "{away:?}");
}

#[tokio::test]
async fn a_program_whose_registration_is_gone_has_to_log_in_again() {
    let front = front(&SHORT).await;
    let reports = reports(&front).await;
    front.wire.refused.store(true, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(1850)).await;
    assert!(matches!(reports.token().await, Err(Error::SessionOver)));
    let asked = front.refreshes();
    assert!(matches!(reports.get("/posts").send().await, Err(Error::SessionOver)));
    assert_eq!(front.refreshes(), asked, "nobody asks again");
}

#[tokio::test]
async fn a_program_that_logs_out_forgets_its_token_and_its_secret_is_never_printed() {
    let front = front(&[]).await;
    let reports = reports(&front).await;
    let (clone, token) = (reports.clone(), reports.token().await.unwrap());
    let printed = format!("{reports:?} {:?}", front.keyward);
    assert!(!printed.contains(&token) && !printed.contains(&secret("reports")), "{printed}");
    reports.log_out().await.unwrap();
    assert!(matches!(clone.token().await, Err(Error::SessionOver)));
    clone.log_out().await.unwrap();
    let wrong = front.keyward.log_in_client("reports", "a wrong secret").await.unwrap_err();
    assert!(!format!("{wrong:?} {wrong}").contains("a wrong secret"));
}
