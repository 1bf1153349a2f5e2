//! The cookies of pages. Their names begin with `__Host-`, so that browsers take them from this host alone, over TLS or from the same
//! machine (RFC 6265bis, section 4.1.3.2).

use axum::http::{HeaderMap, HeaderValue, header};

/// Holds the secret of a browser session.
pub(crate) const SESSION: &str = "__Host-keyward";
/// Holds a random text that forms are bound to before there is a session.
pub(crate) const FORM: &str = "__Host-keyward-form";
/// Says what the form of a mail's page has just done.
pub(crate) const DONE: &str = "__Host-keyward-done";

/// The value of a cookie; `None` where it is missing or came twice.
pub(crate) fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let fields = headers.get_all(header::COOKIE).iter().filter_map(|field| field.to_str().ok());
    let pairs = fields.flat_map(|field| field.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(found, _)| *found == name).map(|(_, value)| value);
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value),
        _ => None,
    }
}

/// A `Set-Cookie` field. Without `seconds` the cookie lasts until the browser is closed.
pub(crate) fn set(name: &str, value: &str, seconds: Option<i64>) -> Option<HeaderValue> {
    let age = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    let field = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{age}");
    let mut field = HeaderValue::try_from(field).ok()?;
    field.set_sensitive(true);
    Some(field)
}

/// A `Set-Cookie` field that removes a cookie.
pub(crate) fn remove(name: &str) -> Option<HeaderValue> {
    set(name, "", Some(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[&str]) -> HeaderMap {
        fields.iter().map(|field| (header::COOKIE, HeaderValue::from_str(field).unwrap())).collect()
    }

    #[test]
    fn a_cookie_is_read_by_its_whole_name_and_not_where_it_came_twice() {
        let one = headers(&["a=1; __Host-keyward=abc; __Host-keyward-form=x"]);
        assert_eq!((read(&one, SESSION), read(&one, FORM)), (Some("abc"), Some("x")));
        assert_eq!(read(&headers(&["a=1", "__Host-keyward=abc"]), SESSION), Some("abc"));
        for fields in [
            &[][..],
            &["__host-keyward=abc"],
            &["x__Host-keyward=1"],
            &["__Host-keyward=1; __Host-keyward=2"],
        ] {
            assert_eq!(read(&headers(fields), SESSION), None, "{fields:?}");
        }
    }

    #[test]
    fn a_cookie_is_kept_from_scripts_other_sites_and_plain_http() {
        let field = set(SESSION, "abc", Some(60)).unwrap();
        let expected = "__Host-keyward=abc; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=60";
        assert_eq!(field.to_str().unwrap(), expected);
        assert!(field.is_sensitive());
    }
}
