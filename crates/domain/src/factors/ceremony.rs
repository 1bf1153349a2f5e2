//! Challenges of WebAuthn ceremonies: each is sealed, so that it costs no row, and is itself what the authenticator signs.

use keyward_auth::{MasterSecret, Random, SecretHash};
use time::{Duration, OffsetDateTime};

use crate::model::spent::OnceId;
use crate::values::ids::UserId;

/// How long a ceremony may take.
pub const LIFE: Duration = Duration::minutes(5);
const REGISTRATION: &str = "keyward passkey registration v1";
const ASSERTION: &str = "keyward passkey assertion v1";

/// A challenge. It is good once, by its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ceremony {
    /// Noted when it is used.
    pub(crate) id: OnceId,
    /// When it was issued.
    pub(crate) issued_at: OffsetDateTime,
}

/// What a registration is bound to: the account, with the password and the factors that it had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bound {
    /// The account.
    pub(crate) user: UserId,
    /// Its password and its factors.
    pub(crate) fingerprint: SecretHash,
}

impl Ceremony {
    /// One that begins now.
    pub(crate) fn new(now: OffsetDateTime, random: &dyn Random) -> Self {
        let mut id = [0; 16];
        random.fill(&mut id);
        Self { id: OnceId(id), issued_at: now }
    }

    /// Seals the challenge of a registration.
    pub(crate) fn seal_registration(
        &self,
        bound: &Bound,
        master: &MasterSecret,
        random: &dyn Random,
    ) -> Vec<u8> {
        let mut plain = self.plain();
        plain.extend_from_slice(&bound.user.0.to_be_bytes());
        plain.extend_from_slice(bound.fingerprint.as_bytes());
        master.seal(REGISTRATION, b"", &plain, random)
    }

    /// Seals the challenge of an assertion: of a login, of a second factor or of a further proof.
    pub(crate) fn seal_assertion(&self, master: &MasterSecret, random: &dyn Random) -> Vec<u8> {
        master.seal(ASSERTION, b"", &self.plain(), random)
    }

    /// Opens the challenge of a registration that is good at `now`.
    pub(crate) fn open_registration(
        sealed: &[u8],
        master: &MasterSecret,
        now: OffsetDateTime,
    ) -> Option<(Self, Bound)> {
        let plain = master.open(REGISTRATION, b"", sealed)?;
        let (ceremony, rest) = Self::read(&plain, now)?;
        let (user, fingerprint) = rest.split_first_chunk::<8>()?;
        let user = UserId(i64::from_be_bytes(*user));
        let fingerprint = SecretHash::from_bytes(fingerprint.try_into().ok()?);
        Some((ceremony, Bound { user, fingerprint }))
    }

    /// Opens the challenge of an assertion that is good at `now`.
    pub(crate) fn open_assertion(sealed: &[u8], master: &MasterSecret, now: OffsetDateTime) -> Option<Self> {
        let plain = master.open(ASSERTION, b"", sealed)?;
        let (ceremony, rest) = Self::read(&plain, now)?;
        rest.is_empty().then_some(ceremony)
    }

    /// Until when a note of its use has to be kept.
    pub(crate) fn expiry(&self) -> OffsetDateTime {
        self.issued_at + LIFE
    }

    fn plain(&self) -> Vec<u8> {
        let mut plain = Vec::with_capacity(64);
        plain.extend_from_slice(&self.id.0);
        plain.extend_from_slice(&self.issued_at.unix_timestamp_nanos().to_be_bytes());
        plain
    }

    fn read(plain: &[u8], now: OffsetDateTime) -> Option<(Self, &[u8])> {
        let (id, rest) = plain.split_first_chunk::<16>()?;
        let (issued, rest) = rest.split_first_chunk::<16>()?;
        let issued_at = OffsetDateTime::from_unix_timestamp_nanos(i128::from_be_bytes(*issued)).ok()?;
        let ceremony = Self { id: OnceId(*id), issued_at };
        (now < ceremony.expiry()).then_some((ceremony, rest))
    }
}

#[cfg(test)]
mod tests {
    use keyward_auth::SystemRandom;

    use super::*;

    #[test]
    fn a_challenge_opens_for_its_purpose_alone_until_it_expires() {
        let master = MasterSecret::generate(&SystemRandom);
        let begun = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000) + Duration::microseconds(7);
        let ceremony = Ceremony::new(begun, &SystemRandom);
        let bound = Bound { user: UserId(-7), fingerprint: SecretHash::of("x") };
        let registration = ceremony.seal_registration(&bound, &master, &SystemRandom);
        let assertion = ceremony.seal_assertion(&master, &SystemRandom);
        let last = begun + LIFE - Duration::MICROSECOND;
        assert_eq!(Ceremony::open_registration(&registration, &master, last), Some((ceremony, bound)));
        assert_eq!(Ceremony::open_assertion(&assertion, &master, last), Some(ceremony));
        assert_eq!(Ceremony::open_registration(&registration, &master, begun + LIFE), None);
        assert_eq!(Ceremony::open_assertion(&assertion, &master, begun + LIFE), None);
        assert_eq!(Ceremony::open_registration(&assertion, &master, begun), None);
        assert_eq!(Ceremony::open_assertion(&registration, &master, begun), None);
        let other = MasterSecret::generate(&SystemRandom);
        assert_eq!(Ceremony::open_assertion(&assertion, &other, begun), None);
        for index in 0..assertion.len() {
            let mut changed = assertion.clone();
            changed[index] ^= 1;
            assert_eq!(Ceremony::open_assertion(&changed, &master, begun), None, "{index}");
        }
        for cut in 0..assertion.len() {
            assert_eq!(Ceremony::open_assertion(&assertion[..cut], &master, begun), None, "{cut}");
        }
    }
}
