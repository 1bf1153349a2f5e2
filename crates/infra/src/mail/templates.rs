//! The words of mails: templates, compiled in, each of which a folder may override.
//!
//! A letter has two: `NAME.txt`, whose first line is `Subject: ..` and whose second is empty, and `NAME.html`, in which
//! every value is escaped. A template is rendered once when it is loaded, so that a faulty one stops the start.

use std::io::ErrorKind;
use std::path::Path;

use keyward_domain::model::mail::Letter;
use keyward_domain::ports::letters::{LetterError, Letters};
use keyward_domain::values::email::Email;
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
const EMAIL_CHANGED: &str = "email_changed";
const NEW_DEVICE: &str = "new_device";
const FACTOR_ADDED: &str = "factor_added";
const FACTOR_REMOVED: &str = "factor_removed";

const OWN: [Template; 7] = [
    Template {
        name: NEW_DEVICE,
        text: include_str!("../../templates/new_device.txt"),
        html: include_str!("../../templates/new_device.html"),
        sample: || context! { ip => "192.0.2.1", user_agent => "Mozilla/5.0", at => "2026-01-31T12:00:00Z" },
    },
    Template {
        name: PASSWORD_RESET,
        text: include_str!("../../templates/password_reset.txt"),
        html: include_str!("../../templates/password_reset.html"),
        sample: || context! { link => "https://keyward.example/reset-password?token=t" },
    },
    Template {
        name: PASSWORD_CHANGED,
        text: include_str!("../../templates/password_changed.txt"),
        html: include_str!("../../templates/password_changed.html"),
        sample: || context! {},
    },
    Template {
        name: EMAIL_VERIFICATION,
        text: include_str!("../../templates/email_verification.txt"),
        html: include_str!("../../templates/email_verification.html"),
        sample: || context! { link => "https://keyward.example/verify-email?token=t", code => "000000" },
    },
    Template {
        name: EMAIL_CHANGED,
        text: include_str!("../../templates/email_changed.txt"),
        html: include_str!("../../templates/email_changed.html"),
        sample: || context! { email => "ana@example.org" },
    },
    Template {
        name: FACTOR_ADDED,
        text: include_str!("../../templates/factor_added.txt"),
        html: include_str!("../../templates/factor_added.html"),
        sample: || context! { what => "an authenticator app" },
    },
    Template {
        name: FACTOR_REMOVED,
        text: include_str!("../../templates/factor_removed.txt"),
        html: include_str!("../../templates/factor_removed.html"),
        sample: || context! { what => "an authenticator app" },
    },
];

/// The templates of letters.
pub struct Templates {
    environment: Environment<'static>,
    known: Vec<Template>,
}

impl Templates {
    /// Keyward's own templates and `others`, where those of `folder` replace the built-in ones of the same name.
    ///
    /// # Errors
    /// A sentence that names the faulty file.
    pub fn load(folder: Option<&Path>, others: impl IntoIterator<Item = Template>) -> Result<Self, String> {
        let mut environment = Environment::empty();
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
        let templates = Self { environment, known };
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

    /// Words the letter of that name with these values.
    ///
    /// # Errors
    /// [`LetterError`] when the template is unknown or faulty.
    pub fn letter(&self, name: &'static str, values: &Value) -> Result<Letter, LetterError> {
        let faulty = |reason: String| LetterError { name, reason };
        let render = |file: String| {
            let template = self.environment.get_template(&file).map_err(|error| faulty(error.to_string()))?;
            template.render(values).map_err(|error| faulty(error.to_string()))
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

impl Letters for Templates {
    fn password_reset(&self, link: &str) -> Result<Letter, LetterError> {
        self.letter(PASSWORD_RESET, &context! { link })
    }

    fn password_changed(&self) -> Result<Letter, LetterError> {
        self.letter(PASSWORD_CHANGED, &context! {})
    }

    fn email_verification(&self, link: &str, code: &str) -> Result<Letter, LetterError> {
        self.letter(EMAIL_VERIFICATION, &context! { link, code })
    }

    fn new_device(&self, device: &Device, at: OffsetDateTime) -> Result<Letter, LetterError> {
        let at = at.replace_nanosecond(0).unwrap_or(at).format(&Rfc3339).unwrap_or_default();
        let ip = device.ip.map(|ip| ip.to_string()).unwrap_or_default();
        let user_agent = device.user_agent.as_deref().unwrap_or("an unnamed program");
        self.letter(NEW_DEVICE, &context! { ip, user_agent, at })
    }

    fn factor_added(&self, what: &str) -> Result<Letter, LetterError> {
        self.letter(FACTOR_ADDED, &context! { what })
    }

    fn factor_removed(&self, what: &str) -> Result<Letter, LetterError> {
        self.letter(FACTOR_REMOVED, &context! { what })
    }

    fn email_changed(&self, new: &Email) -> Result<Letter, LetterError> {
        self.letter(EMAIL_CHANGED, &context! { email => new.as_str() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GREETING: Template = Template {
        name: "greeting",
        text: "Subject: Hello {{ name }}\n\nHello {{ name }}",
        html: "<p>Hello {{ name }}",
        sample: || context! { name => "Tea & <b>biscuits</b>" },
    };

    #[test]
    fn values_are_escaped_in_html_and_as_they_are_in_plain_text() {
        let templates = Templates::load(None, [GREETING]).unwrap();
        let letter = templates.letter("greeting", &(GREETING.sample)()).unwrap();
        assert_eq!(letter.subject, "Hello Tea & <b>biscuits</b>");
        assert_eq!(letter.text, "Hello Tea & <b>biscuits</b>");
        assert!(letter.html.contains("Tea &amp; &lt;b&gt;biscuits"), "{}", letter.html);
    }

    #[test]
    fn a_folder_overrides_templates_and_a_faulty_one_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let load = || Templates::load(Some(folder.path()), [GREETING]);
        std::fs::write(folder.path().join("greeting.txt"), "Subject: Merci ({{ name }})\n\nBonjour").unwrap();
        let letter = load().unwrap().letter("greeting", &context! { name => 1 }).unwrap();
        assert_eq!((letter.subject.as_str(), letter.text.as_str()), ("Merci (1)", "Bonjour"));
        for name in ["greeting", PASSWORD_RESET] {
            for faulty in ["Bonjour", "Subject: {{ nothing }}\n\nx", "Subject: {{ \n\nx"] {
                let path = folder.path().join(format!("{name}.txt"));
                std::fs::write(&path, faulty).unwrap();
                let problem = load().err().unwrap();
                assert!(problem.contains(name), "{problem}");
                std::fs::remove_file(path).unwrap();
            }
        }
    }
}
