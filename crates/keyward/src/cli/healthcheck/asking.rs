//! `GET /health/ready`, over the standard library, in clear or by TLS.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::{SocketAddr, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{WebPkiSupportedAlgorithms, aws_lc_rs};
use tokio_rustls::rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    self, CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme,
    StreamOwned,
};

/// How much of an answer is read; ours have a few hundred bytes.
const MOST: usize = 4096;

/// The status of `GET /health/ready` there, asked by TLS where the file of the server's certificate is given.
pub(crate) fn status(address: SocketAddr, certificate: Option<&Path>, limit: Duration) -> Result<u16> {
    let begun = Instant::now();
    let stream = Bounded { stream: TcpStream::connect_timeout(&address, limit)?, begun, limit };
    let host = address.to_string();
    match certificate {
        None => ask(stream, &host),
        Some(file) => {
            let server = ServerName::IpAddress(address.ip().into());
            let client = ClientConnection::new(Arc::new(config(file)?), server).map_err(Error::other)?;
            ask(StreamOwned::new(client, stream), &host)
        }
    }
}

/// The same through a Unix socket, which speaks no TLS.
#[cfg(unix)]
pub(crate) fn status_at_socket(path: &Path, limit: Duration) -> Result<u16> {
    let begun = Instant::now();
    ask(Bounded { stream: UnixStream::connect(path)?, begun, limit }, "localhost")
}

fn ask(mut stream: impl Read + Write, host: &str) -> Result<u16> {
    let request = format!("GET /health/ready HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    let mut piece = [0; 512];
    while answer.len() < MOST && !answer.contains(&b'\n') {
        match stream.read(&mut piece)? {
            0 => break,
            read => answer.extend_from_slice(&piece[..read]),
        }
    }
    let line = String::from_utf8_lossy(&answer);
    let status = line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    status.ok_or_else(|| Error::other("what answers there does not speak HTTP/1.1"))
}

/// A connection whose reads and writes can be limited in time.
trait Timed: Read + Write {
    fn read_within(&self, time: Option<Duration>) -> Result<()>;
    fn write_within(&self, time: Option<Duration>) -> Result<()>;
}

impl Timed for TcpStream {
    fn read_within(&self, time: Option<Duration>) -> Result<()> {
        self.set_read_timeout(time)
    }

    fn write_within(&self, time: Option<Duration>) -> Result<()> {
        self.set_write_timeout(time)
    }
}

#[cfg(unix)]
impl Timed for UnixStream {
    fn read_within(&self, time: Option<Duration>) -> Result<()> {
        self.set_read_timeout(time)
    }

    fn write_within(&self, time: Option<Duration>) -> Result<()> {
        self.set_write_timeout(time)
    }
}

/// A connection on which everything together ends in time.
struct Bounded<S> {
    stream: S,
    begun: Instant,
    limit: Duration,
}

impl<S> Bounded<S> {
    fn left(&self) -> Result<Option<Duration>> {
        let left = self.limit.checked_sub(self.begun.elapsed()).filter(|left| !left.is_zero());
        left.map(Some).ok_or_else(|| self.late())
    }

    fn late(&self) -> Error {
        Error::new(ErrorKind::TimedOut, format!("it took longer than {:?}", self.limit))
    }

    /// A socket that waited long enough says that it would block.
    fn in_time<T>(&self, result: Result<T>) -> Result<T> {
        result.map_err(|error| if error.kind() == ErrorKind::WouldBlock { self.late() } else { error })
    }
}

impl<S: Timed> Read for Bounded<S> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.stream.read_within(self.left()?)?;
        let read = self.stream.read(buffer);
        self.in_time(read)
    }
}

impl<S: Timed> Write for Bounded<S> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.stream.write_within(self.left()?)?;
        let written = self.stream.write(bytes);
        self.in_time(written)
    }

    fn flush(&mut self) -> Result<()> {
        self.stream.flush()
    }
}

/// TLS with a server that has the key of the certificate in this file, and no other.
fn config(file: &Path) -> Result<ClientConfig> {
    let certificate = CertificateDer::from_pem_file(file)
        .map_err(|error| Error::other(format!("KEYWARD_TLS_CERT, {}: {error}", file.display())))?;
    let provider = aws_lc_rs::default_provider();
    let known = Arc::new(Known { certificate, algorithms: provider.signature_verification_algorithms });
    let builder = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .map_err(Error::other)?;
    Ok(builder.dangerous().with_custom_certificate_verifier(known).with_no_client_auth())
}

/// The one certificate that is trusted: by its bytes, for the name in it is not the address that is asked.
#[derive(Debug)]
struct Known {
    certificate: CertificateDer<'static>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Known {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        if *end_entity == self.certificate {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
