//! Settings of mail: how it goes out, what it looks like, and what it is needed for.

use std::path::PathBuf;

use clap::Args;

use super::links;
use super::secret::Secret;

/// How mail goes out, and what it looks like.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Mail")]
pub struct MailSettings {
    /// The mail server: `smtps://USER:PASSWORD@HOST:465`, or `smtp://..:587?tls=required` for STARTTLS [default: mails
    /// are written into the data folder]
    #[arg(long, env = "KEYWARD_SMTP_URL", hide_env_values = true, value_name = "URL")]
    pub smtp_url: Option<Secret>,

    /// Whom mails come from
    #[arg(
        long,
        env = "KEYWARD_MAIL_FROM",
        default_value = "Keyward <keyward@localhost>",
        value_name = "ADDRESS"
    )]
    pub mail_from: String,

    /// The name that this server gives to the mail server (EHLO) [default: the issuer's host, or the domain of --mail-from]
    #[arg(long, env = "KEYWARD_SMTP_EHLO", value_name = "NAME", value_parser = links::host)]
    pub smtp_ehlo: Option<String>,

    /// A PEM file with certificate authorities that the mail server's certificate may come from, besides the public ones
    #[arg(long, env = "KEYWARD_SMTP_CA", value_name = "FILE")]
    pub smtp_ca: Option<PathBuf>,

    /// The name of the service in mails and on pages [default: the name in --mail-from]
    #[arg(long, env = "KEYWARD_APP_NAME", value_name = "NAME", value_parser = links::name)]
    pub app_name: Option<String>,

    /// The address of the service in mails [default: the issuer]
    #[arg(long, env = "KEYWARD_APP_URL", value_name = "URL", value_parser = links::url)]
    pub app_url: Option<String>,

    /// The page for a new password, as in `https://app.example.com/reset?token={token}` [default: the server's own]
    #[arg(long, env = "KEYWARD_RESET_URL", value_name = "URL", value_parser = links::with_token)]
    pub reset_url: Option<String>,

    /// The page that verifies an e-mail address, as in `https://app.example.com/verify#{token}` [default: the server's own]
    #[arg(long, env = "KEYWARD_VERIFY_URL", value_name = "URL", value_parser = links::with_token)]
    pub verify_url: Option<String>,

    /// A folder with templates of mails that replace the built-in ones of the same name
    #[arg(long, env = "KEYWARD_TEMPLATE_DIR", value_name = "FOLDER")]
    pub template_dir: Option<PathBuf>,

    /// Refuse logins of accounts whose e-mail address is not verified: `on` or `off`
    #[arg(long, env = "KEYWARD_REQUIRE_VERIFIED_EMAIL", default_value = "off", value_name = "ON|OFF",
        value_parser = ["on", "off", "true", "false", "1", "0"])]
    pub require_verified_email: String,

    /// Report logins from IP addresses that the account does not know, by mail: `on` or `off`
    #[arg(long, env = "KEYWARD_MAIL_NEW_DEVICE", default_value = "off", value_name = "ON|OFF",
        value_parser = ["on", "off", "true", "false", "1", "0"])]
    pub mail_new_device: String,
}

impl MailSettings {
    /// Whether mails report logins from addresses that the account does not know.
    pub fn reports_new_devices(&self) -> bool {
        matches!(self.mail_new_device.as_str(), "on" | "true" | "1")
    }

    /// Whether an account has to verify its address before it can log in.
    pub fn requires_verified_email(&self) -> bool {
        matches!(self.require_verified_email.as_str(), "on" | "true" | "1")
    }
}
