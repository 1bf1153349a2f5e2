//! Settings of the names that accounts log in with.

use clap::{Args, ValueEnum};
use keyward_domain::values::names;

/// What accounts log in with.
#[derive(Args, Clone, Copy, Debug)]
pub struct NameSettings {
    /// Names that log in, and with which people sign up
    #[arg(long, env = "KEYWARD_LOGIN_NAMES", value_enum, default_value = "both", value_name = "NAMES")]
    pub login_names: LoginNames,
}

/// Which kinds of name log in.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LoginNames {
    /// E-mail addresses and user names
    Both,
    /// E-mail addresses
    Email,
    /// User names; an e-mail address is for mail alone
    Username,
}

impl From<LoginNames> for names::LoginNames {
    fn from(kinds: LoginNames) -> Self {
        match kinds {
            LoginNames::Both => Self::Both,
            LoginNames::Email => Self::Email,
            LoginNames::Username => Self::Username,
        }
    }
}
