//! Proving again who one is (RFC 9470): what the lock asks for where a login is too old.

use axum::extract::State;
use keyward_auth::Password;
use keyward_domain::factors::answer::Answer;
use keyward_domain::factors::error::{InvalidPasskey, TooWeak, WrongCode};
use keyward_domain::identity::error::{NoPassword, WrongPassword};
use keyward_domain::limits::waits::TooManyAttempts;
use keyward_domain::sessions::prove_again::{Again, ProveAgain};
use keyward_guard::Enrolling;
use keyward_web::readers::object;
use keyward_web::{Body, Input};

use super::second_factor::one;
use super::webauthn::PasskeyAssertion;
use crate::access::current_user::CurrentUser;
use crate::answers::refused::Refused;
use crate::extract::{Sender, read};
use crate::routes::sessions::login::Token;

/// One proof.
#[derive(Input)]
#[input(example = json!({ "otp": "123456" }))]
pub struct FurtherProof {
    /// The password, where the account has no second factor.
    #[input(read = read::password())]
    password: Option<Password>,
    /// A code of the authenticator app.
    #[input(secret)]
    otp: Option<String>,
    /// A recovery code.
    #[input(secret)]
    recovery_code: Option<String>,
    /// What the browser gave for the options of `/login/passkey/options`.
    #[input(read = object::<PasskeyAssertion>())]
    passkey: Option<PasskeyAssertion>,
}

/// Prove again who I am
///
/// The answer's access token says that it was just now; the refresh token stays the one it is. Where the account has a second
/// factor, the password alone proves nothing.
#[utoipa::path(post, path = "/users/me/proof", tag = "factors")]
pub async fn prove_again(
    user: CurrentUser<Enrolling>,
    State(prove): State<ProveAgain>,
    Sender(origin): Sender,
    Body(proof): Body<FurtherProof>,
) -> Result<Token, Refused<(WrongPassword, NoPassword, WrongCode, InvalidPasskey, TooWeak, TooManyAttempts)>>
{
    let FurtherProof { password, otp, recovery_code, passkey } = proof;
    let what = one([
        ("password", password.map(Again::Password)),
        ("otp", otp.as_deref().map(Answer::otp).map(Again::Factor)),
        ("recovery_code", recovery_code.as_deref().map(Answer::recovery_code).map(Again::Factor)),
        ("passkey", passkey.map(|passkey| Again::Factor(Answer::Passkey(Box::new(passkey.into()))))),
    ])?;
    Ok(prove.prove(&user, what, &origin).await?.into())
}
