//! The command line: `keyward` is `keyward serve`.

mod backup;
mod client;
mod completions;
mod doctor;
mod env_file;
mod events;
mod examples;
mod first_administrator;
mod healthcheck;
mod import;
mod keys;
mod live_files;
mod log;
mod outbox;
mod output;
mod password;
mod prefix;
mod printable;
mod seed;
mod serve;
pub mod settings;
mod traces;
mod usage;
mod user;
mod variables;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use self::backup::{Backup, Restore};
use self::client::ClientCommand;
use self::completions::{Completions, Manual};
use self::events::EventsCommand;
use self::healthcheck::Healthcheck;
use self::keys::KeysCommand;
use self::outbox::OutboxCommand;
use self::output::{Problem, can_say, note, say};
use self::printable::Printable;
use self::seed::Seed;
use self::settings::ServerSettings;
use self::settings::database::DatabaseSettings;
use self::settings::resources::ResourceSettings;
use self::user::UserCommand;
use self::variables::Variables;

/// FastAPI-style JWT authentication as a ready-to-run service.
///
/// Every setting is a flag and a variable; a `.env` file in the working folder is read first.
#[derive(Parser)]
#[command(name = "keyward", version, about, args_conflicts_with_subcommands = true, after_help = examples::KEYWARD)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    settings: ServerSettings,
}

#[derive(Subcommand)]
enum Command {
    /// Serve (the default)
    #[command(after_help = examples::KEYWARD)]
    Serve(Box<ServerSettings>),
    /// Bring the database's schema up to date, and stop
    Migrate(DatabaseSettings),
    /// Manage accounts
    #[command(subcommand)]
    User(UserCommand),
    /// Manage OAuth2 clients
    #[command(subcommand)]
    Client(ClientCommand),
    /// Manage the keys that sign access tokens
    #[command(subcommand, after_help = examples::KEYS)]
    Keys(KeysCommand),
    /// Look at security events
    #[command(subcommand, after_help = examples::EVENTS)]
    Events(EventsCommand),
    /// Fill an empty database with two users, posts and a small catalogue, and print the users' passwords
    Seed(Seed),
    /// Look after mails on their way
    #[command(subcommand, after_help = examples::OUTBOX)]
    Outbox(OutboxCommand),
    /// Check settings, database, keys, clock and mail server, and say what to mend
    Doctor(Box<ServerSettings>),
    /// Ask a running server whether it is ready
    Healthcheck(Healthcheck),
    /// Copy a SQLite database, in use or not, into one file, and check it
    Backup(Backup),
    /// Replace the SQLite database by such a copy; no other process may be using it
    Restore(Restore),
    /// Print the OpenAPI document
    Openapi(ResourceSettings),
    /// Print what a shell needs to complete this command line
    Completions(Completions),
    /// Print the manual page
    Man(Manual),
}

/// Runs what the command line asks for.
///
/// # Errors
/// One sentence that names what to correct, without control characters: it may quote a server.
pub fn run() -> Result<ExitCode, Problem> {
    execute().map_err(|problem| Printable(problem).to_string())
}

fn execute() -> Result<ExitCode, Problem> {
    let read = Variables::read(&Cli::command());
    // Help and version do not depend on variables.
    let command = read.as_ref().map_or_else(|_| Cli::command(), |variables| variables.apply(Cli::command()));
    let parsed =
        command.try_get_matches().and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches)));
    let (cli, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) if usage::is_asked_for(&error) => return usage::show(Cli::command()),
        Err(error) => {
            read?;
            return Err(usage::refusal(&error, &Cli::command()));
        }
    };
    let variables = read?;
    variables.check(&Cli::command(), &matches)?;
    let command = cli.command.unwrap_or_else(|| Command::Serve(Box::new(cli.settings)));
    if !matches!(command, Command::Serve(_) | Command::Doctor(_) | Command::Healthcheck(_)) {
        variables.unknown().iter().for_each(|words| note(format_args!("keyward: {words}")));
    }
    match command {
        Command::Serve(settings) => block_on(serve::serve(*settings, variables.unknown())),
        Command::Migrate(settings) => block_on(async {
            can_say()?;
            let database = settings.open().await?;
            say(format_args!("The schema of {} is up to date.", database.place()))?;
            Ok(database.close().await?)
        }),
        Command::User(command) => return block_on(user::run(command)),
        Command::Client(command) => block_on(client::run(command)),
        Command::Keys(command) => block_on(keys::run(command)),
        Command::Events(command) => block_on(events::run(command)),
        Command::Seed(seed) => block_on(seed.run()),
        Command::Outbox(command) => block_on(outbox::run(command)),
        Command::Doctor(settings) => block_on(doctor::run(*settings, variables.unknown())),
        Command::Healthcheck(check) => check.run(),
        Command::Backup(backup) => block_on(backup.run()),
        Command::Restore(restore) => block_on(restore.run()),
        Command::Openapi(resources) => openapi(&resources),
        Command::Completions(shell) => shell.print(Cli::command()),
        Command::Man(manual) => manual.print(Cli::command()),
    }?;
    Ok(ExitCode::SUCCESS)
}

fn openapi(resources: &ResourceSettings) -> Result<(), Problem> {
    let document = keyward_api::router::document(&resources.mounted()?)
        .to_pretty_json()
        .map_err(|error| error.to_string())?;
    say(document)
}

fn block_on<T>(task: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| format!("the runtime cannot start: {error}"))?.block_on(task)
}
