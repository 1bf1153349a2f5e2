//! Help, and the sentence for a command line that cannot be read.

use std::io::Write;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Command, Error};

use super::output::{Problem, shown};

/// Whether help or the version was asked for, or is all that a command without its subcommand can get.
pub(super) fn is_asked_for(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    )
}

/// Prints help or the version, from a command line that names its variables and holds no value of them.
pub(super) fn show(command: Command) -> Result<ExitCode, Problem> {
    let hidden = hide_values(command);
    let Err(error) = hidden.try_get_matches() else { return Ok(ExitCode::SUCCESS) };
    shown(error.print().and_then(|()| std::io::stdout().flush()))?;
    // Help in place of a missing subcommand goes to standard error.
    Ok(if error.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn hide_values(command: Command) -> Command {
    command.mut_args(|argument| argument.hide_env_values(true)).mut_subcommands(hide_values)
}

/// One line: what is wrong, what was most likely meant, and which variable it is about.
pub(super) fn refusal(error: &Error, command: &Command) -> Problem {
    let words = error.to_string();
    let mut paragraphs = words.split("\n\n").map(|lines| {
        lines.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
    });
    let fault = paragraphs.next().unwrap_or_default();
    let fault = fault.trim_start_matches("error: ");
    let others: Vec<String> = paragraphs.collect();
    let meant =
        others.iter().filter_map(|words| words.strip_prefix("tip: ")).find(|tip| tip.contains("similar"));
    let meant = meant.map(|tip| format!("; {tip}")).unwrap_or_default();
    let flag = fault.split("'--").nth(1).and_then(|flag| flag.split([' ', '\'']).next());
    let setting = flag.and_then(|flag| variable(command, flag));
    if let (Some(setting), ErrorKind::ValueValidation | ErrorKind::InvalidValue) = (setting, error.kind()) {
        return format!("{fault}{meant} ({setting})");
    }
    let usage = others.iter().find_map(|words| words.strip_prefix("Usage: ")).unwrap_or("keyward");
    let command: Vec<&str> =
        usage.split(' ').take_while(|word| word.chars().all(|c| c.is_ascii_lowercase())).collect();
    format!("{fault}{meant} (see {} --help)", command.join(" "))
}

/// The variable that stands for a flag, of this command or of one below it; `None` for a flag that has none.
fn variable(command: &Command, flag: &str) -> Option<String> {
    let mut named = command.get_arguments().filter(|argument| argument.get_long() == Some(flag));
    let own = named.find_map(|argument| argument.get_env()?.to_str().map(str::to_owned));
    own.or_else(|| command.get_subcommands().find_map(|command| variable(command, flag)))
}
