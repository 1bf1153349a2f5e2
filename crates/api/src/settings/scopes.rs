//! Scopes of services that trust Keyward's tokens.

use clap::Args;
use keyward_auth::ScopeSet;
use keyward_domain::scopes::{Grants, is_own};

/// What accounts may ask for beside Keyward's own scopes.
#[derive(Args, Clone, Debug)]
pub struct ScopeSettings {
    /// Scopes of services of your own that every account may have, as in `invoices:read invoices:pay`
    #[arg(long, env = "KEYWARD_USER_SCOPES", default_value = "", value_name = "SCOPES", value_parser = elsewhere,
        hide_default_value = true)]
    pub user_scopes: ScopeSet,

    /// .. and those that only administrators may have
    #[arg(long, env = "KEYWARD_ADMIN_SCOPES", default_value = "", value_name = "SCOPES", value_parser = elsewhere,
        hide_default_value = true)]
    pub admin_scopes: ScopeSet,
}

impl ScopeSettings {
    /// What each role may have.
    pub fn grants(&self) -> Grants {
        Grants::new(&self.user_scopes, &self.admin_scopes)
    }
}

/// Reads names separated by spaces. Keyward's own are none of a setting's business: `admin` for everybody would be a gift.
fn elsewhere(text: &str) -> Result<ScopeSet, String> {
    let scopes = ScopeSet::parse(text).map_err(|error| error.to_string())?;
    if let Some(own) = scopes.iter().find(|name| is_own(name)) {
        return Err(format!("{own} is a scope of Keyward's own, which no setting gives away"));
    }
    Ok(scopes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_adds_scopes_and_gives_away_none_of_keywards_own() {
        assert_eq!(elsewhere("a:read  a:write").unwrap().to_string(), "a:read a:write");
        assert!(elsewhere("").unwrap().is_empty());
        for own in ["admin", "posts:read", "revocations:read"] {
            assert!(elsewhere(&format!("a:read {own}")).unwrap_err().contains(own), "{own}");
        }
        assert!(elsewhere("a\\b").is_err());
    }
}
