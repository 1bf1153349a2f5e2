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

/// Follow the feed of ended sessions. It is for registered clients: no role has it.
pub const REVOCATIONS_READ: &str = "revocations:read";

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

    /// Every scope of Keyward's own that this role may have.
    pub fn scopes(self) -> ScopeSet {
        ScopeSet::from_names(self.names().iter().copied()).unwrap_or_default()
    }

    fn names(self) -> &'static [&'static str] {
        match self {
            Self::User => &USER,
            Self::Admin => &ADMINISTRATOR,
        }
    }
}

/// Whether a scope is one of Keyward's own, which no other service may give a meaning to.
pub fn is_own(name: &str) -> bool {
    name == REVOCATIONS_READ || Role::ALL.iter().any(|role| role.names().contains(&name))
}

/// What each role may have: Keyward's own scopes, and those of services that trust its tokens.
#[derive(Clone, Debug)]
pub struct Grants {
    user: ScopeSet,
    admin: ScopeSet,
}

impl Grants {
    /// Beside Keyward's own scopes, these for everybody, and those for administrators alone.
    pub fn new(everybody: &ScopeSet, administrators: &ScopeSet) -> Self {
        let user = union(&Role::User.scopes(), everybody);
        let admin = union(&union(&Role::Admin.scopes(), everybody), administrators);
        Self { user, admin }
    }

    /// Every scope this role may have. What administrators may have is all there is.
    pub fn of(&self, role: Role) -> &ScopeSet {
        match role {
            Role::User => &self.user,
            Role::Admin => &self.admin,
        }
    }

    /// What may still be done of what was granted before.
    pub fn bound(&self, role: Role, granted: &ScopeSet) -> ScopeSet {
        intersection(granted, self.of(role))
    }
}

impl Default for Grants {
    fn default() -> Self {
        Self::new(&ScopeSet::default(), &ScopeSet::default())
    }
}

fn union(one: &ScopeSet, other: &ScopeSet) -> ScopeSet {
    ScopeSet::from_names(one.iter().chain(other.iter())).unwrap_or_default()
}

/// What both hold.
pub fn intersection(one: &ScopeSet, other: &ScopeSet) -> ScopeSet {
    if one.is_subset(other) {
        return one.clone();
    }
    ScopeSet::from_names(one.iter().filter(|name| other.contains(name))).unwrap_or_default()
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

    #[test]
    fn scopes_of_other_services_come_with_the_role() {
        let set = |text| ScopeSet::parse(text).unwrap();
        let grants = Grants::new(&set("invoices:read"), &set("invoices:write"));
        assert_eq!(grants.of(Role::User), &set("posts:read posts:write shop invoices:read"));
        assert!(Role::Admin.scopes().is_subset(grants.of(Role::Admin)));
        let granted = set("posts:read invoices:read invoices:write");
        assert_eq!(grants.bound(Role::Admin, &granted), granted);
        assert_eq!(grants.bound(Role::User, &granted), set("posts:read invoices:read"));
        assert_eq!(Grants::default().bound(Role::Admin, &granted), set("posts:read"));
    }
}
