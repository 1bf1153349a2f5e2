//! Mail through SMTP, each within bounded time.

use std::time::Duration;

use async_trait::async_trait;
use keyward_domain::model::mail::Message;
use keyward_domain::ports::mailer::{MailError, Mailer};
use lettre::message::{Mailbox, MultiPart, SinglePart, header};
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::response::Category;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use url::Url;

/// How long the server may take for each step.
const STEP: Duration = Duration::from_secs(15);
/// How long a mail may take; well below a claim.
const WHOLE: Duration = Duration::from_mins(1);

/// Whom mails come from, as in `Keyward <keyward@example.com>`.
#[derive(Clone, Debug)]
pub struct Sender(Mailbox);

impl Sender {
    /// Reads it.
    ///
    /// # Errors
    /// What is no address, with or without a name before it.
    pub fn parse(text: &str) -> Result<Self, MailSettingsError> {
        text.parse().map(Self).map_err(|_| MailSettingsError::Sender)
    }

    /// The mail as it is sent: the same bytes each time, but for the parts' boundary.
    pub(crate) fn write(&self, message: &Message) -> Result<lettre::Message, MailError> {
        let unwritable = |what: &str| MailError {
            permanent: true,
            reason: format!("{what} cannot be written into a mail"),
        };
        let domain = self.0.email.domain();
        let recipient = message.recipient.as_str().parse().map_err(|_| unwritable("the recipient"))?;
        let subject: String = message.letter.subject.chars().filter(|c| !c.is_control()).collect();
        let plain =
            SinglePart::builder().header(header::ContentType::TEXT_PLAIN).body(message.letter.text.clone());
        let html =
            SinglePart::builder().header(header::ContentType::TEXT_HTML).body(message.letter.html.clone());
        lettre::Message::builder()
            .from(self.0.clone())
            .to(Mailbox::new(None, recipient))
            .subject(subject)
            .date(message.created_at.into())
            .message_id(Some(format!("<{}@{domain}>", message.reference)))
            .header(AutoSubmitted)
            .multipart(MultiPart::alternative().singlepart(plain).singlepart(html))
            .map_err(|_| unwritable("the letter"))
    }
}

/// `Auto-Submitted: auto-generated` (RFC 3834), so that no absence notice answers.
#[derive(Clone)]
struct AutoSubmitted;

impl header::Header for AutoSubmitted {
    fn name() -> header::HeaderName {
        header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> header::HeaderValue {
        header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// What is wrong with how mail is to be sent. Never quotes the URL, which holds a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailSettingsError {
    /// No address to send from.
    #[error("it must be an address such as `Keyward <keyward@example.com>`")]
    Sender,
    /// No URL of a mail server.
    #[error("it must be smtps://USER:PASSWORD@HOST:PORT, or smtp:// for STARTTLS")]
    Url,
    /// A password that anybody on the way could read.
    #[error("smtp:// with a password needs ?tls=required, or smtps://")]
    Exposed,
}

/// Sends mails through an SMTP server.
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    sender: Sender,
    server: String,
}

impl SmtpMailer {
    /// A mailer for `smtps://user:password@host:port` (TLS from the first byte) or
    /// `smtp://user:password@host:port?tls=required` (STARTTLS). Plain `smtp://host:port` is for a server nearby.
    ///
    /// # Errors
    /// [`MailSettingsError`] says what is wrong with the URL.
    pub fn new(url: &str, sender: Sender) -> Result<Self, MailSettingsError> {
        let parsed = Url::parse(url).map_err(|_| MailSettingsError::Url)?;
        // As the transport reads it: the first `tls` counts, and what follows a `#` is no query.
        let tls = parsed.query_pairs().find(|(name, _)| name == "tls");
        let encrypted = parsed.scheme() == "smtps" || tls.is_some_and(|(_, value)| value == "required");
        let secret = !parsed.username().is_empty() || parsed.password().is_some();
        if secret && !encrypted {
            return Err(MailSettingsError::Exposed);
        }
        let builder =
            AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|_| MailSettingsError::Url)?;
        let host = parsed.host_str().unwrap_or_default();
        let server = parsed.port().map_or(host.to_owned(), |port| format!("{host}:{port}"));
        Ok(Self { transport: builder.timeout(Some(STEP)).build(), sender, server })
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
        let silent = || MailError { permanent: false, reason: "it hung up".to_owned() };
        match tokio::time::timeout(WHOLE, self.transport.test_connection()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(silent()),
            Ok(Err(error)) => Err(refused(&error)),
            Err(_) => Err(too_slow()),
        }
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, message: &Message) -> Result<(), MailError> {
        let mail = self.sender.write(message)?;
        match tokio::time::timeout(WHOLE, self.transport.send(mail)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(refused(&error)),
            Err(_) => Err(too_slow()),
        }
    }
}

fn too_slow() -> MailError {
    MailError { permanent: false, reason: format!("the mail server was not done within {WHOLE:?}") }
}

fn refused(error: &SmtpError) -> MailError {
    let mut reason = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        reason = format!("{reason}: {error}");
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
