//! Devices that ask for a login (RFC 8628), and the repository of their requests.

use std::net::IpAddr;

use async_trait::async_trait;
use keyward_auth::{ScopeSet, SecretHash};
use time::{Duration, OffsetDateTime};

use super::store_error::StoreError;
use crate::values::ids::{ClientId, SessionId, UserId};
use crate::values::origin::Device;
use crate::values::resource_uri::ResourceUri;
use crate::values::user_code::UserCode;

/// A device's request for a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRequest {
    /// The hash of the code that the device keeps.
    pub code: SecretHash,
    /// The code that the person types.
    pub user_code: UserCode,
    pub client: ClientId,
    /// What the client asks for, or, once the person has allowed it, what they allowed.
    pub scope: ScopeSet,
    pub resource: Option<ResourceUri>,
    /// Where the request came from.
    pub device: Device,
    /// The network that it is counted for; `None` where it is not counted.
    pub network: Option<IpAddr>,
    pub created_at: OffsetDateTime,
    pub expires_at: OffsetDateTime,
    /// How long the device has to wait between two polls.
    pub interval: Duration,
    /// When it last polled, or would have been due to; `None` before the first poll.
    pub asked_at: Option<OffsetDateTime>,
    pub state: DeviceState,
}

/// What the person decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceState {
    /// Nothing yet.
    Pending,
    /// The person said no.
    Denied,
    Allowed(Allowance),
    /// The person allowed it, and the device got its tokens.
    Used(Allowance),
}

/// Who allowed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    pub user: UserId,
    /// The browser session in which they allowed it.
    pub browser: SessionId,
    pub at: OffsetDateTime,
}

/// The number of requests that have not expired. But for `decided`, they are undecided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeviceCounts {
    pub all: u64,
    pub of_client: u64,
    /// From one network.
    pub of_network: u64,
    /// From the same network, and decided.
    pub decided: u64,
}

#[async_trait]
pub trait DeviceRepository: Send {
    /// Adds a request; [`StoreError::Taken`] when its user code is in use, [`StoreError::Dangling`] when its client was removed.
    async fn insert(&mut self, request: &DeviceRequest) -> Result<(), StoreError>;
    /// Finds the request of a device, also one that has expired.
    async fn find(&mut self, code: &SecretHash) -> Result<Option<DeviceRequest>, StoreError>;
    /// Finds the request that has this user code, is undecided and has not expired.
    async fn pending(
        &mut self,
        code: &UserCode,
        now: OffsetDateTime,
    ) -> Result<Option<DeviceRequest>, StoreError>;
    /// Counts requests that have not expired.
    async fn count(
        &mut self,
        client: &ClientId,
        network: Option<IpAddr>,
        now: OffsetDateTime,
    ) -> Result<DeviceCounts, StoreError>;
    /// Removes an undecided request, of this client or, with `None`, of any, whose device has not polled since `idle` and asked before
    /// it: one that never polled, if there is one, and the oldest of them. Returns whether there was one.
    async fn make_room(
        &mut self,
        client: Option<&ClientId>,
        idle: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError>;
    /// Removes the oldest undecided request of the network that has most of them, of this client or, with `None`, of all, if they are
    /// `least` or more. Returns whether there was one. Requests that are counted for no network stay.
    async fn thin(
        &mut self,
        client: Option<&ClientId>,
        least: u64,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError>;
    /// Notes that a device polls at `now`. Returns whether it was due before `now + slack`; otherwise nothing is noted.
    async fn pace(
        &mut self,
        code: &SecretHash,
        now: OffsetDateTime,
        slack: Duration,
    ) -> Result<bool, StoreError>;
    /// Makes the interval of an undecided request longer by `by`, unless it is `most` or more.
    async fn slow(&mut self, code: &SecretHash, by: Duration, most: Duration) -> Result<(), StoreError>;
    /// Notes what the person decided about a pending request that has not expired: to allow this scope, or, with `None`, to deny
    /// it. Returns whether there was one.
    async fn decide(
        &mut self,
        code: &SecretHash,
        allowed: Option<(&Allowance, &ScopeSet)>,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError>;
    /// Marks a request that was allowed as used, to be called in the transaction that opens its session. Returns whether it was
    /// allowed and not used: one caller only gets that answer.
    async fn take(&mut self, code: &SecretHash) -> Result<bool, StoreError>;
    /// Removes what a user allowed to devices, of one client or of all, and was not used yet. Returns the number removed.
    async fn disallow(&mut self, user: UserId, client: Option<&ClientId>) -> Result<u64, StoreError>;
    /// Removes requests that expired before `before`. Returns the number removed.
    async fn forget(&mut self, before: OffsetDateTime) -> Result<u64, StoreError>;
}
