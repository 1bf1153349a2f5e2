//! `keyward serve`.

use keyward_api::config::Settings;
use keyward_api::{build, server};
use keyward_auth::KeyRing;
use tokio::net::TcpListener;

use super::wiring::{Wiring, check};
use super::{Problem, log, mail};

/// Serves until told to stop by SIGINT or SIGTERM.
pub(super) async fn serve(mut settings: Settings) -> Result<(), Problem> {
    log::start(&settings)?;
    check(&settings)?;
    // First the port: if it is taken, nothing has been touched yet.
    let listener = TcpListener::bind(settings.listen)
        .await
        .map_err(|error| format!("KEYWARD_LISTEN: cannot listen on {}: {error}", settings.listen))?;
    settings.listen = listener.local_addr().map_err(|error| error.to_string())?;
    let wiring = Wiring::open(&settings.storage).await?;
    let running = wiring.server(&settings).await?;
    let stop = stop_signal()?;
    announce(&settings, &wiring, &running.state.keys.load())?;
    let (worker, ears) = (tokio::spawn(running.worker.run()), tokio::spawn(running.ears.listen()));
    server::serve(listener, build(running.state), server::Limits::default(), stop).await;
    worker.abort();
    ears.abort();
    tracing::info!("stopped");
    wiring.close().await
}

fn announce(settings: &Settings, wiring: &Wiring, keys: &KeyRing) -> Result<(), Problem> {
    let key = keys.current().map_or("none".to_owned(), |key| match key.kid() {
        Some(kid) => format!("{} {kid}", key.algorithm()),
        None => format!("{} (shared secret)", key.algorithm()),
    });
    eprintln!("Keyward {}", env!("CARGO_PKG_VERSION"));
    eprintln!("  docs      http://{}/docs", settings.listen);
    eprintln!("  database  {}", wiring.place());
    eprintln!("  key       {key}");
    eprintln!("  issuer    {}", settings.issuer());
    let mail = mail::mailer(settings)?.place;
    eprintln!("  mail      {mail}");
    tracing::info!(to = mail, "mail goes out");
    Ok(())
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
