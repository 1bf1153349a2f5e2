//! The codes of the errors that use cases give. A resource adds codes of its own; those of the lock are [`ErrorCode`]'s.

use keyward_auth::ErrorCode;

/// There is no such thing, or none that the caller may know of.
pub const NOT_FOUND: ErrorCode = ErrorCode::new("not_found");
/// Fields of the request cannot be accepted.
pub const VALIDATION: ErrorCode = ErrorCode::new("validation");
/// A fault of the server.
pub const INTERNAL: ErrorCode = ErrorCode::new("internal");
/// Too many attempts. `Retry-After` says when the next one may succeed.
pub const TOO_MANY_ATTEMPTS: ErrorCode = ErrorCode::TOO_MANY_ATTEMPTS;

/// The account has as many of these as it may have.
pub const ACCOUNT_FULL: ErrorCode = ErrorCode::new("account_full");
/// The e-mail address has an account.
pub const EMAIL_TAKEN: ErrorCode = ErrorCode::new("email_taken");
/// The user name has an account.
pub const USERNAME_TAKEN: ErrorCode = ErrorCode::new("username_taken");
/// The account has no e-mail address.
pub const NO_EMAIL: ErrorCode = ErrorCode::new("no_email");
/// The password that should prove who is asking is another one.
pub const WRONG_PASSWORD: ErrorCode = ErrorCode::new("wrong_password");
/// The account has no password, so that none proves who is asking.
pub const NO_PASSWORD: ErrorCode = ErrorCode::new("no_password");
/// The new password is too common, or names the account.
pub const PASSWORD_REFUSED: ErrorCode = ErrorCode::new("password_refused");
/// The change would leave no administrator.
pub const LAST_ADMINISTRATOR: ErrorCode = ErrorCode::new("last_administrator");
/// A mail was sent less than a minute ago. `Retry-After` says when the next one may be.
pub const MAIL_JUST_SENT: ErrorCode = ErrorCode::new("mail_just_sent");
/// Too many mails were sent to the address. `Retry-After` says when the next one may be.
pub const TOO_MANY_MAILS: ErrorCode = ErrorCode::new("too_many_mails");
/// The e-mail address is verified already.
pub const ALREADY_VERIFIED: ErrorCode = ErrorCode::new("already_verified");
/// The code or the link from a mail is unknown, spent, replaced or expired.
pub const INVALID_PROOF: ErrorCode = ErrorCode::new("invalid_proof");

/// There is no such account, or it has another password.
pub const INVALID_CREDENTIALS: ErrorCode = ErrorCode::new("invalid_credentials");
/// The e-mail address has to be verified before the first login.
pub const EMAIL_UNVERIFIED: ErrorCode = ErrorCode::new("email_unverified");
/// The password is right, and a second factor is owed: come back with `mfa_token` and a code.
pub const MFA_REQUIRED: ErrorCode = ErrorCode::new("mfa_required");
/// The `mfa_token` is malformed, expired or used, or the password or the factors changed since.
pub const INVALID_MFA_TOKEN: ErrorCode = ErrorCode::new("invalid_mfa_token");
/// The code of a second factor is wrong, or was used before.
pub const WRONG_CODE: ErrorCode = ErrorCode::new("wrong_code");
/// The passkey is not sound or not the account's, or its challenge has expired or was used.
pub const INVALID_PASSKEY: ErrorCode = ErrorCode::new("invalid_passkey");
/// The passkey is registered already.
pub const PASSKEY_TAKEN: ErrorCode = ErrorCode::new("passkey_taken");
/// Without this passkey its owner could not log in any more.
pub const LAST_WAY_IN: ErrorCode = ErrorCode::new("last_way_in");
/// This server cannot offer passkeys: its address is an IP address.
pub const NO_PASSKEYS: ErrorCode = ErrorCode::new("no_passkeys");
/// No enrolment was begun, or it has expired.
pub const NO_ENROLMENT: ErrorCode = ErrorCode::new("no_enrolment");
/// The account has no second factor.
pub const NO_SECOND_FACTOR: ErrorCode = ErrorCode::new("no_second_factor");
/// The refresh token is malformed or forged, or its session is not known any more.
pub const INVALID_REFRESH_TOKEN: ErrorCode = ErrorCode::new("invalid_refresh_token");
/// A refresh token of the session was used twice. That has ended the session.
pub const SESSION_ENDED_BY_REUSE: ErrorCode = ErrorCode::new("session_ended_by_reuse");
/// The session of the refresh token has expired.
pub const SESSION_EXPIRED: ErrorCode = ErrorCode::new("session_expired");
/// The session of the refresh token was ended: by logging out, elsewhere, or by a change of the account.
pub const SESSION_ENDED: ErrorCode = ErrorCode::new("session_ended");
/// The authorization code is invalid, has expired or was used.
pub const INVALID_CODE: ErrorCode = ErrorCode::new("invalid_code");
/// The resource is another than the one that the authorization code was given for.
pub const INVALID_TARGET: ErrorCode = ErrorCode::new("invalid_target");
/// A pushed authorization request is malformed, or asks for what its client may not have.
pub const INVALID_REQUEST: ErrorCode = ErrorCode::new("invalid_request");
/// The device's login waits for the person.
pub const AUTHORIZATION_PENDING: ErrorCode = ErrorCode::new("authorization_pending");
/// The device asks too often: its interval has grown by five seconds.
pub const SLOW_DOWN: ErrorCode = ErrorCode::new("slow_down");
/// The person did not allow it.
pub const ACCESS_DENIED: ErrorCode = ErrorCode::new("access_denied");
/// The device code has expired.
pub const EXPIRED_TOKEN: ErrorCode = ErrorCode::new("expired_token");
/// The device code is unknown, another client's, or was used.
pub const INVALID_DEVICE_CODE: ErrorCode = ErrorCode::new("invalid_device_code");
/// No device waits with this user code.
pub const UNKNOWN_USER_CODE: ErrorCode = ErrorCode::new("unknown_user_code");
/// The client may not use this grant.
pub const UNAUTHORIZED_CLIENT: ErrorCode = ErrorCode::new("unauthorized_client");
/// The scope cannot be granted.
pub const INVALID_SCOPE: ErrorCode = ErrorCode::new("invalid_scope");
/// The token of a client itself, or an API key, cannot be revoked.
pub const NOT_REVOCABLE: ErrorCode = ErrorCode::new("not_revocable");

/// The client could not be authenticated.
pub const INVALID_CLIENT: ErrorCode = ErrorCode::new("invalid_client");
/// The client is public, and has no secret.
pub const PUBLIC_CLIENT: ErrorCode = ErrorCode::new("public_client");
/// There are as many clients as there may be.
pub const TOO_MANY_CLIENTS: ErrorCode = ErrorCode::new("too_many_clients");
/// There is a client with this id.
pub const CLIENT_TAKEN: ErrorCode = ErrorCode::new("client_taken");
