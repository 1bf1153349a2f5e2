//! `keyward user import FILE`: brings the accounts of another system along.

use std::fs::File;
use std::io::{BufWriter, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use keyward_domain::identity::import::{Import as Importing, ImportRules};
use keyward_infra::clock::SystemClock;
use keyward_infra::identity::import::draft::Reading;
use keyward_infra::identity::import::firebase::FirebaseParameters;
use keyward_infra::identity::import::reader::{Format, Users, decoded};

use super::examples;
use super::live_files;
use super::output::{Problem, can_say, say};
use super::printable::Printable;
use crate::cli::settings::database::DatabaseSettings;

/// What the process answers when lines were refused.
const REFUSED: u8 = 2;

#[derive(Args)]
#[command(after_help = examples::USER_IMPORT)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(super) struct Import {
    /// The accounts: email or username, hash, and optionally name, role, disabled, email_verified; `-` for standard input
    file: PathBuf,
    /// `csv`, `jsonl` or `json` [default: as the file's name ends]
    #[arg(long)]
    format: Option<String>,
    /// Check every line and add no account
    #[arg(long)]
    dry_run: bool,
    /// Where to write which lines were refused, and why [default: standard error]
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Let accounts in whose role is more than `user`
    #[arg(long)]
    allow_roles: bool,
    /// Pass over columns that mean nothing here
    #[arg(long)]
    ignore_unknown: bool,
    /// Add accounts whose hash cannot be used without a password: a mail lets their owners set one
    #[arg(long)]
    without_password: bool,
    /// The file with the project's `hash_config`, for accounts that Firebase exported
    #[arg(long, value_name = "FILE")]
    firebase: Option<PathBuf>,
    #[command(flatten)]
    database: DatabaseSettings,
}

impl Import {
    pub(super) async fn run(self) -> Result<ExitCode, Problem> {
        let format = match &self.format {
            Some(name) => Format::from_name(name),
            None => Format::of(&self.file),
        };
        let format =
            format.ok_or("--format has to be csv, jsonl or json, for the file's name does not say it")?;
        let (input, size) = open(&self.file)?;
        let unreadable = |error| format!("{} cannot be read: {error}", self.file.display());
        let firebase = self.firebase.as_deref().map(parameters).transpose()?;
        let reading = Reading { ignore_unknown: self.ignore_unknown, firebase };
        let users = Users::open(decoded(input), format, reading).map_err(unreadable)?;
        let mut users = users.map_err(|fault| format!("{}: {fault}", self.file.display()))?;
        can_say()?;
        if let Some(report) = &self.report {
            live_files::refuse(&self.database.storage, report)?;
        }
        let mut report = Report::create(self.report.as_deref(), &self.file)?;
        let mut progress = Progress::new(size);

        let database = self.database.open().await?;
        let rules = ImportRules {
            allow_roles: self.allow_roles,
            dry_run: self.dry_run,
            without_password: self.without_password,
        };
        let mut import = Importing::new(database.store(), Arc::new(SystemClock), rules);
        let mut taken = 0;
        while let Some(entry) = users.next_entry().map_err(unreadable)? {
            let refused = match entry.user {
                Ok(user) => import.take(entry.line, user).err().map(|refusal| refusal.to_string()),
                Err(fault) => Some(fault),
            };
            if let Some(reason) = refused {
                progress.clear();
                report.refuse(entry.line, entry.element, &reason)?;
            }
            taken += 1;
            if import.is_full() {
                import.flush().await.map_err(|error| stopped(&error))?;
                progress.show(users.bytes(), taken);
            }
        }
        import.flush().await.map_err(|error| stopped(&error))?;
        progress.clear();
        let refused = report.finish()?;
        let (tally, done) = (import.tally(), if self.dry_run { "would be added" } else { "added" });
        let without = match tally.without_password {
            0 => String::new(),
            some => format!(", {some} without a password"),
        };
        say(format_args!(
            "{} {done}, {} there already, {refused} refused{without}",
            tally.added, tally.present
        ))?;
        database.close().await?;
        Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::from(REFUSED) })
    }
}

/// The parameters of a Firebase project's hashes.
fn parameters(path: &Path) -> Result<FirebaseParameters, Problem> {
    let unusable = |reason: &dyn std::fmt::Display| format!("--firebase {}: {reason}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| unusable(&error))?;
    FirebaseParameters::parse(&text)
        .map_err(|missing| unusable(&format_args!("there is no usable {missing}")))
}

fn open(path: &Path) -> Result<(Box<dyn Read>, Option<u64>), Problem> {
    if path == Path::new("-") {
        return Ok((Box::new(std::io::stdin().lock()), None));
    }
    let file = File::open(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    let size = file.metadata().ok().filter(std::fs::Metadata::is_file).map(|data| data.len());
    Ok((Box::new(file), size))
}

fn stopped(error: &dyn std::error::Error) -> Problem {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("the import stopped, for {error}{cause}; the same command goes on where it ended")
}

/// Which lines were refused, and why. Nothing of the lines themselves.
struct Report {
    output: Box<dyn Write>,
    refused: u64,
}

impl Report {
    fn create(path: Option<&Path>, input: &Path) -> Result<Self, Problem> {
        let Some(path) = path else {
            return Ok(Self { output: Box::new(std::io::stderr()), refused: 0 });
        };
        if live_files::is_same(path, input) {
            return Err("--report is the file of the accounts itself".to_owned());
        }
        let file = File::create(path).map_err(|error| format!("--report {}: {error}", path.display()))?;
        Ok(Self { output: Box::new(BufWriter::new(file)), refused: 0 })
    }

    fn refuse(&mut self, line: u64, element: Option<u64>, reason: &str) -> Result<(), Problem> {
        self.refused += 1;
        let element = element.map(|number| format!(", element {number}")).unwrap_or_default();
        writeln!(self.output, "line {line}{element}: {}", Printable(reason))
            .map_err(|error| unwritten(&error))
    }

    fn finish(mut self) -> Result<u64, Problem> {
        self.output.flush().map_err(|error| unwritten(&error))?;
        Ok(self.refused)
    }
}

fn unwritten(error: &std::io::Error) -> Problem {
    format!("the refused lines cannot be reported: {error}")
}

/// A bar on the terminal, if standard error is one.
struct Progress {
    /// How many bytes there are, where that is known.
    size: Option<u64>,
    visible: bool,
    shown: bool,
}

impl Progress {
    fn new(size: Option<u64>) -> Self {
        Self { size, visible: std::io::stderr().is_terminal(), shown: false }
    }

    fn show(&mut self, bytes: u64, lines: u64) {
        if self.visible {
            self.shown = true;
            drop(write!(std::io::stderr(), "\r\x1b[K{}", bar(self.size, bytes, lines)));
        }
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            drop(write!(std::io::stderr(), "\r\x1b[K"));
        }
    }
}

fn bar(size: Option<u64>, bytes: u64, lines: u64) -> String {
    const WIDTH: usize = 30;
    let Some(size) = size.filter(|size| *size > 0) else { return format!("{lines} lines") };
    let percent = (u128::from(bytes) * 100 / u128::from(size)).min(100);
    let full = usize::try_from(percent).unwrap_or(100) * WIDTH / 100;
    format!("[{:<WIDTH$}] {percent:>3} % {lines} lines", "#".repeat(full))
}

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn the_bar_fills_and_never_overflows() {
        assert_eq!(bar(Some(200), 0, 0), format!("[{}]   0 % 0 lines", " ".repeat(30)));
        assert_eq!(bar(Some(200), 100, 7), format!("[{}{}]  50 % 7 lines", "#".repeat(15), " ".repeat(15)));
        assert_eq!(bar(Some(200), u64::MAX, 9), format!("[{}] 100 % 9 lines", "#".repeat(30)));
        assert_eq!((bar(None, 5, 3), bar(Some(0), 0, 0)), ("3 lines".to_owned(), "0 lines".to_owned()));
    }
}
