//! The token of a link in a mail.

use keyward_web::Input;

/// The parameters of a page that a mail leads to.
#[derive(Input)]
pub struct Link {
    /// From the mail.
    #[input(secret)]
    pub token: Option<String>,
}

impl Link {
    /// The token, if it could be one: nothing else gets into a page.
    pub(super) fn token(&self) -> Option<&str> {
        self.token.as_deref().filter(|token| is_token(token))
    }
}

/// Whether a text could be a token: 1 to 128 characters of base64url.
pub(super) fn is_token(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_base64url() {
        assert!(is_token("a") && is_token(&"-_9Z".repeat(32)));
        for text in ["", "a b", "<b>", "\u{e4}", &"a".repeat(129)] {
            assert!(!is_token(text), "{text}");
        }
    }
}
