//! This server's own API as an OAuth 2 protected resource.

use keyward_auth::{DpopNonces, MasterSecret};
use keyward_domain::sessions::opening::Opening;
use keyward_domain::values::scopes::{ACCOUNT, OPENID_CONNECT, Role};
use keyward_guard::{ProofCheck, ProtectedResource};

/// The API of this server, whose address is `issuer`.
///
/// # Panics
/// Where the issuer is not of the form that the setting asks for.
pub(super) fn own_resource(issuer: &str, opening: &Opening) -> ProtectedResource {
    let scopes = OPENID_CONNECT.into_iter().chain([ACCOUNT]).chain(opening.grants().of(Role::Admin).iter());
    let resource = ProtectedResource::new(issuer, [issuer]).expect("an issuer is the address of a resource");
    let documentation = format!("{}/docs", issuer.trim_end_matches('/'));
    let resource =
        resource.member("resource_name", "Keyward").member("resource_documentation", documentation);
    resource.accepts_dpop().scopes(scopes)
}

/// Checks the proofs of requests to this server, with nonces that are made under `master`.
///
/// # Panics
/// As [`own_resource`].
pub(super) fn own_proofs(issuer: &str, master: &MasterSecret) -> ProofCheck {
    let check = ProofCheck::new(issuer).expect("an issuer is the address of a service");
    check.with_nonces(DpopNonces::new(master))
}
