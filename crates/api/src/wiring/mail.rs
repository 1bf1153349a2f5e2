//! How mail goes out, from settings.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::http::Uri;
use keyward_domain::ports::mailer::Mailer;
use keyward_infra::mail::error::MailSettingsError;
use keyward_infra::mail::folder::MailFolder;
use keyward_infra::mail::sender::Sender;
use keyward_infra::mail::smtp::{SmtpMailer, SmtpServer};
use keyward_infra::mail::templates::{Templates, Wording};

use super::error::ServiceError;
use crate::resources::resource::{Resource, letters};
use crate::settings::Settings;

/// Who carries mails, and where that is, without a password.
pub struct Post {
    pub carrier: Arc<dyn Mailer>,
    pub place: String,
}

/// The mail server that is set up, or the folder `mail` in the data folder.
pub fn mailer(settings: &Settings) -> Result<Post, ServiceError> {
    if let Some(carrier) = smtp(settings)? {
        let place = format!("through {}", carrier.server());
        return Ok(Post { carrier: Arc::new(carrier), place });
    }
    let folder = folder(settings);
    let place = format!("into the folder {} (KEYWARD_SMTP_URL is not set)", folder.display());
    Ok(Post { carrier: Arc::new(MailFolder::new(folder, sender(settings)?)), place })
}

/// Where mails are written without a mail server.
fn folder(settings: &Settings) -> PathBuf {
    settings.storage.data_dir.join("mail")
}

fn sender(settings: &Settings) -> Result<Sender, ServiceError> {
    Sender::parse(&settings.mail.mail_from).map_err(|error| format!("KEYWARD_MAIL_FROM: {error}").into())
}

/// The mail server; `None` where none is set.
fn smtp(settings: &Settings) -> Result<Option<SmtpMailer>, ServiceError> {
    let (mail, sender) = (&settings.mail, sender(settings)?);
    let authorities = mail.smtp_ca.as_ref().map(|path| {
        std::fs::read(path)
            .map_err(|error| format!("KEYWARD_SMTP_CA: the file {} cannot be read: {error}", path.display()))
    });
    let (authorities, ehlo) = (authorities.transpose()?, ehlo(settings, &sender));
    let Some(url) = &mail.smtp_url else { return Ok(None) };
    let url = std::str::from_utf8(url.expose()).unwrap_or_default();
    let server = SmtpServer { url, ehlo: ehlo.as_deref(), authorities: authorities.as_deref() };
    SmtpMailer::new(server, sender).map(Some).map_err(|error| {
        let setting = match error {
            MailSettingsError::Authorities => "KEYWARD_SMTP_CA",
            _ => "KEYWARD_SMTP_URL",
        };
        format!("{setting}: {error}").into()
    })
}

/// The name for EHLO: relays refuse a name that is no domain. `None` if there is no better one than an address literal.
fn ehlo(settings: &Settings, sender: &Sender) -> Option<String> {
    if let Some(name) = &settings.mail.smtp_ehlo {
        return Some(name.clone());
    }
    let issuer = settings.issuer().parse::<Uri>().ok();
    let issuer = issuer.as_ref().and_then(Uri::host).map(str::to_owned);
    let is_domain = |name: &String| name.contains('.') && name.parse::<IpAddr>().is_err();
    [issuer, Some(sender.domain().to_owned())].into_iter().flatten().find(is_domain)
}

/// Whether the mail server answers and lets us in; `None` where none is set. No mail is sent.
pub async fn greet(settings: &Settings) -> Option<Result<(), String>> {
    match smtp(settings) {
        Ok(mailer) => Some(mailer?.greet().await.map_err(|error| error.reason)),
        Err(error) => Some(Err(error.to_string())),
    }
}

/// What mails call the service, and where their links lead.
pub(crate) fn wording(settings: &Settings) -> Result<Wording, ServiceError> {
    let (mail, sender) = (&settings.mail, sender(settings)?);
    let app = mail.app_name.as_deref().or(sender.name()).unwrap_or("Keyward");
    let own = Wording::of(app, &settings.issuer());
    Ok(Wording {
        app_url: mail.app_url.clone().unwrap_or(own.app_url),
        reset_url: mail.reset_url.clone().unwrap_or(own.reset_url),
        verify_url: mail.verify_url.clone().unwrap_or(own.verify_url),
        app: own.app,
    })
}

/// The pages that links in mails lead to by these settings, and that a service without pages lacks, in a sentence that says what to do.
pub(crate) fn missing_pages(settings: &Settings) -> Option<String> {
    let (mail, issuer) = (&settings.mail, settings.issuer());
    let at = |path: &str| format!("{}{path}", issuer.trim_end_matches('/'));
    let links = [
        (&mail.reset_url, at("/reset-password"), "KEYWARD_RESET_URL (mail.reset_url)"),
        (&mail.verify_url, at("/verify-email"), "KEYWARD_VERIFY_URL (mail.verify_url)"),
    ];
    let own = links.iter().filter(|(set, ..)| set.is_none());
    let (pages, names): (Vec<&str>, Vec<&str>) = own.map(|(_, page, name)| (page.as_str(), *name)).unzip();
    let names = names.join(" and ");
    (!pages.is_empty()).then(|| {
        format!(
            "mails link to {}, and this service has no pages: add those of keyward-pages by Service::with_pages, or let \
             {names} name pages of yours",
            pages.join(" and "),
        )
    })
}

/// The templates of letters, with those of `resources`.
pub fn templates(settings: &Settings, resources: &[Resource]) -> Result<Templates, ServiceError> {
    let folder = settings.mail.template_dir.as_deref();
    Templates::load(folder, wording(settings)?, letters(resources)).map_err(|error| match folder {
        Some(_) => format!("KEYWARD_TEMPLATE_DIR: {error}").into(),
        None => error.into(),
    })
}
