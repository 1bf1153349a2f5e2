//! Addresses to listen on, as people write them.

use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs};

/// `127.0.0.1:8000`, `[::1]:8000`, `localhost:8000`, `8000` for that port of this machine alone, and `:8000` or `*:8000` for
/// every interface.
///
/// # Errors
/// What an address may look like, or why a name has none.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    if let Ok(port) = text.parse() {
        return Ok((Ipv4Addr::LOCALHOST, port).into());
    }
    let shape = "write ADDRESS:PORT as in 127.0.0.1:8000 or localhost:8000, or :8000 for every interface";
    let (host, port) = text.rsplit_once(':').ok_or(shape)?;
    let port: u16 = port.parse().map_err(|_| shape)?;
    match host {
        "" | "*" => Ok((Ipv4Addr::UNSPECIFIED, port).into()),
        // Clients of this machine find it at either address, and links are made of this one.
        "localhost" => Ok((Ipv4Addr::LOCALHOST, port).into()),
        name if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte)) => {
            let found =
                (name, port).to_socket_addrs().map_err(|error| format!("{name} has no address: {error}"))?;
            found.min_by_key(SocketAddr::is_ipv6).ok_or_else(|| format!("{name} has no address"))
        }
        _ => Err(shape.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn an_address_may_be_written_as_a_name_or_a_port() {
        for (text, meant) in [
            ("127.0.0.1:80", "127.0.0.1:80"),
            ("[::1]:80", "[::1]:80"),
            ("localhost:80", "127.0.0.1:80"),
            ("80", "127.0.0.1:80"),
            (":80", "0.0.0.0:80"),
            ("*:80", "0.0.0.0:80"),
        ] {
            assert_eq!(address(text), Ok(meant.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn what_names_no_port_is_refused_with_what_to_write() {
        for text in [
            "",
            "nonsense",
            "127.0.0.1",
            "127.0.0.1:99999",
            "99999",
            "::1:80",
            "http://localhost:80",
            "a b:80",
            ":",
        ] {
            assert!(address(text).unwrap_err().contains("write ADDRESS:PORT"), "{text}");
        }
    }
}
