//! What handlers work with: the use cases, and who checks tokens.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRef;
use keyward_auth::{
    IssuerSettings, JwtIssuer, JwtVerifier, PasswordPolicy, Random, RefreshTokens, SharedKeyRing,
    VerifierSettings,
};
use keyward_domain::clients::Clients;
use keyward_domain::passwords::Passwords;
use keyward_domain::ports::Ports;
use keyward_domain::postbox::Postbox;
use keyward_domain::posts::Posts;
use keyward_domain::recovery::Recovery;
use keyward_domain::revocations::Revocations;
use keyward_domain::sessions::Sessions;
use keyward_domain::shop::cart::Carts;
use keyward_domain::shop::catalog::Catalog;
use keyward_domain::shop::orders::Orders;
use keyward_domain::store::Store;
use keyward_domain::throttle::Throttle;
use keyward_domain::users::Users;
use keyward_domain::verification::Verification;
use keyward_guard::Authenticator;

use crate::access::epochs::Epochs;
use crate::access::own_account::OwnAccount;
use crate::access::session_check::SessionCheck;
use crate::boundary::cors::Cors;
use crate::boundary::proxies::Proxies;
use crate::metrics::counters::Metrics;
use crate::metrics::scrape::Sources;
use crate::routes::sessions::feed::Feed;
use crate::settings::Settings;
use crate::settings::tokens::LEEWAY;

/// The state behind every route. Cheap to clone, as axum does several times a request.
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
    /// The use cases of accounts.
    pub users: Users,
    /// Accounts as their owners see them.
    pub own_account: OwnAccount,
    /// The use case of changing one's password.
    pub passwords: Passwords,
    /// The use cases of sessions.
    pub sessions: Sessions,
    /// The use cases of posts.
    pub posts: Posts,
    /// Asked by `/health/ready` alone; everything else goes through use cases.
    pub store: Arc<dyn Store>,
    /// The use cases of the catalogue.
    pub catalog: Catalog,
    /// The use cases of carts.
    pub carts: Carts,
    /// The use cases of orders.
    pub orders: Orders,
    /// The use cases of forgotten passwords.
    pub recovery: Recovery,
    /// The use cases of proving an e-mail address.
    pub verification: Verification,
    /// The use cases of OAuth2 clients.
    pub clients: Clients,
    /// The feed of ended sessions.
    pub feed: Feed,
    /// The keys that sign and check tokens.
    pub keys: SharedKeyRing,
    /// The `iss` of access tokens.
    pub issuer: Issuer,
    /// Who checks tokens.
    pub authenticator: Arc<dyn Authenticator>,
    /// What new passwords must be like.
    pub policy: PasswordPolicy,
    /// Names requests.
    pub random: Arc<dyn Random>,
    /// Which pages of other origins may call.
    pub(crate) cors: Cors,
    /// What is counted.
    pub metrics: Metrics,
    /// Whom to believe about where a request came from.
    pub(crate) proxies: Proxies,
}

/// This service's public address, which access tokens name as their issuer.
#[derive(Clone)]
pub struct Issuer(pub Arc<str>);

/// How many tokens are remembered whose signature was checked: some 10 MB when full.
const TOKENS: usize = 8192;

impl AppState {
    /// Assembles the use cases over `ports`, with mail going to `postbox`. `epochs` is what `ports.changes` tells of changes.
    pub fn new(
        ports: Ports,
        postbox: Postbox,
        epochs: Arc<Epochs>,
        keys: SharedKeyRing,
        settings: &Settings,
    ) -> Self {
        let (issuer, audience) = (settings.issuer(), settings.tokens.audience.clone());
        let mut trusted = VerifierSettings::new(issuer.clone(), audience.clone());
        trusted.leeway_seconds = LEEWAY;
        let verifier = Arc::new(JwtVerifier::new(trusted, keys.clone()).remembering(TOKENS));
        let signed =
            IssuerSettings { issuer, audience, ttl_seconds: settings.tokens.access_token_ttl_seconds() };
        let signer = Arc::new(JwtIssuer::new(signed, keys.clone(), Arc::clone(&ports.random)));
        let sessions = Sessions::new(
            ports.clone(),
            signer,
            verifier.clone(),
            RefreshTokens::new(&postbox.master),
            settings.tokens.lifetimes(),
        );
        let throttle = Throttle::new(ports.clone(), settings.throttle.budgets());
        let users = Users::new(ports.clone()).with_throttle(throttle.clone());
        let required = settings.mail.requires_verified_email();
        let base = settings.issuer();
        let verification =
            Verification::new(ports.clone(), postbox.clone(), users.clone(), &base).required(required);
        let mut sessions = sessions.with_throttle(throttle.clone()).with_grants(settings.scopes.grants());
        if required {
            sessions = sessions.requiring_verified_email(verification.clone());
        }
        let bound = settings.tokens.revocation_bound;
        let own_account = OwnAccount::new(users.clone(), Arc::clone(&epochs), bound);
        let feed = Revocations::new(ports.clone(), settings.tokens.lifetimes());
        let feed = Feed::new(feed, Arc::clone(&epochs), bound);
        let check = SessionCheck::new(verifier, Arc::clone(&ports.clock), sessions.clone(), epochs, bound);
        let check = Arc::new(check);
        let metrics = Metrics::new(Sources {
            store: Arc::clone(&ports.store),
            hashing: Arc::clone(&ports.hashing),
            check: Arc::clone(&check),
            own_account: own_account.clone(),
            started: ports.clock.now().unix_timestamp(),
        });
        Self(Arc::new(Parts {
            passwords: Passwords::new(ports.clone(), postbox.clone(), users.clone()),
            users,
            own_account,
            sessions,
            posts: Posts::new(ports.clone()),
            catalog: Catalog::new(ports.clone()),
            carts: Carts::new(ports.clone()),
            orders: Orders::new(ports.clone(), postbox.clone()),
            recovery: Recovery::new(ports.clone(), postbox, throttle, &base),
            verification,
            clients: Clients::new(ports.clone()),
            feed,
            keys,
            issuer: Issuer(base.into()),
            authenticator: check,
            policy: settings.passwords.policy(),
            random: ports.random,
            cors: Cors::new(&settings.cors.cors_origins),
            proxies: Proxies::new(&settings.proxies.trusted_proxies, settings.proxies.proxy_header),
            store: ports.store,
            metrics,
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
    passwords: Passwords,
    sessions: Sessions,
    posts: Posts,
    catalog: Catalog,
    carts: Carts,
    orders: Orders,
    recovery: Recovery,
    verification: Verification,
    clients: Clients,
    feed: Feed,
    keys: SharedKeyRing,
    issuer: Issuer,
    store: Arc<dyn Store>,
    authenticator: Arc<dyn Authenticator>,
    policy: PasswordPolicy,
    metrics: Metrics,
}
