//! `keyward doctor`: looks at everything a server stands on, changes nothing, and says what to mend.
//!
//! What each part has to be like is in `checks.rs` beside this file.

mod checks;

use keyward_api::config::Settings;

use super::wiring::Wiring;
use super::{Problem, say};

/// What a check found.
enum Finding {
    /// As it should be.
    Good(String),
    /// Works, but somebody should know.
    Note(String),
    /// Does not work: what is wrong, and what mends it.
    Bad(String, String),
}

use Finding::{Bad, Good, Note};

/// Checks one part after the other and prints what it finds; a problem if anything has to be mended.
pub(super) async fn run(settings: Settings) -> Result<(), Problem> {
    let mut report = Report::default();
    report.add("settings", checks::settings(&settings));
    report.add("issuer", checks::issuer(&settings));
    report.add("listen", checks::listen(&settings));
    report.add("data", checks::data_folder(&settings.storage));
    if checks::is_new(&settings.storage) {
        report.add("database", Note("there is none yet; the first start makes it".to_owned()));
        report.add("keys", checks::master_secret(&settings));
    } else {
        match Wiring::inspect(&settings.storage).await {
            Ok(wiring) => {
                report.add("database", checks::schema(&wiring).await);
                report.add("clock", checks::clock(&wiring).await);
                report.add("keys", checks::keys(&settings, &wiring).await);
                drop(wiring.close().await);
            }
            Err(problem) => {
                report.add("database", Bad(problem, "start it, or correct KEYWARD_DATABASE_URL".to_owned()));
                report.add("keys", checks::master_secret(&settings));
            }
        }
    }
    report.add("mail", checks::mail(&settings).await);
    match report.bad {
        0 => Ok(()),
        1 => Err("there is one thing to mend".to_owned()),
        many => Err(format!("there are {many} things to mend")),
    }
}

/// What was printed so far.
#[derive(Default)]
struct Report {
    bad: usize,
}

impl Report {
    fn add(&mut self, part: &str, finding: Finding) {
        let (verdict, words) = match &finding {
            Good(words) => ("ok", words),
            Note(words) => ("note", words),
            Bad(words, _) => ("bad", words),
        };
        say(format_args!("{verdict:<5} {part:<9} {words}"));
        if let Bad(_, mend) = finding {
            say(format_args!("{:<15} mend: {mend}", ""));
            self.bad += 1;
        }
    }
}
