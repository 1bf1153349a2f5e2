//! The variables that settings come from: the environment, the file `.env`, and files that hold secrets.
//!
//! They are read once and become the defaults of the command line's arguments, so that a flag goes before a variable. An
//! empty variable is not set, as compose files write it: `KEYWARD_ISSUER: ${KEYWARD_ISSUER:-}`. A file of a secret that
//! cannot be read is a problem of the commands that take the secret, and of no other.

mod names;
mod secret_files;

use std::collections::BTreeMap;
use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

use self::names::{Names, unknown};
use self::secret_files::SUFFIX;
use super::env_file;
use super::output::Problem;
use super::prefix::PREFIX;

/// The variables that are set, and those that are no settings.
#[derive(Default)]
pub(super) struct Variables {
    values: BTreeMap<String, OsString>,
    /// Secrets that are set and cannot be used, each with the sentence that says why.
    unusable: BTreeMap<String, Problem>,
    unknown: Vec<String>,
}

impl Variables {
    /// Reads the variables that this command line knows.
    ///
    /// # Errors
    /// One sentence, for a `.env` that cannot be read.
    pub(super) fn read(command: &Command) -> Result<Self, Problem> {
        let names = Names::of(command);
        let environment =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        let file = env_file::read()?.into_iter().map(|(name, value)| (name, value.into()));
        let mut all = Self::default();
        // A name in the environment goes before the file's, whether it holds the value or names a file with it.
        for layer in [environment.collect::<BTreeMap<_, _>>(), file.collect()] {
            all.add(&names, layer);
        }
        Ok(all)
    }

    fn add(&mut self, names: &Names, layer: BTreeMap<String, OsString>) {
        let mut layer = layer;
        let is_set = |name: &str| {
            let name = name.strip_suffix(SUFFIX).unwrap_or(name);
            self.values.contains_key(name) || self.unusable.contains_key(name)
        };
        layer.retain(|name, value| name.starts_with(PREFIX) && !value.is_empty() && !is_set(name));
        for name in &names.secrets {
            match secret_files::take(name, &mut layer) {
                Ok(Some(value)) => drop(layer.insert(name.clone(), value)),
                Ok(None) => {}
                Err(problem) => {
                    layer.remove(name);
                    self.unusable.insert(name.clone(), problem);
                }
            }
        }
        let (known, other): (BTreeMap<_, _>, BTreeMap<_, _>) =
            layer.into_iter().partition(|(name, _)| names.all.contains(name));
        self.values.extend(known);
        self.unknown.extend(other.iter().filter_map(|(name, value)| unknown(name, value, names)));
    }

    /// Refuses a command that takes a secret which cannot be used, unless a flag gives it.
    ///
    /// # Errors
    /// One sentence that names the variable.
    pub(super) fn check(&self, command: &Command, matches: &ArgMatches) -> Result<(), Problem> {
        let below =
            matches.subcommand().and_then(|(name, below)| Some((command.find_subcommand(name)?, below)));
        if let Some((command, matches)) = below {
            return self.check(command, matches);
        }
        let problem = command.get_arguments().find_map(|argument| {
            let problem = self.unusable.get(argument.get_env()?.to_str()?)?;
            let given = matches.value_source(argument.get_id().as_str()) == Some(ValueSource::CommandLine);
            (!given).then_some(problem)
        });
        problem.map_or(Ok(()), |problem| Err(problem.clone()))
    }

    /// The command line with the variables in it.
    pub(super) fn apply(&self, command: Command) -> Command {
        command.mut_args(|argument| self.set(argument)).mut_subcommands(|command| self.apply(command))
    }

    fn set(&self, argument: Arg) -> Arg {
        let name = argument.get_env().and_then(|name| name.to_str()).map(str::to_owned);
        let argument = argument.env(None);
        match name.and_then(|name| self.values.get(&name)) {
            Some(value) => argument.default_value(value.clone()),
            None => argument,
        }
    }

    /// A sentence for each variable that is no setting. No value is in it.
    pub(super) fn unknown(&self) -> &[String] {
        &self.unknown
    }
}
