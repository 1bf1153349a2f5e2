//! The names of settings, and the answer to an unknown one.

use std::collections::BTreeSet;
use std::ffi::OsStr;

use clap::Command;

use super::secret_files::SUFFIX;
use crate::cli::prefix::PREFIX;

/// How alike two names have to be for the one to be meant by the other, from 0 to 1.
const ALIKE: f64 = 0.8;

/// The names of the variables of a command line.
#[derive(Default)]
pub(super) struct Names {
    /// Every one.
    pub(super) all: BTreeSet<String>,
    /// Those whose values are never shown. They may come from files.
    pub(super) secrets: BTreeSet<String>,
}

impl Names {
    /// The names of `command` and the commands below it.
    pub(super) fn of(command: &Command) -> Self {
        let mut names = Self::default();
        names.add(command);
        names
    }

    fn add(&mut self, command: &Command) {
        for argument in command.get_arguments() {
            if let Some(name) = argument.get_env().and_then(|name| name.to_str()) {
                self.all.insert(name.to_owned());
                if argument.is_hide_env_values_set() {
                    self.secrets.insert(name.to_owned());
                }
            }
        }
        command.get_subcommands().for_each(|command| self.add(command));
    }

    /// The name most like `name`.
    fn nearest(&self, name: &str) -> Option<String> {
        let files = self.secrets.iter().map(|name| format!("{name}{SUFFIX}"));
        let likeness = |known: &String| strsim::jaro_winkler(&known[PREFIX.len()..], &name[PREFIX.len()..]);
        let names = self.all.iter().cloned().chain(files).map(|known| (likeness(&known), known));
        let nearest = names.max_by(|one, other| one.0.total_cmp(&other.0));
        nearest.filter(|(likeness, _)| *likeness >= ALIKE).map(|(_, name)| name)
    }
}

/// What to say of a variable that is no setting; nothing of one that Kubernetes makes for a service called `keyward`.
pub(super) fn unknown(name: &str, value: &OsStr, names: &Names) -> Option<String> {
    let rest = &name[PREFIX.len()..];
    let of_a_service = rest.starts_with("SERVICE_HOST")
        || rest.starts_with("SERVICE_PORT")
        || rest.starts_with("PORT_")
        || rest == "PORT" && value.to_str().is_some_and(|value| value.contains("://"));
    if of_a_service {
        return None;
    }
    Some(match names.nearest(name) {
        Some(nearest) => format!("{name} is no setting and is ignored; did you mean {nearest}?"),
        None => format!("{name} is no setting and is ignored; keyward serve --help lists them"),
    })
}

#[cfg(test)]
mod tests {
    use clap::Arg;

    use super::*;

    fn names() -> Names {
        let argument = |name: &'static str| Arg::new(name).env(name);
        let command = Command::new("x").arg(argument("KEYWARD_DATABASE_URL").hide_env_values(true));
        Names::of(
            &command.subcommand(Command::new("y").args(["KEYWARD_LISTEN", "KEYWARD_TLS_CERT"].map(argument))),
        )
    }

    #[test]
    fn a_misspelt_name_is_named_with_the_one_it_is_most_like() {
        for (name, nearest) in [
            ("KEYWARD_DATABSE_URL", "mean KEYWARD_DATABASE_URL?"),
            ("KEYWARD_DATABASE_URI", "mean KEYWARD_DATABASE_URL?"),
            ("KEYWARD_DATABASE_URL_FLIE", "mean KEYWARD_DATABASE_URL_FILE?"),
            ("KEYWARD_LISTENS", "mean KEYWARD_LISTEN?"),
            ("KEYWARD_TLS_CERT_FILE", "mean KEYWARD_TLS_CERT?"),
            ("KEYWARD_FROBNICATE", "--help lists them"),
            ("KEYWARD_", "--help lists them"),
        ] {
            let words = unknown(name, OsStr::new("secret"), &names()).unwrap();
            assert!(
                words.starts_with(name) && words.contains(nearest) && !words.contains("secret"),
                "{words}"
            );
        }
    }

    #[test]
    fn what_kubernetes_sets_for_a_service_is_passed_over() {
        let of = |name, value: &str| unknown(name, OsStr::new(value), &names());
        assert_eq!(of("KEYWARD_SERVICE_PORT_HTTP", "8000"), None);
        assert_eq!(of("KEYWARD_PORT_8000_TCP_ADDR", "10.0.0.1"), None);
        assert_eq!(of("KEYWARD_PORT", "tcp://10.0.0.1:8000"), None);
        assert!(of("KEYWARD_PORT", "8000").is_some());
    }
}
