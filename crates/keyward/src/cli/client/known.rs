//! What the commands of clients have in common: naming one, and what may be given to it.

use clap::Args;
use keyward_api::settings::passwords::PasswordSettings;
use keyward_api::settings::scopes::ScopeSettings;
use keyward_api::wiring::grants::client_scopes;
use keyward_auth::ScopeSet;
use keyward_domain::oauth::client_error::ClientError;
use keyward_domain::values::ids::{ClientId, is_plain};

use crate::cli::output::Problem;
use crate::cli::settings::database::DatabaseSettings;

#[derive(Args)]
pub(in crate::cli) struct Known {
    /// The client's id
    pub(super) id: String,
    #[command(flatten)]
    pub(super) database: DatabaseSettings,
    #[command(flatten)]
    pub(super) passwords: PasswordSettings,
}

/// How tokens name this server, which no client's resource may be.
#[derive(Args)]
pub(in crate::cli) struct OwnNames {
    /// This server's issuer, which no resource may be
    #[arg(long, env = "KEYWARD_ISSUER", value_name = "URL")]
    issuer: Option<String>,
    /// The `aud` of this server's access tokens, which no resource may be
    #[arg(long, env = "KEYWARD_AUDIENCE", default_value = "keyward", value_name = "NAME")]
    audience: String,
}

impl OwnNames {
    /// Those that are known: without a setting the issuer depends on where the server listens.
    pub(super) fn all(self) -> impl Iterator<Item = String> {
        self.issuer.into_iter().chain([self.audience])
    }
}

/// The fewest characters a secret brought along may have.
const SECRET: usize = 32;

/// The client's id, as it was given.
pub(super) fn known(id: &str) -> Result<ClientId, Problem> {
    ClientId::parse(id).ok_or_else(|| ClientError::NotFound.to_string())
}

pub(super) fn words(error: impl ToString) -> Problem {
    error.to_string()
}

/// Refuses a secret that is too short, or means something else in HTTP Basic.
pub(super) fn sound(secret: &str) -> Result<(), Problem> {
    if secret.len() >= SECRET && is_plain(secret) {
        return Ok(());
    }
    Err(format!("the secret must have at least {SECRET} visible ASCII characters other than : % and +"))
}

/// Refuses a scope that neither an account nor a client can have here: most likely it is misspelt.
pub(super) fn refuse_unknown(
    scope: &ScopeSet,
    scopes: &ScopeSettings,
    database: &DatabaseSettings,
) -> Result<(), Problem> {
    let known = client_scopes(scopes, &database.resources.mounted()?)?;
    let Some(unknown) = scope.iter().find(|name| !known.contains(name)) else { return Ok(()) };
    let known = known.to_string().replace(' ', ", ");
    Err(format!(
        "--scope: there is no scope {unknown}; there are {known}. Scopes of other services are named in \
         KEYWARD_USER_SCOPES or KEYWARD_ADMIN_SCOPES, or taken with --other-scopes"
    ))
}
