//! Networks of IP addresses, as settings name them.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

/// A network, as in `10.0.0.0/8`; an address alone is a network of one. IPv4 in IPv6 (`::ffff:10.0.0.0/104`)
/// is IPv4: so are the addresses that it is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(IpNet);

/// Length of the prefix before an IPv4 address in IPv6, in bits.
const MAPPED: u8 = 96;

impl FromStr for Network {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "write a network as in 10.0.0.0/8 or 2001:db8::/32, an address, or unix for proxies at the Unix socket";
        let network = text.parse().or_else(|_| text.parse().map(|address: IpAddr| address.into()));
        let network: IpNet = network.map_err(|_| WRONG)?;
        match network.addr().to_canonical() {
            address if address == network.addr() => Ok(Self(network)),
            address => {
                let length = network.prefix_len().checked_sub(MAPPED);
                let network = length.and_then(|length| IpNet::new(address, length).ok());
                network
                    .map(Self)
                    .ok_or("write IPv4 networks as in 10.0.0.0/8, not as IPv6 with less than /96")
            }
        }
    }
}

impl Network {
    /// Whether the address, which is no IPv4 in IPv6, is in it.
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_an_address_and_its_length() {
        let holds = |network: &str, address: &str| {
            network.parse::<Network>().unwrap().contains(address.parse().unwrap())
        };
        assert!(holds("192.0.2.0/24", "192.0.2.255") && !holds("192.0.2.0/24", "192.0.3.0"));
        assert!(holds("0.0.0.0/0", "6.6.6.6") && !holds("0.0.0.0/0", "::1"));
        assert!(holds("2001:db8::/32", "2001:db8:ffff::1") && !holds("2001:db8::/32", "2001:db9::"));
        assert!(holds("::1", "::1") && !holds("::1", "::2"));
        assert!(holds("::ffff:10.0.0.0/104", "10.255.0.1") && !holds("::ffff:10.0.0.0/104", "11.0.0.1"));
        assert!(holds("::ffff:10.0.0.1", "10.0.0.1") && holds("::ffff:0.0.0.0/96", "192.0.2.1"));
        for wrong in
            ["", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/", "::/129", "::ffff:10.0.0.0/95", "proxy.example"]
        {
            assert!(wrong.parse::<Network>().is_err(), "{wrong:?}");
        }
    }
}
