//! The words of mails: templates, compiled in, each of which a folder may override.
//!
//! A letter has two: `NAME.txt`, whose first line is `Subject: ..` and whose second is empty, and `NAME.html`, in which
//! every value is escaped. A template is rendered once when it is loaded, so that a faulty one stops the start.

use std::io::ErrorKind;
use std::path::Path;

use keyward_domain::model::api_keys::{ApiKey, KeyName};
use keyward_domain::model::mail::Letter;
use keyward_domain::ports::letters::{Besides, LetterError, Letters, Reader};
use keyward_domain::values::origin::Device;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A letter: its two built-in templates, and values to try them out with.
#[derive(Clone, Copy)]
pub struct Template {
    /// Its name: the files that override it are `NAME.txt` and `NAME.html`.
    pub name: &'static str,
    pub text: &'static str,
    pub html: &'static str,
    /// Values such as it is given.
    pub sample: fn() -> Value,
}

const PASSWORD_RESET: &str = "password_reset";
const PASSWORD_CHANGED: &str = "password_changed";
const EMAIL_VERIFICATION: &str = "email_verification";
const EMAIL_CHANGE: &str = "email_change";
const EMAIL_CHANGED: &str = "email_changed";
const NEW_DEVICE: &str = "new_device";
const FACTOR_ADDED: &str = "factor_added";
const PASSKEY_ADDED: &str = "passkey_added";
const FACTOR_REMOVED: &str = "factor_removed";
const RECOVERY_CODES_MADE: &str = "recovery_codes_made";
const RECOVERY_CODE_USED: &str = "recovery_code_used";
const API_KEY_MADE: &str = "api_key_made";
const API_KEY_REMOVED: &str = "api_key_removed";

/// What the mails of one service have in common.
#[derive(Clone, Debug)]
pub struct Wording {
    /// What the service is called.
    pub app: String,
    /// Where it is.
    pub app_url: String,
    /// The page for a new password; `{token}` stands for the token.
    pub reset_url: String,
    /// The page that verifies an e-mail address; `{token}` stands for the token.
    pub verify_url: String,
}

impl Wording {
    /// The pages that a service at this address has itself.
    pub fn of(app: &str, base: &str) -> Self {
        let base = base.trim_end_matches('/');
        Self {
            app: app.to_owned(),
            app_url: base.to_owned(),
            reset_url: format!("{base}/reset-password?token={{token}}"),
            verify_url: format!("{base}/verify-email?token={{token}}"),
        }
    }
}

/// A letter of Keyward's own.
macro_rules! own {
    ($name:expr, $file:literal) => {
        Template {
            name: $name,
            text: include_str!(concat!("../../templates/", $file, ".txt")),
            html: include_str!(concat!("../../templates/", $file, ".html")),
            sample: || {
                let what = "an authenticator app";
                let (ip, user_agent, at) = ("192.0.2.1", "Mozilla/5.0", "2026-01-31T12:00:00Z");
                let (email, name) = ("ana@example.org", "Ana");
                let (key_name, scope, end) = ("backup", "posts:read", "does not expire");
                let (first, left) = (true, 9);
                let listed = vec![context! { name => "Blue key", since => at }];
                let (passkeys, api_keys) = (listed.clone(), listed);
                context! {
                    email, name, token => "t", code => "000000", what, first, left, ip, user_agent, at, key_name, scope, end,
                    passkeys, api_keys
                }
            },
        }
    };
}

const OWN: [Template; 13] = [
    own!(PASSWORD_RESET, "password_reset"),
    own!(PASSWORD_CHANGED, "password_changed"),
    own!(EMAIL_VERIFICATION, "email_verification"),
    own!(EMAIL_CHANGE, "email_change"),
    own!(EMAIL_CHANGED, "email_changed"),
    own!(FACTOR_ADDED, "factor_added"),
    own!(PASSKEY_ADDED, "passkey_added"),
    own!(FACTOR_REMOVED, "factor_removed"),
    own!(RECOVERY_CODES_MADE, "recovery_codes_made"),
    own!(RECOVERY_CODE_USED, "recovery_code_used"),
    own!(NEW_DEVICE, "new_device"),
    own!(API_KEY_MADE, "api_key_made"),
    own!(API_KEY_REMOVED, "api_key_removed"),
];

/// The templates of letters.
pub struct Templates {
    environment: Environment<'static>,
    wording: Wording,
    known: Vec<Template>,
}

impl Templates {
    /// Keyward's own templates and `others`, where those of `folder` replace the built-in ones of the same name.
    ///
    /// # Errors
    /// A sentence that names the faulty file.
    pub fn load(
        folder: Option<&Path>,
        wording: Wording,
        others: impl IntoIterator<Item = Template>,
    ) -> Result<Self, String> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|name| match name.rsplit_once('.') {
            Some((_, "html")) => AutoEscape::Html,
            _ => AutoEscape::None,
        });
        let known: Vec<_> = OWN.into_iter().chain(others).collect();
        if let Some(folder) = folder {
            std::fs::read_dir(folder)
                .map_err(|error| format!("the folder {} cannot be read: {error}", folder.display()))?;
        }
        for Template { name, text, html, .. } in &known {
            for (file, built_in) in [(format!("{name}.txt"), text), (format!("{name}.html"), html)] {
                let (source, place) = match folder.map(|folder| folder.join(&file)) {
                    Some(path) => match std::fs::read_to_string(&path) {
                        Ok(source) => (source, path.display().to_string()),
                        Err(error) if error.kind() == ErrorKind::NotFound => {
                            ((*built_in).to_owned(), file.clone())
                        }
                        Err(error) => return Err(format!("{} cannot be read: {error}", path.display())),
                    },
                    None => ((*built_in).to_owned(), file.clone()),
                };
                environment.add_template_owned(file, source).map_err(|error| format!("{place}: {error}"))?;
            }
        }
        let templates = Self { environment, wording, known };
        templates.try_out().map_err(|error| error.to_string())?;
        Ok(templates)
    }

    /// The names of Keyward's own letters.
    pub fn own() -> impl Iterator<Item = &'static str> {
        OWN.into_iter().map(|template| template.name)
    }

    fn try_out(&self) -> Result<(), LetterError> {
        self.known.iter().try_for_each(|known| self.letter(known.name, &(known.sample)()).map(drop))
    }

    /// Words the letter of that name with these values, and with those that every letter has: `app`, `app_url`, `link`
    /// (without a better one, to the app), and `name`, `email`, `token` and `code`, empty where there is none.
    ///
    /// # Errors
    /// [`LetterError`] when the template is unknown or faulty.
    pub fn letter(&self, name: &'static str, values: &Value) -> Result<Letter, LetterError> {
        let faulty = |reason: String| LetterError { name, reason };
        let Wording { app, app_url, .. } = &self.wording;
        let common =
            context! { app, app_url, link => app_url, name => "", email => "", token => "", code => "" };
        let values = context! { ..values.clone(), ..common };
        let render = |file: String| {
            let template = self.environment.get_template(&file).map_err(|error| faulty(error.to_string()))?;
            template.render(&values).map_err(|error| faulty(error.to_string()))
        };
        let text = render(format!("{name}.txt"))?;
        let html = render(format!("{name}.html"))?;
        let (subject, text) = text
            .strip_prefix("Subject: ")
            .and_then(|text| text.split_once('\n'))
            .ok_or_else(|| faulty(format!("{name}.txt does not begin with `Subject: `")))?;
        Ok(Letter { subject: subject.trim().to_owned(), text: text.trim_start().to_owned(), html })
    }
}

impl Templates {
    /// A letter of Keyward's own to this reader.
    fn own_letter(&self, name: &'static str, reader: Reader<'_>, more: Value) -> Result<Letter, LetterError> {
        let (email, named) = (reader.email.as_str(), reader.name.unwrap_or_default());
        self.letter(name, &context! { email, name => named, ..more })
    }
}

impl Letters for Templates {
    fn password_reset(&self, reader: Reader<'_>, token: &str) -> Result<Letter, LetterError> {
        let link = self.wording.reset_url.replace("{token}", token);
        self.own_letter(PASSWORD_RESET, reader, context! { token, link })
    }

    fn email_verification(&self, reader: Reader<'_>, token: &str, code: &str) -> Result<Letter, LetterError> {
        let link = self.wording.verify_url.replace("{token}", token);
        self.own_letter(EMAIL_VERIFICATION, reader, context! { token, link, code })
    }

    fn email_change(&self, reader: Reader<'_>, token: &str, code: &str) -> Result<Letter, LetterError> {
        let link = self.wording.verify_url.replace("{token}", token);
        self.own_letter(EMAIL_CHANGE, reader, context! { token, link, code })
    }

    fn new_device(
        &self,
        reader: Reader<'_>,
        device: &Device,
        at: OffsetDateTime,
    ) -> Result<Letter, LetterError> {
        let at = to_the_second(at);
        let ip = device.ip.map(|ip| ip.to_string()).unwrap_or_default();
        let user_agent = device.user_agent.as_deref().unwrap_or("an unnamed program");
        self.own_letter(NEW_DEVICE, reader, context! { ip, user_agent, at })
    }

    fn password_changed(&self, reader: Reader<'_>, besides: &Besides) -> Result<Letter, LetterError> {
        self.own_letter(PASSWORD_CHANGED, reader, listed(besides))
    }

    fn factor_added(&self, reader: Reader<'_>, what: &str) -> Result<Letter, LetterError> {
        self.own_letter(FACTOR_ADDED, reader, context! { what })
    }

    fn passkey_added(&self, reader: Reader<'_>, first: bool) -> Result<Letter, LetterError> {
        self.own_letter(PASSKEY_ADDED, reader, context! { first })
    }

    fn factor_removed(&self, reader: Reader<'_>, what: &str) -> Result<Letter, LetterError> {
        self.own_letter(FACTOR_REMOVED, reader, context! { what })
    }

    fn recovery_codes_made(&self, reader: Reader<'_>) -> Result<Letter, LetterError> {
        self.own_letter(RECOVERY_CODES_MADE, reader, context! {})
    }

    fn recovery_code_used(&self, reader: Reader<'_>, left: u64) -> Result<Letter, LetterError> {
        self.own_letter(RECOVERY_CODE_USED, reader, context! { left })
    }

    fn api_key_made(&self, reader: Reader<'_>, key: &ApiKey) -> Result<Letter, LetterError> {
        let scope = match key.scope.to_string() {
            scope if scope.is_empty() => "nothing but looking at the account".to_owned(),
            scope => scope,
        };
        let end = key.expires_at.map(|at| format!("expires at {}", to_the_second(at)));
        let end = end.unwrap_or_else(|| "does not expire".to_owned());
        self.own_letter(API_KEY_MADE, reader, context! { key_name => one_line(&key.name), scope, end })
    }

    fn api_key_removed(&self, reader: Reader<'_>, name: Option<&KeyName>) -> Result<Letter, LetterError> {
        let what = if name.is_some() { "an API key" } else { "every API key" };
        self.own_letter(API_KEY_REMOVED, reader, context! { what, key_name => name.map(one_line) })
    }

    fn email_changed(&self, reader: Reader<'_>) -> Result<Letter, LetterError> {
        self.own_letter(EMAIL_CHANGED, reader, context! {})
    }
}

fn to_the_second(at: OffsetDateTime) -> String {
    at.replace_nanosecond(0).unwrap_or(at).format(&Rfc3339).unwrap_or_default()
}

/// What opens an account beside its password, as templates list it.
fn listed(Besides { passkeys, api_keys }: &Besides) -> Value {
    let passkeys = passkeys.iter().map(|passkey| {
        context! { name => one_line(&passkey.new.name), since => to_the_second(passkey.new.created_at) }
    });
    let api_keys = api_keys
        .iter()
        .map(|key| context! { name => one_line(&key.name), since => to_the_second(key.created_at) });
    context! { passkeys => passkeys.collect::<Vec<_>>(), api_keys => api_keys.collect::<Vec<_>>() }
}

/// A name in one line, so that none begins a paragraph of its own.
fn one_line(name: &KeyName) -> String {
    name.as_str().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
