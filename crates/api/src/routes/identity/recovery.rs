//! Forgotten passwords: asking for a link, and the operation behind it.

use axum::extract::State;
use axum::response::NoContent;
use keyward_domain::identity::error::RefusedPassword;
use keyward_domain::identity::recovery::{InvalidLink, Recovery};
use keyward_domain::limits::waits::TooManyAttempts;
use keyward_domain::values::email::Email;
use keyward_domain::values::new_password::NewPassword;
use keyward_web::{AnyBody, Input};
use serde::Serialize;
use utoipa::ToSchema;

use crate::answers::refused::Refused;
use crate::answers::success::Accepted;
use crate::extract::{NewPasswords, Sender, new_password, read};

/// Who forgot their password.
#[derive(Input)]
#[input(example = json!({ "email": "ana@example.com" }))]
pub struct PasswordRecovery {
    #[input(read = read::email())]
    email: Email,
}

/// What happens next, in words.
#[derive(Serialize, ToSchema)]
pub struct Notice {
    #[schema(example = "If this address has an account, a link is on its way to it.")]
    detail: &'static str,
}

impl Notice {
    /// A code and a link are on their way.
    pub(crate) fn code_sent() -> Self {
        Self { detail: "A code and a link are on their way to the e-mail address." }
    }

    /// The same, if the address waits for them; or too many were requested, which is `false`.
    pub(crate) fn resent(is_within_limits: bool) -> Self {
        Self {
            detail: if is_within_limits {
                "If this address has an account and is not verified yet, a code and a link are on their way to it."
            } else {
                "Several mails were requested for this address. Use the newest one, or try again later."
            },
        }
    }
}

/// A token from a mail, and what the password shall be.
#[derive(Input)]
#[input(context = NewPasswords, example = json!({ "token": "..", "new_password": "another pass phrase" }))]
pub struct PasswordReset {
    /// From the link in the mail.
    #[input(secret)]
    pub token: String,
    #[input(read = new_password(None))]
    pub new_password: NewPassword,
    /// Whether to remove the account's API keys, too. The mail about the new password names those that stay.
    #[input(default = false)]
    pub remove_api_keys: bool,
}

/// Ask for a link to choose a new password
///
/// The answer is the same whether or not the address has an account. The link comes by mail, is good for 30 minutes
/// and once, and voids any earlier one.
#[utoipa::path(post, path = "/password-recovery", tag = "mail", responses(
    (status = 202, description = "A mail is on its way, if there is such an account"),
))]
pub async fn recover_password(
    State(recovery): State<Recovery>,
    Sender(origin): Sender,
    AnyBody(PasswordRecovery { email }): AnyBody<PasswordRecovery>,
) -> Result<Accepted<Notice>, Refused<TooManyAttempts>> {
    let detail = if recovery.request(email, &origin).await? {
        "If this address has an account, a link is on its way to it."
    } else {
        "Several links were requested for this address. Use the newest one, or try again later."
    };
    Ok(Accepted(Notice { detail }))
}

/// Choose a new password, with the token from the mail
///
/// Ends every session of the account. Passkeys and second factors stay, and so do API keys unless the body says otherwise: a mail
/// names them.
#[utoipa::path(post, path = "/reset-password", tag = "mail")]
pub async fn reset_password(
    State(recovery): State<Recovery>,
    Sender(origin): Sender,
    AnyBody(PasswordReset { token, new_password, remove_api_keys }): AnyBody<PasswordReset>,
) -> Result<NoContent, Refused<(InvalidLink, RefusedPassword, TooManyAttempts)>> {
    recovery.reset(&token, new_password, remove_api_keys, &origin).await?;
    Ok(NoContent)
}
