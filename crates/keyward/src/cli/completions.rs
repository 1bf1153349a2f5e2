//! `keyward completions` and `keyward man`: what shells and `man` know of the command line, made from its definition.

use std::path::PathBuf;

use clap::{Args, Command};
use clap_complete::Shell;

use super::output::{Problem, say};

#[derive(Args)]
pub(super) struct Completions {
    /// Which shell
    shell: Shell,
}

#[derive(Args)]
pub(super) struct Manual {
    /// Write a page for each command into this folder, instead of printing the first one
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
}

impl Completions {
    pub(super) fn print(&self, mut command: Command) -> Result<(), Problem> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "keyward", &mut script);
        print(&script)
    }
}

impl Manual {
    pub(super) fn print(&self, command: Command) -> Result<(), Problem> {
        if let Some(folder) = &self.dir {
            let unwritable = |error| format!("--dir {}: {error}", folder.display());
            return clap_mangen::generate_to(command, folder).map_err(unwritable);
        }
        let mut page = Vec::new();
        let rendered = clap_mangen::Man::new(command).render(&mut page);
        rendered.map_err(|error| format!("the page cannot be made: {error}"))?;
        print(&page)
    }
}

fn print(bytes: &[u8]) -> Result<(), Problem> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    say(text.trim_end())
}
