//! Addresses in the one form in which `htu` and a request's own are compared (RFC 9449, section 4.3; RFC 3986, sections 6.2.2 and
//! 6.2.3).

/// The address without query and fragment: scheme and host in lower case, no default port, `/` for an empty path, and escapes in
/// upper case, where they are needed at all. `None` for anything but http and https, and for an address with a user.
pub(super) fn normal(address: &str) -> Option<String> {
    let (scheme, rest) = address.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let usual = match scheme.as_str() {
        "https" => ":443",
        "http" => ":80",
        _ => return None,
    };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if authority.is_empty() || authority.contains('@') {
        return None;
    }
    let host = authority.to_ascii_lowercase();
    let host = host.strip_suffix(usual).or(host.strip_suffix(':')).unwrap_or(&host);
    let mut normal = format!("{scheme}://{host}");
    if path.is_empty() {
        normal.push('/');
    }
    let mut left = path;
    while let Some(at) = left.find('%') {
        let (before, escape) = left.split_at(at);
        normal.push_str(before);
        let byte = escape.get(1..3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        // `from_str_radix` takes a sign.
        let byte = byte.filter(|_| escape.as_bytes()[1].is_ascii_hexdigit());
        let Some(byte) = byte else {
            normal.push('%');
            left = &escape[1..];
            continue;
        };
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            normal.push(char::from(byte));
        } else {
            normal.push_str(&escape[..3].to_ascii_uppercase());
        }
        left = &escape[3..];
    }
    normal.push_str(left);
    Some(normal)
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn addresses_of_the_same_place_are_the_same() {
        for (one, other) in [
            ("https://id.example", "https://id.example/"),
            ("https://id.example/a?b=c#d", "HTTPS://ID.Example:443/a"),
            ("http://127.0.0.1:80/a", "http://127.0.0.1/a"),
            ("https://id.example:/a", "https://id.example/a"),
            ("https://id.example/%7eana/%2f", "https://id.example/~ana/%2F"),
            ("https://[::1]:443/", "https://[::1]"),
            ("https://x?y", "https://x/"),
        ] {
            assert_eq!(normal(one), normal(other), "{one} {other}");
            assert!(normal(one).is_some());
        }
    }

    #[test]
    fn addresses_of_different_places_differ() {
        for (one, other) in [
            ("https://id.example/", "http://id.example/"),
            ("https://id.example/", "https://id.example:80/"),
            ("http://id.example/", "http://id.example:443/"),
            ("https://id.example/a", "https://id.example/a/"),
            ("https://id.example/a", "https://id.example/A"),
            ("https://id.example/%2F", "https://id.example//"),
            ("https://id.example/%+1", "https://id.example/%01"),
            ("https://id.example/", "https://id.example.evil.example/"),
        ] {
            assert_ne!(normal(one), normal(other), "{one} {other}");
        }
        for text in
            ["", "id.example", "/a", "ftp://id.example/", "https://", "https://ana@id.example/", "https:///a"]
        {
            assert_eq!(normal(text), None, "{text}");
        }
        assert_eq!(normal("https://x/%"), Some("https://x/%".to_owned()));
        assert_eq!(normal("https://x/%\u{e4}"), Some("https://x/%\u{e4}".to_owned()));
    }

    proptest::proptest! {
        #[test]
        fn the_normal_form_of_any_address_is_its_own(path in ".*") {
            let normal_form = normal(&format!("https://Id.Example:443/{path}")).unwrap();
            proptest::prop_assert_eq!(normal(&normal_form), Some(normal_form.clone()));
        }
    }
}
