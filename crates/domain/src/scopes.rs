//! The scopes there are (RFC 6749, section 3.3), and the roles: each no more than the set of scopes it may ask for.

use keyward_auth::ScopeSet;

/// Read posts.
pub const POSTS_READ: &str = "posts:read";
/// Write one's own posts.
pub const POSTS_WRITE: &str = "posts:write";
/// Fill one's cart and place orders.
pub const SHOP: &str = "shop";
/// Change the catalogue.
pub const CATALOG_WRITE: &str = "catalog:write";
/// Manage everybody's accounts and orders.
pub const ADMIN: &str = "admin";

const USER: [&str; 3] = [POSTS_READ, POSTS_WRITE, SHOP];
const ADMINISTRATOR: [&str; 5] = [POSTS_READ, POSTS_WRITE, SHOP, CATALOG_WRITE, ADMIN];

/// What an account may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Reads and writes their own things.
    #[default]
    User,
    /// Manages everybody's.
    Admin,
}

impl Role {
    /// Every role there is.
    pub const ALL: [Self; 2] = [Self::User, Self::Admin];

    /// The role's name, as stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
        }
    }

    /// The role of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// Every scope this role may have.
    pub fn scopes(self) -> ScopeSet {
        ScopeSet::from_names(self.names().iter().copied()).unwrap_or_default()
    }

    /// Whether this role may have the scope of that name.
    pub fn allows(self, scope: &str) -> bool {
        self.names().contains(&scope)
    }

    fn names(self) -> &'static [&'static str] {
        match self {
            Self::User => &USER,
            Self::Admin => &ADMINISTRATOR,
        }
    }
}

/// The scope asked for is malformed or more than the account may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The requested scope is invalid, unknown, or exceeds what this account may have.")]
pub struct InvalidScope;

/// What is granted to a holder of at most `allowed` who asks for `requested`: all of it when nothing is asked for.
///
/// # Errors
/// [`InvalidScope`] when `requested` is malformed or holds anything outside `allowed`.
pub fn grant(requested: Option<&str>, allowed: &ScopeSet) -> Result<ScopeSet, InvalidScope> {
    match requested.map(str::trim) {
        None | Some("") => Ok(allowed.clone()),
        Some(text) => ScopeSet::parse(text).ok().filter(|set| set.is_subset(allowed)).ok_or(InvalidScope),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asking_for_nothing_grants_all_the_role_may_have() {
        let granted = grant(None, &Role::User.scopes()).unwrap();
        assert_eq!(granted.to_string(), "posts:read posts:write shop");
        assert_eq!(grant(Some("  "), &Role::User.scopes()).unwrap(), granted);
    }

    #[test]
    fn a_scope_can_be_narrowed_but_never_widened() {
        let allowed = Role::User.scopes();
        assert_eq!(grant(Some("posts:read"), &allowed).unwrap().to_string(), "posts:read");
        assert_eq!(grant(Some("posts:read admin"), &allowed), Err(InvalidScope));
        assert_eq!(grant(Some("nonsense"), &allowed), Err(InvalidScope));
        assert_eq!(grant(Some("posts:read \"x\""), &allowed), Err(InvalidScope));
    }
}
