//! Where a request comes from, as far as that can be known.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header;
use axum::http::request::Parts;
use keyward_domain::sessions::Device;
use keyward_guard::{Documented, Schemas};
use utoipa::openapi::path::Operation;

/// The device behind a request. The address is the connection's own: forwarding headers are anyone's to write.
pub struct Client(pub Device);

/// How much of a `User-Agent` is kept, in bytes.
const USER_AGENT: usize = 256;

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        let address = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self(Device {
            user_agent: agent.map(|agent| agent[..agent.len().min(USER_AGENT)].to_owned()),
            ip: address.map(|ConnectInfo(address)| address.ip().to_canonical()),
        }))
    }
}

impl Documented for Client {
    fn document(_: &mut Operation, _: &mut Schemas) {}
}
