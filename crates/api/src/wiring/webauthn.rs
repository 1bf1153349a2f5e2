//! What checks passkeys, by the issuer's host name.

use std::sync::Arc;

use keyward_domain::ports::webauthn::Webauthn;
use keyward_infra::factors::webauthn::PasskiWebauthn;

use crate::settings::Settings;

/// Checks passkeys of the issuer's host; `None` where that is an IP address, which passkeys cannot belong to.
pub fn webauthn(settings: &Settings) -> Option<Arc<dyn Webauthn>> {
    let party = settings.factors.relying_party(&settings.issuer())?;
    Some(Arc::new(PasskiWebauthn::new(party)))
}
