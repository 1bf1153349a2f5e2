//! An authorization request between its arrival and the person's decision: sealed, so that it costs no row.

use keyward_auth::{MasterSecret, Random, ScopeSet, Zeroizing};
use time::{Duration, OffsetDateTime};

use super::params::Params;
use super::pushed::{PushedId, micros};
use crate::model::clients::Client;
use crate::values::ids::SessionId;
use crate::values::packed::{Packer, Unpacker};

/// How long the person may take.
const LIFE: Duration = Duration::hours(1);
const PREFIX: &str = "kwq_";
const LABEL: &str = "keyward authorization request v2";

/// A request on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    pub(crate) params: Params,
    /// When it arrived. A login since then is what `prompt=login` asked for.
    pub(crate) begun_at: OffsetDateTime,
    /// The session that the person was asked in for consent.
    pub(crate) asked_in: Option<SessionId>,
    /// What the person was shown when they were asked for consent.
    pub(crate) shown: Option<Shown>,
    /// What it was pushed as, if it was.
    pub(crate) pushed: Option<PushedId>,
}

/// What a consent page showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub(crate) scope: ScopeSet,
    /// When the client was registered, in Unix microseconds: a namesake is another client.
    pub(crate) client_since: i64,
}

impl Pending {
    /// One that arrived at `begun_at`.
    pub(crate) fn new(params: Params, begun_at: OffsetDateTime) -> Self {
        Self { params, begun_at, asked_in: None, shown: None, pushed: None }
    }

    /// The same, of which this session's person was asked to grant the client this scope.
    pub(crate) fn asked(self, session: SessionId, scope: &ScopeSet, client: &Client) -> Self {
        let shown = Shown { scope: scope.clone(), client_since: micros(client.created_at) };
        Self { asked_in: Some(session), shown: Some(shown), ..self }
    }

    /// Whether the person was asked to grant this client all of this scope. What the role and the client's registration allow may be
    /// more by now.
    pub(crate) fn showed(&self, scope: &ScopeSet, client: &Client) -> bool {
        self.shown.as_ref().is_some_and(|shown| {
            shown.client_since == micros(client.created_at) && scope.is_subset(&shown.scope)
        })
    }

    /// Seals it.
    pub fn seal(&self, master: &MasterSecret, random: &dyn Random) -> Zeroizing<String> {
        let asked_in = self.asked_in.map(|SessionId(id)| id.into_bytes().to_vec()).unwrap_or_default();
        let scope = self.shown.as_ref().map(|shown| shown.scope.to_string());
        let since = self.shown.as_ref().map(|shown| shown.client_since).unwrap_or_default();
        let packed = Packer::default()
            .integer(micros(self.begun_at))
            .bytes(&asked_in)
            .optional(scope.as_deref())
            .integer(since)
            .bytes(&self.params.pack());
        // Absent for most: a version of this program from before reads those, and this one reads its.
        let packed = match &self.pushed {
            Some(pushed) => pushed.pack(packed),
            None => packed,
        };
        let plain = packed.done();
        master.seal_text(PREFIX, LABEL, &plain, random)
    }

    /// Opens one that is good at `now`.
    pub fn open(text: &str, master: &MasterSecret, now: OffsetDateTime) -> Option<Self> {
        let plain = master.open_text(PREFIX, LABEL, text)?;
        let mut read = Unpacker::new(&plain);
        let micros = read.integer()?;
        let asked_in = match read.bytes()? {
            [] => None,
            id => Some(SessionId(uuid::Uuid::from_slice(id).ok()?)),
        };
        let scope = match read.optional()? {
            Some(text) => Some(ScopeSet::parse(text).ok()?),
            None => None,
        };
        let client_since = read.integer()?;
        let shown = scope.map(|scope| Shown { scope, client_since });
        let params = Params::unpack(read.bytes()?)?;
        let begun_at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).ok()?;
        let pushed = if read.is_done() { None } else { Some(PushedId::unpack(&mut read)?) };
        let pending = Self { params, begun_at, asked_in, shown, pushed };
        (read.is_done() && now < begun_at + LIFE).then_some(pending)
    }
}

#[cfg(test)]
mod tests {
    use keyward_auth::SystemRandom;

    use super::*;
    use crate::model::spent::OnceId;

    #[test]
    fn a_request_opens_as_it_was_sealed_for_an_hour_and_under_its_own_secret_only() {
        let master = MasterSecret::generate(&SystemRandom);
        let begun = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000) + Duration::microseconds(7);
        let params = Params::new([("client_id".to_owned(), "web".to_owned())]).unwrap();
        for asked_in in [None, Some(SessionId(uuid::Uuid::from_u128(7)))] {
            let shown =
                asked_in.map(|_| Shown { scope: ScopeSet::parse("openid").unwrap(), client_since: 7 });
            let pushed = asked_in.map(|_| PushedId { id: OnceId([7; 16]), at: 7, client_since: 8 });
            let pending = Pending { asked_in, shown, pushed, ..Pending::new(params.clone(), begun) };
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
