//! What is rate limited, and what one IP address is.

use std::net::{IpAddr, Ipv6Addr};

use crate::model::attempts::{AttemptKey, Budget};

/// The rate limits of attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budgets {
    pub account: Budget,
    /// Per IP address, over all accounts.
    pub address: Budget,
}

/// What an address is counted for, each by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Login,
    Refresh,
    /// Invalid tokens for a new password.
    Reset,
    /// Invalid codes and tokens for the verification of an address.
    Verify,
    Mail,
    SignUp,
    /// Wrong answers at a login with a passkey.
    Passkey,
    /// Wrong user codes of devices.
    Device,
}

impl Deed {
    /// Its name, in keys and events.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Login => "logins of an address",
            Self::Refresh => "refresh tokens of an address",
            Self::Reset => "reset tokens of an address",
            Self::Verify => "verifications of an address",
            Self::Mail => "mails of an address",
            Self::SignUp => "sign-ups of an address",
            Self::Passkey => "passkeys of an address",
            Self::Device => "device codes of an address",
        }
    }
}

/// The count of an address. Loopback has none: from there come a proxy or a tool on the same machine, never one person.
/// Callers whose address is not known share one count, so that a program that leaves it out has no limit less.
pub(crate) fn count_of(deed: Deed, address: Option<IpAddr>) -> Option<AttemptKey> {
    if address.is_some_and(|address| address.is_loopback()) {
        return None;
    }
    Some(AttemptKey::of(deed.as_str(), "", address.map(network)))
}

/// What one subscriber has: an IPv4 address, or the /64 around an IPv6 address, all of which is theirs to use.
pub fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
    }
}
