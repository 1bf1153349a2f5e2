//! Where a request comes from, as far as that can be known.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header;
use axum::http::request::Parts;
use keyward_domain::values::origin::Device;
use keyward_domain::values::origin::Origin;
use keyward_guard::{Documented, Schemas};
use keyward_web::RequestId;
use utoipa::openapi::path::Operation;

/// Who sent the request. The address is the connection's own, or what a trusted proxy noted: see
/// [`crate::boundary::proxies`].
pub struct Sender(pub Origin);

/// How much of a `User-Agent` is kept, in bytes.
const USER_AGENT: usize = 256;

impl<S: Send + Sync> FromRequestParts<S> for Sender {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        let address = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let device = Device {
            user_agent: agent.map(|agent| agent[..agent.len().min(USER_AGENT)].to_owned()),
            ip: address.map(|ConnectInfo(address)| address.ip().to_canonical()),
        };
        let request_id = parts.extensions.get::<RequestId>().map(|id| id.as_str().to_owned());
        Ok(Self(Origin { device, request_id }))
    }
}

impl Documented for Sender {
    fn document(_: &mut Operation, _: &mut Schemas) {}
}
