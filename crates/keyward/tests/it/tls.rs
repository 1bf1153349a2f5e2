//! TLS: greeted with the certificate that is there, told again when it changes, and never without an end.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use keyward::server::accept::{self, Listener};
use keyward::server::limits::Limits;
use keyward::server::tls::Tls;
use keyward_api::testing::app::TestApp;
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, ProtocolVersion, RootCertStore};

use crate::app::Starts;
use crate::process::{Home, Served, becomes_ready, finish, text};
use crate::wire::PATIENCE;

type Identity = CertifiedKey<KeyPair>;

fn identity() -> Identity {
    generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap()
}

/// Writes certificate and key into a folder: where they are.
fn write(folder: &Path, identity: &Identity) -> (PathBuf, PathBuf) {
    let (certificate, key) = (folder.join("tls.crt"), folder.join("tls.key"));
    std::fs::write(&certificate, identity.cert.pem()).unwrap();
    std::fs::write(&key, identity.signing_key.serialize_pem()).unwrap();
    (certificate, key)
}

/// A client that trusts this certificate alone, and offers HTTP/2 first.
async fn connect(address: SocketAddr, trusted: &Identity) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.cert.der().clone()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let stream = TcpStream::connect(address).await?;
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), stream).await
}

/// An answer on a connection that stays open.
async fn ask(stream: &mut TlsStream<TcpStream>) -> String {
    stream.write_all(b"GET /notsecret HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\"Not secret data\"") {
        let mut buffer = [0; 4096];
        let length = tokio::time::timeout(PATIENCE, stream.read(&mut buffer)).await.unwrap().unwrap();
        assert!(length > 0, "closed after {}", text(&answer));
        answer.extend(&buffer[..length]);
    }
    text(&answer)
}

fn command(home: &Home, certificate: &Path, key: &Path) -> Command {
    let mut command = home.command(&[]);
    command.env("KEYWARD_LISTEN", "127.0.0.1:0");
    command.env("KEYWARD_TLS_CERT", certificate).env("KEYWARD_TLS_KEY", key);
    command
}

/// Waits until a new connection is greeted with this certificate.
async fn until_greeted_with(server: &Served, identity: &Identity) {
    let begun = Instant::now();
    while connect(server.address, identity).await.is_err() {
        assert!(
            begun.elapsed() < Duration::from_mins(1),
            "the new certificate is not taken up: {}",
            server.output()
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn it_speaks_tls_and_promises_to_go_on_doing_so() {
    let (home, identity) = (Home::new().await, identity());
    let (certificate, key) = write(home.path(), &identity);
    let server = Served::start(command(&home, &certificate, &key));
    let mut stream = connect(server.address, &identity).await.unwrap();
    assert_eq!(stream.get_ref().1.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]), "HTTP/2 is not spoken");
    let answer = ask(&mut stream).await;
    assert!(answer.contains("strict-transport-security: max-age=31536000\r\n"), "{answer}");
    assert!(
        server.output().contains(&format!("issuer    https://{}", server.address)),
        "{}",
        server.output()
    );
    assert!(connect(server.address, &self::identity()).await.is_err(), "another certificate is not the same");

    let mut clear = TcpStream::connect(server.address).await.unwrap();
    clear.write_all(b"GET /notsecret HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    drop(tokio::time::timeout(PATIENCE, clear.read_to_end(&mut answer)).await.unwrap());
    assert!(!text(&answer).contains("HTTP/"), "nothing is answered in clear");
}

#[tokio::test]
async fn a_new_certificate_is_taken_up_without_dropping_a_connection_and_a_bad_one_is_not() {
    let home = Home::new().await;
    let (old, new) = (identity(), identity());
    let (certificate, key) = write(home.path(), &old);
    let server = Served::start(command(&home, &certificate, &key));
    let mut before = connect(server.address, &old).await.unwrap();
    ask(&mut before).await;

    write(home.path(), &new);
    until_greeted_with(&server, &new).await;
    assert!(connect(server.address, &old).await.is_err());
    ask(&mut before).await;

    let begun = Instant::now();
    std::fs::write(&key, identity().signing_key.serialize_pem()).unwrap();
    while !server.output().contains("the certificate stays the one before") {
        assert!(begun.elapsed() < Duration::from_mins(1), "nobody was told: {}", server.output());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    ask(&mut connect(server.address, &new).await.unwrap()).await;
    ask(&mut before).await;

    std::fs::remove_file(&key).unwrap();
    let last = identity();
    write(home.path(), &last);
    until_greeted_with(&server, &last).await;
    ask(&mut before).await;
}

#[tokio::test]
async fn a_health_check_asks_by_tls_and_believes_no_other_certificate() {
    let (home, strangers) = (Home::new().await, tempfile::tempdir().unwrap());
    let (certificate, key) = write(home.path(), &identity());
    let (stranger, _) = write(strangers.path(), &identity());
    let server = Served::start(command(&home, &certificate, &key));
    let check = |variables: &[(&str, &Path)]| {
        let mut command = home.command(&["healthcheck", "--timeout", "60"]);
        command.env("KEYWARD_LISTEN", server.address.to_string()).envs(variables.iter().copied());
        finish(command, "")
    };
    becomes_ready(|| check(&[("KEYWARD_TLS_CERT", &certificate)]));
    let none = home.path().join("none");
    for (variables, why) in [
        (&[("KEYWARD_TLS_CERT", stranger.as_path())][..], "invalid peer certificate"),
        (&[("KEYWARD_TLS_CERT", &none)], "KEYWARD_TLS_CERT"),
        (&[], "no answer from"),
    ] {
        let output = check(variables);
        let words = text(&output.stderr);
        assert!(output.status.code() == Some(1) && words.contains(why), "{words}");
    }
}

#[tokio::test]
async fn what_cannot_be_used_stops_the_start_with_one_sentence_without_the_key() {
    let (home, files) = (Home::new().await, tempfile::tempdir().unwrap());
    let (certificate, key) = write(files.path(), &identity());
    let (other, garbage, none) = (files.path().join("o"), files.path().join("g"), files.path().join("n"));
    let stranger = identity().signing_key.serialize_pem();
    std::fs::write(&other, &stranger).unwrap();
    let half = "-----BEGIN PRIVATE KEY-----\nTOPSECRETTOPSECRET\n-----BEGIN PRIVATE KEY TOPSECRET";
    std::fs::write(&garbage, half).unwrap();
    for (certificate, key) in [
        (&certificate, &other),
        (&certificate, &garbage),
        (&certificate, &none),
        (&garbage, &key),
        (&key, &key),
    ] {
        let output = finish(command(&home, certificate, key), "");
        let words = text(&output.stderr);
        assert!(!output.status.success() && words.trim().lines().count() == 1, "{words}");
        assert!(words.contains("KEYWARD_TLS_"), "{words}");
        assert!(
            !words.contains("TOPSECRET") && !stranger.lines().any(|line| words.contains(line)),
            "{words}"
        );
    }
    for alone in ["KEYWARD_TLS_CERT", "KEYWARD_TLS_KEY"] {
        let mut command = home.command(&[]);
        command.env("KEYWARD_LISTEN", "127.0.0.1:0").env(alone, &certificate);
        let output = finish(command, "");
        assert!(!output.status.success() && text(&output.stderr).contains("go together"));
    }
    assert!(home.content().is_empty());
}

/// The service behind TLS, and what ends it.
async fn behind(
    identity: &Identity,
    handshake: Duration,
) -> (SocketAddr, oneshot::Sender<()>, JoinHandle<()>) {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = write(folder.path(), identity);
    let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = door.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let limits = Limits { handshake, ..Limits::default() };
    let door = Listener::new(door, Some(Tls::load(&certificate, &key).unwrap()));
    let router = TestApp::start().await.router.clone();
    let task = tokio::spawn(accept::serve(door, router, limits, async {
        drop(stopped.await);
    }));
    (address, stop, task)
}

#[tokio::test]
async fn a_handshake_that_does_not_end_is_cut_off_and_holds_up_nobody() {
    let identity = identity();
    let (address, _stop, _task) = behind(&identity, Duration::from_millis(500)).await;
    let mut silent = TcpStream::connect(address).await.unwrap();
    let mut half = TcpStream::connect(address).await.unwrap();
    half.write_all(b"\x16\x03\x01\x02\x00\x01").await.unwrap();
    ask(&mut connect(address, &identity).await.unwrap()).await;
    for waiting in [&mut silent, &mut half] {
        let mut rest = Vec::new();
        drop(tokio::time::timeout(PATIENCE, waiting.read_to_end(&mut rest)).await.expect("it is cut off"));
    }
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_handshake() {
    let identity = identity();
    let (address, stop, task) = behind(&identity, Duration::from_hours(1)).await;
    let _silent = TcpStream::connect(address).await.unwrap();
    ask(&mut connect(address, &identity).await.unwrap()).await;
    drop(stop);
    tokio::time::timeout(PATIENCE, task).await.expect("it holds up the stop").unwrap();
}
