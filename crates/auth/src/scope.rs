//! What a token may be used for (RFC 6749 section 3.3). Which scopes exist and who may have them is the caller's business.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ScopeError;

/// What has a scope: an identity that a token stands for.
pub trait Scoped {
    /// What it may be used for.
    fn scope(&self) -> &ScopeSet;
}

/// A set of scope names, ordered by name and without duplicates. Cheap to clone.
///
/// Its text form, also in JSON, is one string with single spaces between the names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeSet(Arc<[String]>);

impl ScopeSet {
    /// Reads names separated by spaces. The empty text is the empty set; a name given twice counts once.
    ///
    /// # Errors
    ///
    /// [`ScopeError::Name`] where a name holds anything outside RFC 6749's `scope-token`.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        Self::from_names(text.split(' ').filter(|name| !name.is_empty()))
    }

    /// Collects single names.
    ///
    /// # Errors
    ///
    /// [`ScopeError::Name`] where a name is empty or holds anything outside RFC 6749's `scope-token`.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, ScopeError> {
        names
            .into_iter()
            .map(|name| if is_scope_token(name) { Ok(name.to_owned()) } else { Err(ScopeError::Name) })
            .collect::<Result<BTreeSet<_>, _>>()
            .map(|names| Self(names.into_iter().collect()))
    }

    /// Whether the set holds this name.
    pub fn contains(&self, name: &str) -> bool {
        self.0.binary_search_by(|own| own.as_str().cmp(name)).is_ok()
    }

    /// Whether every name of this set is also in `other`: a refreshed token may never ask for more (RFC 6749 section 6).
    pub fn is_subset(&self, other: &Self) -> bool {
        // Both are in order, so the names that were passed over are not needed any more.
        let mut others = other.0.iter();
        self.0.iter().all(|name| others.any(|other| other == name))
    }

    /// Whether there is no name at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`
fn is_scope_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(name)?;
        }
        Ok(())
    }
}

impl FromStr for ScopeSet {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        Self::parse(text)
    }
}

impl Serialize for ScopeSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ScopeSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_repetition_do_not_matter() {
        let scopes = ScopeSet::parse("posts:write  posts:read posts:write ").unwrap();
        assert_eq!(scopes, ScopeSet::from_names(["posts:read", "posts:write"]).unwrap());
        assert_eq!(scopes.to_string(), "posts:read posts:write");
        assert_eq!(scopes.iter().collect::<Vec<_>>(), ["posts:read", "posts:write"]);
        assert!(scopes.contains("posts:read") && !scopes.contains("posts"));
    }

    #[test]
    fn the_empty_text_is_the_empty_set() {
        assert!(ScopeSet::parse("").unwrap().is_empty());
        assert_eq!(ScopeSet::default().to_string(), "");
    }

    #[test]
    fn a_subset_asks_for_no_more() {
        let all = ScopeSet::parse("a b").unwrap();
        assert!(ScopeSet::parse("b").unwrap().is_subset(&all));
        assert!(ScopeSet::default().is_subset(&all));
        assert!(!ScopeSet::parse("a c").unwrap().is_subset(&all));
        for (one, other, holds) in
            [("a c e", "a b c d e", true), ("a b", "b", false), ("", "", true), ("b", "", false)]
        {
            let (one, other) = (ScopeSet::parse(one).unwrap(), ScopeSet::parse(other).unwrap());
            assert_eq!(one.is_subset(&other), holds, "{one:?} {other:?}");
        }
    }

    #[test]
    fn names_outside_the_grammar_are_refused() {
        for text in ["a\"b", "a\\b", "a\tb", "a\nb", "ä", "a\0", "\u{7f}"] {
            assert_eq!(ScopeSet::parse(text), Err(ScopeError::Name), "{text:?}");
        }
        assert_eq!(ScopeSet::from_names(["a b"]), Err(ScopeError::Name));
        assert_eq!(ScopeSet::from_names([""]), Err(ScopeError::Name));
    }

    #[test]
    fn json_is_one_string() {
        let scopes = ScopeSet::parse("b a").unwrap();
        assert_eq!(serde_json::to_string(&scopes).unwrap(), r#""a b""#);
        assert_eq!(serde_json::from_str::<ScopeSet>(r#""a b""#).unwrap(), scopes);
        assert!(serde_json::from_str::<ScopeSet>(r#"["a"]"#).is_err());
    }
}
