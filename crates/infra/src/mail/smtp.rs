//! Mail through SMTP, each within bounded time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use keyward_domain::model::mail::Message;
use keyward_domain::ports::mailer::{MailError, Mailer};
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Category;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use url::{Host, Url};

use super::error::MailSettingsError;
use super::sender::Sender;

/// How long the server may take for each step.
const STEP: Duration = Duration::from_secs(15);
/// How long a server may take until its first word. One that speaks TLS from the first byte waits for ours.
const FIRST_WORD: Duration = Duration::from_secs(10);
/// How long a mail may take; well below a claim.
const WHOLE: Duration = Duration::from_mins(1);

/// How to reach a mail server.
#[derive(Clone, Copy, Default)]
pub struct SmtpServer<'a> {
    /// `smtps://user:password@host:port` (TLS from the first byte) or `smtp://user:password@host:port?tls=required`
    /// (STARTTLS). Plain `smtp://host:port` is for a server nearby.
    pub url: &'a str,
    /// The name that EHLO gives, unless the URL has one as its path; without one it is `[127.0.0.1]`.
    pub ehlo: Option<&'a str>,
    /// Certificate authorities, in PEM, that are trusted besides the public ones.
    pub authorities: Option<&'a [u8]>,
}

impl<'a> From<&'a String> for SmtpServer<'a> {
    fn from(url: &'a String) -> Self {
        Self { url, ..Self::default() }
    }
}

impl<'a> From<&'a str> for SmtpServer<'a> {
    fn from(url: &'a str) -> Self {
        Self { url, ..Self::default() }
    }
}

/// Sends mails through an SMTP server.
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    sender: Sender,
    server: String,
    /// Where the first word is the server's, until it was heard: its host and port.
    unheard: Option<(String, u16)>,
    heard: AtomicBool,
}

impl SmtpMailer {
    /// A mailer for this server.
    ///
    /// # Errors
    /// [`MailSettingsError`] says what is wrong with the URL or the authorities.
    pub fn new<'a>(server: impl Into<SmtpServer<'a>>, sender: Sender) -> Result<Self, MailSettingsError> {
        let SmtpServer { url, ehlo, authorities } = server.into();
        let parsed = Url::parse(url).map_err(|_| MailSettingsError::Url)?;
        // As the transport reads it: the first `tls` counts, and what follows a `#` is no query.
        let tls = parsed.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value);
        let wrapped = parsed.scheme() == "smtps";
        let encrypted = wrapped || tls.as_deref() == Some("required");
        let secret = !parsed.username().is_empty() || parsed.password().is_some();
        if secret && !encrypted {
            return Err(MailSettingsError::Exposed);
        }
        let mut builder =
            AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|_| MailSettingsError::Url)?;
        if let Some(name) = ehlo.filter(|_| parsed.path().len() <= 1) {
            builder = builder.hello_name(client_id(name));
        }
        let host = parsed.host_str().unwrap_or_default();
        if let Some(authorities) = authorities {
            if tls.is_none() && !wrapped {
                return Err(MailSettingsError::Authorities);
            }
            let parameters = trusting(host, authorities).ok_or(MailSettingsError::Authorities)?;
            builder = builder.tls(match tls.as_deref() {
                _ if wrapped => Tls::Wrapper(parameters),
                Some("required") => Tls::Required(parameters),
                _ => Tls::Opportunistic(parameters),
            });
        }
        let server = parsed.port().map_or(host.to_owned(), |port| format!("{host}:{port}"));
        let port = parsed.port().unwrap_or(if tls.is_some() { 587 } else { 25 });
        let unheard = (!wrapped).then(|| (host.trim_matches(['[', ']']).to_owned(), port));
        let transport = builder.timeout(Some(STEP)).build();
        Ok(Self { transport, sender, server, unheard, heard: AtomicBool::new(false) })
    }

    /// The server's host, and its port if the URL has one.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Connects, says who we are, logs in where the URL says so, and hangs up.
    ///
    /// # Errors
    /// What the server, or the way to it, had against that.
    pub async fn greet(&self) -> Result<(), MailError> {
        let hung_up = || MailError { permanent: false, reason: "it hung up".to_owned() };
        let (limit, late): (_, fn() -> MailError) =
            if self.unheard.is_some() { (FIRST_WORD, silence) } else { (WHOLE, too_slow) };
        match tokio::time::timeout(limit, self.transport.test_connection()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(hung_up()),
            Ok(Err(error)) => Err(refused(&error)),
            Err(_) => Err(late()),
        }
    }

    /// Waits for the server's first word, unless it was heard before. A server that says nothing most likely waits for TLS
    /// from the first byte. What else is wrong with the connection, the transport says better.
    async fn hear(&self) -> Result<(), MailError> {
        let Some((host, port)) = self.unheard.as_ref().filter(|_| !self.heard.load(Ordering::Relaxed)) else {
            return Ok(());
        };
        let heard = tokio::time::timeout(STEP, first_word(host, *port)).await;
        match heard.unwrap_or(Heard::NoConnection) {
            Heard::Something => self.heard.store(true, Ordering::Relaxed),
            Heard::Silence => return Err(silence()),
            Heard::NoConnection => {}
        }
        Ok(())
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, message: &Message) -> Result<(), MailError> {
        let mail = self.sender.write(message, false)?;
        self.hear().await?;
        match tokio::time::timeout(WHOLE, self.transport.send(mail)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(refused(&error)),
            Err(_) => Err(too_slow()),
        }
    }
}

/// What a connection to a server begins with.
enum Heard {
    Something,
    Silence,
    NoConnection,
}

async fn first_word(host: &str, port: u16) -> Heard {
    let Ok(mut stream) = TcpStream::connect((host, port)).await else { return Heard::NoConnection };
    match tokio::time::timeout(FIRST_WORD, stream.read_u8()).await {
        Ok(Ok(_)) => Heard::Something,
        Ok(Err(_)) => Heard::NoConnection,
        Err(_) => Heard::Silence,
    }
}

/// A domain name, or an IP address as a literal (RFC 5321, section 4.1.3).
fn client_id(name: &str) -> ClientId {
    match Host::parse(name) {
        Ok(Host::Ipv4(address)) => ClientId::Ipv4(address),
        Ok(Host::Ipv6(address)) => ClientId::Ipv6(address),
        _ => ClientId::Domain(name.to_owned()),
    }
}

/// TLS for `host` that trusts these authorities besides the public ones.
fn trusting(host: &str, authorities: &[u8]) -> Option<TlsParameters> {
    // The parser passes over what is no certificate.
    let holds_any = authorities.windows(27).any(|bytes| bytes == b"-----BEGIN CERTIFICATE-----");
    let certificate = Certificate::from_pem(authorities).ok().filter(|_| holds_any)?;
    TlsParameters::builder(host.to_owned()).add_root_certificate(certificate).build_rustls().ok()
}

fn silence() -> MailError {
    let seconds = FIRST_WORD.as_secs();
    let reason = format!(
        "no answer within {seconds} s; a server that speaks TLS from the first byte, as at port 465, wants smtps://"
    );
    MailError { permanent: false, reason }
}

fn too_slow() -> MailError {
    MailError { permanent: false, reason: format!("the mail server was not done within {WHOLE:?}") }
}

fn refused(error: &SmtpError) -> MailError {
    let mut reason = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        // Some errors say their causes themselves.
        let words = error.to_string();
        if !reason.ends_with(&words) {
            reason = format!("{reason}: {words}");
        }
        cause = error.source();
    }
    // 53x is said to us rather than to the mail (RFC 4954): another password in our settings, and the same mail goes out.
    let ours = error.status().is_some_and(|code| code.category == Category::Unspecified3);
    MailError { permanent: error.is_permanent() && !ours, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> Option<MailSettingsError> {
        let sender = Sender::parse("Keyward <keyward@example.com>").unwrap();
        SmtpMailer::new(url, sender).err()
    }

    #[test]
    fn no_password_goes_out_in_clear_however_the_url_is_written() {
        for url in [
            "smtp://u:p@mail.example.com",
            "smtp://u:p@mail.example.com/#?tls=required",
            "smtp://u:p@mail.example.com#x?tls=required",
            "smtp://u:p@mail.example.com/?x=?tls=required",
            "smtp://u:p@mail.example.com/?tls=opportunistic",
            "smtp://u:p@mail.example.com?tls=opportunistic&x=?tls=required",
            "smtp://u:p@mail.example.com/%3Ftls=required",
            "SMTP://u:p@mail.example.com",
            "smtp:u:p@mail.example.com",
            "smtp:/u:p@mail.example.com?x",
            "\tsmtp:\n//u:p@mail.example.com",
        ] {
            assert!(refusal(url).is_some(), "{url}");
        }
    }

    #[tokio::test]
    async fn what_is_encrypted_or_holds_no_password_is_taken() {
        for url in [
            "smtp://u:p@mail.example.com?tls=required",
            "smtp://u:p@mail.example.com:587/?tls=required",
            "smtp://u:p@mail.example.com/login.example.com?tls=required",
            "smtps://u:p@mail.example.com",
            "SMTPS://u%40x:p@mail.example.com:465",
            "smtp://127.0.0.1:25",
            "smtp://127.0.0.1:25?tls=opportunistic",
        ] {
            assert_eq!(refusal(url), None, "{url}");
        }
    }
}
