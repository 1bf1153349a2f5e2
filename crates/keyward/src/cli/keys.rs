//! `keyward keys ..`: the keys that sign access tokens and ID tokens. Running servers pick changes up by themselves.

use std::sync::Arc;

use clap::{Args, Subcommand};
use keyward_api::routes::oauth::keys::PUBLISHED_AHEAD;
use keyward_api::settings::passwords::PasswordSettings;
use keyward_api::settings::tokens::TokenSettings;
use keyward_api::wiring::database::OpenDatabase;
use keyward_api::wiring::master_secret;
use keyward_api::wiring::ports::ports;
use keyward_auth::Algorithm;
use keyward_domain::keys::division::{Part, parts};
use keyward_domain::keys::id_token_keys::gets_id_tokens;
use keyward_domain::keys::signing_keys::{Keys, Seals};
use keyward_domain::model::clients::Client;
use keyward_domain::model::keys::StoredKey;
use keyward_domain::values::by::By;
use keyward_domain::values::clock::Clock;
use keyward_infra::clock::SystemClock;
use time::Duration;
use time::format_description::well_known::Rfc3339;

use super::output::{Problem, can_say, note, say};
use crate::cli::settings::database::DatabaseSettings;

#[derive(Subcommand)]
pub(super) enum KeysCommand {
    /// List every key: id, algorithm, start of signing, and state: `signs`, `next`, `verifies`, `superseded`, `retired`, or
    /// `unopened` for one that the master secret does not open
    List(KeySettings),
    /// Publish a new key, which signs once every verifier has had the time to fetch it: for access tokens, or, with
    /// `--algorithm RS256`, ES256 or `EdDSA`, for the tokens that this algorithm signs
    Rotate(Rotate),
    /// Withdraw a key: within the revocation bound no server believes anything it signed
    Retire(Retire),
}

#[derive(Args)]
pub(super) struct KeySettings {
    #[command(flatten)]
    database: DatabaseSettings,
    #[command(flatten)]
    tokens: TokenSettings,
    #[command(flatten)]
    passwords: PasswordSettings,
}

#[derive(Args)]
pub(super) struct Rotate {
    /// Let the new key sign at once; for the revocation bound other servers, and for minutes other services, may
    /// refuse its tokens
    #[arg(long)]
    now: bool,
    #[command(flatten)]
    settings: KeySettings,
}

#[derive(Args)]
pub(super) struct Retire {
    /// The key's id
    #[arg(allow_hyphen_values = true)]
    kid: String,
    /// The master secret that sealed the keys is lost: seal the key that takes over with the present one
    #[arg(long)]
    secret_lost: bool,
    #[command(flatten)]
    settings: KeySettings,
}

pub(super) async fn run(command: KeysCommand) -> Result<(), Problem> {
    match command {
        KeysCommand::List(settings) => settings.list().await,
        KeysCommand::Rotate(Rotate { now, settings }) => {
            if !settings.tokens.algorithm.is_asymmetric() {
                return Err(SHARED.to_owned());
            }
            let (database, keys) = settings.open().await?;
            let seals = keys.seals().await.map_err(|error| error.to_string())?;
            if let Some(kid) = seals.elsewhere.first() {
                return Err(sealed_elsewhere(&seals, kid));
            }
            if !in_use(&database, &keys, settings.tokens.algorithm).await? {
                return Err(unused(settings.tokens.algorithm));
            }
            let delay = if now { Duration::ZERO } else { PUBLISHED_AHEAD };
            let by = By::command("keys rotate");
            let kid = keys.rotate(settings.tokens.algorithm, delay, by).await;
            let kid = kid.map_err(|error| error.to_string())?;
            say(format_args!("{kid}\tsigns in {} s", delay.whole_seconds()))?;
            Ok(database.close().await?)
        }
        KeysCommand::Retire(Retire { kid, secret_lost, settings }) => {
            let (database, keys) = settings.open().await?;
            let seals = keys.seals().await.map_err(|error| error.to_string())?;
            // With a secret that opens no key in use, the key that takes over could be opened by no server.
            if let Some(other) = seals.elsewhere.first().filter(|_| !secret_lost && seals.opened == 0) {
                return Err(sealed_elsewhere(&seals, other));
            }
            keys.retire(&kid, By::command("keys retire")).await.map_err(|error| error.to_string())?;
            say(format_args!("{kid}\tretired"))?;
            Ok(database.close().await?)
        }
    }
}

/// Whether there is a key of this algorithm, no key at all, or a client whose ID tokens it signs. A server makes the first key by itself.
async fn in_use(database: &OpenDatabase, keys: &Keys, algorithm: Algorithm) -> Result<bool, Problem> {
    let own = |key: &StoredKey| key.algorithm == algorithm && key.retired_at.is_none();
    let all = keys.list().await.map_err(|error| error.to_string())?;
    // Before the first start of a server it is not known what it will use.
    if all.is_empty() || all.iter().any(own) {
        return Ok(true);
    }
    let clients = database.repositories().clients().list().await.map_err(|error| error.to_string())?;
    let gets = |client: &Client| gets_id_tokens(client) && client.settings.id_token_alg == algorithm;
    Ok(clients.iter().any(gets))
}

/// Why there is no key of this algorithm to rotate, and what to do.
fn unused(algorithm: Algorithm) -> Problem {
    format!(
        "{algorithm} signs nothing here: there is no key of it, and no client gets ID tokens that are signed with it, so no server \
         would publish the new key. `keyward keys list` names the algorithms in use; for access tokens set \
         KEYWARD_ALGORITHM, for ID tokens register a client with --id-token-alg"
    )
}

/// Why there is nothing to rotate.
const SHARED: &str = "HS256 signs with KEYWARD_SECRET, which has no keys to rotate. Name the algorithm of ID tokens, as in \
    keyward keys rotate --algorithm RS256";

/// What to do about a key that the master secret does not open.
fn sealed_elsewhere(seals: &Seals, kid: &str) -> Problem {
    if seals.opened == 0 {
        return "the signing keys were sealed with another master secret: give this command the server's \
                (KEYWARD_DATA_DIR with its master.key, or KEYWARD_MASTER_SECRET); if it is lost, add --secret-lost to \
                `keyward keys retire`"
            .to_owned();
    }
    format!(
        "the signing key {kid} was sealed with another master secret; withdraw it: keyward keys retire {kid}"
    )
}

impl KeySettings {
    async fn list(&self) -> Result<(), Problem> {
        let database = self.database.open().await?;
        let master = master_secret::find(&self.tokens, &self.database.storage.data_dir)?;
        let life = self.tokens.access_token_life();
        let listed = if let Some(master) = master {
            let keys = Keys::new(ports(&database, &self.passwords)?, Arc::new(master), life);
            let listed = keys.parts().await.map_err(|error| error.to_string())?;
            if keys.seals().await.is_ok_and(|seals| seals.opened == 0 && !seals.elsewhere.is_empty()) {
                note("the master secret here opens none of these keys, so which of them sign is not known");
            }
            listed
        } else {
            let keys = database.repositories().keys().all().await.map_err(|error| error.to_string())?;
            if !keys.is_empty() {
                note("there is no master secret here, so which of the keys sign is not known");
            }
            let parts = parts(&keys, |_| false, SystemClock.now(), life);
            keys.into_iter().zip(parts).collect()
        };
        for (key, part) in &listed {
            let (kid, state) = (&key.kid, part.as_str());
            let from = key.signs_from.format(&Rfc3339).unwrap_or_default();
            say(format_args!("{kid}\t{}\t{from}\t{state}", key.algorithm))?;
        }
        let opens = listed.iter().any(|(_, part)| !matches!(part, Part::Unopened | Part::Retired));
        for (StoredKey { kid, .. }, _) in listed.iter().filter(|(_, part)| opens && *part == Part::Unopened) {
            note(format_args!(
                "{kid} was sealed with another master secret: servers leave it out; withdraw it: \
                 keyward keys retire {kid}"
            ));
        }
        Ok(database.close().await?)
    }

    async fn open(&self) -> Result<(OpenDatabase, Keys), Problem> {
        can_say()?;
        let database = self.database.open().await?;
        let master = master_secret::find(&self.tokens, &self.database.storage.data_dir)?;
        let master = Arc::new(master.ok_or("there is no master secret yet; the first start makes it")?);
        let ports = ports(&database, &self.passwords)?;
        Ok((database, Keys::new(ports, master, self.tokens.access_token_life())))
    }
}
