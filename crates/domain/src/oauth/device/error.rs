//! Why a login on a device did not happen, or not yet.

use keyward_auth::ErrorCode;

use crate::limits::waits::{ThrottleError, Throttled};
use crate::model::store_error::StoreError;
use crate::sessions::error::SessionError;
use crate::values::codes;
use crate::values::failure::{Failure, Kind};

/// Why a login on a device did not happen, or not yet.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The client is not registered for this grant.
    #[error("The client is not registered for the device grant.")]
    NotRegistered,
    /// The client may have none of the scope, or the person may not give it.
    #[error("Nothing of this scope can be granted.")]
    Scope,
    /// The client may not have tokens for this service.
    #[error("The client may not have tokens for this resource.")]
    Resource,
    /// The person has not decided yet.
    #[error("The person has not decided yet. Ask again after the interval.")]
    Pending,
    /// The device asked too soon.
    #[error("The device asks too often. Its interval is 5 seconds longer from now on.")]
    SlowDown,
    /// The person said no.
    #[error("The person did not allow it.")]
    Denied,
    /// It is too late.
    #[error("The device code has expired. Ask for a new one.")]
    Expired,
    /// Unknown, another client's, or used.
    #[error("The device code is invalid or was used.")]
    Invalid,
    /// No device waits with this user code.
    #[error("This code is not known, or has expired. Look at your device again.")]
    UnknownUserCode,
    /// Too many devices wait, or too many codes were tried.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    #[error(transparent)]
    Session(SessionError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ThrottleError> for DeviceError {
    fn from(error: ThrottleError) -> Self {
        match error {
            ThrottleError::Throttled(wait) => Self::Throttled(wait),
            ThrottleError::Store(error) => Self::Store(error),
        }
    }
}

/// What is wrong with a code in the code flow is wrong with a device code here.
impl From<SessionError> for DeviceError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::InvalidCode => Self::Invalid,
            SessionError::ForeignResource => Self::Resource,
            SessionError::Store(error) => Self::Store(error),
            other => Self::Session(other),
        }
    }
}

impl Failure for DeviceError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotRegistered
            | Self::Scope
            | Self::Resource
            | Self::Pending
            | Self::SlowDown
            | Self::Denied
            | Self::Expired
            | Self::Invalid => Kind::Invalid,
            Self::UnknownUserCode => Kind::NotFound,
            Self::Throttled(_) => Kind::Throttled,
            Self::Session(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> ErrorCode {
        match self {
            Self::NotRegistered => codes::UNAUTHORIZED_CLIENT,
            Self::Scope => codes::INVALID_SCOPE,
            Self::Resource => codes::INVALID_TARGET,
            Self::Pending => codes::AUTHORIZATION_PENDING,
            Self::SlowDown => codes::SLOW_DOWN,
            Self::Denied => codes::ACCESS_DENIED,
            Self::Expired => codes::EXPIRED_TOKEN,
            Self::Invalid => codes::INVALID_DEVICE_CODE,
            Self::UnknownUserCode => codes::UNKNOWN_USER_CODE,
            Self::Throttled(_) => codes::TOO_MANY_ATTEMPTS,
            Self::Session(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Throttled(wait) => Some(wait.seconds),
            Self::Session(error) => error.retry_after(),
            _ => None,
        }
    }
}

crate::cases! {
    /// The client is not registered for the device grant.
    NotForDevices => DeviceError::NotRegistered;
    /// Nothing of the scope can be granted.
    NoDeviceScope => DeviceError::Scope;
    /// The client may not have tokens for the resource.
    NoDeviceResource => DeviceError::Resource;
    /// Too many devices wait for a login: try again after `Retry-After` seconds.
    ManyDevices => DeviceError::Throttled(Throttled { seconds: 60 });
    /// The person has not decided yet.
    DevicePending => DeviceError::Pending;
    /// The device asked too soon: its interval is five seconds longer from now on.
    DeviceTooFast => DeviceError::SlowDown;
    /// The person did not allow it.
    DeviceDenied => DeviceError::Denied;
    /// The device code has expired.
    DeviceExpired => DeviceError::Expired;
    /// The device code is unknown, another client's, or was used.
    InvalidDeviceCode => DeviceError::Invalid;
}
