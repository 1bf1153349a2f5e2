//! What both scenarios begin and end with: an administrator and a catalogue; the reckoning.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use keyward_servers::shell::{self, Outcome};
use serde_json::{Value, json};

use crate::audit;
use crate::http::Call;
use crate::load::{Actor, PASSWORD, Tokens};
use crate::mail_server::MailServer;
use crate::replica::Installation;
use crate::weather::Tally;
use crate::world::World;

/// How much more memory a replica may have at the end than after the first faults, in MiB.
const GROWTH: f64 = 64.0;

/// The fault of a mail server that is away, which nothing but mail depends on.
pub(crate) const NO_MAIL: &str = "mail server stopped for 7 s";
/// How long the mail server is away: less than until a mail that failed is tried again.
const AWAY: Duration = Duration::from_secs(7);
/// How long mails may take that are due, once nothing is wrong any more.
const LAST_MAILS: Duration = Duration::from_mins(1);

/// What both scenarios begin and end with.
pub(crate) struct Scene {
    pub(crate) binary: PathBuf,
    /// What replicas are told about revocation.
    pub(crate) bound: Duration,
}

pub(crate) struct Report {
    pub(crate) kept: bool,
    pub(crate) text: String,
}

impl Scene {
    pub(crate) fn installation(
        &self,
        name: &str,
        more: Vec<(&'static str, String)>,
    ) -> Outcome<Installation> {
        let mut settings = vec![
            ("KEYWARD_ISSUER", "http://keyward.example".to_owned()),
            ("KEYWARD_REVOCATION_BOUND", format!("{}s", self.bound.as_secs())),
            ("KEYWARD_ACCESS_TOKEN_TTL", "12h".to_owned()),
            // Passwords and guesses are not what is tried here, and all of the load comes from one address.
            ("KEYWARD_THROTTLE", "off".to_owned()),
            ("KEYWARD_ARGON2_MEMORY", "64".to_owned()),
            ("KEYWARD_ARGON2_ITERATIONS", "1".to_owned()),
        ];
        settings.extend(more);
        Installation::new(&self.binary, name, settings)
    }

    pub(crate) fn close(
        &self,
        installation: &Installation,
        world: &World,
        mail: &MailServer,
        standing: &[Tokens],
        tried: u32,
        memory: Option<(f64, f64)>,
    ) -> Outcome<Report> {
        let there = audit::settle(world, standing);
        let waiting = || {
            shell::capture(
                &mut installation.command(&["outbox", "list", "--state", "waiting", "--limit", "100000"]),
            )
        };
        // A moment for the last mails. What is left after it failed a while ago, or was claimed by a replica that died: it
        // would be due in minutes.
        thread::sleep(self.bound * 2);
        let left = audit::ids(&waiting()?);
        for id in &left {
            shell::capture(&mut installation.command(&["outbox", "retry", &id.to_string()]))?;
        }
        let begun = Instant::now();
        while !waiting()?.trim().is_empty() && begun.elapsed() < LAST_MAILS {
            thread::sleep(Duration::from_secs(1));
        }
        let mails = audit::mails(world, &mail.taken(), left.len(), &waiting()?);
        let tallies = world.weather.tallies();
        let mut text = Tally::header() + "\n";
        for tally in &tallies {
            writeln!(text, "{}", tally.line()).ok();
            if tally.fault == NO_MAIL && tally.refused() > 0 {
                let refused = tally.refused();
                world
                    .ledger
                    .broken(format!("without a mail server {refused} requests were refused or broken"));
            }
            if tally.errors() > 0 {
                world.ledger.broken(format!("{} answers of 5xx other than 503", tally.errors()));
            }
        }
        if let Some((early, late)) = memory {
            writeln!(text, "  memory: {early:.0} MiB after the first round, {late:.0} MiB at the end").ok();
            if late > early * 2.0 + GROWTH {
                world.ledger.broken(format!("memory grew from {early:.0} to {late:.0} MiB"));
            }
        }
        let books = world.ledger.books();
        writeln!(text, "  acknowledged: {}", books.summary()).ok();
        writeln!(text, "  {there}; {mails}").ok();
        writeln!(
            text,
            "  {tried} tries with ended sessions; {} sessions lapsed with a lost answer",
            books.lapsed
        )
        .ok();
        drop(books);
        let broken = world.ledger.all_broken();
        for how in &broken {
            writeln!(text, "  {}", shell::paint("31", &format!("BROKEN: {how}"))).ok();
        }
        let kept = broken.is_empty();
        if kept {
            write!(text, "  {}", shell::paint("32", "every promise was kept")).ok();
            installation.remove();
        } else {
            write!(text, "  logs and data are in {}", installation.folder.display()).ok();
        }
        Ok(Report { kept, text })
    }
}

/// An administrator, and something to buy.
pub(crate) fn stock(installation: &Installation, world: &mut World) -> Outcome {
    let command = ["user", "create", "--email", "root@example.com", "--role", "admin", "--password-stdin"];
    let mut child = installation
        .command(&command)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| format!("The program could not be started: {error}."))?;
    if let Some(mut input) = child.stdin.take() {
        writeln!(input, "{PASSWORD}").ok();
    }
    if !child.wait().is_ok_and(|status| status.success()) {
        return Err("No administrator could be made; see above.".to_owned());
    }
    let mut random = Rng::with_seed(1);
    let mut told = |line: &str, token: &str, body: Value| {
        let answer = world.insist(&mut random, &Call { line, token, body, ..Call::default() });
        match answer {
            Some(answer) if answer.status < 300 => Ok(answer.body),
            Some(answer) => Err(format!("{line} answered {}: {}.", answer.status, answer.body)),
            None => Err(format!("{line} was not answered.")),
        }
    };
    let login = json!({ "username": "root@example.com", "password": PASSWORD });
    let login = told("POST /login", "", login)?;
    let admin = login["access_token"].as_str().ok_or("The administrator could not log in.")?.to_owned();
    let category = told("POST /categories", &admin, json!({ "name": "Weather" }))?["id"].clone();
    let mut products = Vec::new();
    // Some that sell out, some that do not.
    for (number, quantity) in [40, 80, 160, 5_000, 50_000, 50_000].into_iter().enumerate() {
        let (name, price) = (format!("Umbrella {number}"), 1 + number);
        let body = json!({ "name": name, "description": "Black.", "price": price, "quantity": quantity, "category_id": category });
        let id = told("POST /products", &admin, body)?["id"].as_i64();
        products.push((id.ok_or("A product could not be made.")?, quantity));
    }
    (world.admin, world.products) = (admin, products);
    Ok(())
}

/// Stops the mail server for a while.
pub(crate) fn without_mail(mail: &mut MailServer) -> Outcome {
    mail.stop();
    thread::sleep(AWAY);
    mail.resume()
}

/// Runs this many users until the end of the run: their sessions, and how often ended ones were
/// tried.
pub(crate) fn people(world: &World, number: usize) -> (Vec<Tokens>, u32) {
    thread::scope(|scope| {
        let watch = scope.spawn(|| audit::watch_logouts(world));
        let actors: Vec<_> = (1_u64..)
            .take(number)
            .map(|number| scope.spawn(move || Actor::new(world, format!("actor-{number}"), number).live()))
            .collect();
        let standing = actors.into_iter().filter_map(|actor| actor.join().ok().flatten()).collect();
        (standing, watch.join().unwrap_or_default())
    })
}
