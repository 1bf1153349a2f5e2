//! What handlers work with: the use cases, and who checks tokens.

mod assembly;
mod own_resource;

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRef;
use keyward_auth::{PasswordPolicy, SharedKeyRing};
use keyward_domain::factors::passkeys::Passkeys;
use keyward_domain::factors::recovery_codes::RenewRecoveryCodes;
use keyward_domain::factors::removal::{Factors, TakeFactorsAway};
use keyward_domain::factors::totp::EnrolTotp;
use keyward_domain::identity::api_keys::ApiKeys;
use keyward_domain::identity::deletion::DeleteAccount;
use keyward_domain::identity::own_data::OwnList;
use keyward_domain::identity::passwords::ChangePassword;
use keyward_domain::identity::recovery::Recovery;
use keyward_domain::identity::resend_verification::ResendVerification;
use keyward_domain::identity::users::Users;
use keyward_domain::identity::verification::Verification;
use keyward_domain::keys::id_token_keys::IdTokenKeys;
use keyward_domain::oauth::authorize::asking::Authorize;
use keyward_domain::oauth::authorize::pushing::PushRequests;
use keyward_domain::oauth::clients::Clients;
use keyward_domain::oauth::consents::Consents;
use keyward_domain::oauth::device::ask::AskForDevice;
use keyward_domain::oauth::device::decide::DecideDevice;
use keyward_domain::oauth::device::redeem::RedeemDevice;
use keyward_domain::oauth::end_session::EndSession;
use keyward_domain::oauth::id_tokens::IdTokens;
use keyward_domain::oauth::redeem::RedeemCode;
use keyward_domain::oauth::tokens::OAuthTokens;
use keyward_domain::ports::store::Store;
use keyward_domain::sessions::finish_login::FinishLogin;
use keyward_domain::sessions::log_in::LogIn;
use keyward_domain::sessions::log_out::LogOut;
use keyward_domain::sessions::opening::Opening;
use keyward_domain::sessions::passkey_login::LogInWithPasskey;
use keyward_domain::sessions::prove_again::ProveAgain;
use keyward_domain::sessions::refresh::Refresh;
use keyward_domain::sessions::sign_up::SignUp;
use keyward_domain::values::actor::Actor;
use keyward_domain::values::names::NameRules;
use keyward_domain::values::relying_party::RelyingParty;
use keyward_guard::{Authenticator, ProtectedResource};

use crate::access::endpoint_proofs::EndpointProofs;
use crate::access::feed::Feed;
use crate::access::key_uses::KeyUses;
use crate::access::own_account::OwnAccount;
use crate::access::userinfo::Userinfo;
use crate::boundary::cors::Cors;
use crate::boundary::proxies::Proxies;
use crate::foundation::Core;
use crate::metrics::background::Background;
use crate::metrics::counters::Metrics;
use crate::settings::issuer::Issuer;
use crate::settings::public::PublicAddress;

/// The state behind every route. Cheap to clone.
#[derive(Clone)]
pub struct AppState {
    parts: Arc<Parts>,
    /// Whether this service has pages for people.
    pub(crate) has_pages: bool,
}

impl AppState {
    /// The same behind a router with pages for people, or without.
    #[must_use]
    pub(crate) fn serving(self, has_pages: bool) -> Self {
        Self { has_pages, ..self }
    }
}

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}

/// What the state is made of.
pub struct Parts {
    /// What resources are built on.
    pub core: Core,
    /// Looks accounts up, lists and changes them.
    pub users: Users,
    /// Accounts as their owners see them.
    pub own_account: OwnAccount,
    pub deletion: DeleteAccount,
    pub passwords: ChangePassword,
    pub sign_up: SignUp,
    pub log_in: LogIn,
    pub finish_login: FinishLogin,
    pub log_in_with_passkey: LogInWithPasskey,
    pub passkeys: Passkeys,
    /// Whom passkeys are for.
    pub passkeyed: Passkeyed,
    pub prove_again: ProveAgain,
    pub factors: Factors,
    pub take_factors_away: TakeFactorsAway,
    pub enrol_totp: EnrolTotp,
    pub recovery_codes: RenewRecoveryCodes,
    pub api_keys: ApiKeys,
    pub refresh: Refresh,
    /// Lists and ends one's sessions.
    pub log_out: LogOut,
    /// What each role may have, and how long sessions last.
    pub opening: Opening,
    /// Issues, revokes and introspects tokens for OAuth2 clients.
    pub oauth_tokens: OAuthTokens,
    /// Answers authorization requests.
    pub authorize: Authorize,
    /// Takes authorization requests that clients push.
    pub push_requests: PushRequests,
    /// Trades authorization codes for tokens.
    pub redeem: RedeemCode,
    /// Takes the requests of devices for a login.
    pub ask_for_device: AskForDevice,
    /// Notes what people decide about devices.
    pub decide_device: DecideDevice,
    /// Trades device codes for tokens.
    pub redeem_device: RedeemDevice,
    /// What people allowed clients.
    pub consents: Consents,
    /// Requests of clients to log a person out.
    pub end_session: EndSession,
    pub id_tokens: IdTokens,
    /// The keys that sign ID tokens.
    pub id_token_keys: IdTokenKeys,
    /// Lets clients read what they may of a user.
    pub(crate) userinfo: Userinfo,
    /// Checks the proofs of clients at the token endpoint.
    pub(crate) endpoint_proofs: EndpointProofs,
    /// Asked by `/health/ready` alone; everything else goes through use cases.
    pub store: Arc<dyn Store>,
    /// Notes uses of API keys.
    pub(crate) key_uses: KeyUses,
    /// The use cases of forgotten passwords.
    pub recovery: Recovery,
    /// The use cases of proving an e-mail address.
    pub verification: Verification,
    pub resend_verification: ResendVerification,
    /// What resources hold about an account.
    pub own_data: Vec<OwnList>,
    /// The use cases of OAuth2 clients.
    pub clients: Clients,
    /// The feed of ended sessions.
    pub feed: Feed,
    /// The keys that sign and check tokens.
    pub keys: SharedKeyRing,
    /// Where clients reach this service, as far as a setting says so.
    pub public: PublicAddress,
    /// The `iss` of access tokens.
    pub issuer: Issuer,
    /// What the API says about itself, and where its challenges lead.
    pub resource: ProtectedResource,
    pub authenticator: Arc<dyn Authenticator<Actor>>,
    /// What new passwords must be like.
    pub policy: PasswordPolicy,
    /// Which names a sign-up has to have.
    pub name_rules: NameRules,
    /// Which pages of other origins may call.
    pub(crate) cors: Cors,
    pub metrics: Metrics,
    /// How the background workers and the signing keys are doing.
    pub background: Background,
    /// Whom to believe about where a request came from.
    pub(crate) proxies: Proxies,
}

/// Whom passkeys are for; `None` where the issuer's host is an IP address.
#[derive(Clone)]
pub struct Passkeyed(pub Option<Arc<RelyingParty>>);

macro_rules! from_state {
    ($($field:ident: $type:ty),* $(,)?) => {
        $(
            impl FromRef<AppState> for $type {
                fn from_ref(state: &AppState) -> Self {
                    state.$field.clone()
                }
            }
        )*
    };
}

from_state! {
    users: Users,
    own_account: OwnAccount,
    deletion: DeleteAccount,
    passwords: ChangePassword,
    sign_up: SignUp,
    log_in: LogIn,
    finish_login: FinishLogin,
    log_in_with_passkey: LogInWithPasskey,
    passkeys: Passkeys,
    passkeyed: Passkeyed,
    prove_again: ProveAgain,
    factors: Factors,
    take_factors_away: TakeFactorsAway,
    enrol_totp: EnrolTotp,
    recovery_codes: RenewRecoveryCodes,
    api_keys: ApiKeys,
    refresh: Refresh,
    log_out: LogOut,
    oauth_tokens: OAuthTokens,
    push_requests: PushRequests,
    redeem: RedeemCode,
    ask_for_device: AskForDevice,
    id_tokens: IdTokens,
    id_token_keys: IdTokenKeys,
    userinfo: Userinfo,
    endpoint_proofs: EndpointProofs,
    opening: Opening,
    key_uses: KeyUses,
    recovery: Recovery,
    verification: Verification,
    resend_verification: ResendVerification,
    clients: Clients,
    feed: Feed,
    keys: SharedKeyRing,
    issuer: Issuer,
    resource: ProtectedResource,
    public: PublicAddress,
    store: Arc<dyn Store>,
    authenticator: Arc<dyn Authenticator<Actor>>,
    policy: PasswordPolicy,
    name_rules: NameRules,
    metrics: Metrics,
    background: Background,
}
