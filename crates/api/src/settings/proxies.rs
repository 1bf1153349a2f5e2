//! Settings of proxies in front of the service.

use clap::Args;

use crate::boundary::proxies::{ProxyHeader, TrustedProxy};

/// Whom to believe about where a request came from.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Proxies")]
pub struct ProxySettings {
    /// Networks of proxies that are believed about a client's address, as in `10.0.0.0/8,::1`; `unix` for the socket of
    /// KEYWARD_LISTEN_UNIX [default: none]
    #[arg(long, env = "KEYWARD_TRUSTED_PROXIES", value_name = "NETWORKS", value_delimiter = ',')]
    pub trusted_proxies: Vec<TrustedProxy>,

    /// The header in which they note it
    #[arg(long, env = "KEYWARD_PROXY_HEADER", default_value = "x-forwarded-for", value_name = "HEADER")]
    pub proxy_header: ProxyHeader,
}
