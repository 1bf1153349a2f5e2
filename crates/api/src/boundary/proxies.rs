//! Whose request it is behind proxies: the rightmost address that no trusted proxy has.
//!
//! Every proxy adds the address of its client at the right end of one header. What a trusted proxy added is
//! believed; anything further to the left may be forged. Without a trusted proxy no header is read.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use super::network::Network;

/// A proxy that is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrustedProxy {
    /// Those with an address in this network.
    Network(Network),
    /// Those that come through the Unix socket: `unix`.
    UnixSocket,
}

impl FromStr for TrustedProxy {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text == "unix" { Ok(Self::UnixSocket) } else { text.parse().map(Self::Network) }
    }
}

/// Marks a request that came through a Unix socket, where its peer has no address.
#[derive(Clone, Copy, Debug)]
pub struct ThroughUnixSocket;

/// Where proxies note who asked them. Only one is read: a proxy that writes the one passes the other on as it
/// came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ProxyHeader {
    /// `X-Forwarded-For: 192.0.2.1, 198.51.100.2`
    XForwardedFor,
    /// RFC 7239: `Forwarded: for=192.0.2.1, for="[2001:db8::1]:4711"`
    Forwarded,
}

impl ProxyHeader {
    fn name(self) -> HeaderName {
        const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
        match self {
            Self::XForwardedFor => X_FORWARDED_FOR,
            Self::Forwarded => header::FORWARDED,
        }
    }

    /// The address that one proxy noted, if it did.
    fn address(self, element: &str) -> Option<IpAddr> {
        let noted = match self {
            Self::XForwardedFor => element.trim(),
            Self::Forwarded => {
                let mut pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
                let (_, node) = pairs.find(|(name, _)| name.eq_ignore_ascii_case("for"))?;
                node.trim_matches('"')
            }
        };
        // With a port or without, and IPv6 in brackets or not.
        let bare = noted.strip_prefix('[').and_then(|rest| Some(rest.split_once(']')?.0)).unwrap_or(noted);
        let parsed = bare.parse().ok();
        let parsed = parsed.or_else(|| bare.parse().ok().map(|socket: std::net::SocketAddr| socket.ip()));
        parsed.map(|address| address.to_canonical())
    }
}

/// The proxies that are believed.
#[derive(Clone)]
pub struct Proxies {
    networks: Arc<[Network]>,
    /// Whether those that come through the Unix socket are.
    unix_socket: bool,
    header: ProxyHeader,
    /// Whether the log says that a proxy on this machine is not trusted.
    warned: Arc<AtomicBool>,
}

impl Proxies {
    /// Believes what these proxies note in this header.
    pub fn new(trusted: &[TrustedProxy], header: ProxyHeader) -> Self {
        let network = |proxy: &TrustedProxy| match proxy {
            TrustedProxy::Network(network) => Some(*network),
            TrustedProxy::UnixSocket => None,
        };
        let networks = trusted.iter().filter_map(network).collect();
        let unix_socket = trusted.contains(&TrustedProxy::UnixSocket);
        Self { networks, unix_socket, header, warned: Arc::default() }
    }

    /// The client's address, where `peer` is the connection's other end.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return peer;
        }
        self.noted(Some(peer), headers).unwrap_or(peer)
    }

    /// The client's address, where a proxy is connected through the Unix socket; `None` where that proxy is not believed, or noted
    /// none.
    pub fn client_of_socket(&self, headers: &HeaderMap) -> Option<IpAddr> {
        self.unix_socket.then(|| self.noted(None, headers)).flatten()
    }

    /// The same for a request, whose [`ConnectInfo`] it becomes.
    pub(crate) fn client_behind(&self, request: &mut Request) -> Option<IpAddr> {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| *peer);
        let client = match peer {
            Some(peer) => {
                let ip = peer.ip().to_canonical();
                if ip.is_loopback() && !self.trusts(ip) {
                    self.warn_of_proxy(request.headers());
                }
                Some(SocketAddr::new(self.client(ip, request.headers()), peer.port()))
            }
            None if request.extensions().get::<ThroughUnixSocket>().is_some() => {
                if !self.unix_socket {
                    self.warn_of_proxy(request.headers());
                }
                self.client_of_socket(request.headers()).map(|ip| SocketAddr::new(ip, 0))
            }
            None => None,
        }?;
        if peer != Some(client) {
            request.extensions_mut().insert(ConnectInfo(client));
        }
        Some(client.ip())
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(address))
    }

    /// The last address that a believed proxy noted, beginning at `peer`, or at a proxy without an address.
    fn noted(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Option<IpAddr> {
        let lines = headers.get_all(self.header.name());
        // Each element is read by itself: a client's bytes must not hide what a proxy added behind them.
        let lines: Vec<&[u8]> = lines.iter().map(HeaderValue::as_bytes).collect();
        let mut noted = lines.iter().rev().flat_map(|line| line.rsplit(|byte| *byte == b','));
        let mut client = peer;
        while client.is_none_or(|address| self.trusts(address)) {
            // What cannot be read was not noted by a proxy of ours: there the chain ends.
            let element = noted.next().and_then(|element| std::str::from_utf8(element).ok());
            let Some(next) = element.and_then(|element| self.header.address(element)) else { break };
            client = Some(next);
        }
        client
    }

    /// Says once that there seems to be a proxy on this machine that is not trusted: without its word all
    /// requests come from loopback, which has no rate limit.
    fn warn_of_proxy(&self, headers: &HeaderMap) {
        let kinds = [ProxyHeader::XForwardedFor, ProxyHeader::Forwarded];
        let Some(kind) = kinds.into_iter().find(|kind| headers.contains_key(kind.name())) else { return };
        if !self.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "a request from this machine has {}: if a proxy runs here, set KEYWARD_TRUSTED_PROXIES=127.0.0.1,::1 \
                 (or =unix for the Unix socket); without it no client's address is known, and rate limits by IP \
                 address do not apply or count all clients together",
                kind.name()
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(networks: &[&str], header: ProxyHeader, peer: &str, lines: &[&str]) -> String {
        let networks: Vec<TrustedProxy> = networks.iter().map(|network| network.parse().unwrap()).collect();
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header.name(), HeaderValue::from_str(line).unwrap());
        }
        Proxies::new(&networks, header).client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn the_rightmost_address_that_no_trusted_proxy_has_is_the_client() {
        let of = |peer: &str, lines: &[&str]| {
            client(&["10.0.0.0/8", "::1"], ProxyHeader::XForwardedFor, peer, lines)
        };
        assert_eq!(of("10.0.0.1", &["192.0.2.1"]), "192.0.2.1");
        assert_eq!(of("10.0.0.1", &["6.6.6.6, 192.0.2.1, 10.9.9.9"]), "192.0.2.1", "the rest is anybody's");
        assert_eq!(of("10.0.0.1", &["6.6.6.6", "192.0.2.1"]), "192.0.2.1", "lines are one list");
        assert_eq!(of("::1", &["[2001:db8::1]:4711"]), "2001:db8::1");
        assert_eq!(of("::ffff:10.0.0.1", &["192.0.2.1:80"]), "192.0.2.1");
        assert_eq!(of("10.0.0.1", &["10.0.0.2, 10.0.0.3"]), "10.0.0.2", "all of them ours");
    }

    #[test]
    fn bytes_that_are_no_text_hide_nothing_that_a_proxy_added() {
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        for (header, line) in [
            (ProxyHeader::XForwardedFor, &b"\xe9, 192.0.2.1"[..]),
            (ProxyHeader::Forwarded, &b"for=\xff, for=192.0.2.1"[..]),
        ] {
            let mut headers = HeaderMap::new();
            headers.append(header.name(), HeaderValue::from_bytes(line).unwrap());
            let client = Proxies::new(&trusted, header).client("10.0.0.1".parse().unwrap(), &headers);
            assert_eq!(client.to_string(), "192.0.2.1", "{header:?}");
        }
    }

    #[test]
    fn the_socket_is_believed_where_it_is_named() {
        let of = |trusted: &[&str], line: &str| {
            let trusted: Vec<TrustedProxy> = trusted.iter().map(|proxy| proxy.parse().unwrap()).collect();
            let headers = HeaderMap::from_iter([(
                HeaderName::from_static("x-forwarded-for"),
                HeaderValue::from_str(line).unwrap(),
            )]);
            let proxies = Proxies::new(&trusted, ProxyHeader::XForwardedFor);
            proxies.client_of_socket(&headers).map(|address| address.to_string())
        };
        assert_eq!(of(&["unix"], "6.6.6.6, 192.0.2.1").as_deref(), Some("192.0.2.1"));
        assert_eq!(of(&["unix", "10.0.0.0/8"], "192.0.2.1, 10.0.0.7").as_deref(), Some("192.0.2.1"));
        assert_eq!(of(&["unix"], "unix:"), None, "nginx without an address of its own");
        assert_eq!(of(&["10.0.0.0/8"], "192.0.2.1"), None, "not named");
    }

    #[test]
    fn a_mapped_network_is_the_network_it_maps() {
        let of =
            |peer: &str| client(&["::ffff:10.0.0.0/104"], ProxyHeader::XForwardedFor, peer, &["192.0.2.1"]);
        assert_eq!((of("10.0.0.1"), of("::ffff:10.0.0.1")), ("192.0.2.1".to_owned(), "192.0.2.1".to_owned()));
    }

    #[test]
    fn nobody_else_is_believed() {
        let header = ProxyHeader::XForwardedFor;
        assert_eq!(client(&[], header, "127.0.0.1", &["192.0.2.1"]), "127.0.0.1");
        assert_eq!(client(&["10.0.0.0/8"], header, "192.0.2.9", &["192.0.2.1"]), "192.0.2.9");
        assert_eq!(client(&["::/0"], header, "10.0.0.1", &["192.0.2.1"]), "10.0.0.1", "of the other kind");
        for line in ["", "nobody", "192.0.2.1,", "192.0.2.1, unknown"] {
            assert_eq!(client(&["10.0.0.0/8"], header, "10.0.0.1", &[line]), "10.0.0.1", "{line:?}");
        }
    }

    #[test]
    fn the_standard_header_is_read_where_it_is_asked_for() {
        let of = |line: &str| client(&["10.0.0.0/8"], ProxyHeader::Forwarded, "10.0.0.1", &[line]);
        assert_eq!(of("for=192.0.2.1;proto=https"), "192.0.2.1");
        assert_eq!(of("for=6.6.6.6, proto=https;For=\"[2001:db8::1]:4711\""), "2001:db8::1");
        assert_eq!(of("for=192.0.2.1, for=\"10.0.0.7:80\""), "192.0.2.1");
        for line in ["for=_hidden", "for=unknown", "by=192.0.2.1", "for="] {
            assert_eq!(of(line), "10.0.0.1", "{line:?}");
        }
    }
}
