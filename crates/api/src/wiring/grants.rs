//! What each role may have: Keyward's own scopes, those of mounted resources, and those that settings add.

use keyward_auth::ScopeSet;
use keyward_domain::values::scopes::{
    ACCOUNT, ADMIN, ENROL, Grants, OPENID_CONNECT, REVOCATIONS_READ, Role, for_clients, union,
};

use super::error::ServiceError;
use crate::resources::resource::Resource;
use crate::settings::scopes::ScopeSettings;

/// The grants.
///
/// # Errors
/// A setting that adds a scope of Keyward's own, which would give it away: `admin` for everybody, say. A resource's scope
/// that is not a `scope-token` (RFC 6749, section 3.3).
pub(crate) fn grants(settings: &ScopeSettings, resources: &[Resource]) -> Result<Grants, ServiceError> {
    let (users, administrators) = (scopes(resources, Role::User)?, scopes(resources, Role::Admin)?);
    let own = |name: &str| {
        [ACCOUNT, ADMIN, ENROL, REVOCATIONS_READ].contains(&name)
            || OPENID_CONNECT.contains(&name)
            || users.contains(name)
            || administrators.contains(name)
    };
    for (setting, added) in
        [("KEYWARD_USER_SCOPES", &settings.user_scopes), ("KEYWARD_ADMIN_SCOPES", &settings.admin_scopes)]
    {
        if let Some(name) = added.iter().find(|name| own(name)) {
            let sentence =
                format!("{setting}: {name} is a scope of Keyward's own, which no setting gives away");
            return Err(sentence.into());
        }
    }
    let titles =
        resources.iter().flat_map(|resource| &resource.scopes).map(|scope| (scope.name, scope.title));
    let (users, administrators) =
        (union(&users, &settings.user_scopes), union(&administrators, &settings.admin_scopes));
    Ok(Grants::new(&users, &administrators).titled(titles))
}

/// Every scope that a client may be registered for: those of all roles, and those for clients alone.
///
/// # Errors
/// As `grants`.
pub fn client_scopes(settings: &ScopeSettings, resources: &[Resource]) -> Result<ScopeSet, ServiceError> {
    Ok(for_clients(&grants(settings, resources)?))
}

fn scopes(resources: &[Resource], role: Role) -> Result<ScopeSet, ServiceError> {
    let scopes = resources.iter().flat_map(|resource| &resource.scopes);
    let names = scopes.filter(|scope| scope.role == role).map(|scope| scope.name);
    ScopeSet::from_names(names).map_err(|error| format!("a scope of a resource: {error}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(user: &str, admin: &str) -> ScopeSettings {
        ScopeSettings { user_scopes: user.parse().unwrap(), admin_scopes: admin.parse().unwrap() }
    }

    #[test]
    fn a_setting_adds_scopes_and_gives_away_none_of_keywards_own() {
        let grants = grants(&settings("a:read  a:write", "a:review"), &[]).unwrap();
        assert_eq!(grants.of(Role::User).to_string(), "a:read a:write");
        assert_eq!(grants.of(Role::Admin).to_string(), "a:read a:review a:write admin");
        for own in ["account", "admin", "enrol", "revocations:read", "openid", "offline_access"] {
            for faulty in [settings(&format!("a:read {own}"), ""), settings("", own)] {
                assert!(super::grants(&faulty, &[]).unwrap_err().to_string().contains(own), "{own}");
            }
        }
    }
}
