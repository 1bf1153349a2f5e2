//! `keyward client ..`: OAuth2 clients.

mod change;
mod create;
mod known;
mod shown;

use clap::{Args, Subcommand};
use keyward_api::wiring::ports::ports;
use keyward_auth::SecretHash;
use keyward_domain::oauth::client_error::ClientError;
use keyward_domain::oauth::clients::{Administration, Clients};
use keyward_domain::values::origin::Origin;

use self::change::Change;
use self::create::Create;
use self::known::{Known, known, sound, words};
use super::output::{Problem, can_say, first_line, say, say_before};
use super::printable::Printable;
use crate::cli::settings::database::DatabaseSettings;

#[derive(Subcommand)]
pub(super) enum ClientCommand {
    /// Register a client, and print its id and its secret: once, they are not kept in clear
    Create(Box<Create>),
    /// List clients: id, scope and name
    List(DatabaseSettings),
    /// Show a client with everything that it was registered for
    Show(Known),
    /// Change a client; what no flag names stays as it is
    Set(Box<Change>),
    /// Give a client a new secret, and print it: the one before is refused from now on
    RotateSecret(Rotation),
    /// Remove a client: its secret and tokens are good no more, and the sessions opened through it end
    Remove(Known),
}

#[derive(Args)]
pub(super) struct Rotation {
    #[command(flatten)]
    known: Known,
    /// Read the secret from standard input instead of making one up: at least 32 characters, random ones
    #[arg(long)]
    secret_stdin: bool,
}

pub(super) async fn run(command: ClientCommand) -> Result<(), Problem> {
    match command {
        ClientCommand::Create(create) => create.run().await,
        ClientCommand::List(database) => list(&database).await,
        ClientCommand::Show(known) => shown::show(&known).await,
        ClientCommand::Set(change) => change.run().await,
        ClientCommand::RotateSecret(rotation) => rotation.run().await,
        ClientCommand::Remove(known) => remove(&known).await,
    }
}

impl Rotation {
    async fn run(self) -> Result<(), Problem> {
        let Known { id, database, passwords } = &self.known;
        let id = known(id)?;
        let given = if self.secret_stdin { Some(first_line()?) } else { None };
        given.as_deref().map_or(Ok(()), sound)?;
        let database = database.open().await?;
        let clients = Clients::new(ports(&database, passwords)?);
        if clients.find(&id).await.map_err(words)?.is_public() {
            return Err(ClientError::NoSecret.to_string());
        }
        let secret = if let Some(given) = given {
            keyward_auth::Zeroizing::new(given)
        } else {
            let made = clients.make_secret();
            say_before(format_args!("client_secret={}", *made))?;
            made
        };
        let origin = Origin::default();
        let who = Administration::command("client rotate-secret", &origin);
        clients.replace_secret(&id, &SecretHash::of(&secret), &who).await.map_err(words)?;
        Ok(database.close().await?)
    }
}

async fn remove(Known { id, database, passwords }: &Known) -> Result<(), Problem> {
    let id = known(id)?;
    can_say()?;
    let database = database.open().await?;
    let clients = Clients::new(ports(&database, passwords)?);
    let origin = Origin::default();
    let ended =
        clients.remove(&id, &Administration::command("client remove", &origin)).await.map_err(words)?;
    say(format_args!("{id} is removed; sessions ended: {ended}"))?;
    Ok(database.close().await?)
}

async fn list(database: &DatabaseSettings) -> Result<(), Problem> {
    let database = database.open().await?;
    let clients = database.repositories().clients().list().await.map_err(words)?;
    for client in clients {
        let scope = Some(client.settings.scope.to_string()).filter(|scope| !scope.is_empty());
        let scope = scope.as_deref().unwrap_or("-");
        say(format_args!("{}\t{scope}\t{}", client.id, Printable(&client.settings.name)))?;
    }
    Ok(database.close().await?)
}
