//! A device asks for a login (RFC 8628, section 3.1).

use keyward_auth::{ScopeSet, SecretHash, Zeroizing, random_secret};
use time::Duration;

use super::error::DeviceError;
use crate::limits::budgets::network;
use crate::limits::waits::Throttled;
use crate::model::clients::Client;
use crate::model::devices::{DeviceCounts, DeviceRequest, DeviceState};
use crate::model::store_error::StoreError;
use crate::ports::bundle::Ports;
use crate::sessions::opening::Opening;
use crate::values::origin::Origin;
use crate::values::resource_uri::ResourceUri;
use crate::values::scopes::{self, OFFLINE_ACCESS};
use crate::values::user_code::UserCode;

/// How long the person may take.
pub const LIFE: Duration = Duration::minutes(10);
/// How often the device may ask, at first.
pub const INTERVAL: Duration = Duration::seconds(5);
/// The requests that may wait at once: of all clients, of one client, and from one network.
const MOST: DeviceCounts = DeviceCounts { all: 5_000, of_client: 2_000, of_network: 50 };
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
}

impl AskForDevice {
    /// The use case over these ports; `opening` knows which scopes there are.
    pub fn new(ports: Ports, opening: Opening) -> Self {
        Self { ports, opening }
    }

    /// Takes a request of a client. Without a scope it asks for all that the client may have, but for `offline_access`.
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
        let resource = resource.map(ResourceUri::parse).transpose().map_err(|_| DeviceError::Resource)?;
        if resource.as_ref().is_some_and(|resource| !client.settings.resources.contains(resource)) {
            return Err(DeviceError::Resource);
        }
        let scope = self.scope(client, scope)?;
        let ip = origin.device.ip.filter(|ip| !ip.is_loopback());
        let (now, network) = (self.ports.clock.now(), ip.map(network));
        let counts = self.ports.store.autocommit().devices().count(&client.id, network, now).await?;
        let full = counts.all >= MOST.all || counts.of_client >= MOST.of_client;
        if full || counts.of_network >= MOST.of_network {
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
                state: DeviceState::Pending,
            };
            match self.ports.store.autocommit().devices().insert(&request).await {
                Ok(()) => return Ok(DeviceCodes { device_code, user_code: request.user_code }),
                Err(StoreError::Taken) => {}
                // Removed a moment ago.
                Err(StoreError::Dangling) => return Err(DeviceError::NotRegistered),
                Err(error) => return Err(error.into()),
            }
        }
        Err(FULL.into())
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
