//! Which addresses a server may connect to where others name the host: those of the public Internet alone.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Whether the host of a URI may be one of the public Internet, as far as its text says: an address is, and a name is that does not stand
/// for this machine (RFC 6761, section 6.3). The addresses behind a name are examined when it is looked up.
pub fn names_public_host(uri: &str) -> bool {
    let Ok(uri) = Url::parse(uri) else { return false };
    match uri.host() {
        Some(Host::Ipv4(address)) => is_public(address.into()),
        Some(Host::Ipv6(address)) => is_public(address.into()),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name != "localhost" && !name.ends_with(".localhost")
        }
        None => false,
    }
}

/// Whether an address is one of the public Internet: not private, loopback, link-local, multicast, documentation, shared,
/// unique-local, mapped or otherwise reserved (RFC 6890 and IANA's registries of special-purpose addresses).
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    // Shared by providers; benchmarks; protocol assignments; relays of 6to4.
    let assigned = matches!((a, b, c), (100, 64..=127, _) | (198, 18..=19, _) | (192, 0, 0) | (192, 88, 99));
    let reserved = matches!(a, 0 | 127 | 224..);
    let local = address.is_private() || address.is_link_local();
    !assigned && !reserved && !local && !address.is_documentation()
}

/// Of what IANA has given out, 2000::/3, everything but the special parts. Through a translator (64:ff9b::/96) the IPv4 address
/// counts.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    if segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        let [.., a, b, c, d] = address.octets();
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    // Protocol assignments, Teredo among them; 6to4; documentation.
    let special = matches!(
        (segments[0], segments[1]),
        (0x2001, 0..=0x01ff | 0x0db8) | (0x2002, _) | (0x3fff, 0..=0x0fff)
    );
    segments[0] & 0xe000 == 0x2000 && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_judged_by_the_address_that_it_is_written_as_in_any_way() {
        for host in
            ["app.example.com", "1.1.1.1", "[2606:4700::1111]", "localhost.example.com", "notlocalhost"]
        {
            assert!(names_public_host(&format!("https://{host}:8443/logout")), "{host}");
        }
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.0.0.1",
            "10.0.0.1",
            "169.254.169.254",
            "[::1]",
            "[::ffff:10.0.0.1]",
            "localhost",
            "LOCALHOST.",
            "app.localhost",
        ] {
            assert!(!names_public_host(&format!("https://{host}/logout")), "{host}");
        }
        assert!(!names_public_host("nonsense") && !names_public_host("mailto:ana@example.com"));
    }

    #[test]
    fn addresses_of_the_public_internet_are_public_and_no_other_ones() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.0.1",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2001:4860::1",
            "2a00::1",
            "64:ff9b::1.1.1.1",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::1.1.1.1",
            "::ffff:1.1.1.1",
            "::ffff:127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }
}
