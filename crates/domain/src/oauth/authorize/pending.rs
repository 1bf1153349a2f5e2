//! An authorization request between its arrival and the person's decision: sealed, so that it costs no row.

use keyward_auth::{MasterSecret, Random, Zeroizing};
use time::{Duration, OffsetDateTime};

use super::params::Params;
use crate::values::ids::SessionId;
use crate::values::packed::{Packer, Unpacker};

/// How long the person may take.
const LIFE: Duration = Duration::hours(1);
const PREFIX: &str = "kwq_";
const LABEL: &str = "keyward authorization request v1";

/// A request on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pending {
    pub(crate) params: Params,
    /// When it arrived. A login since then is what `prompt=login` asked for.
    pub(crate) begun_at: OffsetDateTime,
    /// The session that the person was asked in for consent.
    pub(crate) asked_in: Option<SessionId>,
}

impl Pending {
    /// One that arrived at `begun_at`.
    pub(crate) fn new(params: Params, begun_at: OffsetDateTime) -> Self {
        Self { params, begun_at, asked_in: None }
    }

    /// Seals it.
    pub(crate) fn seal(&self, master: &MasterSecret, random: &dyn Random) -> Zeroizing<String> {
        let asked_in = self.asked_in.map(|SessionId(id)| id.into_bytes().to_vec()).unwrap_or_default();
        let micros = i64::try_from(self.begun_at.unix_timestamp_nanos() / 1_000).unwrap_or_default();
        let plain = Packer::default().integer(micros).bytes(&asked_in).bytes(&self.params.pack()).done();
        master.seal_text(PREFIX, LABEL, &plain, random)
    }

    /// Opens one that is good at `now`.
    pub(crate) fn open(text: &str, master: &MasterSecret, now: OffsetDateTime) -> Option<Self> {
        let plain = master.open_text(PREFIX, LABEL, text)?;
        let mut read = Unpacker::new(&plain);
        let micros = read.integer()?;
        let asked_in = match read.bytes()? {
            [] => None,
            id => Some(SessionId(uuid::Uuid::from_slice(id).ok()?)),
        };
        let params = Params::unpack(read.bytes()?)?;
        let begun_at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).ok()?;
        let pending = Self { params, begun_at, asked_in };
        (read.is_done() && now < begun_at + LIFE).then_some(pending)
    }
}

#[cfg(test)]
mod tests {
    use keyward_auth::SystemRandom;

    use super::*;

    #[test]
    fn a_request_opens_as_it_was_sealed_for_an_hour_and_under_its_own_secret_only() {
        let master = MasterSecret::generate(&SystemRandom);
        let begun = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000) + Duration::microseconds(7);
        let params = Params::new([("client_id".to_owned(), "web".to_owned())]).unwrap();
        for asked_in in [None, Some(SessionId(uuid::Uuid::from_u128(7)))] {
            let pending = Pending { asked_in, ..Pending::new(params.clone(), begun) };
            let text = pending.seal(&master, &SystemRandom);
            assert_eq!(Pending::open(&text, &master, begun + LIFE - Duration::SECOND), Some(pending));
            assert_eq!(Pending::open(&text, &master, begun + LIFE), None);
            assert_eq!(Pending::open(&text, &MasterSecret::generate(&SystemRandom), begun), None);
            for index in 0..text.len() {
                let mut changed = text.to_string().into_bytes();
                changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
                let changed = String::from_utf8(changed).unwrap();
                assert_eq!(Pending::open(&changed, &master, begun), None, "{index}");
            }
        }
    }
}
