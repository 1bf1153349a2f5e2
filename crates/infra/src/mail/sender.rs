//! Whom mails come from, and a mail as it is sent.

use keyward_domain::model::mail::Message;
use keyward_domain::ports::mailer::MailError;
use lettre::message::{Body, Mailbox, MultiPart, SinglePart, header};

use super::error::MailSettingsError;

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

    /// The name before the address.
    pub fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// The domain of the address.
    pub fn domain(&self) -> &str {
        self.0.email.domain()
    }

    /// The mail as it is sent: the same bytes each time, but for the parts' boundary. `readable` keeps the text as it is, where
    /// its lines are short enough, so that a link can be copied from the file.
    pub(crate) fn write(&self, message: &Message, readable: bool) -> Result<lettre::Message, MailError> {
        let unwritable = |what: &str| MailError {
            permanent: true,
            reason: format!("{what} cannot be written into a mail"),
        };
        let domain = self.0.email.domain();
        let recipient = message.recipient.as_str().parse().map_err(|_| unwritable("the recipient"))?;
        let subject: String = message.letter.subject.chars().filter(|c| !c.is_control()).collect();
        let part = |kind, text: &String| {
            let body = as_it_is(text).filter(|_| readable).unwrap_or_else(|| Body::new(text.clone()));
            SinglePart::builder().header(kind).body(body)
        };
        let plain = part(header::ContentType::TEXT_PLAIN, &message.letter.text);
        let html = part(header::ContentType::TEXT_HTML, &message.letter.html);
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

/// The longest line that a mail may have, in bytes (RFC 5322, section 2.1.1).
const LONGEST_LINE: usize = 998;

/// The text as it is, if it has neither a NUL nor a line that is too long. The encoder would wrap lines from 76 characters on.
fn as_it_is(text: &str) -> Option<Body> {
    let lines: Vec<&str> = text.lines().collect();
    let fits = !text.contains('\0') && lines.iter().all(|line| line.len() <= LONGEST_LINE);
    let bytes = (lines.join("\r\n") + "\r\n").into_bytes();
    fits.then(|| Body::dangerous_pre_encoded(bytes, header::ContentTransferEncoding::EightBit))
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
