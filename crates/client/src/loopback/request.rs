//! A request to the port of a login: its target, and the parameters in it.

use reqwest::Url;

/// How many header fields a request may have.
const HEADERS: usize = 100;

/// The parameters of a request's target.
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads a whole head: a `GET` of this path at this host. Another host's name would mean that a page elsewhere has pointed a name
    /// of its own here.
    pub(super) fn read(head: &[u8], host: &str, path: &str) -> Option<Self> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        let complete = request.parse(head).is_ok_and(|status| status.is_complete());
        if !complete || request.method != Some("GET") {
            return None;
        }
        let (found, query) = request.path?.split_once('?')?;
        let hosts = request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case("host"));
        let hosts: Vec<_> = hosts.map(|header| header.value).collect();
        if found != path || hosts != [host.as_bytes()] {
            return None;
        }
        let mut url = Url::parse("http://127.0.0.1/").ok()?;
        url.set_query(Some(query));
        Some(Self(url.query_pairs().into_owned().collect()))
    }

    /// The value of a parameter that is there once. A repeated one has no value (RFC 6749, section 3.1).
    pub(super) fn one(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(known, _)| known == name);
        let (_, value) = values.next()?;
        values.next().is_none().then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(head: &str) -> Option<Parameters> {
        Parameters::read(head.as_bytes(), "127.0.0.1:7", "/callback")
    }

    #[test]
    fn only_a_get_of_the_path_at_this_host_counts() {
        let good = read("GET /callback?state=a%20b&code=c HTTP/1.1\r\nHost: 127.0.0.1:7\r\n\r\n").unwrap();
        assert_eq!((good.one("state"), good.one("code"), good.one("iss")), (Some("a b"), Some("c"), None));
        for bad in [
            "POST /callback?state=a HTTP/1.1\r\nHost: 127.0.0.1:7\r\n\r\n",
            "GET /favicon.ico?state=a HTTP/1.1\r\nHost: 127.0.0.1:7\r\n\r\n",
            "GET /callback HTTP/1.1\r\nHost: 127.0.0.1:7\r\n\r\n",
            "GET /callback/?state=a HTTP/1.1\r\nHost: 127.0.0.1:7\r\n\r\n",
            "GET /callback?state=a HTTP/1.1\r\nHost: evil.example:7\r\n\r\n",
            "GET /callback?state=a HTTP/1.1\r\nHost: 127.0.0.1:8\r\n\r\n",
            "GET /callback?state=a HTTP/1.1\r\nHost: 127.0.0.1:7\r\nHost: 127.0.0.1:7\r\n\r\n",
            "GET /callback?state=a HTTP/1.1\r\n\r\n",
            "GET /callback?state=a HTTP/1.1\r\nHost: 127.0.0.1:7\r\n",
            "\u{16}\u{3}\u{1}",
            "",
        ] {
            assert!(read(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn a_repeated_parameter_has_no_value() {
        let twice = read("GET /callback?code=a&code=b&x=1 HTTP/1.1\r\nHost: 127.0.0.1:7\r\n\r\n").unwrap();
        assert_eq!((twice.one("code"), twice.one("x")), (None, Some("1")));
    }
}
