//! The second half of a login, where the account owes a second factor.

use axum::extract::State;
use keyward_domain::limits::waits::TooManyAttempts;
use keyward_domain::sessions::error::{InvalidMfaToken, InvalidPasskey, WrongCode};
use keyward_domain::sessions::finish_login::FinishLogin;
use keyward_web::Input;
use keyward_web::readers::{object, string};
use utoipa::openapi::schema::KnownFormat;

use super::login::Token;
use crate::answers::refused::{Refused, TokenWords};
use crate::extract::dpop::ShownKey;
use crate::extract::{MaybeClient, Sender, TokenBody};
use crate::metrics::counters::Metrics;
use crate::routes::factors::second_factor::answer;
use crate::routes::factors::webauthn::PasskeyAssertion;

/// The `mfa_token` of a login, and a second factor.
#[derive(Input)]
#[input(example = json!({ "mfa_token": "kwm_..", "otp": "123456" }))]
pub struct MfaLogin {
    /// From the answer to the login. It is good for five minutes, and once.
    #[input(secret)]
    mfa_token: String,
    /// A code of the authenticator app.
    #[input(secret)]
    otp: Option<String>,
    /// A recovery code.
    #[input(secret)]
    recovery_code: Option<String>,
    /// What the browser gave for the options of `/login/passkey/options`. In JSON alone.
    #[input(read = object::<PasskeyAssertion>())]
    passkey: Option<PasskeyAssertion>,
    /// The id of the client that began the login at `/oauth/token`, if it does not use HTTP Basic. A login that no client began,
    /// none finishes.
    client_id: Option<String>,
    /// That client's secret.
    #[input(read = string().format(KnownFormat::Password), secret)]
    client_secret: Option<String>,
}

/// Finish a login with a second factor
///
/// A wrong answer does not use up the `mfa_token`. A client that began the login at `/oauth/token` authenticates itself here as
/// there, and no other caller finishes it. The token is good for the scope of the login. With a `DPoP` header the tokens are bound to
/// the key of that proof, as at `/oauth/token`; a login that began with one is finished with the same key only.
#[utoipa::path(post, path = "/login/mfa", tag = "login", responses((status = 200, description = "Logged in")))]
pub async fn login_mfa(
    State(finish): State<FinishLogin>,
    State(metrics): State<Metrics>,
    Sender(origin): Sender,
    shown: ShownKey,
    caller: MaybeClient,
    TokenBody(form): TokenBody<MfaLogin>,
) -> Result<Token, Refused<(InvalidMfaToken, WrongCode, InvalidPasskey, TooManyAttempts), TokenWords>> {
    let MfaLogin { mfa_token, otp, recovery_code, passkey, client_id, client_secret } = form;
    let answer = answer(otp, recovery_code, passkey).map_err(|error| error.with_oauth("invalid_request"))?;
    let client = caller.authenticate(client_id, client_secret).await?;
    let key = shown.used_by(client.as_ref(), &origin)?;
    let key = key.as_ref();
    Ok(metrics.login(finish.finish(&mfa_token, &answer, client.as_ref(), key, &origin).await)?.into())
}
