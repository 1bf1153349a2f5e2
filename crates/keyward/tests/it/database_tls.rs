//! TLS to PostgreSQL: the modes of `sslmode`, against trusted and untrusted certificates.

use std::path::{Path, PathBuf};

use keyward_domain::ports::store::Store;
use keyward_infra::database::options::DatabaseOptions;
use keyward_infra::database::store::Database;
use keyward_infra::testing::fresh_database;
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::wire::acceptor;

/// The message that asks a server for TLS (SSLRequest, "Message Formats" in PostgreSQL's documentation).
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// A TLS proxy in front of the tests' PostgreSQL server, which has no TLS. Without a certificate the proxy refuses TLS.
struct Proxy {
    url: String,
    _folder: tempfile::TempDir,
    root: PathBuf,
}

impl Proxy {
    async fn open(url: &str, identity: Option<&CertifiedKey<KeyPair>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (before, rest) = url.split_once('@').unwrap();
        let (server, name) = rest.split_once('/').unwrap();
        let name = name.split('?').next().unwrap();
        let url = format!("{before}@{}/{name}", listener.local_addr().unwrap());
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root.crt");
        if let Some(identity) = identity {
            std::fs::write(&root, identity.cert.pem()).unwrap();
        }
        let (server, acceptor) = (server.to_owned(), identity.map(acceptor));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(forward(stream, server.clone(), acceptor.clone()));
            }
        });
        Self { url, _folder: folder, root }
    }

    /// Opens the database through the proxy and pings it.
    async fn connect(&self, mode: &str, root: Option<&Path>) -> Result<(), String> {
        let root = root.map(|root| format!("&sslrootcert={}", root.display())).unwrap_or_default();
        let url = format!("{}?sslmode={mode}{root}", self.url);
        let database = Database::connect(&url, DatabaseOptions::default()).await;
        database.map_err(|error| error.to_string())?.ping().await.map_err(|error| format!("{error:?}"))
    }
}

/// Answers SSLRequest, then forwards the connection.
async fn forward(
    mut client: TcpStream,
    server: String,
    acceptor: Option<TlsAcceptor>,
) -> std::io::Result<()> {
    let mut request = [0; 8];
    client.read_exact(&mut request).await?;
    assert_eq!(request, SSL_REQUEST, "TLS is requested first");
    let mut server = TcpStream::connect(server).await?;
    client.write_all(if acceptor.is_some() { b"S" } else { b"N" }).await?;
    match acceptor {
        Some(acceptor) => copy_bidirectional(&mut acceptor.accept(client).await?, &mut server).await,
        None => copy_bidirectional(&mut client, &mut server).await,
    }
    .map(drop)
}

#[tokio::test]
async fn a_database_is_reached_by_tls_under_a_certificate_that_is_trusted() {
    let home = fresh_database().await;
    if !home.is_postgres() {
        return;
    }
    let here = generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let elsewhere = generate_simple_self_signed(vec!["db.example.com".to_owned()]).unwrap();
    let trusted = Proxy::open(&home.url, Some(&here)).await;
    let renamed = Proxy::open(&home.url, Some(&elsewhere)).await;

    trusted.connect("require", None).await.unwrap();
    trusted.connect("verify-full", Some(&trusted.root)).await.unwrap();
    renamed.connect("verify-ca", Some(&renamed.root)).await.unwrap();

    for (database, mode, root) in [
        (&trusted, "verify-full", None),
        (&trusted, "verify-full", Some(&renamed.root)),
        (&trusted, "verify-ca", Some(&renamed.root)),
        (&renamed, "verify-full", Some(&renamed.root)),
    ] {
        let refused = database.connect(mode, root.map(PathBuf::as_path)).await.unwrap_err();
        assert!(refused.contains("certificate"), "{mode}, {root:?}: {refused}");
    }
}

#[tokio::test]
async fn a_server_without_tls_is_refused_under_sslmode_require() {
    let home = fresh_database().await;
    if !home.is_postgres() {
        return;
    }
    let plain = Proxy::open(&home.url, None).await;
    let refused = plain.connect("require", None).await.unwrap_err();
    assert!(refused.contains("TLS"), "{refused}");
    plain.connect("prefer", None).await.unwrap();
}
