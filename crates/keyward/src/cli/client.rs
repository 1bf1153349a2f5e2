//! `keyward client ..`: OAuth2 clients.

use clap::{Args, Subcommand};
use keyward_api::settings::passwords::PasswordSettings;
use keyward_api::settings::scopes::ScopeSettings;
use keyward_api::wiring::grants::client_scopes;
use keyward_api::wiring::ports::ports;
use keyward_auth::{ScopeSet, SecretHash, SystemRandom, Zeroizing, random_secret};
use keyward_domain::oauth::clients::{ClientError, Clients};
use keyward_domain::values::by::By;
use keyward_domain::values::ids::{ClientId, is_plain};
use keyward_domain::values::text::Text;

use super::examples;
use super::output::{Problem, can_say, first_line, say, say_before};
use super::printable::Printable;
use crate::cli::settings::database::DatabaseSettings;

#[derive(Subcommand)]
pub(super) enum ClientCommand {
    /// Register a client, and print its id and its secret: once, they are not kept in clear
    Create(Create),
    /// List clients: id, scope and name
    List(DatabaseSettings),
    /// Remove a client: its secret and tokens are good no more, and the sessions opened through it end
    Remove(Remove),
}

#[derive(Args)]
#[command(after_help = examples::CLIENT_CREATE)]
pub(super) struct Create {
    /// What people call it
    #[arg(long)]
    name: String,
    /// What it may be granted, for itself and at most in the name of a user, separated by spaces; `revocations:read` lets it
    /// follow the feed of ended sessions
    #[arg(long, default_value = "", hide_default_value = true)]
    scope: String,
    /// Take scopes that no account can have: those of another service, for the client's own tokens
    #[arg(long)]
    other_scopes: bool,
    /// Its id [default: made up]
    #[arg(long)]
    id: Option<String>,
    /// Read its secret from standard input instead of making one up: at least 32 characters, random ones
    #[arg(long)]
    secret_stdin: bool,
    #[command(flatten)]
    database: DatabaseSettings,
    #[command(flatten)]
    passwords: PasswordSettings,
    #[command(flatten)]
    scopes: ScopeSettings,
}

#[derive(Args)]
pub(super) struct Remove {
    /// The client's id
    id: String,
    #[command(flatten)]
    database: DatabaseSettings,
    #[command(flatten)]
    passwords: PasswordSettings,
}

/// The fewest characters a secret brought along may have.
const SECRET: usize = 32;

pub(super) async fn run(command: ClientCommand) -> Result<(), Problem> {
    match command {
        ClientCommand::Create(create) => create.run().await,
        ClientCommand::List(database) => list(&database).await,
        ClientCommand::Remove(remove) => remove.run().await,
    }
}

impl Create {
    async fn run(self) -> Result<(), Problem> {
        let name = Text::parse(&self.name).map_err(|error| format!("--name {error}"))?;
        let scope = ScopeSet::parse(&self.scope).map_err(|error| format!("--scope: {error}"))?;
        if !self.other_scopes {
            self.refuse_unknown(&scope)?;
        }
        let id = self.id.clone().unwrap_or_else(|| random_secret(&SystemRandom)[..16].to_owned());
        let id = ClientId::parse(&id)
            .ok_or("--id must be 1 to 100 visible ASCII characters other than : % and +, not digits alone")?;
        let secret =
            if self.secret_stdin { Zeroizing::new(first_line()?) } else { random_secret(&SystemRandom) };
        if secret.len() < SECRET || !is_plain(&secret) {
            return Err(format!(
                "the secret must have at least {SECRET} visible ASCII characters other than : % and +"
            ));
        }
        let database = self.database.open().await?;
        let clients = Clients::new(ports(&database, &self.passwords)?);
        let found = database.repositories().clients().find(&id).await;
        if found.map_err(|error| error.to_string())?.is_some() {
            return Err(ClientError::Taken.to_string());
        }
        say_before(format_args!("client_id={id}"))?;
        if !self.secret_stdin {
            say_before(format_args!("client_secret={}", *secret))?;
        }
        let registered = clients.register(id, name, scope, SecretHash::of(&secret)).await;
        registered.map_err(|error| error.to_string())?;
        Ok(database.close().await?)
    }
}

impl Create {
    /// Refuses a scope that neither an account nor a client can have here: most likely it is misspelt.
    fn refuse_unknown(&self, scope: &ScopeSet) -> Result<(), Problem> {
        let known = client_scopes(&self.scopes, &self.database.resources.mounted()?)?;
        let Some(unknown) = scope.iter().find(|name| !known.contains(name)) else { return Ok(()) };
        let known = known.to_string().replace(' ', ", ");
        Err(format!(
            "--scope: there is no scope {unknown}; there are {known}. Scopes of other services are named in \
             KEYWARD_USER_SCOPES or KEYWARD_ADMIN_SCOPES, or taken with --other-scopes"
        ))
    }
}

impl Remove {
    async fn run(self) -> Result<(), Problem> {
        let id = ClientId::parse(&self.id).ok_or_else(|| ClientError::NotFound.to_string())?;
        can_say()?;
        let database = self.database.open().await?;
        let clients = Clients::new(ports(&database, &self.passwords)?);
        let ended =
            clients.remove(&id, &By::command("client remove")).await.map_err(|error| error.to_string())?;
        say(format_args!("{id} is removed; sessions ended: {ended}"))?;
        Ok(database.close().await?)
    }
}

async fn list(database: &DatabaseSettings) -> Result<(), Problem> {
    let database = database.open().await?;
    let clients = database.repositories().clients().list().await.map_err(|error| error.to_string())?;
    for client in clients {
        let scope = Some(client.scope.to_string()).filter(|scope| !scope.is_empty());
        let scope = scope.as_deref().unwrap_or("-");
        say(format_args!("{}\t{scope}\t{}", client.id, Printable(&client.name)))?;
    }
    Ok(database.close().await?)
}
