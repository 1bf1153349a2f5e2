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

/// What tokens say and how long they last.
#[derive(Args, Clone, Debug)]
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
            ..Lifetimes::default()
        }
    }
}
