//! Several servers on one database, and servers that die: what the real program does when others change things.
//!
//! On SQLite, the servers share a file; on PostgreSQL where `KEYWARD_TEST_DATABASE_URL` names a server, a database.
#![expect(clippy::unwrap_used, reason = "clippy's exemption for tests does not know their helpers")]

mod notifications;
#[path = "../foreign/server.rs"]
mod server;
mod single_runs;

use std::collections::BTreeSet;
use std::io;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_infra::testing::{TestDatabase, empty_database, fresh_database};
use serde_json::{Value, json};

use server::{Answer, Installation, Server, ask, send};

const PASSWORD: &str = "a long pass phrase";

/// What the servers here are told about revocation.
const BOUND: Duration = Duration::from_secs(2);

/// How soon a change of keys must be noticed: servers look every ten seconds.
const NOTICED: Duration = Duration::from_secs(12);

/// Ends a session, given an access token, of the session itself or of another one of the same user, and its id.
type Ending = fn(&str, &str, &str) -> Answer;

#[test]
fn what_ends_a_session_holds_at_once_here_and_within_the_bound_elsewhere() {
    let place = Place::new();
    let (here, there) = (place.installation.start(), place.installation.start());
    let endings: [(&str, Ending); 4] = [
        ("logout", |address, token, _| told(address, "POST /logout", token, &Value::Null)),
        ("logout/all", |address, token, _| told(address, "POST /logout/all", token, &Value::Null)),
        ("sessions", |address, token, id| {
            told(address, &format!("DELETE /sessions/{id}"), token, &Value::Null)
        }),
        ("password", |address, token, _| {
            let change = json!({ "current_password": PASSWORD, "new_password": "another pass phrase" });
            told(address, "POST /users/me/password", token, &change)
        }),
    ];
    thread::scope(|scope| {
        for (name, end) in endings {
            let (here, there) = (&here.address, &there.address);
            scope.spawn(move || {
                let email = format!("{}@example.com", name.replace('/', "-"));
                let session = sign_up(here, &email);
                // A password change ends the other sessions, the rest of them the one that asks.
                let ender = if name == "password" { log_in(here, &email) } else { session.clone() };
                let id = claims(&session.access)["sid"].as_str().unwrap().to_owned();
                // A server that is asked now remembers the answer for as long as it may.
                assert_eq!((me(here, &session.access), me(there, &session.access)), (200, 200), "{name}");
                assert_eq!(end(here, &ender.access, &id).status, 204, "{name}");
                let ended = Instant::now();
                assert_eq!(me(here, &session.access), 401, "{name}: at once, where it happened");
                let refused = loop {
                    let asked = ended.elapsed();
                    if me(there, &session.access) == 401 {
                        break asked;
                    }
                    assert!(asked <= BOUND, "{name}: still believed elsewhere after {asked:?}");
                    sleep(Duration::from_millis(20));
                };
                println!("{name}: refused elsewhere after {} ms", refused.as_millis());
                for address in [here, there] {
                    assert_eq!(refresh(address, &session.refresh).unwrap().status, 401, "{name}");
                    assert_eq!(me(address, &session.access), 401, "{name}");
                }
            });
        }
    });
}

#[test]
fn every_server_picks_up_other_keys_without_a_restart() {
    let place = Place::new();
    let servers = [place.installation.start(), place.installation.start()];
    let old = sign_up(&servers[0].address, "ana@example.com").access;
    let [coming, new] = [&["keys", "rotate"][..], &["keys", "rotate", "--now"]].map(|command| {
        let printed = place.installation.run(command);
        printed.split('\t').next().unwrap().to_owned()
    });

    let everywhere = |what: &str, holds: &dyn Fn(&Server) -> bool| {
        let begun = Instant::now();
        for (name, server) in ["one", "the other"].iter().zip(&servers) {
            while !holds(server) {
                assert!(begun.elapsed() < NOTICED, "{name} has not noticed: {what}");
                sleep(Duration::from_millis(50));
            }
            println!("{what}: {name} after {} ms", begun.elapsed().as_millis());
        }
    };
    let kids = |server: &Server| -> BTreeSet<String> {
        let set = ask(&server.address, "GET /.well-known/jwks.json", "", &Value::Null).unwrap().body;
        let of_access_tokens = |key: &&Value| key["alg"] == "EdDSA";
        let keys = set["keys"].as_array().unwrap().iter().filter(of_access_tokens);
        keys.map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    };
    everywhere("a rotation", &|server| kids(server).contains(&new));
    for server in &servers {
        assert_eq!(kids(server), [&kid(&old), &coming, &new].map(Clone::clone).into());
        assert_eq!(kid(&log_in(&server.address, "ana@example.com").access), new);
    }
    for (one, other) in [(0, 1), (1, 0)] {
        let token = log_in(&servers[one].address, "ana@example.com").access;
        assert_eq!((me(&servers[other].address, &token), me(&servers[other].address, &old)), (200, 200));
    }

    // A key that was withdrawn takes its tokens along.
    place.installation.run(&["keys", "retire", &kid(&old)]);
    everywhere("a withdrawal", &|server| me(&server.address, &old) == 401);
    assert!(servers.iter().all(|server| !kids(server).contains(&kid(&old))));
}

#[test]
fn servers_that_start_together_on_an_empty_database_migrate_once_and_sign_with_one_key() {
    const SERVERS: usize = 4;
    let place = Place::empty();
    let start = Barrier::new(SERVERS);
    let servers: Vec<Server> = thread::scope(|scope| {
        let (start, installation) = (&start, &place.installation);
        let begin = || {
            scope.spawn(move || {
                start.wait();
                installation.start()
            })
        };
        let starting: Vec<_> = (0..SERVERS).map(|_| begin()).collect();
        starting.into_iter().map(|server| server.join().unwrap()).collect()
    });
    // Each with what it knew when it began to serve.
    let tokens: Vec<_> = servers
        .iter()
        .zip(0..)
        .map(|(server, n)| sign_up(&server.address, &format!("u{n}@example.com")))
        .collect();
    for (server, token) in servers.iter().flat_map(|server| tokens.iter().map(move |token| (server, token))) {
        assert_eq!(me(&server.address, &token.access), 200, "signed by one, believed by all");
    }
    let keys = place.installation.run(&["keys", "list"]);
    assert_eq!(keys.lines().count(), 1, "{keys}");
}

#[test]
fn a_restart_forgets_neither_sessions_nor_what_was_spent_or_ended() {
    let place = Place::new();
    let (server, other) = (place.installation.start(), place.installation.start());
    let first = sign_up(&server.address, "ana@example.com");
    let second = refreshed(&server.address, &first.refresh);
    let third = refreshed(&server.address, &second.refresh);
    let ended = log_in(&server.address, "ana@example.com");
    told(&server.address, "POST /logout", &ended.access, &Value::Null);

    drop(server);
    assert_eq!(me(&other.address, &third.access), 200, "another server goes on alone");
    let server = place.installation.start();
    assert_eq!(me(&server.address, &first.access), 200);
    assert_eq!(me(&server.address, &third.access), 200);
    assert_eq!(me(&server.address, &ended.access), 401);
    assert_eq!(refresh(&server.address, &ended.refresh).unwrap().status, 401);
    let fourth = refreshed(&server.address, &third.refresh);
    assert_eq!(refreshed(&other.address, &third.refresh).refresh, fourth.refresh, "the same for all in time");

    // The first token was spent before the restart and is older than the last: its use shows that there is a copy.
    assert_eq!(refresh(&server.address, &first.refresh).unwrap().status, 401);
    assert_eq!(me(&server.address, &fourth.access), 401, "the session is over");
    assert_eq!(refresh(&other.address, &fourth.refresh).unwrap().status, 401);
}

#[test]
fn a_server_killed_in_the_middle_of_refreshes_logs_nobody_out() {
    const CLIENTS: usize = 50;
    let place = Place::new();
    let mut server = place.installation.start();
    let other = place.installation.start();
    let mut tokens = vec![sign_up(&server.address, "ana@example.com").refresh];
    while tokens.len() < CLIENTS {
        tokens.push(log_in(&server.address, "ana@example.com").refresh);
    }
    let mut cut = 0;
    for round in 0..4 {
        let (answered, start) = (AtomicUsize::new(0), Barrier::new(CLIENTS));
        let address = server.address.clone();
        let outcomes: Vec<Option<String>> = thread::scope(|scope| {
            let clients: Vec<_> = tokens
                .iter()
                .enumerate()
                .map(|(number, token)| {
                    let (answered, start, address) = (&answered, &start, &address);
                    scope.spawn(move || {
                        start.wait();
                        if number % 10 == 0 {
                            // The network drops this answer, although the server sends it.
                            let body = json!({ "refresh_token": token });
                            drop(send(address, "POST /refresh_token", "", &body));
                            return None;
                        }
                        let outcome = refresh(address, token);
                        answered.fetch_add(1, Ordering::SeqCst);
                        let answer = outcome.ok()?;
                        assert_eq!(answer.status, 200, "{}", answer.body);
                        Some(Tokens::from(answer).refresh)
                    })
                })
                .collect();
            // The more rounds, the later the accident.
            while answered.load(Ordering::SeqCst) < 1 + round * 10 {
                thread::yield_now();
            }
            drop(server);
            clients.into_iter().map(|client| client.join().unwrap()).collect()
        });
        cut += outcomes.iter().filter(|outcome| outcome.is_none()).count();

        // Clients with an answer go on with it, the others try again: with the next server, or with this one.
        server = place.installation.start();
        let address = if round % 2 == 0 { &server.address } else { &other.address };
        for (token, outcome) in tokens.iter_mut().zip(outcomes) {
            let renewed = refreshed(address, outcome.as_ref().unwrap_or(token));
            assert_eq!(me(address, &renewed.access), 200);
            *token = renewed.refresh;
        }
    }
    println!("{cut} of {} refreshes lost their answer, no client was logged out", 4 * CLIENTS);
    assert!(cut > 4 * CLIENTS / 10, "the accidents came too late to be any");
}

/// A database and a folder for servers to share.
struct Place {
    installation: Installation,
    database: TestDatabase,
}

impl Place {
    fn new() -> Self {
        Self::with(BOUND, &[])
    }

    /// Without even a schema.
    fn empty() -> Self {
        Self::at(empty_database(), BOUND, &[])
    }

    /// One whose servers look every `bound` unless they are told, and with more settings.
    fn with(bound: Duration, more: &[(&'static str, &str)]) -> Self {
        Self::at(fresh_database(), bound, more)
    }

    fn at(
        database: impl Future<Output = TestDatabase>,
        bound: Duration,
        more: &[(&'static str, &str)],
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let database = runtime.block_on(database);
        let mut settings = vec![
            ("KEYWARD_DATABASE_URL", database.url.clone()),
            // Many servers on one host must not take each other's connections.
            ("KEYWARD_DATABASE_CONNECTIONS", "4".to_owned()),
            // Where they listen changes with each start, and what they call themselves does not.
            ("KEYWARD_ISSUER", "http://keyward.example".to_owned()),
            ("KEYWARD_REVOCATION_BOUND", format!("{}s", bound.as_secs())),
            // Passwords are not what is looked at here.
            ("KEYWARD_ARGON2_MEMORY", "64".to_owned()),
        ];
        settings.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        Self { installation: Installation::new(settings), database }
    }
}

/// What a login or a refresh hands out.
#[derive(Clone)]
struct Tokens {
    access: String,
    refresh: String,
}

impl From<Answer> for Tokens {
    fn from(answer: Answer) -> Self {
        let text = |name: &str| match &answer.body[name] {
            Value::String(text) => text.clone(),
            _ => panic!("{} without {name}: {}", answer.status, answer.body),
        };
        Self { access: text("access_token"), refresh: text("refresh_token") }
    }
}

fn sign_up(address: &str, email: &str) -> Tokens {
    told(address, "POST /signup", "", &json!({ "email": email, "password": PASSWORD })).into()
}

fn log_in(address: &str, email: &str) -> Tokens {
    told(address, "POST /login", "", &json!({ "username": email, "password": PASSWORD })).into()
}

fn refresh(address: &str, token: &str) -> io::Result<Answer> {
    ask(address, "POST /refresh_token", "", &json!({ "refresh_token": token }))
}

fn refreshed(address: &str, token: &str) -> Tokens {
    refresh(address, token).unwrap().into()
}

fn me(address: &str, token: &str) -> u16 {
    told(address, "GET /users/me", token, &Value::Null).status
}

fn told(address: &str, line: &str, token: &str, body: &Value) -> Answer {
    ask(address, line, token, body).unwrap()
}

fn kid(token: &str) -> String {
    part(token, 0)["kid"].as_str().unwrap().to_owned()
}

fn claims(token: &str) -> Value {
    part(token, 1)
}

fn part(token: &str, index: usize) -> Value {
    let encoded = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(encoded).unwrap()).unwrap()
}
