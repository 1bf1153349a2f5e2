//! Settings for monitoring.

use std::net::SocketAddr;

use clap::Args;

use super::listen;

/// Where numbers and traces go.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Metrics and traces")]
pub struct WatchSettings {
    /// A listening address of its own for `/metrics`, which no client should reach [default: none, no metrics]
    #[arg(long, env = "KEYWARD_METRICS_LISTEN", value_name = "ADDRESS:PORT", value_parser = listen::address)]
    pub metrics_listen: Option<SocketAddr>,

    /// A collector that takes traces by OTLP, as in `http://127.0.0.1:4318/v1/traces`; for a build with the feature `otlp`
    #[arg(long, env = "KEYWARD_OTLP_ENDPOINT", value_name = "URL")]
    pub otlp_endpoint: Option<String>,
}
