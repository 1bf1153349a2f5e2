//! How mail goes out, from settings.

use std::sync::Arc;

use keyward_domain::ports::mailer::Mailer;
use keyward_infra::mail::folder::MailFolder;
use keyward_infra::mail::smtp::{Sender, SmtpMailer};
use keyward_infra::mail::templates::Templates;

use super::error::ServiceError;
use crate::resources::resource::{Resource, letters};
use crate::settings::Settings;
use crate::settings::mail::MailSettings;

/// Who carries mails, and where that is, without a password.
pub struct Post {
    pub carrier: Arc<dyn Mailer>,
    pub place: String,
}

/// The mail server that is set up, or the folder `mail` in the data folder.
pub fn mailer(settings: &Settings) -> Result<Post, ServiceError> {
    let mail = &settings.mail;
    let sender = Sender::parse(&mail.mail_from).map_err(|error| format!("KEYWARD_MAIL_FROM: {error}"))?;
    if let Some(url) = &mail.smtp_url {
        let url = std::str::from_utf8(url.expose()).unwrap_or_default();
        let carrier = SmtpMailer::new(url, sender).map_err(|error| format!("KEYWARD_SMTP_URL: {error}"))?;
        let place = format!("through {}", carrier.server());
        return Ok(Post { carrier: Arc::new(carrier), place });
    }
    let folder = settings.storage.data_dir.join("mail");
    let place = format!("into the folder {} (KEYWARD_SMTP_URL is not set)", folder.display());
    Ok(Post { carrier: Arc::new(MailFolder::new(folder, sender)), place })
}

/// Whether the mail server answers and lets us in; `None` where none is set. No mail is sent.
pub async fn greet(settings: &Settings) -> Option<Result<(), String>> {
    let url = settings.mail.smtp_url.as_ref()?;
    let url = std::str::from_utf8(url.expose()).unwrap_or_default();
    let mailer = Sender::parse(&settings.mail.mail_from).and_then(|sender| SmtpMailer::new(url, sender));
    Some(match mailer {
        Ok(mailer) => mailer.greet().await.map_err(|error| error.reason),
        Err(error) => Err(error.to_string()),
    })
}

/// The templates of letters, with those of `resources`.
pub fn templates(mail: &MailSettings, resources: &[Resource]) -> Result<Templates, ServiceError> {
    Templates::load(mail.template_dir.as_deref(), letters(resources)).map_err(|error| {
        match &mail.template_dir {
            Some(_) => format!("KEYWARD_TEMPLATE_DIR: {error}").into(),
            None => error.into(),
        }
    })
}
