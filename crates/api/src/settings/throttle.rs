//! Settings of what guesses cost.

use std::time::Duration;

use clap::Args;
use keyward_domain::limits::budgets::Budgets;
use keyward_domain::model::attempts::Budget;

use super::time::{lifetime, seconds};

/// What guesses cost.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Rate limits")]
pub struct ThrottleSettings {
    /// Make guesses cost a growing wait: `on` or `off`
    #[arg(long, env = "KEYWARD_THROTTLE", default_value = "on", value_name = "ON|OFF",
        value_parser = ["on", "off", "true", "false", "1", "0"])]
    pub throttle: String,

    /// The wrong password of an account that begins to cost
    #[arg(long, env = "KEYWARD_THROTTLE_FREE", default_value_t = 5, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..))]
    pub throttle_free: u32,

    /// The wait after that one; it doubles with each further one
    #[arg(long, env = "KEYWARD_THROTTLE_FIRST", default_value = "1s", value_name = "TIME", value_parser = lifetime)]
    pub throttle_first: Duration,

    /// The longest wait
    #[arg(long, env = "KEYWARD_THROTTLE_CAP", default_value = "15m", value_name = "TIME", value_parser = lifetime)]
    pub throttle_cap: Duration,

    /// The wrong guess from one address that begins to cost; likewise the sign-up, and the asking for mail
    #[arg(long, env = "KEYWARD_THROTTLE_ADDRESS_FREE", default_value_t = 300, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..))]
    pub throttle_address_free: u32,

    /// After how long an address is forgiven one of them
    #[arg(long, env = "KEYWARD_THROTTLE_ADDRESS_FORGIVE", default_value = "10s", value_name = "TIME",
        value_parser = lifetime)]
    pub throttle_address_forgive: Duration,
}

impl ThrottleSettings {
    /// What guesses cost; `None` for nothing.
    pub fn budgets(&self) -> Option<Budgets> {
        let (first, cap) = (seconds(self.throttle_first), seconds(self.throttle_cap));
        let account = Budget { free: self.throttle_free, first, cap, forgive: None };
        let forgive = Some(seconds(self.throttle_address_forgive));
        let address = Budget { free: self.throttle_address_free, first, cap, forgive };
        matches!(self.throttle.as_str(), "on" | "true" | "1").then_some(Budgets { account, address })
    }
}
