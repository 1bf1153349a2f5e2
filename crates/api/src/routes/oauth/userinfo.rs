//! The claims of a user that a client may read (OpenID Connect Core, section 5.3).

use axum::extract::State;
use keyward_domain::model::users::User;
use keyward_domain::values::actor::Actor;
use keyward_domain::values::scopes::{EMAIL, PROFILE};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::own_account::OwnAccount;
use crate::access::userinfo::ClaimsLock;
use crate::answers::refused::Refused;
use crate::answers::success::NoStore;
use crate::extract::ForUserinfo;

/// The claims of a user.
#[derive(Serialize, ToSchema)]
pub struct UserClaims {
    /// The user's id, as in ID tokens.
    #[schema(example = "1")]
    sub: String,
    /// With the scope `profile`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Ana")]
    name: Option<String>,
    /// With the scope `profile`: the user name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "ana")]
    preferred_username: Option<String>,
    /// With the scope `email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = Email, example = "ana@example.com")]
    email: Option<String>,
    /// With the scope `email`, where there is an address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    email_verified: Option<bool>,
}

impl UserClaims {
    fn of(user: &User, actor: &Actor) -> Self {
        let (profile, mail) = (actor.scope.contains(PROFILE), actor.scope.contains(EMAIL));
        let email = user.names.email().filter(|_| mail);
        Self {
            sub: user.id.to_string(),
            name: user.name.as_ref().filter(|_| profile).map(ToString::to_string),
            preferred_username: user.names.username().filter(|_| profile).map(ToString::to_string),
            email: email.map(ToString::to_string),
            email_verified: email.map(|_| user.email_verified),
        }
    }
}

/// The claims of the user in whose name a client acts
///
/// Which ones follows from the scope of the token.
#[utoipa::path(get, path = "/oauth/userinfo", tag = "oauth")]
pub async fn read_userinfo(
    reader: ClaimsLock,
    State(accounts): State<OwnAccount>,
) -> Result<NoStore<UserClaims>, Refused> {
    claims(&reader.0, &accounts).await
}

/// The same, where the token may come in a form
#[utoipa::path(post, path = "/oauth/userinfo", tag = "oauth")]
pub async fn post_userinfo(
    State(accounts): State<OwnAccount>,
    ForUserinfo(actor): ForUserinfo,
) -> Result<NoStore<UserClaims>, Refused> {
    claims(&actor, &accounts).await
}

async fn claims(actor: &Actor, accounts: &OwnAccount) -> Result<NoStore<UserClaims>, Refused> {
    let account = accounts.of(actor).await?;
    Ok(NoStore(UserClaims::of(&account.user, actor)))
}
