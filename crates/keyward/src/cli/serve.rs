//! `keyward serve`.

use std::net::SocketAddr;

use keyward_api::service::Service;
use keyward_api::wiring::check::{advice, check};
use keyward_api::wiring::{mail, place};
use keyward_pages::pages;
use tokio::net::TcpListener;
use tokio::task::{JoinError, JoinSet};

use super::first_administrator::FirstAdministrator;
use super::log;
use super::output::{Problem, note};
use crate::cli::settings::ServerSettings;
use crate::server::limits::Limits;
#[cfg(unix)]
use crate::server::unix_socket;
use crate::server::{accept, open_files};

/// Serves until told to stop by SIGINT or SIGTERM.
pub(super) async fn serve(mut settings: ServerSettings, unknown: &[String]) -> Result<(), Problem> {
    let logging = log::start(&settings)?;
    let resources = settings.resources.mounted()?;
    check(&settings.service, &resources)?;
    let administrator = FirstAdministrator::find(&settings, &resources).await?;
    for words in unknown.iter().chain(&advice(&settings.service)) {
        tracing::warn!("{words}");
    }
    let tls = settings.connections.tls()?;
    // First the port: if it is taken, nothing has been touched yet.
    let listener = listen("KEYWARD_LISTEN", &mut settings.listen).await?;
    #[cfg(unix)]
    let socket = listen_unix(&settings)?;
    let watched = match &mut settings.watch.metrics_listen {
        Some(address) => Some(listen("KEYWARD_METRICS_LISTEN", address).await?),
        None => None,
    };
    settings.set_issuer();
    if let Some(problem) = settings.unreachable_issuer() {
        tracing::warn!("{problem}: set it to the address that clients use, as in https://login.example.com");
    }
    let mut service = Service::open_with(settings.service.clone(), resources).await?.with_pages(pages());
    if let Some(administrator) = administrator {
        administrator.make(&service.state().core.foundation.ports).await?;
    }
    let stop = stop_signal()?;
    announce(&settings, &service)?;
    // Until the last request was answered: a stop is to be watched, too.
    let mut beside = JoinSet::new();
    if let Some(listener) = watched {
        let limits = Limits { connections: 16, ..Limits::default() };
        let router = service.metrics_router();
        beside.spawn(accept::serve(listener, router, limits, std::future::pending()));
    }
    beside.spawn(service.run_jobs());
    if let Some(tls) = tls.clone() {
        beside.spawn(tls.watch());
    }
    allow_connections(&settings);
    let mut broken = None;
    let stop = async {
        tokio::select! {
            () = stop => {}
            error = first_panic(&mut beside) => broken = Some(error),
        }
    };
    let (stopped, stops) = tokio::sync::watch::channel(());
    #[cfg(unix)]
    let through_socket = socket.map(|(listener, file)| {
        let listener = accept::Listener::new(listener, None).behind(service.proxies());
        let (router, limits) = (service.standalone_router(), settings.connections.limits());
        let mut stops = stops.clone();
        tokio::spawn(async move {
            accept::serve(listener, router, limits, async move { drop(stops.changed().await) }).await;
            drop(file);
        })
    });
    drop(stops);
    let stop = async move {
        stop.await;
        drop(stopped);
    };
    let listener = accept::Listener::new(listener, tls).behind(service.proxies());
    accept::serve(listener, service.standalone_router(), settings.connections.limits(), stop).await;
    #[cfg(unix)]
    if let Some(through_socket) = through_socket {
        drop(through_socket.await);
    }
    beside.shutdown().await;
    tracing::info!("stopped");
    let closed = match broken {
        Some(error) => Err(format!("what runs beside the server broke: {error}")),
        None => service.close().await.map_err(Problem::from),
    };
    // It waits for the collector, on a thread that may.
    drop(tokio::task::spawn_blocking(|| logging.close()).await);
    closed
}

/// The panic of the first that panics. Without mail, cleaning and fresh keys a server had better be started
/// anew.
async fn first_panic(beside: &mut JoinSet<()>) -> JoinError {
    loop {
        match beside.join_next().await {
            Some(Err(error)) => return error,
            Some(Ok(())) => {}
            None => std::future::pending().await,
        }
    }
}

/// Listens there; a port 0 becomes the one that was free.
async fn listen(setting: &str, address: &mut SocketAddr) -> Result<TcpListener, Problem> {
    let problem = |error: std::io::Error| format!("{setting}: cannot listen on {address}: {error}");
    let listener = TcpListener::bind(*address).await.map_err(problem)?;
    *address = listener.local_addr().map_err(|error| error.to_string())?;
    Ok(listener)
}

/// Listens on the Unix socket, where one is set.
#[cfg(unix)]
fn listen_unix(
    settings: &ServerSettings,
) -> Result<Option<(tokio::net::UnixListener, unix_socket::SocketFile)>, Problem> {
    let Some(path) = &settings.listen_unix else { return Ok(None) };
    let problem = |error| format!("KEYWARD_LISTEN_UNIX: cannot listen on {}: {error}", path.display());
    unix_socket::listen(path).map(Some).map_err(problem)
}

/// Lets the system allow as many connections as we do, and says so where it does not.
fn allow_connections(settings: &ServerSettings) {
    let wanted = settings.connections.connections;
    if let Some(files) = open_files::allow_files().filter(|files| *files < u64::from(wanted) + 64) {
        tracing::warn!(
            "the system allows {files} open files, too few for {wanted} connections; see `ulimit -n`"
        );
    }
}

fn announce(settings: &ServerSettings, service: &Service) -> Result<(), Problem> {
    let keys = service.state().keys.load();
    let key = keys.current().map_or("none".to_owned(), |key| match key.kid() {
        Some(kid) => format!("{} {kid}", key.algorithm()),
        None => format!("{} (shared secret)", key.algorithm()),
    });
    note(format_args!("Keyward {}", env!("CARGO_PKG_VERSION")));
    note(format_args!("  account   {}/account", opened(settings)));
    note(format_args!("  docs      {}://{}/docs", settings.connections.scheme(), settings.listen));
    #[cfg(unix)]
    if let Some(path) = &settings.listen_unix {
        note(format_args!("  socket    {}", path.display()));
    }
    note(format_args!("  database  {}", service.database().place()));
    if let Some(url) = &settings.service.replica.database_read_url {
        note(format_args!("  reads     {}", place::without_password(url)));
    }
    note(format_args!("  key       {key}"));
    note(format_args!("  issuer    {}", settings.service.issuer()));
    if let Some(address) = settings.watch.metrics_listen {
        note(format_args!("  metrics   http://{address}/metrics"));
    }
    let mail = mail::mailer(&settings.service)?.place;
    note(format_args!("  mail      {mail}"));
    tracing::info!(to = mail, "mail goes out");
    Ok(())
}

/// Where people open the pages: the issuer that is set, or on the own machine a name, for browsers have no passkeys on an IP address.
fn opened(settings: &ServerSettings) -> String {
    let (scheme, listen) = (settings.connections.scheme(), settings.listen);
    match &settings.service.tokens.issuer {
        Some(issuer) => issuer.trim_end_matches('/').to_owned(),
        None if listen.ip().is_loopback() => format!("{scheme}://localhost:{}", listen.port()),
        None => format!("{scheme}://{listen}"),
    }
}

#[cfg(unix)]
fn stop_signal() -> Result<impl Future<Output = ()>, Problem> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| signal(kind).map_err(|error| format!("signals cannot be handled: {error}"));
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn stop_signal() -> Result<impl Future<Output = ()>, Problem> {
    Ok(async {
        drop(tokio::signal::ctrl_c().await);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_beside_the_server_is_noticed_and_a_good_end_is_none() {
        let mut beside = JoinSet::new();
        beside.spawn(async {});
        beside.spawn(async {
            tokio::task::yield_now().await;
            panic!("as the test wants it");
        });
        assert!(first_panic(&mut beside).await.is_panic());
        beside.spawn(async {});
        let early =
            tokio::time::timeout(std::time::Duration::from_millis(50), first_panic(&mut beside)).await;
        assert!(early.is_err(), "nothing broke");
    }
}
