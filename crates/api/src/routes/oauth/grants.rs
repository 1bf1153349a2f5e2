//! What is asked of the token endpoint.

use keyward_auth::Password;
use keyward_domain::oauth::redeem::CodeRequest;
use keyward_web::readers::string;
use keyward_web::{Flaw, Input};
use utoipa::openapi::schema::KnownFormat;

use super::grant_error::GrantError;
use crate::error::ApiError;
use crate::extract::read;
use crate::extract::read::LoginPassword;

/// The grant of devices (RFC 8628, section 3.4).
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A grant (RFC 6749, sections 4.1.3, 4.3, 4.4 and 6).
#[derive(Input)]
pub struct TokenRequest {
    /// `authorization_code`, `urn:ietf:params:oauth:grant-type:device_code`, `password`, `refresh_token` or `client_credentials`.
    #[input(example = "password")]
    grant_type: String,
    /// With `password`: the e-mail address or the user name.
    username: Option<String>,
    /// With `password`. Without `otp`, a space and the code may stand behind it.
    #[input(read = read::login_password())]
    password: Option<LoginPassword>,
    /// With `password`: the code of an authenticator app, where the account has one.
    #[input(secret)]
    otp: Option<String>,
    /// With `authorization_code`: the code, which is good once.
    #[input(secret)]
    code: Option<String>,
    /// With `authorization_code`: the text of which the request's `code_challenge` was made.
    #[input(secret)]
    code_verifier: Option<String>,
    /// With `authorization_code`: as in the authorization request.
    redirect_uri: Option<String>,
    /// The service that the token is for (RFC 8707). With `authorization_code`, `refresh_token` and the device grant: one that was
    /// granted, if it is said again. With `client_credentials`: one that the client is registered for.
    resource: Option<String>,
    /// With `urn:ietf:params:oauth:grant-type:device_code`: the code, which is good once.
    #[input(secret)]
    device_code: Option<String>,
    /// With `refresh_token`.
    #[input(secret)]
    refresh_token: Option<String>,
    /// What the token shall be good for, separated by spaces.
    scope: Option<String>,
    /// A client's id, if it does not use HTTP Basic.
    pub client_id: Option<String>,
    /// A client's secret, if it does not use HTTP Basic.
    #[input(read = string().format(KnownFormat::Password), secret)]
    pub client_secret: Option<String>,
}

/// What is asked for.
pub(super) enum Grant {
    Code(CodeRequest),
    Device { code: String, resource: Option<String> },
    Password { username: String, password: Password, otp: Option<String>, resource: Option<String> },
    RefreshToken { token: String, resource: Option<String> },
    ClientCredentials { resource: Option<String> },
}

impl TokenRequest {
    /// The grant with what belongs to it, and the scope.
    pub(super) fn grant(self) -> Result<(Grant, Option<String>), ApiError> {
        let missing = |name| Flaw::missing().in_field("body", name, None);
        let grant = match self.grant_type.as_str() {
            "password" => match (self.username, self.password) {
                (Some(username), Some(LoginPassword { password, .. })) => {
                    Ok(Grant::Password { username, password, otp: self.otp, resource: self.resource })
                }
                (None, Some(_)) => Err(vec![missing("username")]),
                (Some(_), None) => Err(vec![missing("password")]),
                (None, None) => Err(vec![missing("username"), missing("password")]),
            },
            "authorization_code" => match self.code {
                Some(code) => Ok(Grant::Code(CodeRequest {
                    code,
                    code_verifier: self.code_verifier,
                    redirect_uri: self.redirect_uri,
                    resource: self.resource,
                    key: None,
                })),
                None => Err(vec![missing("code")]),
            },
            DEVICE => {
                let resource = self.resource;
                let grant = self.device_code.map(|code| Grant::Device { code, resource });
                grant.ok_or_else(|| vec![missing("device_code")])
            }
            "refresh_token" => {
                let resource = self.resource;
                let grant = self.refresh_token.map(|token| Grant::RefreshToken { token, resource });
                grant.ok_or_else(|| vec![missing("refresh_token")])
            }
            "client_credentials" => Ok(Grant::ClientCredentials { resource: self.resource }),
            _ => return Err(GrantError::Unknown.into()),
        };
        Ok((grant.map_err(|faults| ApiError::faults(faults).for_oauth())?, self.scope))
    }
}
