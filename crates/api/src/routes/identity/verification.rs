//! Proving that an e-mail address is one's own, and changing to another one.

use axum::extract::State;
use axum::response::NoContent;
use keyward_auth::Password;
use keyward_domain::identity::error::{EmailTaken, NoPassword, Stale, WrongPassword};
use keyward_domain::identity::proofs::AskedPassword;
use keyward_domain::identity::resend_verification::ResendVerification;
use keyward_domain::identity::verification::{Proof, Verification};
use keyward_domain::identity::verification_error::{
    AlreadyVerified, InvalidProof, MailJustSent, NoEmail, TooManyMails,
};
use keyward_domain::limits::waits::TooManyAttempts;
use keyward_domain::values::email::Email;
use keyward_guard::Owner;
use keyward_web::{AnyBody, Body, Fields, Input};
use serde_json::json;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AnyOfBuilder, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::recovery::Notice;
use crate::access::current_user::CurrentUser;
use crate::answers::refused::Refused;
use crate::answers::success::Accepted;
use crate::extract::{Sender, read};

/// What came with the mail: the address and the code, or the link's token. With both, the token counts.
pub enum EmailProof {
    /// The code, typed.
    Code(CodeProof),
    /// The token of the link.
    Link(LinkProof),
}

/// The code, and where it went.
#[derive(Input)]
pub struct CodeProof {
    /// The address the code was sent to.
    #[input(read = read::email())]
    email: Email,
    /// Six digits from the mail.
    #[input(secret)]
    code: String,
}

/// What the link holds.
#[derive(Input)]
pub struct LinkProof {
    /// From the link in the mail.
    #[input(secret)]
    token: String,
}

impl PartialSchema for EmailProof {
    fn schema() -> RefOr<Schema> {
        let either = AnyOfBuilder::new().item(CodeProof::schema()).item(LinkProof::schema());
        let words = "What came with the mail: the address and the code, or the link's token. With both, the token counts.";
        let example = json!({ "email": "ana@example.com", "code": "123456" });
        RefOr::T(Schema::AnyOf(either.description(Some(words)).examples([example]).build()))
    }
}

impl ToSchema for EmailProof {}

impl Input for EmailProof {
    type Context = ();

    fn read(fields: &mut Fields<'_>, context: &()) -> Option<Self> {
        if fields.has("token") {
            LinkProof::read(fields, context).map(Self::Link)
        } else {
            CodeProof::read(fields, context).map(Self::Code)
        }
    }
}

impl From<EmailProof> for Proof {
    fn from(proof: EmailProof) -> Self {
        match proof {
            EmailProof::Link(LinkProof { token }) => Self::Token(token),
            EmailProof::Code(CodeProof { email, code }) => {
                Self::Code(email, code.split_whitespace().collect())
            }
        }
    }
}

/// A new address, and the proof that one may change it.
#[derive(Input)]
#[input(example = json!({ "email": "ana@example.org", "password": "a long pass phrase" }))]
pub struct EmailChange {
    #[input(read = read::email())]
    email: Email,
    /// Left out where the account has none: then a login or proof of the last five minutes stands in.
    #[input(read = read::password())]
    password: Option<Password>,
}

/// Get a code and a link to verify my e-mail address
///
/// They are good for an hour, void any earlier ones, and go out at most once a minute.
#[utoipa::path(post, path = "/users/me/verification", tag = "mail", responses((status = 202, description = "The mail is on its way")))]
pub async fn request_verification(
    user: CurrentUser<Owner>,
    State(verification): State<Verification>,
    Sender(origin): Sender,
) -> Result<Accepted<Notice>, Refused<(AlreadyVerified, NoEmail, MailJustSent, TooManyMails, TooManyAttempts)>>
{
    verification.request(&user, &origin).await?;
    Ok(Accepted(Notice::code_sent()))
}

/// The address to verify.
#[derive(Input)]
#[input(example = json!({ "email": "ana@example.com" }))]
pub struct VerificationRequest {
    #[input(read = read::email())]
    email: Email,
}

/// Ask for another code and link to verify an e-mail address, without a login
///
/// The answer is the same whether or not the address has an account, and whether or not it is verified. A mail goes out at most
/// once a minute, and voids any earlier one.
#[utoipa::path(post, path = "/verification", tag = "mail", responses(
    (status = 202, description = "A mail is on its way, if the address waits for one"),
))]
pub async fn resend_verification(
    State(resend): State<ResendVerification>,
    Sender(origin): Sender,
    AnyBody(VerificationRequest { email }): AnyBody<VerificationRequest>,
) -> Result<Accepted<Notice>, Refused<TooManyAttempts>> {
    Ok(Accepted(Notice::resent(resend.request(email, &origin).await?)))
}

/// Change my e-mail address
///
/// A code and a link go to the new address; the old one stays until one of them is used, and then gets a notice.
#[utoipa::path(post, path = "/users/me/email", tag = "mail", responses((status = 202, description = "The mail is on its way")))]
pub async fn change_email(
    user: CurrentUser<Owner>,
    State(verification): State<Verification>,
    Sender(origin): Sender,
    Body(EmailChange { email, password }): Body<EmailChange>,
) -> Result<
    Accepted<Notice>,
    Refused<(
        EmailTaken,
        (WrongPassword, NoPassword, Stale),
        AlreadyVerified,
        MailJustSent,
        TooManyMails,
        TooManyAttempts,
    )>,
> {
    let password = AskedPassword { field: "password", given: password };
    verification.request_change(&user, email, password, &origin).await?;
    Ok(Accepted(Notice::code_sent()))
}

/// Verify an e-mail address, with the code or the token from the mail
///
/// A new address of an account becomes its address by this. Of a code five tries are answered; the link does not
/// mind wrong ones.
#[utoipa::path(post, path = "/verify-email", tag = "mail")]
pub async fn verify_email(
    State(verification): State<Verification>,
    Sender(origin): Sender,
    AnyBody(proof): AnyBody<EmailProof>,
) -> Result<NoContent, Refused<(InvalidProof, EmailTaken, TooManyAttempts)>> {
    verification.confirm(proof.into(), &origin).await?;
    Ok(NoContent)
}
