//! Who did something, and through what: the author of a security event.

use std::borrow::Cow;
use std::fmt;

use super::actor::{Actor, Via};
use super::ids::{ApiKeyId, ClientId, SessionId, UserId};

/// The author of a change: who made it, and through what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By {
    /// Who did it.
    pub who: Who,
    /// What they did it through, where there was something in between.
    pub via: Option<Means>,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// A caller who proved nothing, as at a failed login.
    Unknown,
    /// The user of an account.
    User(UserId),
    /// An OAuth2 client in its own name.
    Client(ClientId),
    /// An operator, at the machine that reaches the database.
    Operator,
    /// Keyward itself: cleaning, rotating keys.
    System,
}

/// What something was done through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Means {
    /// A session.
    Session(SessionId),
    /// An API key.
    ApiKey(ApiKeyId),
    /// A link or a code from a mail.
    Mail,
    /// A command of the program, without its arguments: `user disable`.
    Command(Cow<'static, str>),
}

impl By {
    /// A caller who proved nothing.
    pub const UNKNOWN: Self = Self { who: Who::Unknown, via: None };
    /// Keyward itself.
    pub const SYSTEM: Self = Self { who: Who::System, via: None };

    /// The user of an account.
    pub fn user(id: UserId, via: Means) -> Self {
        Self { who: Who::User(id), via: Some(via) }
    }

    /// An OAuth2 client in its own name.
    pub fn client(id: &ClientId) -> Self {
        Self { who: Who::Client(id.clone()), via: None }
    }

    /// An operator's command, without its arguments.
    pub const fn command(name: &'static str) -> Self {
        Self { who: Who::Operator, via: Some(Means::Command(Cow::Borrowed(name))) }
    }
}

impl From<&Actor> for By {
    fn from(actor: &Actor) -> Self {
        Self::user(actor.who, actor.via.into())
    }
}

impl From<Via> for Means {
    fn from(via: Via) -> Self {
        match via {
            Via::Session(id) | Via::ClientSession(id) => Self::Session(id),
            Via::ApiKey(id) => Self::ApiKey(id),
        }
    }
}

/// As stored and shown: `user:7`, `client:web`, `operator`.
impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("unknown"),
            Self::User(id) => write!(f, "user:{id}"),
            Self::Client(id) => write!(f, "client:{id}"),
            Self::Operator => f.write_str("operator"),
            Self::System => f.write_str("system"),
        }
    }
}

/// As stored and shown: `session:01998d5e-..`, `command:user disable`.
impl fmt::Display for Means {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(id) => write!(f, "session:{id}"),
            Self::ApiKey(id) => write!(f, "api_key:{id}"),
            Self::Mail => f.write_str("mail"),
            Self::Command(name) => write!(f, "command:{name}"),
        }
    }
}

impl Who {
    /// Reads the stored form; `None` if it is malformed.
    pub fn from_stored(text: &str) -> Option<Self> {
        Some(match text.split_once(':') {
            Some(("user", id)) => Self::User(UserId(id.parse().ok()?)),
            Some(("client", id)) => Self::Client(ClientId::parse(id)?),
            None if text == "unknown" => Self::Unknown,
            None if text == "operator" => Self::Operator,
            None if text == "system" => Self::System,
            _ => return None,
        })
    }
}

impl Means {
    /// Reads the stored form; `None` if it is malformed.
    pub fn from_stored(text: &str) -> Option<Self> {
        Some(match text.split_once(':') {
            Some(("session", id)) => Self::Session(SessionId(id.parse().ok()?)),
            Some(("api_key", id)) => Self::ApiKey(ApiKeyId(id.parse().ok()?)),
            Some(("command", name)) => Self::Command(Cow::Owned(name.to_owned())),
            None if text == "mail" => Self::Mail,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_read_again_and_nothing_else() {
        let web = ClientId::parse("web").unwrap();
        for who in [Who::Unknown, Who::User(UserId(7)), Who::Client(web), Who::Operator, Who::System] {
            assert_eq!(Who::from_stored(&who.to_string()), Some(who));
        }
        let session = SessionId(uuid::Uuid::from_u128(1));
        for via in [
            Means::Session(session),
            Means::ApiKey(ApiKeyId(7)),
            Means::Mail,
            Means::Command("user disable".into()),
        ] {
            assert_eq!(Means::from_stored(&via.to_string()), Some(via));
        }
        for text in ["", "user", "user:x", "operator:1", "session:7", "mail:1", "nobody"] {
            assert!(Who::from_stored(text).is_none() && Means::from_stored(text).is_none(), "{text}");
        }
    }
}
