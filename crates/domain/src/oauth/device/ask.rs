//! A device asks for a login (RFC 8628, section 3.1).

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use keyward_auth::{ScopeSet, SecretHash, Zeroizing, random_secret};
use time::Duration;

use super::error::DeviceError;
use crate::limits::waits::Throttled;
use crate::model::clients::Client;
use crate::model::devices::{DeviceCounts, DeviceRequest, DeviceState};
use crate::model::store_error::StoreError;
use crate::ports::bundle::Ports;
use crate::sessions::opening::Opening;
use crate::values::origin::Origin;
use crate::values::resource_uri::{ResourceUri, is_own};
use crate::values::scopes::{self, OFFLINE_ACCESS};
use crate::values::user_code::UserCode;

/// How long the person may take.
pub const LIFE: Duration = Duration::minutes(10);
/// How often the device may ask, at first.
pub const INTERVAL: Duration = Duration::seconds(5);
/// The undecided requests that may wait at once: of all clients, of one client, and from one network; and those that were decided and
/// have not expired, from one network.
const MOST: DeviceCounts = DeviceCounts { all: 5_000, of_client: 2_000, of_network: 50, decided: 200 };
/// How long a device may be silent before its request makes room for another one: longer than the longest interval between two polls,
/// and than a client waits while this server is out of reach.
const IDLE: Duration = Duration::seconds(90);
/// How long a device has to wait where too many do, in seconds.
const FULL: Throttled = Throttled { seconds: 60 };
/// How often another user code is tried where one is in use.
const ATTEMPTS: u32 = 5;

/// What a device gets.
pub struct DeviceCodes {
    /// The code that it asks for its tokens with.
    pub device_code: Zeroizing<String>,
    /// The code that it shows.
    pub user_code: UserCode,
}

/// Takes requests of devices.
#[derive(Clone)]
pub struct AskForDevice {
    ports: Ports,
    opening: Opening,
    issuer: Arc<str>,
}

impl AskForDevice {
    /// The use case over these ports; `opening` knows which scopes there are, and `issuer` is this server's address.
    pub fn new(ports: Ports, opening: Opening, issuer: Arc<str>) -> Self {
        Self { ports, opening, issuer }
    }

    /// Takes a request of a client. Without a scope it asks for all that the client may have, but for `offline_access`. Where too many
    /// devices wait, one that no longer polls makes room, or else one of the network that has most of them.
    ///
    /// # Errors
    /// [`DeviceError::NotRegistered`], [`DeviceError::Scope`], [`DeviceError::Resource`], [`DeviceError::Throttled`] where too many
    /// devices wait.
    pub async fn ask(
        &self,
        client: &Client,
        scope: Option<&str>,
        resource: Option<&str>,
        origin: &Origin,
    ) -> Result<DeviceCodes, DeviceError> {
        if !client.settings.device {
            return Err(DeviceError::NotRegistered);
        }
        let resource = self.resource(client, resource)?;
        let scope = self.scope(client, scope)?;
        let (now, network) = (self.ports.clock.now(), counted(origin.device.ip));
        // Without a write, for a network that asks on and on.
        let counts = self.ports.store.autocommit().devices().count(&client.id, network, now).await?;
        if is_full(&counts) {
            return Err(FULL.into());
        }
        let device_code = random_secret(&*self.ports.random);
        for _ in 0..ATTEMPTS {
            let request = DeviceRequest {
                code: SecretHash::of(&device_code),
                user_code: UserCode::generate(&*self.ports.random),
                client: client.id.clone(),
                scope: scope.clone(),
                resource: resource.clone(),
                device: origin.device.clone(),
                network,
                created_at: now,
                expires_at: now + LIFE,
                interval: INTERVAL,
                asked_at: None,
                state: DeviceState::Pending,
            };
            match self.ports.retrying(|| self.store(&request)).await {
                Ok(()) => return Ok(DeviceCodes { device_code, user_code: request.user_code }),
                Err(DeviceError::Store(StoreError::Taken)) => {}
                // Removed a moment ago.
                Err(DeviceError::Store(StoreError::Dangling)) => return Err(DeviceError::NotRegistered),
                Err(error) => return Err(error),
            }
        }
        Err(FULL.into())
    }

    /// Stores a request, if there is room or room can be made.
    async fn store(&self, request: &DeviceRequest) -> Result<(), DeviceError> {
        let (client, now) = (&request.client, request.created_at);
        let mut tx = self.ports.store.begin().await?;
        let mut counts = tx.devices().count(client, request.network, now).await?;
        if is_full(&counts) {
            return Err(FULL.into());
        }
        let fullness = [(Some(client), counts.of_client >= MOST.of_client), (None, counts.all >= MOST.all)];
        for (client, is_full) in fullness {
            // Room that was made for the client is room for all.
            if !is_full || counts.all < MOST.all && client.is_none() {
                continue;
            }
            // Of a network that has still more than this one once this request is there.
            let most = counts.of_network + 2;
            if !tx.devices().make_room(client, now - IDLE, now).await?
                && !tx.devices().thin(client, most, now).await?
            {
                return Err(FULL.into());
            }
            counts.all = counts.all.saturating_sub(1);
        }
        tx.devices().insert(request).await?;
        Ok(tx.commit().await?)
    }

    /// The service that the tokens are for; `None` for this server, which a request may name by its address (RFC 9728), too.
    fn resource(&self, client: &Client, asked: Option<&str>) -> Result<Option<ResourceUri>, DeviceError> {
        let Some(asked) = asked.filter(|asked| !asked.is_empty()) else { return Ok(None) };
        let known = client.settings.resources.iter().find(|resource| resource.as_str() == asked);
        match known {
            Some(resource) => Ok(Some(resource.clone())),
            None if is_own(asked, &self.issuer) => Ok(None),
            None => Err(DeviceError::Resource),
        }
    }

    /// What may be asked for: names that the client is not registered for, or that no account may give, are left out.
    fn scope(&self, client: &Client, asked: Option<&str>) -> Result<ScopeSet, DeviceError> {
        let registered = &client.settings.scope;
        let scope = match asked {
            Some(text) => {
                let asked = ScopeSet::parse(text).map_err(|_| DeviceError::Scope)?;
                scopes::intersection(&asked, registered)
            }
            // What outlives the browser session has to be asked for by its name.
            None => ScopeSet::from_names(registered.iter().filter(|name| *name != OFFLINE_ACCESS))
                .unwrap_or_default(),
        };
        let any = self.opening.grants().through_consent(crate::values::scopes::Role::Admin);
        let scope = scopes::intersection(&scope, any);
        if scope.is_empty() { Err(DeviceError::Scope) } else { Ok(scope) }
    }
}

/// Whether a network may ask for no more.
fn is_full(counts: &DeviceCounts) -> bool {
    counts.of_network >= MOST.of_network || counts.decided >= MOST.decided
}

/// The network that a request is counted for: an IPv4 address, or the /48 around an IPv6 address, which one customer of a provider can
/// have. Callers whose address is not known are counted together. Loopback is not counted: from there come a proxy or a tool.
fn counted(address: Option<IpAddr>) -> Option<IpAddr> {
    match address.map(|address| address.to_canonical()) {
        None => Some(Ipv6Addr::UNSPECIFIED.into()),
        Some(address) if address.is_loopback() => None,
        Some(IpAddr::V6(v6)) => Some(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 80)).into()),
        Some(v4) => Some(v4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_of_ipv6_and_all_unknown_callers_are_one_network_each() {
        let of = |text: &str| counted(Some(text.parse().unwrap()));
        assert_eq!(of("2001:db8:1:2::3"), of("2001:db8:1:ffff:ffff::"));
        assert_ne!(of("2001:db8:1::1"), of("2001:db8:2::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!((of("127.0.0.1"), of("::1")), (None, None));
        assert!(counted(None).is_some());
    }
}
