//! Assembles the use cases over the ports.

use std::sync::Arc;

use keyward_auth::{IssuerSettings, JwtIssuer, JwtVerifier, RefreshTokens, SharedKeyRing, VerifierSettings};
use keyward_domain::factors::checks::FactorChecks;
use keyward_domain::factors::passkeys::Passkeys;
use keyward_domain::factors::recovery_codes::RenewRecoveryCodes;
use keyward_domain::factors::removal::{Factors, TakeFactorsAway};
use keyward_domain::factors::totp::EnrolTotp;
use keyward_domain::identity::api_keys::ApiKeys;
use keyward_domain::identity::deletion::DeleteAccount;
use keyward_domain::identity::own_data::OwnList;
use keyward_domain::identity::passwords::ChangePassword;
use keyward_domain::identity::proofs::Proofs;
use keyward_domain::identity::recovery::Recovery;
use keyward_domain::identity::resend_verification::ResendVerification;
use keyward_domain::identity::standing_keys::StandingKeys;
use keyward_domain::identity::users::Users;
use keyward_domain::identity::verification::Verification;
use keyward_domain::keys::id_token_keys::IdTokenKeys;
use keyward_domain::limits::throttle::Throttle;
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
use keyward_domain::values::names::NameRules;
use keyward_domain::values::scopes::Grants;

use crate::access::endpoint_proofs::EndpointProofs;
use crate::access::epochs::Epochs;
use crate::access::feed::Feed;
use crate::access::own_account::OwnAccount;
use crate::access::session_check::SessionCheck;
use crate::access::userinfo::Userinfo;
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

use super::own_resource::{own_proofs, own_resource};
use super::{AppState, Parts, Passkeyed};

/// How many tokens are remembered whose signature was checked: some 10 MB when full.
const TOKENS: usize = 8192;

impl AppState {
    /// Assembles the use cases over `core`. `webauthn` checks passkeys, where they are offered; `grants` says what each role may
    /// have, and `own_data` is what resources hold about accounts.
    #[expect(clippy::too_many_lines, reason = "one use case after another")]
    pub fn new(
        core: Core,
        webauthn: Option<Arc<dyn Webauthn>>,
        keys: SharedKeyRing,
        grants: Grants,
        own_data: Vec<OwnList>,
        settings: &Settings,
    ) -> Self {
        let Core { foundation: Foundation { ports, .. }, postbox, .. } = core.clone();
        let epochs = Arc::new(Epochs::default());
        ports.store.subscribe(epochs.clone());
        let (base, audience) = (settings.issuer(), settings.tokens.audience.clone());
        let mut trusted = VerifierSettings::new(base.clone(), audience.clone());
        trusted.leeway_seconds = LEEWAY;
        // What a client is given may be for another service, or for the issuer's own userinfo endpoint.
        let any = Arc::new(JwtVerifier::new(trusted.clone(), keys.clone()).of_any_audience());
        let of_issuer = VerifierSettings { audience: base.clone(), ..trusted.clone() };
        let of_issuer = Arc::new(JwtVerifier::new(of_issuer, keys.clone()).remembering(TOKENS));
        let verifier = Arc::new(JwtVerifier::new(trusted, keys.clone()).remembering(TOKENS));
        let ttl_seconds = settings.tokens.access_token_ttl_seconds();
        let signed = IssuerSettings { issuer: base.clone(), audience, ttl_seconds };
        let master = Arc::clone(&postbox.master);
        let id_token_keys =
            IdTokenKeys::new(ports.clone(), Arc::clone(&master), settings.tokens.access_token_life());
        let signer = Arc::new(JwtIssuer::new(signed, keys.clone(), Arc::clone(&ports.random)));
        let (lifetimes, most) = (settings.tokens.lifetimes(), settings.tokens.sessions_per_account.into());
        let codec = RefreshTokens::new(&postbox.master);
        let (policy, limited) = (settings.factors.policy(), settings.throttle.budgets().is_some());
        let standing_keys = StandingKeys::new(ports.clone(), grants.clone(), policy, limited);
        let opening = Opening::new(ports.clone(), signer, codec, lifetimes, grants, most)
            .demanding(policy)
            .reporting(settings.mail.reports_new_devices().then(|| postbox.clone()));
        let throttle = Throttle::new(ports.clone(), settings.throttle.budgets());
        let proofs = Proofs::new(ports.clone(), throttle.clone());
        let party = webauthn.as_ref().map(|webauthn| webauthn.party().clone());
        let checks =
            FactorChecks::new(ports.clone(), postbox.clone(), throttle.clone()).with_passkeys(webauthn);
        let users = Users::new(ports.clone()).offering(party.is_some());
        let required = settings.mail.requires_verified_email();
        let login_names = settings.names.login_names.into();
        let verification =
            Verification::new(ports.clone(), postbox.clone(), proofs.clone(), throttle.clone(), required);
        let bound = settings.tokens.revocation_bound;
        let own_account = OwnAccount::new(users.clone(), Arc::clone(&epochs), bound);
        let feed = Feed::new(Revocations::new(ports.clone(), lifetimes), Arc::clone(&epochs), bound);
        let clock = Arc::clone(&ports.clock);
        let endpoint_proofs = EndpointProofs::new(own_proofs(&base, &master), &master, Arc::clone(&clock));
        let of_tokens = own_proofs(&base, &master);
        let keys_of_api = standing_keys.clone();
        let check = SessionCheck::new(
            verifier.clone(),
            clock,
            opening.clone(),
            keys_of_api,
            epochs,
            bound,
            of_tokens,
        );
        let check = Arc::new(check);
        let consents = Consents::new(ports.clone());
        let authorize = Authorize::new(
            ports.clone(),
            opening.clone(),
            consents.clone(),
            id_token_keys.clone(),
            Arc::clone(&master),
            base.as_str().into(),
        );
        let redeem =
            RedeemCode::new(ports.clone(), opening.clone(), Arc::clone(&master), base.as_str().into());
        let background = Background::new();
        let metrics = Metrics::new(Sources {
            background: background.clone(),
            store: Arc::clone(&ports.store),
            hashing: Arc::clone(&ports.hashing),
            check: Arc::clone(&check),
            own_account: own_account.clone(),
            started: ports.clock.now().unix_timestamp(),
        });
        let parts = Parts {
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
            refresh: Refresh::new(opening.clone(), throttle.clone(), base.as_str().into()),
            log_out: LogOut::new(ports.clone(), lifetimes),
            oauth_tokens: OAuthTokens::new(
                ports.clone(),
                opening.clone(),
                any,
                standing_keys,
                base.as_str().into(),
            ),
            authorize,
            push_requests: PushRequests::new(ports.clone(), Arc::clone(&master), base.as_str().into()),
            ask_for_device: AskForDevice::new(ports.clone(), opening.clone(), base.as_str().into()),
            decide_device: DecideDevice::new(
                ports.clone(),
                opening.clone(),
                consents.clone(),
                throttle.clone(),
                Arc::clone(&master),
            ),
            redeem_device: RedeemDevice::new(ports.clone(), opening.clone(), redeem.clone()),
            redeem,
            consents,
            end_session: EndSession::new(ports.clone(), id_token_keys.clone(), base.as_str().into()),
            id_tokens: IdTokens::new(ports.clone(), id_token_keys.clone(), ttl_seconds),
            id_token_keys,
            endpoint_proofs,
            userinfo: Userinfo::new(Arc::clone(&check), of_issuer),
            resource: own_resource(&base, &opening),
            opening,
            recovery: Recovery::new(ports.clone(), postbox, throttle.clone()),
            resend_verification: ResendVerification::new(ports.clone(), throttle, verification.clone()),
            verification,
            own_data,
            clients: Clients::new(ports.clone())
                .reserving([base.clone(), settings.tokens.audience.clone()])
                .telling_private(settings.backchannel.allows_private()),
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
        };
        Self { parts: Arc::new(parts), has_pages: false }
    }
}
