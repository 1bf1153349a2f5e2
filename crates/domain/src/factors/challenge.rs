//! A login between its two ends: the password was right, and a second factor is owed. All of it is sealed into a token, so
//! that it costs no row.

use keyward_auth::{MasterSecret, Random, ScopeSet, SecretHash, Thumbprint, Zeroizing};
use time::{Duration, OffsetDateTime};

use crate::model::spent::OnceId;
use crate::values::ids::{ClientId, UserId};
use crate::values::proof::Method;

/// How long the second factor may take.
const LIFE: Duration = Duration::minutes(5);
const PREFIX: &str = "kwm_";
const LABEL: &str = "keyward mfa token v1";

/// What a login owes beside the password.
pub struct Challenge {
    /// The token to come back with. It has no `Debug`.
    pub token: Zeroizing<String>,
    /// What will do.
    pub methods: Vec<Method>,
}

/// What the token holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PendingLogin {
    /// It is good once, by this id.
    pub(crate) id: OnceId,
    /// The account.
    pub(crate) user: UserId,
    /// Until when it is good, in Unix seconds.
    pub(crate) expires_at: i64,
    /// The password and the factors that the login hangs on.
    pub(crate) fingerprint: SecretHash,
    /// What was granted.
    pub(crate) scope: ScopeSet,
    /// The OAuth2 client in between.
    pub(crate) client: Option<ClientId>,
    /// The key that its tokens shall be bound to: the second half shows it, too.
    pub(crate) key: Option<Thumbprint>,
}

impl PendingLogin {
    /// One that begins now.
    pub(crate) fn new(
        user: UserId,
        fingerprint: SecretHash,
        scope: ScopeSet,
        client: Option<ClientId>,
        key: Option<Thumbprint>,
        now: OffsetDateTime,
        random: &dyn Random,
    ) -> Self {
        let mut id = [0; 16];
        random.fill(&mut id);
        let expires_at = (now + LIFE).unix_timestamp();
        Self { id: OnceId(id), user, expires_at, fingerprint, scope, client, key }
    }

    /// Seals it.
    pub(crate) fn seal(&self, master: &MasterSecret, random: &dyn Random) -> Zeroizing<String> {
        let client = self.client.as_ref().map(ClientId::as_str).unwrap_or_default();
        let mut plain = Vec::with_capacity(128);
        plain.extend_from_slice(&self.id.0);
        plain.extend_from_slice(&self.user.0.to_be_bytes());
        plain.extend_from_slice(&self.expires_at.to_be_bytes());
        plain.extend_from_slice(self.fingerprint.as_bytes());
        plain.extend_from_slice(format!("{}\n{client}", self.scope).as_bytes());
        // An earlier version takes this for a client of a strange name, and refuses the token.
        if let Some(key) = &self.key {
            plain.extend_from_slice(format!("\n{key}").as_bytes());
        }
        master.seal_text(PREFIX, LABEL, &plain, random)
    }

    /// Opens a token that is good at `now`.
    pub(crate) fn open(token: &str, master: &MasterSecret, now: OffsetDateTime) -> Option<Self> {
        let plain = master.open_text(PREFIX, LABEL, token)?;
        let (id, rest) = plain.split_first_chunk::<16>()?;
        let (user, rest) = rest.split_first_chunk::<8>()?;
        let (expires_at, rest) = rest.split_first_chunk::<8>()?;
        let (fingerprint, rest) = rest.split_first_chunk::<32>()?;
        let mut fields = std::str::from_utf8(rest).ok()?.splitn(3, '\n');
        let (scope, client, key) = (fields.next()?, fields.next()?, fields.next());
        let pending = Self {
            id: OnceId(*id),
            user: UserId(i64::from_be_bytes(*user)),
            expires_at: i64::from_be_bytes(*expires_at),
            fingerprint: SecretHash::from_bytes(*fingerprint),
            scope: ScopeSet::parse(scope).ok()?,
            client: if client.is_empty() { None } else { Some(ClientId::parse(client)?) },
            key: match key {
                Some(key) => Some(Thumbprint::parse(key)?),
                None => None,
            },
        };
        (now.unix_timestamp() < pending.expires_at).then_some(pending)
    }

    /// Until when a note of its use has to be kept.
    pub(crate) fn expiry(&self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.expires_at).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

#[cfg(test)]
mod tests {
    use keyward_auth::SystemRandom;

    use super::*;

    #[test]
    fn a_token_opens_as_it_was_sealed_until_it_expires_and_under_its_own_secret_only() {
        let master = MasterSecret::generate(&SystemRandom);
        let begun = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        let key = Some("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
        for (scope, client, key) in
            [("", None, None), ("a b", Some("web"), None), ("admin", None, key), ("a", Some("web"), key)]
        {
            let key = key.and_then(Thumbprint::parse);
            let scope = ScopeSet::parse(scope).unwrap();
            let client = client.and_then(ClientId::parse);
            let hash = SecretHash::of("x");
            let pending = PendingLogin::new(UserId(-7), hash, scope, client, key, begun, &SystemRandom);
            let token = pending.seal(&master, &SystemRandom);
            assert_eq!(PendingLogin::open(&token, &master, begun), Some(pending.clone()));
            let last = begun + LIFE - Duration::SECOND;
            assert_eq!(PendingLogin::open(&token, &master, last), Some(pending));
            assert_eq!(PendingLogin::open(&token, &master, begun + LIFE), None);
            let other = MasterSecret::generate(&SystemRandom);
            assert_eq!(PendingLogin::open(&token, &other, begun), None);
            for index in 0..token.len() {
                let mut changed = token.to_string().into_bytes();
                changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
                let changed = String::from_utf8(changed).unwrap();
                assert_eq!(PendingLogin::open(&changed, &master, begun), None, "{index}");
            }
        }
        for text in ["", "kwm_", "kwm_AAAA", "kwr_AAAA"] {
            assert_eq!(PendingLogin::open(text, &master, begun), None, "{text}");
        }
    }
}
