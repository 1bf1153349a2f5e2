//! Where a request comes from.

use std::net::IpAddr;

/// The device that a request comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// Its `User-Agent`.
    pub user_agent: Option<String>,
    pub ip: Option<IpAddr>,
}

/// Where a request comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The device behind it.
    pub device: Device,
    /// The request's id, which its log lines carry too.
    pub request_id: Option<String>,
}
