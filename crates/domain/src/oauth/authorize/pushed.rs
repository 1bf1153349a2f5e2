//! A pushed authorization request (RFC 9126): sealed into the `request_uri` that the client gets, so that it costs no row.
//!
//! It is good once: all codes that come of it have its id, so that only one of them is traded.

use keyward_auth::{MasterSecret, Random, Zeroizing};
use time::{Duration, OffsetDateTime};

use super::params::Params;
use crate::model::clients::Client;
use crate::model::spent::OnceId;
use crate::values::ids::{ClientId, SessionId};
use crate::values::packed::{Packer, Unpacker};

/// How long a reference is good: the client opens it at once. RFC 9126, section 2.2, recommends 5 to 600 seconds.
pub(crate) const LIFE: Duration = Duration::minutes(1);
/// RFC 9126, section 2.2.
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";
const LABEL: &str = "keyward pushed authorization request v1";

/// What stays of a pushed request until its code is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PushedId {
    /// Its codes have this id.
    pub(crate) id: OnceId,
    /// When it was pushed, in Unix seconds.
    pub(crate) at: i64,
    /// When its client was registered, in Unix microseconds: a namesake is another client.
    pub(crate) client_since: i64,
}

/// A time in Unix microseconds.
pub(super) fn micros(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000).unwrap_or_default()
}

impl PushedId {
    /// Whether this client pushed it.
    pub(crate) fn is_of(&self, client: &Client) -> bool {
        self.client_since == micros(client.created_at)
    }

    /// The session that a code of it opens: the same for all, so that a second use finds what the first one gave.
    pub(crate) fn session(&self) -> SessionId {
        let millis = u64::try_from(self.at).unwrap_or_default().saturating_mul(1_000);
        let mut tail = [0; 10];
        tail.copy_from_slice(&self.id.0[..10]);
        SessionId(uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid())
    }

    /// Adds it to what is packed.
    pub(crate) fn pack(&self, packed: Packer) -> Packer {
        packed.bytes(&self.id.0).integer(self.at).integer(self.client_since)
    }

    /// Reads what [`pack`](Self::pack) added.
    pub(crate) fn unpack(read: &mut Unpacker<'_>) -> Option<Self> {
        Some(Self { id: OnceId(read.array()?), at: read.integer()?, client_since: read.integer()? })
    }
}

/// What a client pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    pub(crate) id: PushedId,
    /// The client that pushed it.
    pub(crate) client: ClientId,
    pub(crate) params: Params,
}

impl Pushed {
    /// What this client pushed at `now`.
    pub(crate) fn new(client: &Client, params: Params, now: OffsetDateTime, random: &dyn Random) -> Self {
        let mut id = [0; 16];
        random.fill(&mut id);
        let client_since = micros(client.created_at);
        let id = PushedId { id: OnceId(id), at: now.unix_timestamp(), client_since };
        Self { id, client: client.id.clone(), params }
    }

    /// Whether a `request_uri` may be one of ours, rather than the address of a request object (RFC 9101).
    pub(crate) fn looks_like(request_uri: &str) -> bool {
        request_uri.starts_with(PREFIX)
    }

    /// Whether it is too late for it.
    pub(crate) fn is_over(&self, now: OffsetDateTime) -> bool {
        now.unix_timestamp() >= self.id.at.saturating_add(LIFE.whole_seconds())
    }

    /// The `request_uri`.
    pub fn seal(&self, master: &MasterSecret, random: &dyn Random) -> Zeroizing<String> {
        let packed = self.id.pack(Packer::default());
        let plain = packed.text(self.client.as_str()).bytes(&self.params.pack()).done();
        master.seal_text(PREFIX, LABEL, &plain, random)
    }

    /// Opens a `request_uri`, also one that is over.
    pub fn open(request_uri: &str, master: &MasterSecret) -> Option<Self> {
        let plain = master.open_text(PREFIX, LABEL, request_uri)?;
        let mut read = Unpacker::new(&plain);
        let pushed = Self {
            id: PushedId::unpack(&mut read)?,
            client: ClientId::parse(read.text()?)?,
            params: Params::unpack(read.bytes()?)?,
        };
        read.is_done().then_some(pushed)
    }
}

#[cfg(test)]
mod tests {
    use keyward_auth::SystemRandom;

    use super::*;

    #[test]
    fn a_pushed_request_opens_as_it_was_sealed_and_under_its_own_secret_only() {
        let master = MasterSecret::generate(&SystemRandom);
        let params = Params::new([("state".to_owned(), "s".repeat(3_000))]).unwrap();
        let name = crate::values::text::Text::parse("Web").unwrap();
        let settings = crate::model::clients::ClientSettings::new(name, keyward_auth::ScopeSet::default());
        let id = ClientId::parse("web").unwrap();
        let created_at = OffsetDateTime::UNIX_EPOCH + Duration::microseconds(7);
        let client = Client { id, secret: None, settings, created_at };
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        let pushed = Pushed::new(&client, params, now, &SystemRandom);
        assert!(pushed.id.is_of(&client) && !pushed.id.is_of(&Client { created_at: now, ..client }));
        assert!(!pushed.is_over(now + LIFE - Duration::SECOND) && pushed.is_over(now + LIFE));
        let uri = pushed.seal(&master, &SystemRandom);
        assert!(Pushed::looks_like(&uri) && !Pushed::looks_like("https://app.example.com/request"));
        assert_eq!(Pushed::open(&uri, &master), Some(pushed));
        assert_eq!(Pushed::open(&uri, &MasterSecret::generate(&SystemRandom)), None);
        for index in (0..uri.len()).step_by(7) {
            let mut changed = uri.to_string().into_bytes();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            assert_eq!(Pushed::open(&String::from_utf8(changed).unwrap(), &master), None, "{index}");
        }
    }
}
