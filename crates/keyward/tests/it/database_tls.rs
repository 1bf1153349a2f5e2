//! TLS to PostgreSQL: the database is reached by it alone where the URL says so, and under a certificate that is trusted.

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

/// What a client asks before it begins with TLS (SSLRequest, "Message Formats" in PostgreSQL's documentation).
const QUESTION: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// A database on a server that speaks TLS if there is a certificate: in front of the tests' server, which has none.
struct Guarded {
    url: String,
    _folder: tempfile::TempDir,
    root: PathBuf,
}

impl Guarded {
    async fn open(url: &str, identity: Option<&CertifiedKey<KeyPair>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (before, rest) = url.split_once('@').unwrap();
        let (server, name) = rest.split_once('/').unwrap();
        let name = name.trim_end_matches('?');
        let url = format!("{before}@{}/{name}", listener.local_addr().unwrap());
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root.crt");
        if let Some(identity) = identity {
            std::fs::write(&root, identity.cert.pem()).unwrap();
        }
        let (server, acceptor) = (server.to_owned(), identity.map(acceptor));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(guard(stream, server.clone(), acceptor.clone()));
            }
        });
        Self { url, _folder: folder, root }
    }

    /// Opens it and asks it something.
    async fn connect(&self, mode: &str, root: Option<&Path>) -> Result<(), String> {
        let root = root.map(|root| format!("&sslrootcert={}", root.display())).unwrap_or_default();
        let url = format!("{}?sslmode={mode}{root}", self.url);
        let database = Database::connect(&url, DatabaseOptions::default()).await;
        database.map_err(|error| error.to_string())?.ping().await.map_err(|error| format!("{error:?}"))
    }
}

/// Answers the question, and passes on what is said afterwards.
async fn guard(mut client: TcpStream, server: String, acceptor: Option<TlsAcceptor>) -> std::io::Result<()> {
    let mut question = [0; 8];
    client.read_exact(&mut question).await?;
    assert_eq!(question, QUESTION, "nothing is said in clear");
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
    let guarded = Guarded::open(&home.url, Some(&here)).await;
    let renamed = Guarded::open(&home.url, Some(&elsewhere)).await;

    guarded.connect("require", None).await.unwrap();
    guarded.connect("verify-full", Some(&guarded.root)).await.unwrap();
    renamed.connect("verify-ca", Some(&renamed.root)).await.unwrap();

    for (database, mode, root) in [
        (&guarded, "verify-full", None),
        (&guarded, "verify-full", Some(&renamed.root)),
        (&guarded, "verify-ca", Some(&renamed.root)),
        (&renamed, "verify-full", Some(&renamed.root)),
    ] {
        let refused = database.connect(mode, root.map(PathBuf::as_path)).await.unwrap_err();
        assert!(refused.contains("certificate"), "{mode}, {root:?}: {refused}");
    }
}

#[tokio::test]
async fn a_server_without_tls_is_refused_where_the_url_wants_it() {
    let home = fresh_database().await;
    if !home.is_postgres() {
        return;
    }
    let plain = Guarded::open(&home.url, None).await;
    let refused = plain.connect("require", None).await.unwrap_err();
    assert!(refused.contains("TLS"), "{refused}");
    plain.connect("prefer", None).await.unwrap();
}
