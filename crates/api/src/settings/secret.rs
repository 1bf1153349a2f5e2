//! Settings that are secrets.

use std::ffi::OsString;

/// A setting that is never printed.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Its bytes.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text.into_bytes())
    }
}

/// Not every secret is text: a master secret may be raw bytes.
impl From<OsString> for Secret {
    fn from(text: OsString) -> Self {
        Self(text.into_encoded_bytes())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_printed() {
        let secret = Secret::from("hunter2hunter2".to_owned());
        assert!(!format!("{secret:?}").contains("hunter2"));
    }
}
