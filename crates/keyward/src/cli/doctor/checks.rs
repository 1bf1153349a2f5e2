//! What each part that a server stands on has to be like. A check only looks: it makes no folder, no key and
//! no schema.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use axum::http::Uri;
use keyward_api::resources::resource::Resource;
use keyward_api::settings::storage::StorageSettings;
use keyward_api::settings::tokens::LEEWAY;
use keyward_api::wiring::check::check;
use keyward_api::wiring::database::OpenDatabase;
use keyward_api::wiring::ports::ports;
use keyward_api::wiring::{mail, master_secret};
use keyward_auth::Algorithm;
use keyward_domain::keys::signing_keys::Keys;
use keyward_domain::values::clock::Clock;
use keyward_infra::clock::SystemClock;
use keyward_infra::database::permission::explain;
use keyward_migration::Schema;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::report::Finding::{self, Bad, Good, Note};
use crate::cli::settings::ServerSettings;

pub(super) fn settings(settings: &ServerSettings, resources: &[Resource]) -> Finding {
    match check(&settings.service, resources) {
        Ok(()) => Good("they fit together".to_owned()),
        Err(problem) => Bad(problem.into(), "change the setting it names".to_owned()),
    }
}

/// Tokens, metadata and the links in mails carry the issuer: it must be a URL that clients can reach. It may
/// have a path.
pub(super) fn issuer(settings: &ServerSettings) -> Finding {
    let issuer = settings.service.issuer();
    let mend = "set KEYWARD_ISSUER to the address clients use, as in https://login.example.com".to_owned();
    let Ok(uri) = issuer.parse::<Uri>() else { return Bad(format!("{issuer} is no URL"), mend) };
    let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) else {
        return Bad(format!("{issuer} is no URL with a host"), mend);
    };
    if let Some(problem) = settings.unreachable_issuer() {
        return Bad(problem, mend);
    }
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().ok();
    let here = host == "localhost" || address.is_some_and(|address| address.is_loopback());
    match (scheme, here) {
        ("https", _) => Good(issuer),
        ("http", true) => Note(format!("{issuer} can be reached from this machine only")),
        ("http", false) => Note(format!("{issuer} has no TLS: tokens can be read on the network")),
        _ => Bad(format!("{issuer} is neither http nor https"), mend),
    }
}

/// The folder can be written to, and what is secret in it is its owner's alone.
pub(super) fn data_folder(storage: &StorageSettings) -> Finding {
    let folder = &storage.data_dir;
    let shown = folder.display();
    if !folder.exists() {
        return Note(format!("the folder {shown} is not there yet; the first start makes it"));
    }
    let probe = folder.join(format!(".doctor.{}", std::process::id()));
    let written = OpenOptions::new().write(true).create_new(true).open(&probe).map(drop);
    drop(std::fs::remove_file(&probe));
    if let Err(error) = written {
        let mend = "give it to the account the server runs as, or set KEYWARD_DATA_DIR".to_owned();
        let reason = explain(&probe, &error);
        return Bad(format!("the folder {shown} cannot be written to: {reason}"), mend);
    }
    match open_to_others(folder) {
        Some(name) => {
            Bad(format!("{shown}/{name} can be read by other accounts"), format!("chmod 600 {shown}/{name}"))
        }
        None => Good(shown.to_string()),
    }
}

/// A file of ours that more than its owner may read.
#[cfg(unix)]
fn open_to_others(folder: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    let ours = ["master.key", "keyward.db", "keyward.db-wal", "keyward.db-shm"];
    let open = |name: &&str| {
        let found = folder.join(name).metadata();
        found.is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
    };
    ours.into_iter().find(open).map(str::to_owned)
}

#[cfg(not(unix))]
fn open_to_others(_: &Path) -> Option<String> {
    None
}

/// The database answers, and this program knows its schema.
pub(super) async fn schema(database: &OpenDatabase) -> Finding {
    let begun = Instant::now();
    let schema = database.schema().await;
    let (place, took) = (database.place(), begun.elapsed().as_millis());
    let grant = || "give the user of KEYWARD_DATABASE_URL the right to, or name another one".to_owned();
    let (may_write, may_migrate) = match &schema {
        Ok(Schema::Current) => (database.may_write().await, database.may_migrate().await),
        Ok(Schema::Behind(_)) => (Ok(()), database.may_migrate().await),
        _ => (Ok(()), Ok(())),
    };
    if let Err(reason) = may_write {
        return Bad(format!("{place} cannot be written to: {reason}"), grant());
    }
    if let Err(reason) = may_migrate {
        return match schema {
            Ok(Schema::Behind(_)) => Bad(format!("the schema of {place} cannot be made: {reason}"), grant()),
            _ => Note(format!("{place} answers, and no later version can change its schema: {reason}")),
        };
    }
    match schema {
        Ok(Schema::Current) => Good(format!("{place} answers in {took} ms, and its schema is up to date")),
        Ok(Schema::Behind(names)) => Note(format!(
            "{place} answers; the next start, or `keyward migrate`, brings its schema up to date: {}",
            names.join(", ")
        )),
        Ok(Schema::Ahead(name)) => Bad(
            format!("{place} was migrated by a newer version of this program, which knows {name}"),
            "run that version; or, if another program keeps its own migrations there, give each a database"
                .to_owned(),
        ),
        Err(problem) => Bad(problem.into(), "start the database, or correct KEYWARD_DATABASE_URL".to_owned()),
    }
}

/// This machine's clock is the database server's, and has not gone back behind what was written.
pub(super) async fn clock(database: &OpenDatabase) -> Finding {
    let mend = "let both machines follow a time server (NTP)".to_owned();
    let before = SystemClock.now();
    let server = match database.server_time().await {
        Ok(server) => server,
        Err(problem) => return Bad(problem.into(), "start the database".to_owned()),
    };
    let now = SystemClock.now();
    if let Some(server) = server {
        let skew: time::Duration = server - (before + (now - before) / 2);
        let way = if skew.is_negative() { "behind" } else { "ahead of" };
        let said = format!(
            "the database server's clock is {:.1} s {way} this machine's",
            skew.abs().as_seconds_f64()
        );
        let seconds = skew.whole_seconds().abs();
        if seconds >= LEEWAY {
            return Bad(said, mend);
        }
        if seconds >= 1 {
            return Note(said);
        }
    }
    let newest = database.repositories().events().newest(None, 1).await.unwrap_or_default();
    match newest.first() {
        Some((_, event)) if event.at > now + time::Duration::seconds(LEEWAY) => {
            let (now, event) = (to_the_second(now), to_the_second(event.at));
            Bad(format!("it is {now} here, and the newest event was written at {event}"), mend)
        }
        _ => Good(to_the_second(now)),
    }
}

/// A time as RFC 3339 writes it: `2026-01-31T12:00:00Z`.
fn to_the_second(at: OffsetDateTime) -> String {
    at.replace_nanosecond(0).unwrap_or(at).format(&Rfc3339).unwrap_or_default()
}

/// There is a master secret, or a place to make one.
pub(super) fn master_secret(settings: &ServerSettings) -> Finding {
    if settings.service.tokens.algorithm == Algorithm::Hs256 {
        return Good("HS256 has no keys but KEYWARD_SECRET".to_owned());
    }
    match master_secret::find(&settings.service.tokens, &settings.service.storage.data_dir) {
        Ok(Some(_)) => Note("there is a master secret, and no signing key was looked at".to_owned()),
        Ok(None) => Note("there is no master secret yet; the first start makes it".to_owned()),
        Err(problem) => Bad(problem.into(), "restore it from your backup".to_owned()),
    }
}

/// A key signs, and the master secret opens all of them.
pub(super) async fn keys(settings: &ServerSettings, database: &OpenDatabase) -> Finding {
    let algorithm = settings.service.tokens.algorithm;
    let restore = "restore the master secret this database was made with (master.key, KEYWARD_MASTER_SECRET); \
                   docs/OPERATIONS.md says what to do if it is lost";
    if algorithm == Algorithm::Hs256 {
        return master_secret(settings);
    }
    let stored = database.repositories().keys().of(algorithm).await.unwrap_or_default();
    let master = match master_secret::find(&settings.service.tokens, &settings.service.storage.data_dir) {
        Ok(Some(master)) => master,
        Ok(None) if stored.is_empty() => return master_secret(settings),
        Ok(None) => return Bad("there are signing keys but no master secret".to_owned(), restore.to_owned()),
        Err(problem) => return Bad(problem.into(), restore.to_owned()),
    };
    if stored.is_empty() {
        return Note(format!("there is no {algorithm} key yet; the next start makes it"));
    }
    let ports = match ports(database, &settings.service.passwords) {
        Ok(ports) => ports,
        Err(problem) => return Bad(problem.into(), "change the setting it names".to_owned()),
    };
    let keys = Keys::new(ports, Arc::new(master), settings.service.tokens.access_token_life());
    let seals = match keys.seals().await {
        Ok(seals) => seals,
        Err(error) => return Bad(error.to_string(), "start the database".to_owned()),
    };
    if let Some(kid) = seals.elsewhere.first() {
        let way = if seals.opened == 0 { restore.to_owned() } else { format!("keyward keys retire {kid}") };
        let words = format!("the signing key {kid} was sealed with another master secret: it is left out");
        return Bad(words, way);
    }
    match keys.ring(algorithm).await {
        Ok(ring) => Good(format!(
            "{} {} signs, {} more verify",
            algorithm,
            ring.current().and_then(keyward_auth::SigningKey::kid).unwrap_or_default(),
            ring.previous().len() + usize::from(ring.next().is_some())
        )),
        Err(error) => Bad(error.to_string(), "start the database".to_owned()),
    }
}

/// The mail server takes us; no mail is sent.
pub(super) async fn mail(settings: &ServerSettings) -> Finding {
    let Ok(post) = mail::mailer(&settings.service) else {
        return Note("not looked at: the settings of mail are at fault".to_owned());
    };
    match mail::greet(&settings.service).await {
        None => Note(format!("goes {}", post.place)),
        Some(Ok(())) => Good(format!("goes {}, which answers", post.place)),
        Some(Err(reason)) => Bad(
            format!("goes {}, which does not take us: {reason}", post.place),
            "correct KEYWARD_SMTP_URL, or ask the mail server's administrator".to_owned(),
        ),
    }
}
