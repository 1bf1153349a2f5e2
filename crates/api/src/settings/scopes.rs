//! Scopes of services that trust Keyward's tokens.

use clap::Args;
use keyward_auth::ScopeSet;

/// What accounts may ask for beside Keyward's own scopes.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Scopes")]
pub struct ScopeSettings {
    /// Scopes of services of your own that every account may have, as in `invoices:read invoices:pay`
    #[arg(
        long,
        env = "KEYWARD_USER_SCOPES",
        default_value = "",
        value_name = "SCOPES",
        hide_default_value = true
    )]
    pub user_scopes: ScopeSet,

    /// .. and those that only administrators may have
    #[arg(
        long,
        env = "KEYWARD_ADMIN_SCOPES",
        default_value = "",
        value_name = "SCOPES",
        hide_default_value = true
    )]
    pub admin_scopes: ScopeSet,
}
