//! The parameters of an authorization request, as they came: names and values, decoded.

use crate::values::packed::{Packer, Unpacker};

/// The greatest number of bytes of all parameters together.
const LONGEST: usize = 4_000;

/// The parameters that mean something here. Others are ignored (RFC 6749, section 3.1).
const KNOWN: [&str; 20] = [
    "acr_values",
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "dpop_jkt",
    "id_token_hint",
    "login_hint",
    "max_age",
    "nonce",
    "prompt",
    "redirect_uri",
    "registration",
    "request",
    "request_uri",
    "resource",
    "response_mode",
    "response_type",
    "scope",
    "state",
    "ui_locales",
];

/// The known parameters of a request, in their order. An empty value counts as absent (RFC 6749, section 3.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, String)>);

/// The parameters are too long together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

impl Params {
    /// Takes the known ones.
    ///
    /// # Errors
    /// [`TooLong`].
    pub fn new(all: impl IntoIterator<Item = (String, String)>) -> Result<Self, TooLong> {
        let known = |(name, value): &(String, String)| KNOWN.contains(&name.as_str()) && !value.is_empty();
        let kept: Vec<_> = all.into_iter().filter(known).collect();
        let bytes: usize = kept.iter().map(|(name, value)| name.len() + value.len()).sum();
        if bytes > LONGEST { Err(TooLong) } else { Ok(Self(kept)) }
    }

    /// The value of a parameter; `None` where it is absent.
    ///
    /// # Errors
    /// The name, where the parameter is there twice.
    pub fn one(&self, name: &'static str) -> Result<Option<&str>, &'static str> {
        let mut found = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let first = found.next();
        if found.next().is_some() { Err(name) } else { Ok(first) }
    }

    /// The first name that is there twice.
    pub fn repeated(&self) -> Option<&'static str> {
        KNOWN.into_iter().find(|name| self.one(name).is_err())
    }

    /// As one text of bytes.
    pub fn pack(&self) -> Vec<u8> {
        let packer = |packed: Packer, (name, value): &(String, String)| packed.text(name).text(value);
        self.0.iter().fold(Packer::default(), packer).done()
    }

    /// Reads what [`pack`](Self::pack) wrote; `None` for anything else.
    pub fn unpack(packed: &[u8]) -> Option<Self> {
        let mut read = Unpacker::new(packed);
        let mut all = Vec::new();
        while !read.is_done() {
            all.push((read.text()?.to_owned(), read.text()?.to_owned()));
        }
        Self::new(all).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(pairs: &[(&str, &str)]) -> Params {
        Params::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))).unwrap()
    }

    #[test]
    fn unknown_and_empty_parameters_are_ignored_and_repeated_ones_are_told_apart() {
        let read = params(&[
            ("client_id", "web"),
            ("x", "1"),
            ("x", "2"),
            ("state", ""),
            ("scope", "a"),
            ("scope", "b"),
        ]);
        assert_eq!(read.one("client_id"), Ok(Some("web")));
        assert_eq!(read.one("state"), Ok(None));
        assert_eq!(read.one("scope"), Err("scope"));
        assert_eq!(read.repeated(), Some("scope"));
        assert_eq!(params(&[("state", ""), ("state", "s")]).repeated(), None);
    }

    #[test]
    fn they_are_read_as_they_were_packed_and_have_a_bound() {
        let read = params(&[("client_id", "web"), ("state", "ä & b"), ("state", "c")]);
        assert_eq!(Params::unpack(&read.pack()), Some(read.clone()));
        assert_eq!(Params::unpack(&read.pack()[1..]), None);
        let long = [("state".to_owned(), "x".repeat(LONGEST))];
        assert_eq!(Params::new(long), Err(TooLong));
        let unknown = [("other".to_owned(), "x".repeat(LONGEST))];
        assert_eq!(Params::new(unknown), Ok(Params::default()));
    }
}
