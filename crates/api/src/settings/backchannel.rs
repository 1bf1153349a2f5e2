//! Where clients may be told of logouts.

use clap::Args;

/// Where clients may be told of logouts.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Back-channel logout")]
pub struct BackchannelSettings {
    /// Send logout tokens to private, loopback and other addresses that are not public as well: `on` or `off`
    #[arg(long, env = "KEYWARD_BACKCHANNEL_PRIVATE", default_value = "off", value_name = "ON|OFF",
        value_parser = ["on", "off", "true", "false", "1", "0"])]
    pub backchannel_private: String,
}

impl BackchannelSettings {
    /// Whether logout tokens may be sent to addresses that are not public.
    pub fn allows_private(&self) -> bool {
        matches!(self.backchannel_private.as_str(), "on" | "true" | "1")
    }
}
