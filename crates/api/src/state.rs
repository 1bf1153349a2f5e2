//! What handlers work with: the use cases, and who checks tokens.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRef;
use keyward_auth::{
    IssuerSettings, JwtIssuer, JwtVerifier, PasswordPolicy, RefreshTokens, SharedKeyRing, VerifierSettings,
};
use keyward_domain::factors::checks::FactorChecks;
use keyward_domain::factors::passkeys::Passkeys;
use keyward_domain::factors::recovery_codes::RenewRecoveryCodes;
use keyward_domain::factors::removal::{Factors, TakeFactorsAway};
use keyward_domain::factors::totp::EnrolTotp;
use keyward_domain::identity::api_keys::ApiKeys;
use keyward_domain::identity::deletion::DeleteAccount;
use keyward_domain::identity::passwords::ChangePassword;
use keyward_domain::identity::proofs::Proofs;
use keyward_domain::identity::recovery::Recovery;
use keyward_domain::identity::resend_verification::ResendVerification;
use keyward_domain::identity::standing_keys::StandingKeys;
use keyward_domain::identity::users::Users;
use keyward_domain::identity::verification::Verification;
use keyward_domain::limits::throttle::Throttle;
use keyward_domain::oauth::clients::Clients;
use keyward_domain::oauth::tokens::OAuthTokens;
use keyward_domain::ports::store::Store;
use keyward_domain::ports::webauthn::Webauthn;
use keyward_domain::sessions::feed::Revocations;
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
use keyward_domain::values::scopes::Grants;
use keyward_guard::Authenticator;

use crate::access::epochs::Epochs;
use crate::access::feed::Feed;
use crate::access::key_uses::KeyUses;
use crate::access::own_account::OwnAccount;
use crate::access::session_check::SessionCheck;
use crate::boundary::cors::Cors;
use crate::boundary::proxies::Proxies;
use crate::foundation::{Core, Foundation};
use crate::metrics::background::Background;
use crate::metrics::counters::Metrics;
use crate::metrics::scrape::Sources;
use crate::settings::Settings;
use crate::settings::issuer::{Issuer, shown_issuer};
use crate::settings::public::PublicAddress;
use crate::settings::tokens::LEEWAY;

/// The state behind every route. Cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Parts>);

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
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
    /// Asked by `/health/ready` alone; everything else goes through use cases.
    pub store: Arc<dyn Store>,
    /// Notes uses of API keys.
    pub(crate) key_uses: KeyUses,
    /// The use cases of forgotten passwords.
    pub recovery: Recovery,
    /// The use cases of proving an e-mail address.
    pub verification: Verification,
    pub resend_verification: ResendVerification,
    /// The use cases of OAuth2 clients.
    pub clients: Clients,
    /// The feed of ended sessions.
    pub feed: Feed,
    /// The keys that sign and check tokens.
    pub keys: SharedKeyRing,
    /// Where clients reach this service, as far as a setting says so.
    pub(crate) public: PublicAddress,
    /// The `iss` of access tokens.
    pub issuer: Issuer,
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

/// How many tokens are remembered whose signature was checked: some 10 MB when full.
const TOKENS: usize = 8192;

impl AppState {
    /// Assembles the use cases over `core`. `webauthn` checks passkeys, where they are offered; `grants` says what each role may
    /// have.
    pub fn new(
        core: Core,
        webauthn: Option<Arc<dyn Webauthn>>,
        keys: SharedKeyRing,
        grants: Grants,
        settings: &Settings,
    ) -> Self {
        let Core { foundation: Foundation { ports, .. }, postbox, .. } = core.clone();
        let epochs = Arc::new(Epochs::default());
        ports.store.subscribe(epochs.clone());
        let (base, audience) = (settings.issuer(), settings.tokens.audience.clone());
        let mut trusted = VerifierSettings::new(base.clone(), audience.clone());
        trusted.leeway_seconds = LEEWAY;
        let verifier = Arc::new(JwtVerifier::new(trusted, keys.clone()).remembering(TOKENS));
        let ttl_seconds = settings.tokens.access_token_ttl_seconds();
        let signed = IssuerSettings { issuer: base.clone(), audience, ttl_seconds };
        let signer = Arc::new(JwtIssuer::new(signed, keys.clone(), Arc::clone(&ports.random)));
        let (lifetimes, most) = (settings.tokens.lifetimes(), settings.tokens.sessions_per_account.into());
        let codec = RefreshTokens::new(&postbox.master);
        let policy = settings.factors.policy();
        let standing_keys = StandingKeys::new(ports.clone(), grants.clone(), policy);
        let opening = Opening::new(ports.clone(), signer, codec, lifetimes, grants, most)
            .demanding(policy)
            .reporting(settings.mail.reports_new_devices().then(|| postbox.clone()));
        let throttle = Throttle::new(ports.clone(), settings.throttle.budgets());
        let proofs = Proofs::new(ports.clone(), throttle.clone());
        let party = webauthn.as_ref().map(|webauthn| webauthn.party().clone());
        let checks =
            FactorChecks::new(ports.clone(), postbox.clone(), throttle.clone()).with_passkeys(webauthn);
        let users = Users::new(ports.clone());
        let required = settings.mail.requires_verified_email();
        let login_names = settings.names.login_names.into();
        let verification =
            Verification::new(ports.clone(), postbox.clone(), proofs.clone(), throttle.clone(), required);
        let bound = settings.tokens.revocation_bound;
        let own_account = OwnAccount::new(users.clone(), Arc::clone(&epochs), bound);
        let feed = Feed::new(Revocations::new(ports.clone(), lifetimes), Arc::clone(&epochs), bound);
        let clock = Arc::clone(&ports.clock);
        let check =
            SessionCheck::new(verifier.clone(), clock, opening.clone(), standing_keys.clone(), epochs, bound);
        let check = Arc::new(check);
        let background = Background::new();
        let metrics = Metrics::new(Sources {
            background: background.clone(),
            store: Arc::clone(&ports.store),
            hashing: Arc::clone(&ports.hashing),
            check: Arc::clone(&check),
            own_account: own_account.clone(),
            started: ports.clock.now().unix_timestamp(),
        });
        Self(Arc::new(Parts {
            core,
            users,
            own_account,
            deletion: DeleteAccount::new(ports.clone(), proofs.clone()),
            passwords: ChangePassword::new(ports.clone(), postbox.clone(), proofs.clone()),
            sign_up: SignUp::new(opening.clone(), throttle.clone(), verification.clone()),
            log_in: LogIn::new(
                opening.clone(),
                throttle.clone(),
                verification.clone(),
                checks.clone(),
                postbox.clone(),
                login_names,
            ),
            finish_login: FinishLogin::new(opening.clone(), checks.clone(), postbox.clone()),
            log_in_with_passkey: LogInWithPasskey::new(
                opening.clone(),
                checks.clone(),
                throttle.clone(),
                verification.clone(),
            ),
            passkeys: Passkeys::new(checks.clone(), opening.grants().clone()),
            passkeyed: Passkeyed(party.map(Arc::new)),
            prove_again: ProveAgain::new(opening.clone(), proofs, checks.clone()),
            factors: Factors::new(checks.clone()),
            take_factors_away: TakeFactorsAway::new(ports.clone(), Some(postbox.clone())),
            enrol_totp: EnrolTotp::new(checks.clone(), shown_issuer(&base)),
            recovery_codes: RenewRecoveryCodes::new(checks),
            api_keys: ApiKeys::new(ports.clone(), Some(postbox.clone())),
            refresh: Refresh::new(opening.clone(), throttle.clone()),
            log_out: LogOut::new(ports.clone(), lifetimes),
            oauth_tokens: OAuthTokens::new(ports.clone(), opening.clone(), verifier, standing_keys),
            opening,
            recovery: Recovery::new(ports.clone(), postbox, throttle.clone()),
            resend_verification: ResendVerification::new(ports.clone(), throttle, verification.clone()),
            verification,
            clients: Clients::new(ports.clone()),
            feed,
            keys,
            public: PublicAddress::of(settings),
            issuer: Issuer(base.into()),
            key_uses: check.key_uses(),
            authenticator: check,
            policy: settings.passwords.policy(),
            name_rules: NameRules { kinds: login_names, email_required: required },
            cors: Cors::new(&settings.cors.cors_origins, &settings.cors.cors_headers),
            proxies: Proxies::new(&settings.proxies.trusted_proxies, settings.proxies.proxy_header),
            store: ports.store,
            metrics,
            background,
        }))
    }
}

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
    opening: Opening,
    key_uses: KeyUses,
    recovery: Recovery,
    verification: Verification,
    resend_verification: ResendVerification,
    clients: Clients,
    feed: Feed,
    keys: SharedKeyRing,
    issuer: Issuer,
    public: PublicAddress,
    store: Arc<dyn Store>,
    authenticator: Arc<dyn Authenticator<Actor>>,
    policy: PasswordPolicy,
    name_rules: NameRules,
    metrics: Metrics,
    background: Background,
}
