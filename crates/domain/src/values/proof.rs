//! How and when a user was authenticated.

use std::fmt;

use keyward_auth::{AAL1, AAL2, Authentication, Claims};
use time::OffsetDateTime;

/// A way to prove who one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// The account's password.
    Password,
    /// A code of an authenticator app (RFC 6238).
    Otp,
    /// A recovery code.
    RecoveryCode,
    /// A passkey that verified its user: two factors by itself.
    Passkey,
}

impl Method {
    /// Every method.
    pub const ALL: [Self; 4] = [Self::Password, Self::Otp, Self::RecoveryCode, Self::Passkey];

    /// Its name, as stored and in `amr`. RFC 8176 registers `pwd` and `otp`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password => "pwd",
            Self::Otp => "otp",
            Self::RecoveryCode => "recovery",
            Self::Passkey => "passkey",
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of methods.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Methods(u8);

impl Methods {
    /// These methods.
    pub fn of(methods: &[Method]) -> Self {
        Self(methods.iter().fold(0, |bits, method| bits | method.bit()))
    }

    /// Reads names separated by spaces. A name that this version does not know is left out.
    pub fn parse(text: &str) -> Self {
        Self::from_names(text.split_whitespace())
    }

    /// The methods of these names. A name that this version does not know is left out.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        names
            .into_iter()
            .filter_map(|name| Method::ALL.into_iter().find(|method| method.as_str() == name))
            .fold(Self::default(), Self::with)
    }

    /// These and `method`.
    #[must_use]
    pub fn with(self, method: Method) -> Self {
        Self(self.0 | method.bit())
    }

    /// What is left of them once the account has no second factor: the password at most.
    #[must_use]
    pub fn without_second_factors(self) -> Self {
        Self(self.0 & Method::Password.bit())
    }

    /// Those that are in both sets.
    #[must_use]
    pub fn and_also(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether `method` is one of them.
    pub fn has(self, method: Method) -> bool {
        self.0 & method.bit() != 0
    }

    /// Whether they are two factors: a password and what one has, or a passkey.
    pub fn are_strong(self) -> bool {
        let possession = self.has(Method::Otp) || self.has(Method::RecoveryCode);
        self.has(Method::Passkey) || (self.has(Method::Password) && possession)
    }

    /// How strong they are together.
    pub fn acr(self) -> &'static str {
        if self.are_strong() { AAL2 } else { AAL1 }
    }

    /// Their names, as in `amr`. A passkey is `swk`, too, a key of which no hardware is proven, and `user`, the presence of its
    /// user; two factors are `mfa` (RFC 8176).
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let passkey = if self.has(Method::Passkey) { &["swk", "user"][..] } else { &[] };
        self.stored().chain(passkey.iter().copied()).chain(self.are_strong().then_some("mfa"))
    }

    /// The names that are stored.
    fn stored(self) -> impl Iterator<Item = &'static str> {
        Method::ALL.into_iter().filter(move |method| self.has(*method)).map(Method::as_str)
    }
}

/// The names of the methods alone, separated by spaces: as they are stored.
impl fmt::Display for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.stored().collect::<Vec<_>>().join(" "))
    }
}

impl fmt::Debug for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Methods({self})")
    }
}

/// How and when a user was authenticated, at a login or since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    /// By what.
    pub methods: Methods,
    /// When last; `None` where that is not known.
    pub at: Option<OffsetDateTime>,
}

impl Proof {
    /// A proof by these methods.
    pub fn new(at: OffsetDateTime, methods: &[Method]) -> Self {
        Self { methods: Methods::of(methods), at: Some(at) }
    }

    /// What the claims of an access token say.
    pub fn of_claims(claims: &Claims) -> Self {
        let at = claims.auth_time.and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok());
        Self { methods: Methods::from_names(claims.amr.iter().map(String::as_str)), at }
    }

    /// The same proof, and one more at `at`. Its time never goes back: clocks of several servers differ.
    #[must_use]
    pub fn and(self, method: Method, at: OffsetDateTime) -> Self {
        Self { methods: self.methods.with(method), at: self.at.max(Some(at)) }
    }

    /// What this proof, which a token carries, is worth now that the session behind it has this one: no more than both. A
    /// session that was looked up before its last proof says nothing of a token that was given for that.
    #[must_use]
    pub fn within(self, session: &Self) -> Self {
        let second = |proof: &Self| proof.at.map(OffsetDateTime::unix_timestamp);
        let earlier = second(session) < second(&self);
        let methods = if earlier { self.methods } else { self.methods.and_also(session.methods) };
        Self { methods, at: self.at }
    }

    /// What a token says of it.
    pub fn claims(&self) -> Option<Authentication> {
        let at = self.at?.unix_timestamp();
        let amr = self.methods.names().map(str::to_owned).collect();
        Some(Authentication { at, acr: self.methods.acr().to_owned(), amr })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_and_a_code_are_two_factors_and_so_is_a_passkey() {
        use Method::{Otp, Passkey, Password, RecoveryCode};
        for (methods, strong) in [
            (&[][..], false),
            (&[Password], false),
            (&[Otp], false),
            (&[RecoveryCode, Otp], false),
            (&[Password, Otp], true),
            (&[Password, RecoveryCode], true),
            (&[Passkey], true),
        ] {
            let methods = Methods::of(methods);
            assert_eq!(methods.are_strong(), strong, "{methods:?}");
            assert_eq!(Methods::parse(&methods.to_string()), methods);
            assert_eq!(methods.names().any(|name| name == "mfa"), strong);
        }
        assert_eq!(Methods::parse("otp  pwd future"), Methods::of(&[Password, Otp]));
        let passkey = Methods::of(&[Passkey]);
        assert_eq!(passkey.names().collect::<Vec<_>>(), ["passkey", "swk", "user", "mfa"]);
        assert_eq!(passkey.to_string(), "passkey");
    }

    #[test]
    fn a_further_proof_never_makes_the_time_go_back() {
        let at = |seconds: i64| OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(seconds);
        let first = Proof::new(at(10), &[Method::Password]);
        assert_eq!(first.and(Method::Otp, at(9)).at, Some(at(10)));
        assert_eq!(first.and(Method::Otp, at(11)).at, Some(at(11)));
        assert_eq!(Proof { at: None, ..first }.and(Method::Otp, at(9)).at, Some(at(9)));
    }

    #[test]
    fn a_token_is_worth_no_more_than_its_session_unless_it_is_newer_than_what_is_known_of_that() {
        use Method::{Otp, Password};
        let at = |seconds: i64| OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(seconds);
        let token = Proof::new(at(10), &[Password, Otp]);
        let weaker = Proof { methods: token.methods.without_second_factors(), ..token };
        assert_eq!(weaker, Proof::new(at(10), &[Password]));
        assert_eq!(token.within(&token), token);
        assert_eq!(token.within(&weaker), weaker);
        assert_eq!(token.within(&Proof::new(at(11), &[Password])), weaker);
        assert_eq!(token.within(&Proof::new(at(9), &[Password])), token);
        assert_eq!(weaker.within(&token), weaker);
    }
}
