//! Spellings that name no function of their own, as they are stored; and the name in a hash that is not known.

use std::borrow::Cow;

/// The word before a hash of ASP.NET Identity, which is bare base64.
pub(super) const ASP_NET: &str = "aspnet";
/// The words before hashes of Spring Security that are bare digits, or only cost and salt.
pub(super) const SPRING_PBKDF2: &str = "spring-pbkdf2";
pub(super) const SPRING_SCRYPT: &str = "spring-scrypt";

/// Bytes that a hash of ASP.NET Identity has at least: marker and 48 of salt and output.
const ASP_NET_CHARS: usize = 64;

/// The text to store. `{bcrypt}$2a$..` (Spring) and `{CRYPT}$6$..` (LDAP, Dovecot) say twice what they are.
pub(super) fn stored(text: &str) -> Cow<'_, str> {
    if let Some((name, rest)) = text.strip_prefix('{').and_then(|text| text.split_once('}')) {
        return match name {
            "pbkdf2@SpringSecurity_v5_8" => format!("{SPRING_PBKDF2}${rest}").into(),
            "scrypt" | "scrypt@SpringSecurity_v5_8" => format!("{SPRING_SCRYPT}${rest}").into(),
            _ if rest.starts_with('$') => rest.into(),
            _ => text.into(),
        };
    }
    // Version 2 begins with the byte 0, version 3 with 1 and three zeros of its next number.
    let asp_net =
        text.starts_with("AQAAAA") || (text.starts_with('A') && text.trim_end_matches('=').len() == 66);
    let base64 = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte));
    if asp_net && base64 && text.len() >= ASP_NET_CHARS {
        return format!("{ASP_NET}${text}").into();
    }
    text.into()
}

/// What an unknown hash begins with, if the rest looks like one. Otherwise it may be a password in the wrong place, of which
/// nothing is said.
pub(super) fn prefix(text: &str) -> Option<&str> {
    /// How many characters of salt and output there are at least.
    const REST: usize = 20;
    let end = if let Some(rest) = text.strip_prefix('{') {
        rest.find('}')? + 2
    } else {
        let from = usize::from(text.starts_with('$'));
        from + text[from..].find('$')? + 1
    };
    let (prefix, rest) = text.split_at(end);
    let name = prefix.trim_matches(['$', '{', '}']);
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@:".contains(&byte);
    let is_hash = |byte: u8| byte.is_ascii_alphanumeric() || b"./+=$,:-_".contains(&byte);
    let named = (1..=32).contains(&name.len()) && name.bytes().all(is_name);
    let hash =
        rest.len() >= REST && rest.bytes().all(is_hash) && rest.bytes().any(|byte| byte.is_ascii_digit());
    (named && hash).then_some(prefix)
}
