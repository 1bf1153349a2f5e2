//! The scopes there are (RFC 6749, section 3.3), and the roles: each no more than the set of scopes it may ask for.

use keyward_auth::ScopeSet;

/// Manage all accounts, and what belongs to them.
pub const ADMIN: &str = "admin";

/// Enrol a second factor, and nothing else: for accounts that have to have one and lack it. No role has it, and no caller can
/// ask for it.
pub const ENROL: &str = "enrol";

/// Operate on the account of a user: password, factors, sessions, API keys. It is for registered clients in the name of a user,
/// whose tokens do not without it. Users' own tokens do in any case.
pub const ACCOUNT: &str = "account";

/// Follow the revocation feed. It is for registered clients: no role has it.
pub const REVOCATIONS_READ: &str = "revocations:read";

/// What an account may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Reads and writes their own things.
    #[default]
    User,
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
}

/// The scopes that each role may have.
#[derive(Clone, Debug)]
pub struct Grants {
    user: ScopeSet,
    admin: ScopeSet,
}

impl Grants {
    /// Grants `everybody` to every role, and `administrators` and [`ADMIN`] to administrators as well.
    pub fn new(everybody: &ScopeSet, administrators: &ScopeSet) -> Self {
        let own = ScopeSet::from_names([ADMIN]).unwrap_or_default();
        Self { user: everybody.clone(), admin: union(&union(&own, everybody), administrators) }
    }

    /// Every scope this role may have. What administrators may have is all there is.
    pub fn of(&self, role: Role) -> &ScopeSet {
        match role {
            Role::User => &self.user,
            Role::Admin => &self.admin,
        }
    }

    /// Every scope a client may get in the name of a user of this role, if it was registered for it.
    pub fn through_client(&self, role: Role) -> ScopeSet {
        union(self.of(role), &ScopeSet::from_names([ACCOUNT]).unwrap_or_default())
    }

    /// What may still be done of what was granted before. Leave to enrol a second factor alone stays, and so does a client's to
    /// operate on the account.
    pub fn bound(&self, role: Role, granted: &ScopeSet) -> ScopeSet {
        if granted.contains(ENROL) {
            return enrolling(granted);
        }
        if granted.contains(ACCOUNT) {
            return intersection(granted, &self.through_client(role));
        }
        intersection(granted, self.of(role))
    }
}

/// Leave to enrol a second factor alone, for who was granted this. A client that may operate on the account still may.
pub fn enrolling(granted: &ScopeSet) -> ScopeSet {
    let names = [ENROL].into_iter().chain(granted.contains(ACCOUNT).then_some(ACCOUNT));
    ScopeSet::from_names(names).unwrap_or_default()
}

/// Returns what either holds.
pub fn union(one: &ScopeSet, other: &ScopeSet) -> ScopeSet {
    ScopeSet::from_names(one.iter().chain(other.iter())).unwrap_or_default()
}

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

    fn set(text: &str) -> ScopeSet {
        ScopeSet::parse(text).unwrap()
    }

    #[test]
    fn asking_for_nothing_grants_all_the_role_may_have() {
        let allowed = set("notes:read notes:write");
        assert_eq!(grant(None, &allowed).unwrap(), allowed);
        assert_eq!(grant(Some("  "), &allowed).unwrap(), allowed);
    }

    #[test]
    fn a_scope_can_be_narrowed_but_never_widened() {
        let allowed = set("notes:read notes:write");
        assert_eq!(grant(Some("notes:read"), &allowed).unwrap().to_string(), "notes:read");
        assert_eq!(grant(Some("notes:read admin"), &allowed), Err(InvalidScope));
        assert_eq!(grant(Some("nonsense"), &allowed), Err(InvalidScope));
        assert_eq!(grant(Some("notes:read \"x\""), &allowed), Err(InvalidScope));
    }

    #[test]
    fn a_role_has_what_everybody_has_and_an_administrator_more() {
        let grants = Grants::new(&set("notes:read"), &set("notes:review"));
        assert_eq!(grants.of(Role::User), &set("notes:read"));
        assert_eq!(grants.of(Role::Admin), &set("admin notes:read notes:review"));
        let granted = set("admin notes:read notes:review other");
        assert_eq!(grants.bound(Role::Admin, &granted), set("admin notes:read notes:review"));
        assert_eq!(grants.bound(Role::User, &granted), set("notes:read"));
        assert_eq!(grants.bound(Role::User, &set("account admin notes:read")), set("account notes:read"));
        assert_eq!(grants.bound(Role::User, &set("account enrol")), set("account enrol"));
        assert_eq!(grants.through_client(Role::User), set("account notes:read"));
        assert_eq!(Grants::new(&ScopeSet::default(), &ScopeSet::default()).of(Role::Admin), &set("admin"));
    }
}
