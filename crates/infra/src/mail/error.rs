//! Settings of mail that cannot be used.

/// What is wrong with how mail is to be sent. Never quotes the URL, which holds a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailSettingsError {
    /// No address to send from.
    #[error("it must be an address such as `Keyward <keyward@example.com>`")]
    Sender,
    /// No URL of a mail server.
    #[error("it must be smtps://USER:PASSWORD@HOST:PORT, or smtp:// for STARTTLS")]
    Url,
    /// A file of certificate authorities that holds none, or one for a connection without TLS.
    #[error("it must be a PEM file with certificates, for smtps:// or ?tls=required")]
    Authorities,
    /// A password that anybody on the way could read.
    #[error("smtp:// with a password needs ?tls=required, or smtps://")]
    Exposed,
}
