//! `keyward doctor`: looks at everything a server stands on, changes nothing, and says what to mend.
//!
//! What each part has to be like is in `checks.rs` and `listeners.rs` beside this file.

mod checks;
mod listeners;
mod logouts;
mod report;

use keyward_api::wiring::check::advice;
use keyward_api::wiring::database::OpenDatabase;

use self::report::Finding::{Bad, Note};
use self::report::Report;
use super::output::Problem;
use crate::cli::settings::ServerSettings;
use crate::cli::settings::database::is_new;

/// Checks one part after the other and prints what it finds; a problem if anything has to be mended.
pub(super) async fn run(mut settings: ServerSettings, unknown: &[String]) -> Result<(), Problem> {
    settings.set_issuer();
    let resources = settings.resources.mounted()?;
    let mut report = Report::default();
    report.add("settings", checks::settings(&settings, &resources))?;
    for words in unknown.iter().chain(&advice(&settings.service)) {
        report.add("settings", Note(words.clone()))?;
    }
    report.add("issuer", checks::issuer(&settings))?;
    report.add("listen", listeners::port(settings.listen, settings.connections.tls_cert.as_deref()))?;
    #[cfg(unix)]
    if let Some(path) = &settings.listen_unix {
        report.add("socket", listeners::socket(path))?;
    }
    report.add("data", checks::data_folder(&settings.service.storage))?;
    if is_new(&settings.service.storage) {
        report.add("database", Note("there is none yet; the first start makes it".to_owned()))?;
        report.add("keys", checks::master_secret(&settings))?;
    } else {
        match OpenDatabase::inspect(&settings.service.storage, &resources).await {
            Ok(database) => {
                report.add("database", checks::schema(&database).await)?;
                report.add("clock", checks::clock(&database).await)?;
                report.add("keys", checks::keys(&settings, &database).await)?;
                if let Some(finding) = logouts::waiting(&database).await {
                    report.add("logouts", finding)?;
                }
                drop(database.close().await);
            }
            Err(problem) => {
                report.add(
                    "database",
                    Bad(problem.into(), "start it, or correct KEYWARD_DATABASE_URL".to_owned()),
                )?;
                report.add("keys", checks::master_secret(&settings))?;
            }
        }
    }
    report.add("mail", checks::mail(&settings).await)?;
    match report.bad() {
        0 => Ok(()),
        1 => Err("there is one thing to mend".to_owned()),
        many => Err(format!("there are {many} things to mend")),
    }
}
