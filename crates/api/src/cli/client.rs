//! `keyward client ..`: OAuth2 clients.

use std::sync::Arc;

use clap::{Args, Subcommand};
use keyward_api::config::{PasswordSettings, StorageSettings};
use keyward_api::session_check::Epochs;
use keyward_auth::{ScopeSet, SecretHash, SystemRandom, Zeroizing, random_secret};
use keyward_domain::clients::{ClientId, Clients, is_plain};
use keyward_domain::text::Text;

use super::wiring::Wiring;
use super::{Problem, first_line, say};

#[derive(Subcommand)]
pub(super) enum ClientCommand {
    /// Register a client, and print its id and its secret: once, they are not kept in clear
    Create(Create),
}

#[derive(Args)]
pub(super) struct Create {
    /// What people call it
    #[arg(long)]
    name: String,
    /// What it may be granted, for itself and at most in the name of a user, separated by spaces; `revocations:read` lets it
    /// follow the feed of ended sessions
    #[arg(long, default_value = "")]
    scope: String,
    /// Its id [default: made up]
    #[arg(long)]
    id: Option<String>,
    /// Read its secret from standard input instead of making one up: at least 32 characters, random ones
    #[arg(long)]
    secret_stdin: bool,
    #[command(flatten)]
    storage: StorageSettings,
    #[command(flatten)]
    passwords: PasswordSettings,
}

/// The fewest characters a secret brought along may have.
const SECRET: usize = 32;

pub(super) async fn run(command: ClientCommand) -> Result<(), Problem> {
    let ClientCommand::Create(create) = command;
    let name = Text::parse(&create.name).map_err(|error| format!("--name {error}"))?;
    let scope = ScopeSet::parse(&create.scope).map_err(|error| format!("--scope: {error}"))?;
    let id = create.id.clone().unwrap_or_else(|| random_secret(&SystemRandom)[..16].to_owned());
    let id = ClientId::parse(&id)
        .ok_or("--id must be 1 to 100 visible ASCII characters other than : % and +, not digits alone")?;
    let secret =
        if create.secret_stdin { Zeroizing::new(first_line()?) } else { random_secret(&SystemRandom) };
    if secret.len() < SECRET || !is_plain(&secret) {
        return Err(format!(
            "the secret must have at least {SECRET} visible ASCII characters other than : % and +"
        ));
    }
    let wiring = Wiring::open(&create.storage).await?;
    let clients = Clients::new(wiring.ports(&create.passwords, Arc::new(Epochs::default()))?);
    let client = clients.register(id, name, scope, SecretHash::of(&secret)).await;
    let client = client.map_err(|error| error.to_string())?;
    say(format_args!("client_id={}", client.id));
    if !create.secret_stdin {
        say(format_args!("client_secret={}", *secret));
    }
    wiring.close().await
}
