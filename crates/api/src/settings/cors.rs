//! Settings of calls from pages of other origins.

use clap::Args;

use crate::boundary::cors::PageOrigin;

/// Which pages of other origins may call.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Pages of other origins")]
pub struct CorsSettings {
    /// Origins whose pages may call this service from a browser, as in `https://app.example,http://localhost:5173`
    /// [default: none]
    #[arg(long, env = "KEYWARD_CORS_ORIGINS", value_name = "ORIGINS", value_delimiter = ',')]
    pub cors_origins: Vec<PageOrigin>,
}
