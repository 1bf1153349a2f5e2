//! The codes of rejections, which programs compare.

use keyward_guard::ErrorCode;

/// Fields of the request cannot be accepted.
pub const VALIDATION: ErrorCode = ErrorCode::new("validation");
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
