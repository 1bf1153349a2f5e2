//! Settings of tokens and sessions: what tokens say, and how long they and logins last.

use std::time::Duration;

use clap::Args;
use keyward_auth::Algorithm;
use keyward_domain::model::lifetimes::Lifetimes;

use super::issuer;
use super::secret::Secret;
use super::time::{lifetime, seconds};

/// How far clocks may differ, in seconds.
pub const LEEWAY: i64 = 5;

/// The longest time for which a spent refresh token may still get its successor.
const LONGEST_GRACE: Duration = Duration::from_mins(5);

/// From one second to [`LONGEST_GRACE`], or `0`: a spent token is never given its successor again.
fn grace(text: &str) -> Result<Duration, String> {
    if text == "0" || text == "0s" {
        return Ok(Duration::ZERO);
    }
    let time = lifetime(text)?;
    if time > LONGEST_GRACE { Err("it must be at most 5m".to_owned()) } else { Ok(time) }
}

/// What tokens say and how long they last.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Tokens and sessions")]
pub struct TokenSettings {
    /// How access tokens are signed: `EdDSA`, ES256, RS256, or HS256 with KEYWARD_SECRET
    #[arg(long, env = "KEYWARD_ALGORITHM", default_value = "EdDSA", value_name = "ALGORITHM")]
    pub algorithm: Algorithm,

    /// The shared secret of HS256, at least 32 bytes; never give it as a flag where others can list processes
    #[arg(long, env = "KEYWARD_SECRET", hide_env_values = true, value_name = "SECRET")]
    pub secret: Option<Secret>,

    /// At least 32 bytes that everything secret is derived from [default: kept in the data folder]
    #[arg(long, env = "KEYWARD_MASTER_SECRET", hide_env_values = true, value_name = "SECRET")]
    pub master_secret: Option<Secret>,

    /// The `iss` of access tokens: this service's public address [default: `http://LISTEN`, or `https://LISTEN` with TLS]
    #[arg(long, env = "KEYWARD_ISSUER", value_name = "URL", value_parser = issuer::issuer)]
    pub issuer: Option<String>,

    /// The `aud` of access tokens
    #[arg(long, env = "KEYWARD_AUDIENCE", default_value = "keyward", value_name = "NAME")]
    pub audience: String,

    /// How long an access token is good for, as in `15m`
    #[arg(long, env = "KEYWARD_ACCESS_TOKEN_TTL", default_value = "15m", value_name = "TIME", value_parser = lifetime)]
    pub access_token_ttl: Duration,

    /// A session ends when it was not refreshed for so long
    #[arg(long, env = "KEYWARD_SESSION_IDLE", default_value = "30d", value_name = "TIME", value_parser = lifetime)]
    pub session_idle: Duration,

    /// A session ends after so long, however busy
    #[arg(long, env = "KEYWARD_SESSION_ABSOLUTE", default_value = "90d", value_name = "TIME", value_parser = lifetime)]
    pub session_absolute: Duration,

    /// How long the refresh token just spent still gets its successor again, for lost answers and for two tabs at once: up to `5m`
    #[arg(long, env = "KEYWARD_REFRESH_GRACE", default_value = "10s", value_name = "TIME", value_parser = grace)]
    pub refresh_grace: Duration,

    /// The sessions that an account may have at once: beyond them, the one unseen longest ends
    #[arg(long, env = "KEYWARD_SESSIONS_PER_ACCOUNT", default_value_t = 1_000, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub sessions_per_account: u32,

    /// Age at which the signing key is replaced automatically, as in `30d` [default: never]
    #[arg(long, env = "KEYWARD_KEY_ROTATION", value_name = "TIME", value_parser = lifetime)]
    pub key_rotation: Option<Duration>,

    /// How long a replica may go on trusting a session that ended elsewhere
    #[arg(long, env = "KEYWARD_REVOCATION_BOUND", default_value = "5s", value_name = "TIME", value_parser = lifetime)]
    pub revocation_bound: Duration,
}

impl TokenSettings {
    /// How many seconds an access token is good for.
    pub fn access_token_ttl_seconds(&self) -> i64 {
        i64::try_from(self.access_token_ttl.as_secs()).unwrap_or(i64::MAX)
    }

    /// How long after it was signed an access token may still be believed anywhere.
    pub fn access_token_life(&self) -> time::Duration {
        time::Duration::seconds(self.access_token_ttl_seconds().saturating_add(LEEWAY))
    }

    /// How long logins last.
    pub fn lifetimes(&self) -> Lifetimes {
        Lifetimes {
            idle: seconds(self.session_idle),
            absolute: seconds(self.session_absolute),
            access: self.access_token_life(),
            grace: seconds(self.refresh_grace),
        }
    }
}
