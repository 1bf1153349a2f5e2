//! Settings of the first administrator, for containers: there is no shell in which to make one.

use clap::Args;
use keyward_api::settings::secret::Secret;

/// The account that a server makes while there is no administrator.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "First administrator")]
pub struct AdministratorSettings {
    /// The address of an administrator to make while there is none [default: none is made]
    #[arg(long, env = "KEYWARD_ADMIN_EMAIL", value_name = "ADDRESS")]
    pub admin_email: Option<String>,

    /// Their password, which has no effect once there is an administrator
    #[arg(long, env = "KEYWARD_ADMIN_PASSWORD", hide_env_values = true, value_name = "PASSWORD")]
    pub admin_password: Option<Secret>,
}
