//! Authorization codes: sealed, so that a code costs no row. Its id is noted when it is used, and the session that it opens is named
//! in it: so a second use finds what the first one gave, however late it comes.

use keyward_auth::{MasterSecret, Random, ScopeSet, SecretHash, Thumbprint, Zeroizing};
use time::{Duration, OffsetDateTime};

use super::challenge::Challenge;
use super::pushed::PushedId;
use super::request::{AuthorizationRequest, Target};
use crate::model::clients::Client;
use crate::model::sessions::Session;
use crate::model::spent::OnceId;
use crate::values::ids::{ClientId, SessionId, UserId};
use crate::values::packed::{Packer, Unpacker};
use crate::values::resource_uri::ResourceUri;

/// How long a code is good.
const LIFE: Duration = Duration::seconds(60);
const PREFIX: &str = "kwc_";
const LABEL: &str = "keyward authorization code v1";

/// What a code stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// It is good once, by this id.
    pub(crate) id: OnceId,
    /// Until when it is good, in Unix seconds.
    pub(crate) expires_at: i64,
    pub(crate) user: UserId,
    /// The browser session in which it was given.
    pub(crate) parent: SessionId,
    /// The session that it opens.
    pub(crate) session: SessionId,
    pub(crate) client: ClientId,
    /// The hash of the redirect URI it was sent to, where the request named one.
    pub(crate) redirect_uri: Option<SecretHash>,
    pub(crate) challenge: Challenge,
    pub(crate) scope: ScopeSet,
    pub(crate) resource: Option<ResourceUri>,
    pub(crate) nonce: Option<String>,
    /// The key that the request named, by which alone the code is traded (RFC 9449, section 10).
    pub(crate) key: Option<Thumbprint>,
}

impl Code {
    /// A code for this client, given in this browser session at `now`.
    pub(crate) fn new(
        client: &Client,
        target: &Target,
        request: &AuthorizationRequest,
        browser: &Session,
        scope: ScopeSet,
        now: OffsetDateTime,
        random: &dyn Random,
    ) -> Self {
        let (mut id, mut tail) = ([0; 16], [0; 10]);
        random.fill(&mut id);
        random.fill(&mut tail);
        let millis = u64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
        Self {
            id: OnceId(id),
            expires_at: Self::expiry(now),
            user: browser.user,
            parent: browser.id,
            session: SessionId(uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid()),
            client: client.id.clone(),
            redirect_uri: target.named.then(|| SecretHash::of(&target.redirect_uri)),
            challenge: request.challenge.clone(),
            scope,
            resource: request.resource.clone(),
            nonce: request.nonce.clone(),
            key: request.key.clone(),
        }
    }

    /// The same, where the request was pushed: it is good once, so all of its codes are one.
    pub(crate) fn of(self, pushed: Option<&PushedId>) -> Self {
        match pushed {
            Some(pushed) => Self { id: pushed.id, session: pushed.session(), ..self },
            None => self,
        }
    }

    /// Until when a code that is given at `now` is good.
    pub(crate) fn expiry(now: OffsetDateTime) -> i64 {
        (now + LIFE).unix_timestamp()
    }

    /// Whether it is too late for it.
    pub(crate) fn is_over(&self, now: OffsetDateTime) -> bool {
        now.unix_timestamp() >= self.expires_at
    }

    /// When it was given, to the second.
    pub(crate) fn given_at(&self) -> OffsetDateTime {
        self.noted_until() - LIFE
    }

    /// Until when a note of its use has to be kept.
    pub(crate) fn noted_until(&self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.expires_at).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    /// Seals it.
    pub fn seal(&self, master: &MasterSecret, random: &dyn Random) -> Zeroizing<String> {
        let redirect_uri = self.redirect_uri.map(|hash| hash.as_bytes().to_vec()).unwrap_or_default();
        let packed = Packer::default()
            .bytes(&self.id.0)
            .integer(self.expires_at)
            .integer(self.user.0)
            .bytes(self.parent.0.as_bytes())
            .bytes(self.session.0.as_bytes())
            .text(self.client.as_str())
            .bytes(&redirect_uri)
            .bytes(self.challenge.as_bytes())
            .text(&self.scope.to_string())
            .optional(self.resource.as_ref().map(ResourceUri::as_str))
            .optional(self.nonce.as_deref());
        // Absent for most: a version of this program from before reads those, and this one reads its.
        let packed = match &self.key {
            Some(key) => packed.text(key.as_str()),
            None => packed,
        };
        let plain = packed.done();
        master.seal_text(PREFIX, LABEL, &plain, random)
    }

    /// Opens a code, also one that is over.
    pub fn open(text: &str, master: &MasterSecret) -> Option<Self> {
        let plain = master.open_text(PREFIX, LABEL, text)?;
        let mut read = Unpacker::new(&plain);
        let session = |bytes: [u8; 16]| SessionId(uuid::Uuid::from_bytes(bytes));
        let code = Self {
            id: OnceId(read.array()?),
            expires_at: read.integer()?,
            user: UserId(read.integer()?),
            parent: session(read.array()?),
            session: session(read.array()?),
            client: ClientId::parse(read.text()?)?,
            redirect_uri: match read.bytes()? {
                [] => None,
                hash => Some(SecretHash::from_bytes(hash.try_into().ok()?)),
            },
            challenge: Challenge::from_bytes(read.array()?),
            scope: ScopeSet::parse(read.text()?).ok()?,
            resource: match read.optional()? {
                Some(uri) => Some(ResourceUri::parse(uri).ok()?),
                None => None,
            },
            nonce: read.optional()?.map(str::to_owned),
            key: if read.is_done() { None } else { Some(Thumbprint::parse(read.text()?)?) },
        };
        read.is_done().then_some(code)
    }
}

#[cfg(test)]
mod tests {
    use keyward_auth::SystemRandom;

    use super::*;

    fn code() -> Code {
        Code {
            id: OnceId([1; 16]),
            expires_at: 1_000,
            user: UserId(7),
            parent: SessionId(uuid::Uuid::from_u128(1)),
            session: SessionId(uuid::Uuid::from_u128(2)),
            client: ClientId::parse("web").unwrap(),
            redirect_uri: Some(SecretHash::of("https://app.example.com/cb")),
            challenge: Challenge::from_bytes([3; 32]),
            scope: ScopeSet::parse("openid posts:read").unwrap(),
            resource: Some(ResourceUri::parse("https://api.example.com").unwrap()),
            nonce: Some("n".to_owned()),
            key: Thumbprint::parse(&"A".repeat(43)),
        }
    }

    #[test]
    fn a_code_opens_as_it_was_sealed_and_under_its_own_secret_only() {
        let master = MasterSecret::generate(&SystemRandom);
        let bare = Code {
            redirect_uri: None,
            resource: None,
            nonce: None,
            key: None,
            scope: ScopeSet::default(),
            ..code()
        };
        for code in [code(), bare] {
            let text = code.seal(&master, &SystemRandom);
            assert_eq!(Code::open(&text, &master), Some(code));
            assert_eq!(Code::open(&text, &MasterSecret::generate(&SystemRandom)), None);
            for index in 0..text.len() {
                let mut changed = text.to_string().into_bytes();
                changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
                assert_eq!(Code::open(&String::from_utf8(changed).unwrap(), &master), None, "{index}");
            }
        }
        for text in ["", "kwc_", "kwm_AAAA"] {
            assert_eq!(Code::open(text, &master), None, "{text}");
        }
    }

    #[test]
    fn a_code_is_good_for_a_minute() {
        let given = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        let code = Code { expires_at: Code::expiry(given), ..code() };
        assert!(!code.is_over(given + LIFE - Duration::SECOND) && code.is_over(given + LIFE));
    }
}
