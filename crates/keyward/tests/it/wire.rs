//! The service behind a real socket, and clients that write arbitrary bytes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use keyward::server::accept;
use keyward::server::limits::Limits;
use keyward_api::testing::app::TestApp;
use rcgen::{CertifiedKey, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::app::Starts;

/// How long anything here may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Server {
    pub(crate) app: TestApp,
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    pub(crate) task: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(TestApp::start().await, Limits::default()).await
    }

    pub(crate) async fn with(app: TestApp, limits: Limits) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").await.unwrap(), app, limits)
    }

    fn on(listener: TcpListener, app: TestApp, limits: Limits) -> Self {
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let router = app.router.clone();
        let task = tokio::spawn(accept::serve(listener, router, limits, async {
            drop(stopped.await);
        }));
        Self { app, address, stop: Some(stop), task }
    }

    /// The service on connections of which the system keeps little.
    pub(crate) fn narrow(app: TestApp, limits: Limits) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_send_buffer_size(4096).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        Self::on(socket.listen(16).unwrap(), app, limits)
    }

    /// Tells it to stop.
    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
    }

    pub(crate) async fn connect(&self) -> Wire {
        Wire(TcpStream::connect(self.address).await.unwrap())
    }

    /// A connection of which the system keeps little for a client that does not read.
    pub(crate) async fn connect_narrow(&self) -> Wire {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(2048).unwrap();
        Wire(socket.connect(self.address).await.unwrap())
    }

    /// What comes back for these bytes until the server closes the connection.
    pub(crate) async fn exchange(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut wire = self.connect().await;
        wire.send(bytes).await;
        wire.rest().await
    }

    /// What comes back for a head without a body, on a connection of its own.
    pub(crate) async fn ask(&self, head: &str) -> String {
        self.exchange(format!("{head}\r\nConnection: close\r\n\r\n")).await
    }

    /// That it still serves.
    pub(crate) async fn assert_alive(&self) {
        let answer = self.ask("GET /notsecret HTTP/1.1\r\nHost: localhost").await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
}

pub(crate) struct Wire(TcpStream);

impl Wire {
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        // A client that is cut off while sending can still read the answer.
        drop(self.0.write_all(bytes.as_ref()).await);
    }

    /// The number of bytes of the next read, at most `most`; `None` once the connection is closed.
    pub(crate) async fn some(&mut self, most: usize) -> Option<usize> {
        let mut buffer = vec![0; most];
        self.0.read(&mut buffer).await.ok().filter(|read| *read > 0)
    }

    /// Everything until the server closes the connection.
    pub(crate) async fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        let read = tokio::time::timeout(PATIENCE, self.0.read_to_end(&mut bytes)).await;
        assert!(read.is_ok(), "the connection stays open after: {}", String::from_utf8_lossy(&bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Everything until `end` has come.
    pub(crate) async fn until(&mut self, end: &str) -> String {
        let mut bytes = Vec::new();
        while !String::from_utf8_lossy(&bytes).contains(end) {
            let mut buffer = [0; 4096];
            let read = tokio::time::timeout(PATIENCE, self.0.read(&mut buffer)).await;
            let length = read.unwrap_or_else(|_| panic!("no {end:?} in {}", String::from_utf8_lossy(&bytes)));
            let length = length.unwrap();
            assert!(length > 0, "closed before {end:?}: {}", String::from_utf8_lossy(&bytes));
            bytes.extend(&buffer[..length]);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// The status of an answer as it came over the wire.
#[track_caller]
pub(crate) fn status(answer: &str) -> u16 {
    let status = answer.strip_prefix("HTTP/1.1 ").or(answer.strip_prefix("HTTP/1.0 "));
    let status = status.and_then(|rest| rest.get(..3)?.parse().ok());
    status.unwrap_or_else(|| panic!("no answer: {answer:?}"))
}

/// A request with a JSON body, on a connection that ends with it.
pub(crate) fn post(path: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The server side of TLS, with this certificate.
pub(crate) fn acceptor(identity: &CertifiedKey<KeyPair>) -> TlsAcceptor {
    let key = PrivateKeyDer::try_from(identity.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![identity.cert.der().clone()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}
