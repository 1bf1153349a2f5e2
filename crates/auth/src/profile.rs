//! What an issuer's access tokens look like: their `typ`, where their scope is, what else they must say. Ours by default;
//! other issuers' differ. Signatures are `jws.rs`'s business, whether a claim holds is `jwt.rs`'s.

use serde_json::{Map, Value};

use crate::json::strict_object;
use crate::{Claims, ScopeSet};

/// The media type of an access token (RFC 9068 section 2.1).
const ACCESS_TOKEN: &str = "at+jwt";

/// The claims that are taken over as they are.
const PLAIN: [&str; 13] =
    ["iss", "aud", "sub", "sid", "client_id", "cnf", "jti", "iat", "nbf", "exp", "auth_time", "acr", "amr"];

/// Claims that only tokens of other kinds have: ID tokens (OpenID Connect Core section 3.1.3.6, 3.3.2.11) and logout tokens
/// (Back-Channel Logout section 2.4). They come from the same issuer, under the same keys.
const OTHER_KINDS: [&str; 3] = ["at_hash", "c_hash", "events"];

/// The form of the access tokens that a verifier accepts. In every form, the signature, `iss`, `aud`, `sub`, `exp`, `nbf`
/// and `iat` are checked alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenProfile {
    types: Vec<String>,
    untyped: bool,
    foreign: bool,
    scope: String,
    claims: Vec<(String, String)>,
}

impl TokenProfile {
    /// RFC 9068, as Keyward writes it: `typ` is `at+jwt`, `jti` is there, `scope` is one string. The default.
    pub fn rfc9068() -> Self {
        Self {
            types: vec![ACCESS_TOKEN.to_owned()],
            untyped: false,
            foreign: false,
            scope: "scope".to_owned(),
            claims: Vec::new(),
        }
    }

    /// The access tokens of most OpenID Connect servers: `typ` is `at+jwt`, `JWT` or absent, `jti` may be missing, the scope
    /// is a string or a list.
    ///
    /// An ID token has such a `typ`, too, and only its audience tells it apart: **never use a client's id as the audience**.
    /// Where the server marks its access tokens, ask for the mark with [`require`](Self::require).
    pub fn oidc() -> Self {
        Self {
            types: vec![ACCESS_TOKEN.to_owned(), "jwt".to_owned()],
            untyped: true,
            foreign: true,
            ..Self::rfc9068()
        }
    }

    /// Accepts these `typ`s and no other, without regard to case, with or without `application/`; a header without one is
    /// refused.
    #[must_use]
    pub fn types<'a>(self, types: impl IntoIterator<Item = &'a str>) -> Self {
        let types = types.into_iter().map(|typ| short(typ).to_ascii_lowercase()).collect();
        Self { types, untyped: false, ..self }
    }

    /// Reads the scope from this claim, a string or a list of strings, such as `scp` or `permissions`.
    #[must_use]
    pub fn scope_claim(self, name: impl Into<String>) -> Self {
        Self { scope: name.into(), foreign: true, ..self }
    }

    /// Asks for a claim that is this text, or a list that holds it, such as Keycloak's `typ`: `Bearer`.
    #[must_use]
    pub fn require(mut self, claim: impl Into<String>, value: impl Into<String>) -> Self {
        self.claims.push((claim.into(), value.into()));
        Self { foreign: true, ..self }
    }

    pub(crate) fn accepts_type(&self, typ: Option<&str>) -> bool {
        match typ {
            None => self.untyped,
            Some(typ) => self.types.iter().any(|known| known.eq_ignore_ascii_case(short(typ))),
        }
    }

    /// Whether a token has to have an id (`jti`).
    pub(crate) fn needs_id(&self) -> bool {
        !self.foreign
    }

    /// Reads a payload; `None` where there is anything to object to.
    pub(crate) fn claims(&self, payload: &[u8]) -> Option<Claims> {
        if !self.foreign {
            return Claims::from_json(payload);
        }
        let mut members: Map<String, Value> = strict_object(payload)?;
        let is_there = |(name, value): &(String, String)| members.get(name).is_some_and(|it| says(it, value));
        if !self.claims.iter().all(is_there) || OTHER_KINDS.iter().any(|name| members.contains_key(*name)) {
            return None;
        }
        let scope = members.remove(&self.scope).map_or(Some(ScopeSet::default()), |value| scope(&value))?;
        let mut plain: Map<String, Value> =
            PLAIN.iter().filter_map(|name| Some(((*name).to_owned(), members.remove(*name)?))).collect();
        plain.entry("jti").or_insert_with(|| Value::String(String::new()));
        let claims: Claims = serde_json::from_value(Value::Object(plain)).ok()?;
        Some(Claims { scope, ..claims })
    }
}

impl Default for TokenProfile {
    fn default() -> Self {
        Self::rfc9068()
    }
}

/// RFC 7515 section 4.1.9: `application/` may be left out where no other slash follows.
fn short(typ: &str) -> &str {
    match typ.split_at_checked("application/".len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case("application/") && !rest.contains('/') => rest,
        _ => typ,
    }
}

fn says(claim: &Value, value: &str) -> bool {
    match claim {
        Value::String(text) => text == value,
        Value::Array(items) => items.iter().any(|item| item == value),
        _ => false,
    }
}

fn scope(claim: &Value) -> Option<ScopeSet> {
    match claim {
        Value::String(text) => ScopeSet::parse(text).ok(),
        Value::Array(items) => {
            let names: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
            ScopeSet::from_names(names?).ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wire() -> Value {
        json!({"iss": "https://a", "aud": ["b", "c"], "sub": "1", "iat": 1, "exp": 2})
    }

    fn read(profile: &TokenProfile, value: &Value) -> Option<Claims> {
        profile.claims(value.to_string().as_bytes())
    }

    #[test]
    fn types_are_compared_without_case_and_prefix() {
        let ours = TokenProfile::rfc9068();
        for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/at+JWT"] {
            assert!(ours.accepts_type(Some(typ)), "{typ}");
        }
        for typ in [None, Some("JWT"), Some(""), Some("application/"), Some("application/x/at+jwt")] {
            assert!(!ours.accepts_type(typ), "{typ:?}");
        }
        let oidc = TokenProfile::oidc();
        assert!(oidc.accepts_type(None) && oidc.accepts_type(Some("JWT")));
        assert!(!oidc.accepts_type(Some("logout+jwt")));
        let one = oidc.types(["application/Access"]);
        assert!(
            one.accepts_type(Some("access")) && !one.accepts_type(None) && !one.accepts_type(Some("JWT"))
        );
    }

    #[test]
    fn a_scope_may_be_a_string_or_a_list_under_any_name() {
        let profile = TokenProfile::oidc();
        let wanted = ScopeSet::parse("a b").unwrap();
        let mut value = wire();
        assert!(read(&profile, &value).unwrap().scope.is_empty());
        for (claim, scope) in
            [("scope", json!("b a")), ("scp", json!(["a", "b"])), ("permissions", json!(["b", "a", "a"]))]
        {
            let profile = profile.clone().scope_claim(claim);
            value[claim] = scope;
            assert_eq!(read(&profile, &value).unwrap().scope, wanted);
            for wrong in
                [json!(1), json!(null), json!({"a": 1}), json!(["a", 1]), json!(["a b"]), json!("a\"")]
            {
                value[claim] = wrong.clone();
                assert_eq!(read(&profile, &value), None, "{claim} is {wrong}");
            }
            value.as_object_mut().unwrap().remove(claim);
        }
    }

    #[test]
    fn another_kind_of_token_is_not_read() {
        let profile = TokenProfile::oidc();
        for name in OTHER_KINDS {
            let mut value = wire();
            value[name] = json!("x");
            assert_eq!(read(&profile, &value), None, "{name}");
        }
        let marked = profile.require("typ", "Bearer");
        let mut value = wire();
        for (typ, good) in
            [(json!("Bearer"), true), (json!(["x", "Bearer"]), true), (json!("ID"), false), (json!(1), false)]
        {
            value["typ"] = typ.clone();
            assert_eq!(read(&marked, &value).is_some(), good, "{typ}");
        }
        assert_eq!(read(&marked, &wire()), None);
    }

    #[test]
    fn what_every_token_says_is_read_as_strictly_as_ours() {
        let profile = TokenProfile::oidc();
        for name in ["iss", "aud", "sub", "iat", "exp"] {
            let mut value = wire();
            value.as_object_mut().unwrap().remove(name);
            assert_eq!(read(&profile, &value), None, "{name} is absent");
        }
        for name in ["iss", "sub", "jti", "sid", "client_id", "iat", "nbf", "exp"] {
            for wrong in [json!(null), json!(["x"]), json!({}), json!(true), json!(-1), json!(1.5)] {
                let mut value = wire();
                value[name] = wrong.clone();
                assert_eq!(read(&profile, &value), None, "{name} is {wrong}");
            }
        }
        assert_eq!(
            profile.claims(br#"{"iss":"https://a","aud":"b","sub":"1","sub":"2","iat":1,"exp":2}"#),
            None
        );
        assert!(
            TokenProfile::rfc9068().claims(wire().to_string().as_bytes()).is_none(),
            "a token of ours has an id"
        );
    }
}
