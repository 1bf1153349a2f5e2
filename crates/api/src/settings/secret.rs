//! Settings that are secrets.

/// A setting that is never printed.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Its bytes.
    pub fn expose(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
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
