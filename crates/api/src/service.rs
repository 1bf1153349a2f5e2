//! The whole service as one value: for `keyward serve`, and for any other axum program.

use std::sync::Arc;

use axum::Router;
use keyward_auth::SharedKeyRing;
use keyward_domain::limits::writes::WriteLimit;
use keyward_domain::mail::delivery::Outbox;
use keyward_domain::mail::postbox::Postbox;
use keyward_domain::oauth::logouts::Logouts;
use keyward_domain::upkeep::cleaning::Housekeeping;
use keyward_domain::upkeep::deleted_accounts::DeletedAccounts;
use keyward_infra::oauth::receivers::{HttpLogoutSender, SystemNames};
use keyward_infra::sessions::feed_epoch;

use crate::boundary::proxies::Proxies;
use crate::foundation::{Core, Foundation};
use crate::metrics::endpoint;
use crate::resources::pages::Pages;
use crate::resources::resource::{Resource, own_data};
use crate::router;
use crate::routes::oauth::keys::PUBLISHED_AHEAD;
use crate::settings::Settings;
use crate::settings::time::seconds;
use crate::state::AppState;
use crate::wiring::check::check;
use crate::wiring::database::{OpenDatabase, options};
use crate::wiring::error::ServiceError;
use crate::wiring::grants::grants;
use crate::wiring::jobs::Jobs;
use crate::wiring::jobs::key_rotation::{AccessKeys, KeyRotation, note_unopened};
use crate::wiring::master_secret::Own;
use crate::wiring::notifications::Wakes;
use crate::wiring::ports::ports;
use crate::wiring::webauthn::webauthn;
use crate::wiring::{key_ring, mail};

/// An open service: its database, its keys and everything behind its routes.
pub struct Service {
    database: OpenDatabase,
    state: AppState,
    resources: Vec<Resource>,
    pages: Option<Pages>,
    /// What to say of the links in mails if there are no pages.
    missing_pages: Option<String>,
    jobs: Arc<Jobs>,
    counts_mails: bool,
}

impl Service {
    /// Opens the service without resources: [`Service::open_with`].
    ///
    /// # Errors
    /// As there.
    pub async fn open(settings: Settings) -> Result<Self, ServiceError> {
        Self::open_with(settings, Vec::new()).await
    }

    /// Opens the database and brings its schema up to date, finds the master secret and the signing keys, and makes those
    /// that are missing. Folders that were made for a database that cannot be opened are removed again.
    ///
    /// # Errors
    /// One sentence that names the setting to correct, or the part that cannot be used.
    pub async fn open_with(settings: Settings, resources: Vec<Resource>) -> Result<Self, ServiceError> {
        check(&settings, &resources)?;
        let opened = OpenDatabase::open(&settings.storage, &resources).await?;
        let mut database = opened.database().clone();
        if let Some(url) = &settings.replica.database_read_url {
            let reading = database.with_replica(url, options(&settings.storage));
            database = reading.map_err(|error| format!("KEYWARD_DATABASE_READ_URL: {error}"))?;
        }
        let mut ports = ports(&opened, &settings.passwords)?;
        ports.store = Arc::new(database.clone());
        let templates = Arc::new(mail::templates(&settings, &resources)?);
        let grants = grants(&settings.scopes, &resources)?;
        // Last of all that can fail: a start that is refused leaves no master secret behind.
        let has_keys = key_ring::exist(&ports).await?;
        let own = Own::find_or_make(&settings.tokens, &settings.storage.data_dir, has_keys)?;
        let made = own.made();
        let master = Arc::new(own.secret);
        let (ring, stored, unopened) = key_ring::open(&settings.tokens, &ports, &master, made).await?;
        let keys = SharedKeyRing::new(ring);
        let postbox = Postbox { letters: templates.clone(), master };
        feed_epoch::settle(opened.database().connection(), ports.clock.now(), &*ports.random)
            .await
            .map_err(|error| format!("the revocation feed cannot be made ready: {error}"))?;
        let writes = WriteLimit::new(settings.throttle.budgets().is_some());
        let foundation = Foundation { ports: ports.clone(), database, writes };
        let core = Core { foundation, postbox: postbox.clone(), templates };
        let cleaners = resources.iter().filter_map(|resource| resource.cleaning);
        let cleaners = cleaners.map(|cleaner| cleaner(&core)).collect();
        let wakes = Arc::new(Wakes::default());
        ports.store.subscribe(wakes.clone());
        let own_data = own_data(&resources, &core);
        let state = AppState::new(core, webauthn(&settings), keys.clone(), grants, own_data, &settings);
        let background = state.background.clone();
        note_unopened(&background, unopened);
        let jobs = Jobs {
            wakes,
            background,
            every: settings.tokens.revocation_bound,
            housekeeping: Housekeeping::new(ports.clone(), settings.tokens.lifetimes())
                .forgetting_events(settings.events.retention())
                .keeping_sessions(settings.tokens.sessions_per_account.into())
                .with_cleaners(cleaners),
            deleted_accounts: DeletedAccounts::new(ports.clone()),
            outbox: Outbox::new(ports.clone(), postbox, mail::mailer(&settings)?.carrier),
            logouts: Logouts::new(
                ports,
                state.id_token_keys.clone(),
                Arc::clone(&state.issuer.0),
                Arc::new(HttpLogoutSender::new(Arc::new(SystemNames), settings.backchannel.allows_private())),
            ),
            keys: KeyRotation {
                access: stored.map(|stored| AccessKeys {
                    keys: stored,
                    algorithm: settings.tokens.algorithm,
                    ring: keys,
                }),
                id_tokens: state.id_token_keys.clone(),
                rotation: settings.tokens.key_rotation.map(seconds),
                delay: PUBLISHED_AHEAD,
            },
        };
        Ok(Self {
            database: opened,
            state,
            resources,
            pages: None,
            missing_pages: mail::missing_pages(&settings),
            jobs: Arc::new(jobs),
            counts_mails: false,
        })
    }

    /// The same service with pages for people.
    #[must_use]
    pub fn with_pages(self, pages: Pages) -> Self {
        Self { pages: Some(pages), ..self }
    }

    /// Every route, to be merged into the router of another program: it has no fallback, so unknown paths
    /// stay that program's. Without pages no application can send people here to log in, so `/oauth/par` and `/oauth/device`
    /// are missing, too. Clients' addresses come from [`axum::extract::ConnectInfo`], where the program
    /// provides them.
    pub fn router(&self) -> Router {
        router::mergeable(self.state.clone(), &self.resources, self.pages)
    }

    /// Every route, for a server of its own: unknown paths are answered with a 404 in the shape of every
    /// error.
    pub fn standalone_router(&self) -> Router {
        router::standalone(self.state.clone(), &self.resources, self.pages)
    }

    /// `/metrics`, for a listener that no client reaches. The jobs that run from now on count the mails in the outbox, too,
    /// which takes two queries each time.
    pub fn metrics_router(&mut self) -> Router {
        self.counts_mails = true;
        endpoint::router(self.state.metrics.clone())
    }

    /// The use cases, the keys, and the check of access tokens: what a program's own routes may build on.
    pub fn state(&self) -> &AppState {
        &self.state
    }

    /// The proxies that say who asks.
    pub fn proxies(&self) -> Proxies {
        self.state.proxies.clone()
    }

    pub fn database(&self) -> &OpenDatabase {
        &self.database
    }

    /// Rotates keys, cleans away what has expired, delivers mail and receives the notifications of other
    /// processes, until dropped. Run it once, beside the router. What panics or makes no progress is logged and started
    /// again, and holds up none of the others.
    pub fn run_jobs(&self) -> impl Future<Output = ()> + Send + use<> {
        if let (None, Some(words)) = (self.pages, &self.missing_pages) {
            tracing::warn!("{words}");
        }
        let (jobs, database) = (Arc::clone(&self.jobs), self.database.database().clone());
        let metrics = self.counts_mails.then(|| self.state.metrics.clone());
        jobs.run(database, metrics)
    }

    /// Closes the database in good order. Drop the jobs first.
    ///
    /// # Errors
    /// What the database answered; its connections are closed in any case.
    pub async fn close(&self) -> Result<(), ServiceError> {
        self.database.close().await
    }
}
