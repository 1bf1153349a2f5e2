//! `/oauth/device`: a device without a browser asks for a login (RFC 8628).

use axum::extract::State;
use keyward_domain::oauth::device::ask::{AskForDevice, INTERVAL, LIFE};
use keyward_domain::oauth::device::error::{ManyDevices, NoDeviceResource, NoDeviceScope, NotForDevices};
use keyward_web::Input;
use keyward_web::readers::string;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::KnownFormat;

use crate::answers::refused::{GrantWords, Refused};
use crate::answers::success::NoStore;
use crate::extract::{KnownClientForm, Sender};
use crate::settings::issuer::Issuer;

/// What a device asks for (RFC 8628, section 3.1).
#[derive(Input)]
pub struct DeviceForm {
    /// What its token shall be good for, separated by spaces. Without it all that the client may have, but for `offline_access`.
    scope: Option<String>,
    /// The service that its token is for, beside this one (RFC 8707).
    resource: Option<String>,
    /// A client's id, if it does not use HTTP Basic.
    #[expect(dead_code, reason = "read before the form")]
    client_id: Option<String>,
    /// A client's secret, if it does not use HTTP Basic.
    #[input(read = string().format(KnownFormat::Password), secret)]
    #[expect(dead_code, reason = "read before the form")]
    client_secret: Option<String>,
}

/// What the device shows, and what it asks for its token with (RFC 8628, section 3.2).
#[derive(Serialize, ToSchema)]
pub struct DeviceAuthorization {
    /// Keep it secret: `/oauth/token` trades it for a token.
    device_code: String,
    /// What the person types.
    #[schema(example = "BCDF-GHJK")]
    user_code: String,
    /// Where the person types it.
    verification_uri: String,
    /// The same with the code filled in, as for a QR code.
    verification_uri_complete: String,
    /// How long the codes are good, in seconds.
    expires_in: i64,
    /// How long to wait between two requests for the token, in seconds.
    interval: i64,
}

/// Ask for a login on a device
///
/// For devices without a browser. The person types the code at the address that is answered, while the device asks `/oauth/token` again
/// and again.
#[utoipa::path(post, path = "/oauth/device", tag = "oauth")]
pub async fn ask_for_device(
    State(devices): State<AskForDevice>,
    State(Issuer(issuer)): State<Issuer>,
    Sender(origin): Sender,
    KnownClientForm { value: DeviceForm { scope, resource, .. }, client }: KnownClientForm<DeviceForm>,
) -> Result<
    NoStore<DeviceAuthorization>,
    Refused<(NotForDevices, NoDeviceScope, NoDeviceResource, ManyDevices), GrantWords>,
> {
    let codes = devices.ask(&client, scope.as_deref(), resource.as_deref(), &origin).await?;
    let verification_uri = format!("{}/account/device", issuer.trim_end_matches('/'));
    Ok(NoStore(DeviceAuthorization {
        device_code: codes.device_code.to_string(),
        verification_uri_complete: format!("{verification_uri}?user_code={}", codes.user_code),
        user_code: codes.user_code.to_string(),
        verification_uri,
        expires_in: LIFE.whole_seconds(),
        interval: INTERVAL.whole_seconds(),
    }))
}
