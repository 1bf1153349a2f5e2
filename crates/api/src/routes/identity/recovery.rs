//! Forgotten passwords: asking for a link, and the page and the operation behind it.

use axum::extract::State;
use axum::response::Response;
use keyward_auth::PasswordPolicy;
use keyward_domain::identity::error::RefusedPassword;
use keyward_domain::identity::recovery::{InvalidLink, Recovery};
use keyward_domain::limits::waits::TooManyAttempts;
use keyward_domain::values::email::Email;
use keyward_domain::values::new_password::NewPassword;
use keyward_web::{Body, Input, Query};
use serde::Serialize;
use utoipa::ToSchema;

use crate::answers::refused::Refused;
use crate::answers::success::Accepted;
use crate::error::ApiError;
use crate::extract::{NewPasswords, Outcome, Outcomes, Sender, Submitted, new_password, read};
use crate::pages;

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
}

/// A token from a mail, and what the password shall be.
#[derive(Input)]
#[input(context = NewPasswords, example = json!({ "token": "..", "new_password": "another pass phrase" }))]
pub struct PasswordReset {
    /// From the link in the mail.
    #[input(secret)]
    token: String,
    #[input(read = new_password(None))]
    new_password: NewPassword,
}

/// The token of a link.
#[derive(Input)]
pub struct Link {
    /// From the mail.
    #[input(secret)]
    pub(super) token: Option<String>,
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
    Body(PasswordRecovery { email }): Body<PasswordRecovery>,
) -> Result<Accepted<Notice>, Refused<TooManyAttempts>> {
    let detail = match recovery.request(email, &origin).await? {
        true => "If this address has an account, a link is on its way to it.",
        false => "Several links were requested for this address. Use the newest one, or try again later.",
    };
    Ok(Accepted(Notice { detail }))
}

/// The page behind the link in the mail
#[utoipa::path(get, path = "/reset-password", tag = "mail", responses(
    (status = 200, description = "A form for the new password", body = String, content_type = "text/html"),
))]
pub async fn reset_password_page(
    State(policy): State<PasswordPolicy>,
    Query(Link { token }): Query<Link>,
) -> Response {
    pages::with_token(token.as_deref(), &pages::reset(policy.min_chars))
}

/// Choose a new password, with the token from the mail
///
/// Ends every session of the account. A browser's form, which accepts `text/html`, is answered with a page.
#[utoipa::path(post, path = "/reset-password", tag = "mail")]
pub async fn reset_password(
    State(recovery): State<Recovery>,
    Sender(origin): Sender,
    Submitted { body, sender }: Submitted<PasswordReset>,
) -> Outcome<(InvalidLink, RefusedPassword, TooManyAttempts)> {
    let outcome = match body {
        Ok(PasswordReset { token, new_password }) => {
            recovery.reset(&token, new_password, &origin).await.map_err(ApiError::from)
        }
        Err(error) => Err(error),
    };
    let pages = Outcomes {
        done: "Your password was changed",
        next: "You can log in with it now.",
        refused: "Your password was not changed",
    };
    sender.answer(outcome, &pages)
}
