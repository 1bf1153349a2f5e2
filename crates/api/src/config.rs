//! Settings: every one a flag and a `KEYWARD_*` variable, all of them optional.

mod connections;
mod cors;
mod database;
mod events;
mod issuer;
mod mail;
mod proxies;
mod scopes;
mod secret;
mod throttle;
mod watch;

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use keyward_auth::{Algorithm, Argon2Params, PasswordPolicy, RefusedPasswords};
use keyward_domain::sessions::Lifetimes;

pub use self::connections::ConnectionSettings;
pub use self::cors::CorsSettings;
pub use self::database::{ReplicaSettings, StorageSettings};
pub use self::events::EventSettings;
pub use self::mail::MailSettings;
pub use self::proxies::ProxySettings;
pub use self::scopes::ScopeSettings;
pub use self::secret::Secret;
pub use self::throttle::ThrottleSettings;
pub use self::watch::WatchSettings;
use crate::state::LEEWAY;

/// How passwords are hashed, and what new ones must be like.
#[derive(Args, Clone, Debug)]
pub struct PasswordSettings {
    /// Argon2id: memory, in KiB
    #[arg(long, env = "KEYWARD_ARGON2_MEMORY", default_value_t = 19_456, value_name = "KIB")]
    pub argon2_memory: u32,

    /// Argon2id: passes
    #[arg(long, env = "KEYWARD_ARGON2_ITERATIONS", default_value_t = 2, value_name = "N")]
    pub argon2_iterations: u32,

    /// Argon2id: lanes
    #[arg(long, env = "KEYWARD_ARGON2_PARALLELISM", default_value_t = 1, value_name = "N")]
    pub argon2_parallelism: u32,

    /// The fewest characters a new password may have
    #[arg(long, env = "KEYWARD_PASSWORD_MIN_LENGTH", default_value_t = 8, value_name = "N",
        value_parser = clap::value_parser!(u16).range(8..=64))]
    pub password_min_length: u16,

    /// A file of further words and passwords that nobody may choose, one a line: your product's name, leaked passwords
    #[arg(long, env = "KEYWARD_PASSWORD_BLOCKLIST", value_name = "FILE", value_parser = refused_passwords)]
    pub password_blocklist: Option<RefusedPasswords>,
}

impl PasswordSettings {
    /// Argon2id's parameters.
    pub fn argon2(&self) -> Argon2Params {
        Argon2Params {
            memory_kib: self.argon2_memory,
            iterations: self.argon2_iterations,
            parallelism: self.argon2_parallelism,
        }
    }

    /// What new passwords must be like.
    pub fn policy(&self) -> PasswordPolicy {
        PasswordPolicy {
            min_chars: self.password_min_length.into(),
            refused: self.password_blocklist.clone().unwrap_or_default(),
            ..PasswordPolicy::default()
        }
    }
}

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

    /// Replace the signing key by itself when it is so old, as in `30d` [default: never]
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

/// The same time as the domain counts it.
pub fn seconds(time: Duration) -> time::Duration {
    time::Duration::seconds(time.as_secs().try_into().unwrap_or(i64::MAX))
}

/// Everything `keyward serve` can be told.
#[derive(Args, Clone, Debug)]
pub struct Settings {
    /// The address to listen on
    #[arg(long, env = "KEYWARD_LISTEN", default_value = "127.0.0.1:8000", value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,

    /// How connections are taken
    #[command(flatten)]
    pub connections: ConnectionSettings,

    /// Where things are kept
    #[command(flatten)]
    pub storage: StorageSettings,

    /// What may be read elsewhere
    #[command(flatten)]
    pub replica: ReplicaSettings,

    /// What tokens say
    #[command(flatten)]
    pub tokens: TokenSettings,

    /// How passwords are kept
    #[command(flatten)]
    pub passwords: PasswordSettings,

    /// What guesses cost
    #[command(flatten)]
    pub throttle: ThrottleSettings,

    /// What accounts may ask for elsewhere
    #[command(flatten)]
    pub scopes: ScopeSettings,

    /// How mail goes out
    #[command(flatten)]
    pub mail: MailSettings,

    /// Which pages of other origins may call
    #[command(flatten)]
    pub cors: CorsSettings,

    /// How long security events are kept
    #[command(flatten)]
    pub events: EventSettings,

    /// Where numbers and traces go
    #[command(flatten)]
    pub watch: WatchSettings,

    /// Whom to believe about where a request came from
    #[command(flatten)]
    pub proxies: ProxySettings,

    /// What is logged: `error`, `warn`, `info`, `debug`, or a filter such as `info,sqlx=debug`
    #[arg(
        long,
        env = "KEYWARD_LOG",
        default_value = "info,sea_orm_migration=warn,sqlx::postgres=warn",
        value_name = "FILTER"
    )]
    pub log: String,

    /// How log lines look: `text`, `json`, or `auto`: text on a terminal, JSON elsewhere
    #[arg(long, env = "KEYWARD_LOG_FORMAT", default_value = "auto", value_name = "FORMAT",
        value_parser = ["auto", "text", "json"])]
    pub log_format: String,
}

impl Settings {
    /// The `iss` of access tokens.
    pub fn issuer(&self) -> String {
        self.tokens
            .issuer
            .clone()
            .unwrap_or_else(|| format!("{}://{}", self.connections.scheme(), self.listen))
    }
}

/// 100 years, in seconds: no time that is reckoned with leaves the calendar.
const LONGEST: u64 = 100 * 366 * 24 * 60 * 60;

/// `15m`, `12h`, `30d`, or plain seconds.
fn lifetime(text: &str) -> Result<Duration, String> {
    let time = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            humantime::parse_duration(text).map_err(|_| "write it as in 15m, 12h, 30d or 900 (seconds)")?
        }
    };
    match time.as_secs() {
        0 => Err("it must be at least one second".to_owned()),
        seconds if seconds > LONGEST => Err("it must be at most 100 years".to_owned()),
        _ => Ok(time),
    }
}

/// What the file holds.
fn refused_passwords(file: &str) -> Result<RefusedPasswords, String> {
    let bytes = std::fs::read(file).map_err(|error| format!("it cannot be read: {error}"))?;
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].split(|byte| *byte == b'\n').count();
        format!("it must be UTF-8, and line {line} is not")
    })?;
    Ok(RefusedPasswords::parse(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blocklist_is_utf_8_text_and_what_is_not_is_told_by_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("words.txt");
        let path = file.to_str().unwrap();
        assert!(refused_passwords(path).unwrap_err().starts_with("it cannot be read: "));
        std::fs::write(&file, b"umbrella\nstra\xdfe\n").unwrap();
        assert_eq!(refused_passwords(path), Err("it must be UTF-8, and line 2 is not".to_owned()));
        std::fs::write(&file, "umbrella\nstra\u{df}e\n").unwrap();
        assert_eq!(refused_passwords(path), Ok(RefusedPasswords::parse("stra\u{df}e\nUmbrella")));
    }

    #[test]
    fn lifetimes_are_written_with_a_unit_or_in_seconds_and_are_never_zero() {
        assert_eq!(lifetime("15m"), Ok(Duration::from_mins(15)));
        assert_eq!(lifetime("900"), Ok(Duration::from_mins(15)));
        assert_eq!(lifetime("1h 30m"), Ok(Duration::from_mins(90)));
        assert_eq!(lifetime("100y").unwrap().as_secs() / (24 * 60 * 60), 36_525);
        for text in ["", "0", "0s", "-1m", "soon", "10ms", "101y", "9999y", "99999999999"] {
            assert!(lifetime(text).is_err(), "{text:?}");
        }
    }
}
