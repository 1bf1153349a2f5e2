//! What may stand in mails: names and links.

use axum::http::Uri;
use keyward_domain::values::text::Text;

use crate::boundary::host::is_host;

/// A host name or an IP address.
pub(super) fn host(text: &str) -> Result<String, String> {
    if text.contains(':') || !is_host(text.as_bytes()) {
        return Err("it must be a host name, as in mail.example.com, or an IPv4 address".to_owned());
    }
    Ok(text.to_owned())
}

/// A name in one line.
pub(super) fn name(text: &str) -> Result<String, String> {
    Text::<1, 100>::parse(text).map_err(|error| format!("it {error}"))?;
    let plain = !text.chars().any(char::is_control);
    plain.then(|| text.to_owned()).ok_or_else(|| "it must be one line without control characters".to_owned())
}

/// The address of a page, or of an app by a scheme of its own.
pub(super) fn url(text: &str) -> Result<String, String> {
    let words = "it must be a URL with a host, as in https://app.example.com, without spaces";
    // A `Uri` drops its fragment and lets bytes beyond ASCII pass.
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !br#""<>\^`{|}"#.contains(&byte));
    let uri = text.parse::<Uri>().ok().filter(|_| plain).ok_or(words)?;
    let host = uri.authority().is_some_and(|authority| is_host(authority.as_str().as_bytes()));
    // These run or read something where the mail is opened.
    let runs = ["javascript", "data", "vbscript", "file", "blob"];
    let scheme = uri.scheme_str().is_some_and(|scheme| !runs.contains(&scheme.to_ascii_lowercase().as_str()));
    if host && scheme { Ok(text.to_owned()) } else { Err(words.to_owned()) }
}

/// The address of a page that gets a token where `{token}` stands.
pub(super) fn with_token(text: &str) -> Result<String, String> {
    if text.matches("{token}").count() != 1 {
        return Err("it must have {token} once, as in https://app.example.com/reset?token={token}".to_owned());
    }
    let (before, _) = text.split_once("{token}").unwrap_or_default();
    if before.matches('/').count() < 3 {
        return Err("{token} must stand in the path, the query or the fragment".to_owned());
    }
    url(&text.replace("{token}", "token")).map(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_a_host_and_holds_the_token_once() {
        for good in [
            "https://app.example.com/reset?token={token}",
            "http://localhost:3000/reset/{token}",
            "https://app.example.com/#/reset?t={token}",
            "com.example.app://login/reset?token={token}",
        ] {
            assert_eq!(with_token(good).as_deref(), Ok(good));
        }
        for bad in [
            "",
            "https://app.example.com/reset",
            "https://app.example.com/{token}/{token}",
            "https://{token}.example.com/",
            "https://app.example.com/reset?token={ token }",
            "/reset?token={token}",
            "javascript://x/%0aalert({token})",
            "https://app.example.com/a b?{token}",
            "https://app.example.com/\"onclick=x?{token}",
        ] {
            assert!(with_token(bad).is_err(), "{bad:?}");
        }
        assert!(url("https://app.example.com").is_ok() && url("app.example.com").is_err());
    }

    #[test]
    fn a_name_is_one_line_and_a_host_is_no_url() {
        assert_eq!(name("Tea & Biscuits").as_deref(), Ok("Tea & Biscuits"));
        assert!(name("").is_err() && name("Tea\r\nBcc: x@example.com").is_err());
        assert!(host("mail.example.com").is_ok() && host("192.0.2.1").is_ok());
        assert!(host("https://mail.example.com").is_err() && host("mail.example.com:25").is_err());
        assert!(host("a\r\nb").is_err() && host("").is_err());
    }
}
