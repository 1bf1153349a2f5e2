//! The codes of errors that come before a use case is called: of the boundary, and of reading a request.

use keyward_domain::values::codes::{INTERNAL, NOT_FOUND};
use keyward_guard::ErrorCode;

/// The path has no such method.
pub const METHOD_NOT_ALLOWED: ErrorCode = ErrorCode::new("method_not_allowed");
/// The `Host` header is missing, repeated or malformed.
pub const INVALID_HOST: ErrorCode = ErrorCode::new("invalid_host");

/// Credentials stand in the query.
pub const CREDENTIALS_IN_QUERY: ErrorCode = ErrorCode::new("credentials_in_query");
/// The body ended early, or its framing is broken.
pub const UNREADABLE_BODY: ErrorCode = ErrorCode::new("unreadable_body");
/// The body took too long to arrive.
pub const BODY_TIMEOUT: ErrorCode = ErrorCode::new("body_timeout");
/// The body is larger than the operation accepts.
pub const BODY_TOO_LARGE: ErrorCode = ErrorCode::new("body_too_large");
/// The body is of a type that the operation does not accept, or compressed.
pub const UNSUPPORTED_MEDIA_TYPE: ErrorCode = ErrorCode::new("unsupported_media_type");
/// The client authenticated itself in two ways at once.
pub const AMBIGUOUS_CLIENT: ErrorCode = ErrorCode::new("ambiguous_client");
/// The `grant_type` is another than the endpoint's.
pub const UNSUPPORTED_GRANT_TYPE: ErrorCode = ErrorCode::new("unsupported_grant_type");

/// The codes that may come before or instead of any operation, which therefore no operation documents.
pub const BOUNDARY: [ErrorCode; 5] =
    [NOT_FOUND, METHOD_NOT_ALLOWED, INVALID_HOST, ErrorCode::UNAVAILABLE, INTERNAL];
