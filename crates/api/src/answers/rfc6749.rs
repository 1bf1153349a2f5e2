//! The errors of the token endpoints, which name RFC 6749's code beside ours.

use axum::http::StatusCode;
use keyward_domain::values::codes;

use crate::codes::UNSUPPORTED_GRANT_TYPE;
use crate::error::ApiError;

/// The same error with RFC 6749's code (section 5.2), where there is one for it.
pub(crate) fn for_tokens(error: ApiError) -> ApiError {
    let code = match error.code() {
        codes::MFA_REQUIRED => "mfa_required",
        codes::INVALID_CREDENTIALS
        | codes::INVALID_MFA_TOKEN
        | codes::WRONG_CODE
        | codes::INVALID_REFRESH_TOKEN
        | codes::INVALID_CODE
        | codes::INVALID_DEVICE_CODE
        | codes::SESSION_ENDED_BY_REUSE
        | codes::SESSION_EXPIRED
        | codes::SESSION_ENDED
        | codes::EMAIL_UNVERIFIED => "invalid_grant",
        codes::NOT_REVOCABLE => "unsupported_token_type",
        codes::INVALID_CLIENT => "invalid_client",
        codes::INVALID_REQUEST if !error.is_worded() => "invalid_request",
        codes::INVALID_SCOPE => "invalid_scope",
        codes::INVALID_TARGET => "invalid_target",
        codes::AUTHORIZATION_PENDING => "authorization_pending",
        codes::SLOW_DOWN => "slow_down",
        codes::ACCESS_DENIED => "access_denied",
        codes::EXPIRED_TOKEN => "expired_token",
        codes::UNAUTHORIZED_CLIENT => "unauthorized_client",
        codes::TOO_MANY_ATTEMPTS => "temporarily_unavailable",
        UNSUPPORTED_GRANT_TYPE => "unsupported_grant_type",
        _ => return error,
    };
    error.with_oauth(code)
}

/// The same error as `/oauth/token` answers it: 400 for every grant that is refused (RFC 6749, section 5.2).
pub(crate) fn for_grants(error: ApiError) -> ApiError {
    let refused = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&error.status());
    let error = for_tokens(error);
    // That no client authenticated itself stays a 401, and so does half a login.
    if refused && ![codes::INVALID_CLIENT, codes::MFA_REQUIRED].contains(&error.code()) {
        error.with_status(StatusCode::BAD_REQUEST)
    } else {
        error
    }
}
