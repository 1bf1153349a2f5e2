//! Settings of calls from pages of other origins.

use clap::Args;

use crate::boundary::cors::{PageHeader, PageOrigin};

/// Which pages of other origins may call.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Pages of other origins")]
pub struct CorsSettings {
    /// Origins whose pages may call this service from a browser, as in `https://app.example,http://localhost:5173`
    /// [default: none]
    #[arg(long, env = "KEYWARD_CORS_ORIGINS", value_name = "ORIGINS", value_delimiter = ',')]
    pub cors_origins: Vec<PageOrigin>,

    /// Request headers that these pages may send beside those that Keyward reads and those of tracing, as in `x-app-version`
    /// [default: none]
    #[arg(long, env = "KEYWARD_CORS_HEADERS", value_name = "NAMES", value_delimiter = ',')]
    pub cors_headers: Vec<PageHeader>,
}
