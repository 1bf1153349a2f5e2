//! Where clients reach this service, as far as a setting says so.

use axum::http::Uri;
use keyward_web::BasePath;

use super::Settings;

/// Where clients reach this service. Empty where `KEYWARD_ISSUER` is not set.
#[derive(Clone, Debug, Default)]
pub(crate) struct PublicAddress {
    /// The issuer that is set, without a slash at its end.
    pub(crate) url: Option<String>,
    /// The issuer's path, which a proxy strips.
    pub(crate) base: Option<BasePath>,
    /// The application that people come from, where `KEYWARD_APP_URL` names it.
    pub(crate) app: Option<AppLink>,
}

/// A way on from our pages, to the application that people come from.
#[derive(Clone, Debug)]
pub(crate) struct AppLink {
    pub(crate) url: String,
    /// What people call it.
    pub(crate) name: String,
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
        Self { url, base, app }
    }

    /// The base path, empty where nothing is stripped.
    pub(crate) fn base(&self) -> &str {
        self.base.as_ref().map_or("", BasePath::as_str)
    }

    /// A path of this service, such as `/docs`, as clients see it.
    pub(crate) fn path(&self, path: &str) -> String {
        format!("{}{path}", self.base())
    }
}
