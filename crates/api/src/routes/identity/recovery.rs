//! Forgotten passwords: asking for a link, and the page and the operation behind it.

use axum::extract::State;
use std::borrow::Cow;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use keyward_auth::PasswordPolicy;
use keyward_domain::identity::error::RefusedPassword;
use keyward_domain::identity::recovery::{InvalidLink, Recovery};
use keyward_domain::limits::waits::TooManyAttempts;
use keyward_domain::values::email::Email;
use keyward_domain::values::new_password::NewPassword;
use keyward_web::{Fault, Fields, Input, Query};
use serde::Serialize;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::error::ApiError;
use crate::extract::{Asked, NewPasswords, Outcome, Sender, Submitted, Submitter, new_password, read};
use crate::pages::{self, ResetPage};
use crate::settings::public::PublicAddress;

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

impl AsRef<str> for Notice {
    fn as_ref(&self) -> &str {
        self.detail
    }
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
    token: String,
    #[input(read = new_password(None))]
    new_password: NewPassword,
    /// Whether to remove the account's API keys, too. The mail about the new password names those that stay.
    #[input(default = false)]
    remove_api_keys: bool,
}

/// A [`PasswordReset`], or its fault beside the token as it came: a page needs that for its form.
pub struct ResetForm {
    token: Option<String>,
    reset: Result<PasswordReset, Vec<Fault>>,
}

impl Input for ResetForm {
    type Context = NewPasswords;

    fn read(fields: &mut Fields<'_>, context: &NewPasswords) -> Option<Self> {
        let token = fields.text("token").map(str::to_owned);
        PasswordReset::read(fields, context).map(|reset| Self { token, reset: Ok(reset) })
    }

    fn read_all(fields: Fields<'_>, context: &NewPasswords) -> Result<Self, Vec<Fault>> {
        let token = fields.text("token").map(str::to_owned);
        Ok(Self { token, reset: PasswordReset::read_all(fields, context) })
    }
}

impl PartialSchema for ResetForm {
    fn schema() -> RefOr<Schema> {
        PasswordReset::schema()
    }
}

impl ToSchema for ResetForm {
    fn name() -> Cow<'static, str> {
        PasswordReset::name()
    }
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
    Submitted { body, sender }: Submitted<PasswordRecovery>,
) -> Asked<Notice, TooManyAttempts> {
    let outcome = match body {
        Ok(PasswordRecovery { email }) => recovery.request(email, &origin).await.map_err(ApiError::from),
        Err(error) => Err(error),
    };
    let detail = match &outcome {
        Ok(false) => "Several links were requested for this address. Use the newest one, or try again later.",
        _ => "If this address has an account, a link is on its way to it.",
    };
    let outcome = outcome.map(drop);
    sender.asked(outcome, Notice { detail }, "Look into your mailbox", "No mail was sent")
}

/// The page behind the link in the mail
#[utoipa::path(get, path = "/reset-password", tag = "mail", responses(
    (status = 200, description = "A form for the new password", body = String, content_type = "text/html"),
))]
pub async fn reset_password_page(
    State(recovery): State<Recovery>,
    State(policy): State<PasswordPolicy>,
    Query(Link { token }): Query<Link>,
) -> Response {
    form(&recovery, &policy, token.as_deref(), None).await
}

/// The page with the form, and what was wrong with the password before.
async fn form(
    recovery: &Recovery,
    policy: &PasswordPolicy,
    token: Option<&str>,
    refused: Option<&ApiError>,
) -> Response {
    let address = match token.filter(|token| pages::is_token(token)) {
        // The page is there without a database, too: its button says what is wrong.
        Some(token) => recovery.whose(token).await.unwrap_or_default(),
        None => None,
    };
    ResetPage { token, address, min_chars: policy.min_chars, refused }.into_response()
}

/// Choose a new password, with the token from the mail
///
/// Ends every session of the account. Passkeys and second factors stay, and so do API keys unless the body says otherwise: a mail
/// names them. A browser's form, which accepts `text/html`, is answered with a page.
#[utoipa::path(post, path = "/reset-password", tag = "mail")]
pub(crate) async fn reset_password(
    State(recovery): State<Recovery>,
    State(policy): State<PasswordPolicy>,
    State(public): State<PublicAddress>,
    Sender(origin): Sender,
    Submitted { body, sender }: Submitted<ResetForm>,
) -> Outcome<(InvalidLink, RefusedPassword, TooManyAttempts)> {
    let (token, outcome) = match body {
        Ok(ResetForm { token, reset: Ok(PasswordReset { token: good, new_password, remove_api_keys }) }) => {
            let outcome = recovery.reset(&good, new_password, remove_api_keys, &origin).await;
            (token, outcome.map_err(ApiError::from))
        }
        Ok(ResetForm { token, reset: Err(faults) }) => (token, Err(ApiError::faults(faults))),
        Err(error) => (None, Err(error)),
    };
    // A password that is refused leaves the link good: the form stays, and says what is wrong.
    let kept = match &outcome {
        Err(error) if sender == Submitter::Page && error.status() == StatusCode::UNPROCESSABLE_ENTITY => {
            Some(form(&recovery, &policy, token.as_deref(), Some(error)).await)
        }
        _ => None,
    };
    let next = "Go back to where you log in: the new password is good there from now on. All other logins have ended. \
         Passkeys and API keys go on: a mail names them, in case you do not know one.";
    let done = || pages::done("Your password was changed", next, public.app.as_ref());
    sender.answer(outcome, done, |error| kept.unwrap_or_else(|| pages::no_reset(error)))
}
