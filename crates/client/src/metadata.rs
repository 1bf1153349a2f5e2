//! What a Keyward says of itself (RFC 8414; OpenID Connect Discovery).

use serde::Deserialize;

use crate::Error;
use crate::address::Address;
use crate::endpoints::Endpoints;
use crate::oauth::ask;

/// The parts of the metadata that a login needs.
#[derive(Deserialize)]
pub(crate) struct Metadata {
    /// Its name, as every answer to an authorization request has it.
    pub(crate) issuer: String,
    pub(crate) authorization_endpoint: Option<String>,
    pub(crate) pushed_authorization_request_endpoint: Option<String>,
    pub(crate) device_authorization_endpoint: Option<String>,
}

impl Endpoints {
    /// Fetches the metadata, which must be of the address it came from (RFC 8414, section 3.3).
    pub(crate) async fn metadata(&self) -> Result<Metadata, Error> {
        let request = self.get("/.well-known/openid-configuration")?;
        let metadata: Metadata =
            ask(request).await.map_err(|refusal| refusal.into_error(Error::LoginOver))?;
        let issuer = Address::parse(&metadata.issuer).map_err(|_| Error::Issuer)?;
        if issuer.text() == self.address.text() { Ok(metadata) } else { Err(Error::Issuer) }
    }
}
