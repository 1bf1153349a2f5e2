//! How long security events are kept.

use std::time::Duration;

use clap::Args;

use super::time::{lifetime, seconds};

/// How long security events are kept.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Events")]
pub struct EventSettings {
    /// Age at which security events are deleted; `0`: never
    #[arg(long, env = "KEYWARD_EVENT_RETENTION", default_value = "400d", value_name = "TIME", value_parser = retention)]
    pub event_retention: Duration,
}

impl EventSettings {
    /// The age at which events are forgotten; `None` for never.
    pub fn retention(&self) -> Option<time::Duration> {
        (!self.event_retention.is_zero()).then(|| seconds(self.event_retention))
    }
}

fn retention(text: &str) -> Result<Duration, String> {
    if text == "0" { Ok(Duration::ZERO) } else { lifetime(text) }
}
