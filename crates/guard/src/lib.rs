#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

#[cfg(any(feature = "axum", feature = "tower"))]
mod admission;
#[cfg(feature = "openapi")]
mod answers;
mod authenticator;
#[cfg(any(feature = "axum", feature = "tower"))]
mod bearer;
#[cfg(feature = "axum")]
mod current_user;
#[cfg(feature = "openapi")]
mod documented;
mod error;
mod freshness;
#[cfg(feature = "tower")]
mod layer;
#[cfg(feature = "openapi")]
mod lock;
mod principal;
#[cfg(feature = "openapi")]
mod problem;
mod proofs;
#[cfg(any(feature = "axum", feature = "tower"))]
mod refused;
#[cfg(feature = "remote")]
mod remote;
mod resource;
#[cfg(feature = "openapi")]
mod schemas;
mod scope;

#[cfg(feature = "openapi")]
pub use answers::{Answers, Returns, document_array, document_content, document_success};
pub use authenticator::{Authenticator, TokenAuthenticator};
#[cfg(feature = "axum")]
pub use current_user::CurrentUser;
#[cfg(feature = "openapi")]
pub use documented::{Documented, describe};
pub use error::Refusal;
pub use freshness::{Fresh, Freshness, StepUp, Strong};
#[cfg(feature = "tower")]
pub use layer::{BearerBody, BearerLayer, BearerService};
#[cfg(feature = "openapi")]
pub use lock::{BEARER_SCHEME, PASSWORD_SCHEME, code_flow, lock, schemes};
pub use principal::Principal;
#[cfg(feature = "openapi")]
pub use problem::{PROBLEM, document_problem, problem_schema, problems};
pub use proofs::{ProofCheck, ProvenRequest};
#[cfg(any(feature = "axum", feature = "tower"))]
pub use refused::Refused;
#[cfg(feature = "remote")]
pub use remote::{RemoteAuthenticator, RemoteBuilder, RemoteError};
pub use resource::{NoResource, ProtectedResource, WELL_KNOWN};
#[cfg(feature = "openapi")]
pub use schemas::Schemas;
pub use scope::{ACCOUNT, ENROL, Enrolling, OpenedBy, Owner, Requirement, Scope};

pub use keyward_auth::{
    AAL1, AAL2, ApiKey, Authenticated, Confirmation, Credential, ErrorCode, Random, ScopeSet, Scoped,
    SystemRandom, TokenProfile,
};

#[cfg(feature = "openapi")]
#[doc(hidden)]
pub use utoipa_axum;
