//! Settings: every one a flag and a `KEYWARD_*` variable, all of them optional.

pub mod backchannel;
pub mod brand;
pub mod cors;
pub mod events;
pub mod factors;
pub(crate) mod issuer;
mod links;
pub mod mail;
pub mod names;
pub mod passwords;
pub mod proxies;
pub mod public;
pub mod scopes;
pub mod secret;
pub mod storage;
pub mod throttle;
pub mod time;
pub mod tokens;

use clap::{Args, Command, FromArgMatches};

use self::backchannel::BackchannelSettings;
use self::brand::BrandSettings;
use self::cors::CorsSettings;
use self::events::EventSettings;
use self::factors::FactorSettings;
use self::mail::MailSettings;
use self::names::NameSettings;
use self::passwords::PasswordSettings;
use self::proxies::ProxySettings;
use self::scopes::ScopeSettings;
use self::storage::{ReplicaSettings, StorageSettings};
use self::throttle::ThrottleSettings;
use self::tokens::TokenSettings;

/// The issuer where none is set and no server says where it listens.
const ISSUER: &str = "http://127.0.0.1:8000";

/// What the service does: everything but how connections are accepted and what is logged.
#[derive(Args, Clone, Debug)]
pub struct Settings {
    /// This service's address where no issuer is set: where a server listens.
    #[arg(skip)]
    pub address: Option<String>,

    /// Where things are kept
    #[command(flatten)]
    pub storage: StorageSettings,

    /// What may be read elsewhere
    #[command(flatten)]
    pub replica: ReplicaSettings,

    /// What tokens say
    #[command(flatten)]
    pub tokens: TokenSettings,

    /// What accounts log in with
    #[command(flatten)]
    pub names: NameSettings,

    /// How passwords are kept
    #[command(flatten)]
    pub passwords: PasswordSettings,

    /// Who has to have a second factor
    #[command(flatten)]
    pub factors: FactorSettings,

    /// What guesses cost
    #[command(flatten)]
    pub throttle: ThrottleSettings,

    /// What accounts may ask for elsewhere
    #[command(flatten)]
    pub scopes: ScopeSettings,

    /// How mail goes out
    #[command(flatten)]
    pub mail: MailSettings,

    /// How pages look
    #[command(flatten)]
    pub brand: BrandSettings,

    /// Which pages of other origins may call
    #[command(flatten)]
    pub cors: CorsSettings,

    /// Where clients may be told of logouts
    #[command(flatten)]
    pub backchannel: BackchannelSettings,

    /// How long security events are kept
    #[command(flatten)]
    pub events: EventSettings,

    /// Whom to believe about where a request came from
    #[command(flatten)]
    pub proxies: ProxySettings,
}

impl Settings {
    /// Every setting at its default. Neither flags nor the environment are read.
    ///
    /// # Panics
    /// Never: every setting has a default or is optional, which a test checks.
    pub fn defaults() -> Self {
        let command = Self::augment_args(Command::new("keyward")).mut_args(|argument| argument.env(None));
        let matches = command.try_get_matches_from(["keyward"]);
        let settings = matches.and_then(|matches| Self::from_arg_matches(&matches));
        settings.expect("every setting has a default or is optional")
    }

    /// The `iss` of access tokens.
    pub fn issuer(&self) -> String {
        let own = self.tokens.issuer.as_ref().or(self.address.as_ref());
        own.cloned().unwrap_or_else(|| ISSUER.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_need_neither_flags_nor_variables() {
        let settings = Settings::defaults();
        assert_eq!(settings.issuer(), "http://127.0.0.1:8000");
        assert_eq!(settings.storage.database_url(), "sqlite://./data/keyward.db");
    }
}
