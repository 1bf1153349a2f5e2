//! Settings of the resources that are mounted.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Arg, Args, Command};
use keyward_api::resources::resource::Resource;

use crate::resources::{DEFAULT, known, named};

/// The value that mounts no resource.
const NONE: &str = "none";

/// Which resources are mounted.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Resources")]
pub struct ResourceSettings {
    /// Resources to mount beside accounts and logins, by name; `none` for none of them
    #[arg(long, env = "KEYWARD_RESOURCES", default_value = DEFAULT, value_name = "NAMES", value_delimiter = ',',
        value_parser = names())]
    pub resources: Vec<String>,
}

impl ResourceSettings {
    /// The resources to mount.
    ///
    /// # Errors
    /// One sentence that names the setting, for `none` beside the name of a resource.
    pub fn mounted(&self) -> Result<Vec<Resource>, String> {
        if self.resources.len() > 1 && self.resources.iter().any(|name| name == NONE) {
            return Err("KEYWARD_RESOURCES: none stands alone, or leave it out".to_owned());
        }
        Ok(named(&self.resources))
    }
}

/// The names of resources. A blank may follow the comma of the list.
fn names() -> Names {
    let names = known().into_iter().map(|resource| resource.name);
    Names(names.chain([NONE]).collect::<Vec<_>>().into())
}

/// Reads a name without the blanks around it.
#[derive(Clone)]
struct Names(PossibleValuesParser);

impl TypedValueParser for Names {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        let trimmed = value.to_str().map(str::trim).map_or(value, OsStr::new);
        self.0.parse_ref(command, argument, trimmed)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        self.0.possible_values()
    }
}
