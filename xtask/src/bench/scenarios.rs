//! What is measured, a function a question. Each notes its numbers of one round; who calls them again and again is `bench.rs`.

use std::time::Duration;

use serde_json::{Value, json};

use super::client::{Caller, Connection, Refreshing, Request, pace, storm};
use super::programs::Programs;
use super::server::{Server, cores};
use super::stats::Table;
use keyward_servers::shell::Outcome;

/// How many connections ask at once.
const CONNECTIONS: usize = 64;
/// How many accounts there are.
pub(super) const PEOPLE: usize = 64;
/// How many reads a second the steady pace is.
const RATE: u32 = 300;
/// Everybody's password.
const PASSWORD: &str = "seven wild horses";
/// How long everybody asks before it counts.
const WARM_UP: Duration = Duration::from_millis(500);
/// How many refresh, or write posts, at once.
const WRITERS: usize = 16;

/// A server with people on it.
pub(super) struct Scene {
    pub(super) server: Server,
    tokens: Vec<String>,
}

impl Scene {
    /// Signs people up, and writes a post for each.
    pub(super) fn populate(server: Server) -> Outcome<Self> {
        let mut connection =
            Connection::open(server.port).map_err(|error| format!("No connection: {error}."))?;
        let mut scene = Self { server, tokens: Vec::new() };
        for number in 0..PEOPLE {
            let account = json!({ "email": address(number), "password": PASSWORD, "name": "Somebody" });
            let tokens = connection.json(&Request::new("POST /signup", "", &account), 201)?;
            scene.tokens.push(tokens["access_token"].as_str().unwrap_or_default().to_owned());
            connection.json(&scene.post(number), 201)?;
        }
        Ok(scene)
    }

    /// The same people on another server over the same data: they log in.
    pub(super) fn enter(server: Server) -> Outcome<Self> {
        let mut connection =
            Connection::open(server.port).map_err(|error| format!("No connection: {error}."))?;
        let mut scene = Self { server, tokens: Vec::new() };
        for number in 0..PEOPLE {
            let tokens = connection.json(&login(number), 200)?;
            scene.tokens.push(tokens["access_token"].as_str().unwrap_or_default().to_owned());
        }
        Ok(scene)
    }

    fn post(&self, number: usize) -> Request {
        let post =
            json!({ "title": "A post of some length", "content": "What there is to say. ".repeat(20) });
        Request::new("POST /posts", &self.tokens[number], &post)
    }

    /// Requests of everybody, for reading `line`.
    fn readers(&self, line: &str) -> Vec<Box<dyn Caller>> {
        let request = |token: &String| Box::new(Request::new(line, token, &Value::Null)) as Box<dyn Caller>;
        self.tokens.iter().cycle().take(CONNECTIONS).map(request).collect()
    }

    fn writers(&self) -> Vec<Box<dyn Caller>> {
        (0..WRITERS).map(|number| Box::new(self.post(number)) as Box<dyn Caller>).collect()
    }
}

fn address(number: usize) -> String {
    format!("person{number}@example.com")
}

fn login(number: usize) -> Request {
    Request::new("POST /login", "", &json!({ "username": address(number), "password": PASSWORD }))
}

fn logins() -> Vec<Box<dyn Caller>> {
    (0..CONNECTIONS).map(|number| Box::new(login(number % PEOPLE)) as Box<dyn Caller>).collect()
}

/// Answers for each second of processor time that the server got: on a machine that others use, too, the rate that holds.
pub(super) fn reads(
    table: &mut Table,
    name: &'static str,
    scene: &Scene,
    line: &str,
    time: Duration,
) -> Outcome {
    let reads = measure(&scene.server, || scene.readers(line), time)?;
    table.note(name, "reads per CPU second", reads);
    Ok(())
}

/// What a server that does nothing answers.
pub(super) fn limit(table: &mut Table, server: &Server, time: Duration) -> Outcome {
    let request = |_| Box::new(Request::new("GET /users/me", "", &Value::Null)) as Box<dyn Caller>;
    let reads = measure(server, || (0..CONNECTIONS).map(request).collect(), time)?;
    table.note("bare axum", "reads per CPU second", reads);
    Ok(())
}

/// With caches that are warm: everybody has asked before.
fn measure(server: &Server, callers: impl Fn() -> Vec<Box<dyn Caller>>, time: Duration) -> Outcome<f64> {
    storm(server.port, callers(), 200, WARM_UP)?;
    let before = server.cpu();
    let load = storm(server.port, callers(), 200, time)?;
    if load.failures > 0 {
        return Err(format!("{} of {} reads failed.", load.failures, load.answers));
    }
    Ok(load.answers as f64 / (server.cpu() - before))
}

/// Logins a second, and what Argon2id alone does on the same cores.
pub(super) fn logging_in(table: &mut Table, programs: &Programs, scene: &Scene, time: Duration) -> Outcome {
    let raw = programs.argon2(cores(), time)?;
    table.note("Argon2id alone, all cores", "hashes/s", raw);
    let load = storm(scene.server.port, logins(), 200, time)?;
    table.note("POST /login, all cores", "logins/s", load.per_second());
    Ok(())
}

/// How long reads take at a steady pace: alone, and while many log in.
pub(super) fn reading_in_a_storm(table: &mut Table, scene: &Scene, time: Duration) -> Outcome {
    let request = Request::new("GET /users/me", &scene.tokens[0], &Value::Null);
    let port = scene.server.port;
    let quiet = pace(port, &request, RATE, 16, time)?;
    table.note("GET /users/me p99, alone", "ms", quiet.quantile(0.99));
    let (storm, reads) = std::thread::scope(|scope| {
        let storm = scope.spawn(|| storm(port, logins(), 200, time + Duration::from_secs(1)));
        std::thread::sleep(Duration::from_millis(500));
        let reads = pace(port, &request, RATE, 16, time);
        (storm.join(), reads)
    });
    let reads = reads?;
    table.note("GET /users/me p99, 64 log in", "ms", reads.quantile(0.99));
    table.note("GET /users/me p50, 64 log in", "ms", reads.quantile(0.5));
    match storm {
        Ok(Ok(_)) if reads.failures == 0 => Ok(()),
        Ok(Err(problem)) => Err(problem),
        _ => Err(format!("{} reads failed in the storm.", reads.failures)),
    }
}

/// Refreshes and new posts a second, and what one updated row costs the same database.
pub(super) fn writing(
    table: &mut Table,
    names: [&'static str; 3],
    programs: &Programs,
    database: &str,
    scene: &Scene,
    time: Duration,
) -> Outcome {
    let [updates, refreshes, posts] = names;
    table.note(updates, "updates/s", programs.updates(database, WRITERS, time)?);
    let port = scene.server.port;
    let mut callers: Vec<Box<dyn Caller>> = Vec::new();
    let mut connection = Connection::open(port).map_err(|error| format!("No connection: {error}."))?;
    for number in 0..WRITERS {
        let tokens = connection.json(&login(number), 200)?;
        let body = json!({ "refresh_token": tokens["refresh_token"] });
        callers.push(Box::new(Refreshing(Request::new("POST /refresh_token", "", &body))));
    }
    let load = storm(port, callers, 200, time)?;
    table.note(refreshes, "refreshes/s", load.per_second());
    let load = storm(port, scene.writers(), 201, time)?;
    table.note(posts, "posts/s", load.per_second());
    Ok(())
}
