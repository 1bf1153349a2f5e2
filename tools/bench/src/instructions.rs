//! Instructions of a request, by callgrind: a figure that is the same on a busy machine and on a quiet one.
//!
//! A server runs under valgrind and answers requests on one connection; its counters are set to zero before them and read
//! after them. Everything that the process executes counts, such as the thread that writes the log, and nothing that the kernel
//! does.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use keyward_servers::shell::{self, Outcome};

use crate::connection::Blocking;
use crate::cores::Place;
use crate::request::Request;
use crate::scene::Scene;
use crate::server::Server;
use crate::stage::Stage;
use crate::stats::{Series, Table, short};

/// How often each figure is taken. The lowest and the highest are left out, since a job of the service may run in a round; of the
/// others the median counts.
const ROUNDS: usize = 7;
/// Requests of a round.
const REQUESTS: u32 = 300;
/// Requests before the first round, for what is done once.
const WARM_UP: u32 = 100;
/// How far the figures of a round may lie from their median before they say nothing.
const SPREAD: f64 = 0.05;

/// Measures and prints what a request costs, of bare axum and of the service.
pub(crate) fn measure(stage: &Stage<'_>) -> Outcome {
    if !shell::works(Command::new("valgrind").arg("--version")) {
        return Err("valgrind is not installed. On Debian: apt-get install valgrind".to_owned());
    }
    shell::heading("accounts and posts");
    // Without valgrind, under which a hash takes seconds.
    drop(Scene::populate(stage.keyward("instructions", &[], Place::All)?)?);

    let mut table = Table::default();
    shell::heading("instructions of a request");
    let counts = Counts::of(stage, "limit")?;
    let server = stage.limit_under(&counts.valgrind(), Place::All)?;
    let anonymous = Request::new("GET /users/me", "", &serde_json::Value::Null);
    counts.take(&mut table, "bare axum", &server, &anonymous)?;
    drop(server);

    for (name, log, line) in [
        ("GET /users/me", "info", "GET /users/me"),
        ("GET /users/me, no log lines", "warn", "GET /users/me"),
        ("GET /posts?limit=20, SQLite", "info", "GET /posts?limit=20"),
    ] {
        let counts = Counts::of(stage, name)?;
        let settings = [("KEYWARD_LOG", log)];
        let server = stage.keyward_under(&counts.valgrind(), "instructions", &settings, Place::All)?;
        let scene = Scene::of_first(server)?;
        counts.take(&mut table, name, &scene.server, &scene.reader(line))?;
    }
    println!("\n| request | instructions | range |\n|---|---|---|");
    for series in &table.0 {
        let range = format!("{} to {}", short(series.lowest()), short(series.highest()));
        println!("| {} | {} | {range} |", series.name, short(series.median()));
    }
    table.0.iter().try_for_each(steady)
}

/// Refuses figures that lie too far apart: something else than the requests was counted.
fn steady(series: &Series) -> Outcome {
    let (median, lowest, highest) = (series.median(), series.lowest(), series.highest());
    if highest - median <= median * SPREAD && median - lowest <= median * SPREAD {
        return Ok(());
    }
    Err(format!("{}: {} to {} lie more than 5 % apart.", series.name, short(lowest), short(highest)))
}

/// The counters of one server under valgrind.
struct Counts(PathBuf);

impl Counts {
    fn of(stage: &Stage<'_>, name: &str) -> Outcome<Self> {
        let folder = stage.path("callgrind").join(name.replace(|c: char| !c.is_alphanumeric(), "-"));
        fs::create_dir_all(&folder)
            .map_err(|error| format!("{} cannot be made: {error}.", folder.display()))?;
        Ok(Self(folder))
    }

    /// What stands before the program on the command line.
    fn valgrind(&self) -> Vec<String> {
        let file = format!("--callgrind-out-file={}", self.0.join("out").display());
        ["valgrind", "--tool=callgrind", &file].map(str::to_owned).to_vec()
    }

    fn take(&self, table: &mut Table, name: &'static str, server: &Server, request: &Request) -> Outcome {
        let mut connection = Blocking::open(server.port)?;
        let mut ask = |times| (0..times).try_for_each(|_| connection.json(request, 200).map(drop));
        ask(WARM_UP)?;
        let mut rounds = Vec::with_capacity(ROUNDS);
        for _ in 0..ROUNDS {
            control("-z", server)?;
            ask(REQUESTS)?;
            // For the log's last line.
            thread::sleep(Duration::from_millis(200));
            control("-d", server)?;
            let newest = self.newest()?;
            let text = fs::read_to_string(&newest).unwrap_or_default();
            let total = total(&text).ok_or_else(|| format!("{} has no total.", newest.display()))?;
            rounds.push(total / f64::from(REQUESTS));
            fs::remove_file(&newest).ok();
        }
        rounds.sort_by(f64::total_cmp);
        for count in &rounds[1..ROUNDS - 1] {
            table.note(name, "instructions", *count);
        }
        Ok(())
    }

    /// The file that callgrind has just written.
    fn newest(&self) -> Outcome<PathBuf> {
        let files = fs::read_dir(&self.0).map_err(|error| format!("{}: {error}.", self.0.display()))?;
        let files = files.filter_map(Result::ok).map(|file| file.path());
        let written = |path: &Path| fs::metadata(path).and_then(|found| found.modified()).ok();
        files.max_by_key(|path| written(path)).ok_or_else(|| "callgrind wrote nothing.".to_owned())
    }
}

/// Sets the counters of a server to zero, or has them written.
fn control(option: &str, server: &Server) -> Outcome {
    let mut control = Command::new("callgrind_control");
    // Where the server, which has no environment but its settings, is to be found.
    control.env_remove("TMPDIR").args([option, &server.id().to_string()]);
    shell::capture(&mut control).map(drop)
}

/// The number of instructions in what callgrind wrote.
fn total(text: &str) -> Option<f64> {
    let last = text.lines().rev().find_map(|line| line.strip_prefix("totals: "))?;
    last.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_read_from_what_callgrind_writes() {
        let text = "version: 1\nevents: Ir\nsummary: 7\n\nfn=(1) main\n16 400\n\ntotals: 1234567\n";
        assert_eq!(total(text), Some(1_234_567.0));
        assert_eq!(total("events: Ir\n"), None);
    }

    #[test]
    fn figures_that_lie_apart_are_refused() {
        let series = |rounds: &[f64]| Series { name: "x", unit: "", rounds: rounds.to_vec() };
        assert!(steady(&series(&[100.0, 104.0, 96.0])).is_ok());
        assert!(steady(&series(&[100.0, 110.0, 100.0])).is_err());
    }
}
