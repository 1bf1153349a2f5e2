//! Who has to have a second factor, and what those may do who have none.

use keyward_auth::ScopeSet;

use crate::values::scopes::{Role, enrolling};

/// Who has to have a second factor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SecondFactor {
    /// No account has to.
    #[default]
    Optional,
    /// Administrators.
    Administrators,
    /// Everybody.
    Required,
}

impl SecondFactor {
    /// Whether accounts of this role have to have one.
    pub fn demands(self, role: Role) -> bool {
        match self {
            Self::Optional => false,
            Self::Administrators => role == Role::Admin,
            Self::Required => true,
        }
    }

    /// What a session of this role gets of `granted`: all of it, or, where the policy demands a second factor and the session
    /// has not shown one, leave to enrol one.
    pub(crate) fn bound(self, role: Role, shown: bool, granted: ScopeSet) -> ScopeSet {
        if shown || !self.demands(role) {
            return granted;
        }
        enrolling(&granted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::scopes::ENROL;

    #[test]
    fn who_must_have_a_factor_and_has_none_may_only_enrol() {
        let all = ScopeSet::parse("admin notes:read").unwrap();
        let enrol = ScopeSet::parse(ENROL).unwrap();
        for (policy, role, narrowed) in [
            (SecondFactor::Optional, Role::Admin, false),
            (SecondFactor::Administrators, Role::User, false),
            (SecondFactor::Administrators, Role::Admin, true),
            (SecondFactor::Required, Role::User, true),
            (SecondFactor::Required, Role::Admin, true),
        ] {
            let expected = if narrowed { &enrol } else { &all };
            assert_eq!(policy.bound(role, false, all.clone()), *expected, "{policy:?} {role:?}");
            assert_eq!(policy.bound(role, true, all.clone()), all);
        }
    }
}
