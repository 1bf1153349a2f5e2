//! Forgotten passwords: asking for a link, and the page and the operation behind it.

use axum::extract::State;
use axum::response::Response;
use keyward_domain::identity::error::RefusedPassword;
use keyward_domain::identity::recovery::{InvalidLink, Recovery};
use keyward_domain::limits::waits::TooManyAttempts;
use keyward_domain::values::email::Email;
use keyward_domain::values::new_password::NewPassword;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::answers::refused::Refused;
use crate::answers::success::Accepted;
use crate::error::ApiError;
use crate::extract::{Body, Fields, Input, Outcome, Outcomes, Query, Sender, Submitted, read};
use crate::pages;

/// Who forgot their password.
#[derive(ToSchema)]
#[schema(example = json!({ "email": "ana@example.com" }))]
#[expect(dead_code, reason = "documents what `read` reads")]
pub struct PasswordRecovery {
    #[schema(format = Email, max_length = 254)]
    email: String,
}

impl Input for PasswordRecovery {
    type Value = Email;

    fn read(fields: &mut Fields<'_>) -> Option<Email> {
        fields.required("email", read::email)
    }
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
#[derive(ToSchema)]
#[schema(example = json!({ "token": "..", "new_password": "another pass phrase" }))]
#[expect(dead_code, reason = "documents what `read` reads")]
pub struct PasswordReset {
    /// From the link in the mail.
    token: String,
    /// 8 characters or more, and none of the commonest.
    #[schema(format = Password, min_length = 8, max_length = 128)]
    new_password: String,
}

impl Input for PasswordReset {
    type Value = (String, NewPassword);

    fn read(fields: &mut Fields<'_>) -> Option<Self::Value> {
        let token = fields.secret("token", read::owned);
        let new = fields.new_password("new_password", None);
        Some((token?, new?))
    }
}

/// The token of a link.
#[derive(IntoParams)]
#[expect(dead_code, reason = "documents what `read` reads")]
pub struct Link {
    /// From the mail.
    token: Option<String>,
}

impl Input for Link {
    type Value = Option<String>;

    fn read(fields: &mut Fields<'_>) -> Option<Self::Value> {
        fields.optional("token", read::owned)
    }
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
    Body(email): Body<PasswordRecovery>,
) -> Result<Accepted<Notice>, Refused<TooManyAttempts>> {
    recovery.request(email, &origin).await?;
    let detail = "If this address has an account, a link is on its way to it.";
    Ok(Accepted(Notice { detail }))
}

/// The page behind the link in the mail
#[utoipa::path(get, path = "/reset-password", tag = "mail", responses(
    (status = 200, description = "A form for the new password", body = String, content_type = "text/html"),
))]
pub async fn reset_password_page(Query(token): Query<Link>) -> Response {
    pages::with_token(token.as_deref(), &pages::RESET)
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
        Ok((token, new)) => recovery.reset(&token, new, &origin).await.map_err(ApiError::from),
        Err(error) => Err(error),
    };
    let pages = Outcomes {
        done: "Your password was changed",
        next: "You can log in with it now.",
        refused: "Your password was not changed",
    };
    sender.answer(outcome, &pages)
}
