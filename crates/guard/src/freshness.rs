//! How recent and how strong an authentication has to be (RFC 9470): what the lock asks beside the scope.

use keyward_auth::{AAL1, AAL2, Authenticated};

/// What [`CurrentUser`](crate::CurrentUser) asks of an authentication: nothing, `()`; that it is recent, [`Fresh`]; that it
/// was made with two factors, [`Strong`]; or both, a pair of them.
pub trait Freshness: Send + Sync + 'static {
    /// How old the authentication may be, in seconds.
    const MAX_AGE: Option<u32>;
    /// Whether two factors are asked for.
    const STRONG: bool;
}

/// A login, or a proof, of the last `SECONDS` seconds.
pub struct Fresh<const SECONDS: u32>;

/// Two factors (`acr` is `aal2`).
pub struct Strong;

impl Freshness for () {
    const MAX_AGE: Option<u32> = None;
    const STRONG: bool = false;
}

impl<const SECONDS: u32> Freshness for Fresh<SECONDS> {
    const MAX_AGE: Option<u32> = Some(SECONDS);
    const STRONG: bool = false;
}

impl Freshness for Strong {
    const MAX_AGE: Option<u32> = None;
    const STRONG: bool = true;
}

impl<A: Freshness, B: Freshness> Freshness for (A, B) {
    const MAX_AGE: Option<u32> = match (A::MAX_AGE, B::MAX_AGE) {
        (Some(one), Some(other)) => Some(if one < other { one } else { other }),
        (Some(one), None) => Some(one),
        (None, other) => other,
    };
    const STRONG: bool = A::STRONG || B::STRONG;
}

/// What an authentication lacks: how old it may be, and how strong it has to be. Made of a [`Freshness`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepUp {
    /// `max_age`, in seconds.
    pub max_age: Option<u32>,
    /// Whether two factors are asked for.
    pub strong: bool,
}

impl StepUp {
    /// What `F` asks for; `None` where that is nothing.
    pub const fn of<F: Freshness>() -> Option<Self> {
        if F::MAX_AGE.is_none() && !F::STRONG {
            return None;
        }
        Some(Self { max_age: F::MAX_AGE, strong: F::STRONG })
    }

    /// `acr_values` of the challenge: what will do.
    pub fn acr_values(self) -> &'static str {
        if self.strong { AAL2 } else { "aal1 aal2" }
    }

    /// Whether an authentication suffices at `now`, in Unix seconds. One whose time or strength is not known does not, and neither
    /// does one from the future.
    pub fn suffices(self, identity: &impl Authenticated, now: i64) -> bool {
        let recent = |max: u32| identity.authenticated_at().is_some_and(|at| is_within(now, at, max));
        self.max_age.is_none_or(recent) && (!self.strong || identity.acr() == Some(AAL2))
    }

    /// The challenge's parameters (RFC 9470, section 3).
    pub(crate) fn parameters(self) -> String {
        let age = self.max_age.map(|seconds| format!("max_age=\"{seconds}\", ")).unwrap_or_default();
        format!("{age}acr_values=\"{}\"", self.acr_values())
    }
}

/// How far ahead of ours the issuer's clock may be, in seconds.
const LEEWAY: i64 = 60;

fn is_within(now: i64, at: i64, max_age: u32) -> bool {
    at <= now.saturating_add(LEEWAY) && now.saturating_sub(at) <= i64::from(max_age)
}

const _: () = assert!(AAL1.len() == 4 && AAL2.len() == 4, "`acr_values` names both");

#[cfg(test)]
mod tests {
    use keyward_auth::Credential;

    use super::*;

    struct Proven(Option<i64>, Option<&'static str>);

    impl Authenticated for Proven {
        fn authenticated_at(&self) -> Option<i64> {
            self.0
        }

        fn acr(&self) -> Option<&str> {
            self.1
        }

        fn confirmation(&self) -> Option<&keyward_auth::Confirmation> {
            None
        }

        fn credential(&self) -> Credential {
            Credential::AccessToken
        }
    }

    fn suffices<F: Freshness>(at: Option<i64>, acr: Option<&'static str>) -> bool {
        StepUp::of::<F>().is_none_or(|asked| asked.suffices(&Proven(at, acr), 1_000))
    }

    #[test]
    fn what_is_too_old_or_not_known_does_not_suffice() {
        assert!(suffices::<()>(None, None));
        for (at, good) in
            [(700, true), (699, false), (1_000, true), (1_060, true), (1_061, false), (0, false)]
        {
            assert_eq!(suffices::<Fresh<300>>(Some(at), None), good, "{at}");
        }
        for extreme in [i64::MIN, i64::MAX] {
            assert!(!suffices::<Fresh<300>>(Some(extreme), None), "{extreme}");
        }
        assert!(!suffices::<Fresh<300>>(None, Some(AAL2)));
    }

    #[test]
    fn one_factor_is_not_two() {
        for acr in [None, Some(AAL1), Some(""), Some("aal3")] {
            assert!(!suffices::<Strong>(Some(1_000), acr), "{acr:?}");
        }
        assert!(suffices::<Strong>(None, Some(AAL2)));
        assert!(suffices::<(Fresh<300>, Strong)>(Some(900), Some(AAL2)));
        assert!(!suffices::<(Fresh<300>, Strong)>(Some(900), Some(AAL1)));
        assert!(!suffices::<(Strong, Fresh<300>)>(Some(600), Some(AAL2)));
    }
}
