//! Where clients reach this service, as far as a setting says so.

use std::sync::Arc;

use axum::http::Uri;
use keyward_web::BasePath;

use super::Settings;
use super::brand::Logo;
use super::mail::MailSettings;

/// Where clients reach this service. Empty where `KEYWARD_ISSUER` is not set.
#[derive(Clone, Debug)]
pub struct PublicAddress {
    /// The issuer that is set, without a slash at its end.
    pub url: Option<String>,
    /// The issuer's path, which a proxy strips.
    pub base: Option<BasePath>,
    /// What people call this service.
    pub name: Arc<str>,
    /// The logo of pages, where there is one.
    pub logo: Option<Arc<Logo>>,
    /// What replaces the usual colours of pages.
    pub style: Arc<str>,
    /// The id of the OAuth2 client that `/docs` is, where one is set.
    pub docs_client: Option<Arc<str>>,
    /// The application that people come from, where `KEYWARD_APP_URL` names it.
    pub app: Option<AppLink>,
}

/// A way on from our pages, to the application that people come from.
#[derive(Clone, Debug)]
pub struct AppLink {
    pub url: String,
    /// What people call it.
    pub name: String,
}

impl Default for PublicAddress {
    fn default() -> Self {
        Self {
            url: None,
            base: None,
            name: "Keyward".into(),
            logo: None,
            style: "".into(),
            docs_client: None,
            app: None,
        }
    }
}

/// `KEYWARD_APP_NAME`, or as in mails the name in `KEYWARD_MAIL_FROM`.
fn name(mail: &MailSettings) -> &str {
    let sender = mail.mail_from.split_once('<').map(|(name, _)| name.trim().trim_matches('"'));
    mail.app_name.as_deref().or(sender.filter(|name| !name.is_empty())).unwrap_or("Keyward")
}

impl PublicAddress {
    /// The address in these settings.
    pub(crate) fn of(settings: &Settings) -> Self {
        let url = settings.tokens.issuer.as_deref().map(|issuer| issuer.trim_end_matches('/').to_owned());
        let path = url.as_ref().and_then(|url| url.parse::<Uri>().ok());
        let base = path.and_then(|uri| BasePath::new(uri.path()));
        let mail = &settings.mail;
        let app = mail.app_url.clone().map(|url| {
            let name = mail.app_name.clone().unwrap_or_else(|| url.clone());
            AppLink { url, name }
        });
        // A file that cannot be read is refused before: see `wiring::check`.
        let logo = settings.brand.logo().unwrap_or_default().map(Arc::new);
        let style = settings.brand.style().into();
        let docs_client = settings.brand.docs_client_id.as_deref().map(Arc::from);
        Self { url, base, name: name(mail).into(), logo, style, docs_client, app }
    }

    /// The base path, empty where nothing is stripped.
    pub fn base(&self) -> &str {
        self.base.as_ref().map_or("", BasePath::as_str)
    }

    /// A path of this service, such as `/docs`, as clients see it.
    pub fn path(&self, path: &str) -> String {
        format!("{}{path}", self.base())
    }
}
