//! TLS 1.2 and 1.3 by rustls. Certificate and key are PEM files, read again when they change.
//!
//! A connection keeps what it was greeted with. Files that cannot be used change nothing, and are told once.
//! Nothing of a key is ever in an error.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(2);

/// What connections are greeted with. Cheap to clone; all clones change together.
#[derive(Clone)]
pub struct Tls(Arc<Inner>);

struct Inner {
    certificate: PathBuf,
    key: PathBuf,
    /// What the files held at first.
    digest: u64,
    current: RwLock<Arc<ServerConfig>>,
}

/// Why certificate and key cannot be used, in a sentence that names the setting.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("KEYWARD_TLS_{setting}: {} cannot be read: {error}", path.display())]
    Unreadable {
        /// `CERT` or `KEY`.
        setting: &'static str,
        /// Where it should be.
        path: PathBuf,
        error: std::io::Error,
    },
    /// No certificate in it.
    #[error("KEYWARD_TLS_CERT: there is no certificate in PEM in it")]
    NoCertificate,
    /// No key in it.
    #[error("KEYWARD_TLS_KEY: there is no private key in PEM in it")]
    NoKey,
    /// They are no pair, or of a kind that rustls does not know.
    #[error("KEYWARD_TLS_CERT and KEYWARD_TLS_KEY: {0}")]
    Unusable(#[from] tokio_rustls::rustls::Error),
}

/// Both files as they were at one moment.
struct Files {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Tls {
    /// Reads the certificate, with its chain after it, and its key.
    ///
    /// # Errors
    /// Where they cannot be read, or cannot be used together.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let files = Files::read(certificate, key)?;
        let current = RwLock::new(Arc::new(files.config()?));
        let (certificate, key) = (certificate.to_owned(), key.to_owned());
        Ok(Self(Arc::new(Inner { certificate, key, digest: files.digest(), current })))
    }

    /// Greets new connections with what is in the files now, whenever that changes. Never ends.
    pub async fn watch(self) {
        let mut seen = self.0.digest;
        loop {
            tokio::time::sleep(EVERY).await;
            let tls = self.clone();
            seen = tokio::task::spawn_blocking(move || tls.look(seen)).await.unwrap_or(seen);
        }
    }

    /// Takes the files up if they are others than those last seen: what they are now.
    fn look(&self, seen: u64) -> u64 {
        let (digest, config) = match self.read() {
            Ok(files) if files.digest() == seen => return seen,
            Ok(files) => (files.digest(), files.config()),
            Err(_) if seen == 0 => return 0,
            Err(error) => (0, Err(error)),
        };
        match config {
            Ok(config) => {
                *self.0.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
                tracing::info!("a new certificate greets new connections");
            }
            Err(error) => tracing::error!(%error, "the certificate stays the one before"),
        }
        digest
    }

    fn read(&self) -> Result<Files, TlsError> {
        Files::read(&self.0.certificate, &self.0.key)
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        Arc::clone(&self.0.current.read().unwrap_or_else(PoisonError::into_inner)).into()
    }
}

impl Files {
    fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let read = |setting, path: &Path| {
            std::fs::read(path).map_err(|error| TlsError::Unreadable {
                setting,
                path: path.to_owned(),
                error,
            })
        };
        Ok(Self { certificate: read("CERT", certificate)?, key: read("KEY", key)? })
    }

    /// Tells contents apart; never 0.
    fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.certificate, &self.key).hash(&mut hasher);
        hasher.finish().max(1)
    }

    fn config(&self) -> Result<ServerConfig, TlsError> {
        let chain = CertificateDer::pem_slice_iter(&self.certificate).collect::<Result<Vec<_>, _>>();
        let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or(TlsError::NoCertificate)?;
        // What exactly is wrong with a key is not told: the error may quote it.
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|_| TlsError::NoKey)?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}
