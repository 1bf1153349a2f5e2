//! The scopes there are (RFC 6749, section 3.3), and the roles: each no more than the set of scopes it may ask for.

use std::collections::BTreeMap;

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

/// Get an ID token, and ask for claims of the user (OpenID Connect Core, section 3.1.2.1). It and the next three are for clients in
/// the name of a user.
pub const OPENID: &str = "openid";
/// Read the user's name.
pub const PROFILE: &str = "profile";
/// Read the user's e-mail address.
pub const EMAIL: &str = "email";
/// Stay logged in after the browser session has ended (OpenID Connect Core, section 11).
pub const OFFLINE_ACCESS: &str = "offline_access";

/// The scopes of OpenID Connect.
pub const OPENID_CONNECT: [&str; 4] = [OPENID, PROFILE, EMAIL, OFFLINE_ACCESS];

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
    user: Reach,
    admin: Reach,
    titles: BTreeMap<String, String>,
}

/// What one role may have.
#[derive(Clone, Debug)]
struct Reach {
    own: ScopeSet,
    /// The same through a client.
    client: ScopeSet,
    /// The same through a client that asked the user.
    consent: ScopeSet,
}

impl Reach {
    fn of(own: ScopeSet) -> Self {
        let client = union(&own, &ScopeSet::from_names([ACCOUNT]).unwrap_or_default());
        let consent = union(&client, &ScopeSet::from_names(OPENID_CONNECT).unwrap_or_default());
        Self { own, client, consent }
    }
}

impl Grants {
    /// Grants `everybody` to every role, and `administrators` and [`ADMIN`] to administrators as well.
    pub fn new(everybody: &ScopeSet, administrators: &ScopeSet) -> Self {
        let own = ScopeSet::from_names([ADMIN]).unwrap_or_default();
        let admin = union(&union(&own, everybody), administrators);
        Self { user: Reach::of(everybody.clone()), admin: Reach::of(admin), titles: BTreeMap::new() }
    }

    /// The same with titles, by the names of scopes.
    #[must_use]
    pub fn titled<'a>(mut self, titles: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        self.titles.extend(titles.into_iter().map(|(name, title)| (name.to_owned(), title.to_owned())));
        self
    }

    /// What a scope allows, in words, where that is known.
    pub fn title(&self, name: &str) -> Option<&str> {
        self.titles.get(name).map(String::as_str)
    }

    /// Every scope this role may have. What administrators may have is all there is.
    pub fn of(&self, role: Role) -> &ScopeSet {
        &self.reach(role).own
    }

    /// Every scope a client may get with the password of a user of this role, if it was registered for it.
    pub fn through_client(&self, role: Role) -> &ScopeSet {
        &self.reach(role).client
    }

    /// Every scope a client may get from a user of this role who was asked, if it was registered for it.
    pub fn through_consent(&self, role: Role) -> &ScopeSet {
        &self.reach(role).consent
    }

    fn reach(&self, role: Role) -> &Reach {
        match role {
            Role::User => &self.user,
            Role::Admin => &self.admin,
        }
    }

    /// What may still be done of what was granted before. Leave to enrol a second factor alone stays, and so does what clients alone
    /// are granted: to operate on the account, and the scopes of OpenID Connect.
    pub fn bound(&self, role: Role, granted: &ScopeSet) -> ScopeSet {
        if granted.contains(ENROL) {
            return enrolling(granted);
        }
        intersection(granted, self.through_consent(role))
    }
}

/// Every scope that a client may be registered for: those of all roles, and those for clients alone.
pub fn for_clients(grants: &Grants) -> ScopeSet {
    let own = ScopeSet::from_names([REVOCATIONS_READ]).unwrap_or_default();
    union(&own, grants.through_consent(Role::Admin))
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
        assert_eq!(grants.through_client(Role::User), &set("account notes:read"));
        let consent = set("account email notes:read offline_access openid profile");
        assert_eq!(grants.through_consent(Role::User), &consent);
        assert_eq!(grants.bound(Role::User, &set("notes:review openid")), set("openid"));
        assert_eq!(Grants::new(&ScopeSet::default(), &ScopeSet::default()).of(Role::Admin), &set("admin"));
    }
}
