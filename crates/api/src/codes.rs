//! The codes of errors that come before a use case is called. Those of reading a request are in `keyward_web::codes`.

use keyward_domain::values::codes::{INTERNAL, NOT_FOUND};
use keyward_guard::ErrorCode;

/// The path has no such method.
pub const METHOD_NOT_ALLOWED: ErrorCode = ErrorCode::new("method_not_allowed");
/// The `Host` header is missing, repeated or malformed.
pub const INVALID_HOST: ErrorCode = ErrorCode::new("invalid_host");

/// The client authenticated itself in two ways at once.
pub const AMBIGUOUS_CLIENT: ErrorCode = ErrorCode::new("ambiguous_client");
/// The access token came in two ways at once.
pub const AMBIGUOUS_TOKEN: ErrorCode = ErrorCode::new("ambiguous_token");
/// The `grant_type` is another than the endpoint's.
pub const UNSUPPORTED_GRANT_TYPE: ErrorCode = ErrorCode::new("unsupported_grant_type");

/// The codes that may come before or instead of any operation, which therefore no operation documents: those of DPoP come from any lock.
pub const BOUNDARY: [ErrorCode; 7] = [
    NOT_FOUND,
    METHOD_NOT_ALLOWED,
    INVALID_HOST,
    ErrorCode::UNAVAILABLE,
    INTERNAL,
    ErrorCode::INVALID_DPOP_PROOF,
    ErrorCode::USE_DPOP_NONCE,
];
