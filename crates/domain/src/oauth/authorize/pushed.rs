//! A pushed authorization request (RFC 9126): sealed into the `request_uri` that the client gets, so that it costs no row until it is
//! used.

use keyward_auth::{MasterSecret, Random, Zeroizing};
use time::{Duration, OffsetDateTime};

use super::params::Params;
use crate::model::spent::OnceId;
use crate::values::ids::ClientId;
use crate::values::packed::{Packer, Unpacker};

/// How long it is good.
pub(crate) const LIFE: Duration = Duration::seconds(60);
/// RFC 9126, section 2.2.
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";
const LABEL: &str = "keyward pushed authorization request v1";

/// What a client pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// It is good once, by this id.
    pub(crate) id: OnceId,
    /// Until when it is good, in Unix seconds.
    pub(crate) expires_at: i64,
    /// The client that pushed it.
    pub(crate) client: ClientId,
    pub(crate) params: Params,
}

impl Pushed {
    /// What this client pushed at `now`.
    pub(crate) fn new(client: &ClientId, params: Params, now: OffsetDateTime, random: &dyn Random) -> Self {
        let mut id = [0; 16];
        random.fill(&mut id);
        Self { id: OnceId(id), expires_at: (now + LIFE).unix_timestamp(), client: client.clone(), params }
    }

    /// Whether a `request_uri` may be one of ours, rather than the address of a request object (RFC 9101).
    pub(crate) fn looks_like(request_uri: &str) -> bool {
        request_uri.starts_with(PREFIX)
    }

    /// Whether it is too late for it.
    pub(crate) fn is_over(&self, now: OffsetDateTime) -> bool {
        now.unix_timestamp() >= self.expires_at
    }

    /// Until when a note of its use has to be kept.
    pub(crate) fn noted_until(&self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.expires_at).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    /// The `request_uri`.
    pub fn seal(&self, master: &MasterSecret, random: &dyn Random) -> Zeroizing<String> {
        let plain = Packer::default()
            .bytes(&self.id.0)
            .integer(self.expires_at)
            .text(self.client.as_str())
            .bytes(&self.params.pack())
            .done();
        master.seal_text(PREFIX, LABEL, &plain, random)
    }

    /// Opens a `request_uri`, also one that is over.
    pub fn open(request_uri: &str, master: &MasterSecret) -> Option<Self> {
        let plain = master.open_text(PREFIX, LABEL, request_uri)?;
        let mut read = Unpacker::new(&plain);
        let pushed = Self {
            id: OnceId(read.array()?),
            expires_at: read.integer()?,
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
        let client = ClientId::parse("web").unwrap();
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        let pushed = Pushed::new(&client, params, now, &SystemRandom);
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
