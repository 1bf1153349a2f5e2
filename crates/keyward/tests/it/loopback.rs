//! `keyward-client` logs people in through the browser (RFC 8252): real pages, and everything that may come to the port beside the answer.

use std::time::{Duration, Instant};

use keyward::server::accept;
use keyward::server::limits::Limits;
use keyward_api::testing::app::{PASSWORD, TestApp, address};
use keyward_client::{Application, Error, Keyward, Session};
use keyward_domain::model::clients::ClientSettings;
use keyward_domain::values::uris::RedirectUri;
use serde_json::{Value, json};
use time::Duration as ClockTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::app::Starts;
use crate::browser::Browser;
use crate::relying_party::{RelyingParty, SCOPE, decide, settings};

/// The service at a real address, which is its issuer, with the account Ana and a program.
pub(crate) struct Place {
    pub(crate) app: TestApp,
    pub(crate) url: String,
    pub(crate) browser: Browser,
}

/// A login that waits for its answer.
pub(crate) struct Waiting {
    /// What the browser is to open: a path of the service.
    path: String,
    login: JoinHandle<Result<Session, Error>>,
}

impl Place {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = TestApp::with_flags(&["--issuer", &url]).await;
        let account = json!({ "email": address("ana"), "password": PASSWORD });
        app.anonymous().post("/users", account).await.assert_status(201);
        let redirect_uris = vec![RedirectUri::parse("http://127.0.0.1/callback").unwrap()];
        let program = ClientSettings { redirect_uris, device: true, ..settings(SCOPE) };
        RelyingParty::with(&app, "cli", true, program).await;
        tokio::spawn(accept::serve(listener, app.router.clone(), Limits::default(), std::future::pending()));
        let browser = Browser::logged_in(&app, "ana").await;
        Self { app, url, browser }
    }

    pub(crate) fn keyward(&self) -> Keyward {
        Keyward::at(&self.url).unwrap()
    }

    pub(crate) fn application(&self) -> Application {
        self.keyward().application("cli").scope("openid email offline_access")
    }

    async fn begin(&self, application: Application) -> Waiting {
        let (send, receive) = oneshot::channel();
        let open = move |url: &str| send.send(url.to_owned()).unwrap();
        let login = tokio::spawn(async move { application.log_in(open).await });
        let path = receive.await.unwrap().strip_prefix(&self.url).unwrap().to_owned();
        Waiting { path, login }
    }

    /// Has Ana decide, and returns the address that the browser is sent to then.
    async fn decided(&self, waiting: &Waiting, decision: &str) -> String {
        let page = self.browser.get(&waiting.path).await;
        let answer = if page.status == 200 { decide(&self.browser, &page, decision).await } else { page };
        answer.assert_status(303).header("location").to_owned()
    }

    /// A session of Ana's.
    pub(crate) async fn log_in(&self) -> Session {
        let waiting = self.begin(self.application()).await;
        let answer = self.decided(&waiting, "allow").await;
        assert!(get(&answer).await.starts_with("HTTP/1.1 200 "));
        waiting.login.await.unwrap().unwrap()
    }
}

/// The port and the path of an address.
fn parts(url: &str) -> (u16, &str) {
    let (port, path) = url.strip_prefix("http://127.0.0.1:").unwrap().split_once('/').unwrap();
    (port.parse().unwrap(), path)
}

/// The name of a parameter.
fn name(parameter: &str) -> &str {
    parameter.split('=').next().unwrap()
}

/// What comes back for these bytes.
async fn exchange(port: u16, bytes: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    // What is cut off while it sends can still read the answer.
    drop(stream.write_all(bytes.as_bytes()).await);
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer).await);
    String::from_utf8(answer).unwrap()
}

/// Opens an address as a browser does.
async fn get(url: &str) -> String {
    let (port, path) = parts(url);
    exchange(port, &format!("GET /{path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/html\r\n\r\n"))
        .await
}

pub(crate) async fn email(session: &Session) -> Result<String, Error> {
    let answer = session.get("/oauth/userinfo").send().await?.error_for_status()?;
    Ok(answer.json::<Value>().await?["email"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_person_logs_in_with_the_browser_and_the_session_is_refreshed_and_ended_as_the_programs() {
    let place = Place::start().await;
    let plain = place.begin(place.application()).await;
    assert!(plain.path.contains("&code_challenge="), "{}", plain.path);
    plain.login.abort();
    let waiting = place.begin(place.application().pushed()).await;
    // Other users of the machine can read the command line of a browser.
    let names: Vec<_> = waiting.path.split_once('?').unwrap().1.split('&').map(name).collect();
    assert_eq!(names, ["client_id", "request_uri"]);
    let answer = place.decided(&waiting, "allow").await;
    let port = parts(&answer).0;
    let page = get(&answer).await;
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
    for part in [
        "Cache-Control: no-store\r\n",
        "Content-Security-Policy: default-src 'none';",
        "You may close this window",
    ] {
        assert!(page.contains(part), "{page}");
    }
    let session = waiting.login.await.unwrap().unwrap();
    assert_eq!(email(&session).await.unwrap(), address("ana"));
    let first = session.token().await.unwrap();
    place.app.clock.advance(ClockTime::minutes(16));
    assert_eq!(email(&session).await.unwrap(), address("ana"));
    let second = session.token().await.unwrap();
    assert_ne!(first, second);
    session.log_out().await.unwrap();
    assert!(matches!(email(&session).await, Err(Error::SessionOver)));
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = http.get(format!("{}/oauth/userinfo", place.url)).bearer_auth(second).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    // No second request is taken: the port is closed.
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
}

#[tokio::test]
async fn requests_that_are_not_the_logins_are_answered_404_and_the_login_goes_on() {
    let place = Place::start().await;
    let waiting = place.begin(place.application()).await;
    let answer = place.decided(&waiting, "allow").await;
    let (port, path) = parts(&answer);
    let (_, state) = path.split_once("state=").unwrap();
    let state = state.split('&').next().unwrap();
    // Connections that never say a word, as browsers open them, and one that stops in the middle.
    let mut silent = Vec::new();
    for bytes in ["", "", "GET /callback?state"] {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.write_all(bytes.as_bytes()).await.unwrap();
        silent.push(stream);
    }
    let host = format!("Host: 127.0.0.1:{port}");
    for request in [
        format!("GET /{} HTTP/1.1\r\n{host}\r\n\r\n", path.replace(state, "another")),
        format!("GET /callback?code=abc&iss={} HTTP/1.1\r\n{host}\r\n\r\n", place.url),
        format!("GET /callback?state=another&error=access_denied HTTP/1.1\r\n{host}\r\n\r\n"),
        format!("GET /favicon.ico HTTP/1.1\r\n{host}\r\n\r\n"),
        format!("POST /{path} HTTP/1.1\r\n{host}\r\n\r\n"),
        format!("GET /{path} HTTP/1.1\r\nHost: evil.example:{port}\r\n\r\n"),
        "what is this\r\n\r\n".to_owned(),
    ] {
        let answer = exchange(port, &request).await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{request}: {answer}");
    }
    let huge = format!("GET /{path}&x={} HTTP/1.1\r\n{host}\r\n\r\n", "x".repeat(1_000_000));
    let refused = exchange(port, &huge).await;
    // The system may drop the answer to what it could not finish sending.
    assert!(refused.is_empty() || refused.starts_with("HTTP/1.1 431 "), "{refused}");
    assert!(!waiting.login.is_finished());
    assert!(get(&answer).await.starts_with("HTTP/1.1 200 "));
    assert_eq!(email(&waiting.login.await.unwrap().unwrap()).await.unwrap(), address("ana"));
}

#[tokio::test]
async fn an_answer_that_is_not_from_this_keyward_ends_the_login() {
    let place = Place::start().await;
    for (from, to) in [("&iss=", "&was="), ("&iss=http", "&iss=https")] {
        let waiting = place.begin(place.application()).await;
        let answer = place.decided(&waiting, "allow").await;
        assert!(answer.contains(from), "{answer}");
        let page = get(&answer.replace(from, to)).await;
        assert!(page.starts_with("HTTP/1.1 400 ") && page.contains("You are not logged in."), "{page}");
        assert!(matches!(waiting.login.await.unwrap(), Err(Error::Issuer)));
    }
}

#[tokio::test]
async fn a_login_that_is_not_allowed_says_so() {
    let place = Place::start().await;
    let waiting = place.begin(place.application()).await;
    let answer = place.decided(&waiting, "deny").await;
    assert!(get(&answer).await.starts_with("HTTP/1.1 400 "));
    assert!(matches!(waiting.login.await.unwrap(), Err(Error::Denied)));
    // A service that the client is not registered for.
    let elsewhere = place.application().pushed().resource("https://elsewhere.example");
    let refused = elsewhere.log_in(|url| panic!("{url} is opened")).await;
    assert!(matches!(refused, Err(Error::Scope)), "{refused:?}");
}

#[tokio::test]
async fn a_code_that_has_expired_opens_no_session() {
    let place = Place::start().await;
    let waiting = place.begin(place.application()).await;
    let answer = place.decided(&waiting, "allow").await;
    // Past the sixty seconds of a code.
    place.app.clock.advance(ClockTime::minutes(2));
    get(&answer).await;
    assert!(matches!(waiting.login.await.unwrap(), Err(Error::LoginOver)));
}

#[tokio::test]
async fn a_login_that_takes_too_long_or_is_given_up_closes_its_port() {
    let place = Place::start().await;
    let begun = Instant::now();
    let waiting = place.begin(place.application().patience(Duration::from_secs(2))).await;
    let answer = place.decided(&waiting, "allow").await;
    let port = parts(&answer).0;
    // A request without an end does not prolong it.
    let mut endless = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    endless.write_all(b"GET /callback?").await.unwrap();
    assert!(matches!(waiting.login.await.unwrap(), Err(Error::LoginOver)));
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
    let waiting = place.begin(place.application()).await;
    let answer = place.decided(&waiting, "allow").await;
    waiting.login.abort();
    assert!(waiting.login.await.unwrap_err().is_cancelled());
    assert!(TcpStream::connect(("127.0.0.1", parts(&answer).0)).await.is_err());
}

#[tokio::test]
async fn a_wrong_address_or_path_is_refused_before_a_browser_opens() {
    let place = Place::start().await;
    let elsewhere = place.url.replace("127.0.0.1", "localhost");
    for bad in ["callback", "", "/callback?x", "/callback#x"] {
        let refused = place.application().redirect_path(bad).log_in(|url| panic!("{url} is opened")).await;
        assert!(matches!(refused, Err(Error::Address)), "{bad}");
    }
    let application = Keyward::at(&elsewhere).unwrap().application("cli");
    let refused = application.log_in(|url| panic!("{url} is opened")).await;
    assert!(matches!(refused, Err(Error::Issuer)), "{refused:?}");
}
