//! On PostgreSQL servers tell each other: what changes counts everywhere at once, however rarely they look.
//!
//! Here they would look once an hour, so every change noticed came by notification.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::server::Server;
use crate::{Place, Tokens, claims, kid, log_in, me, sign_up, told};

const NEVER: Duration = Duration::from_hours(1);
/// Longer than hearing takes on the busiest machine, and far less than an hour.
const PATIENCE: Duration = Duration::from_mins(1);

/// Two servers that hear each other; `None` on SQLite.
fn two() -> Option<(Place, Server, Server)> {
    let place = Place::with(NEVER, &[]);
    if !place.database.is_postgres() {
        return None;
    }
    let (here, there) = (place.installation.start(), place.installation.start());
    listening(&place, 2);
    Some((place, here, there))
}

/// Waits until `servers` of them listen.
fn listening(place: &Place, servers: u32) {
    let enough = format!(
        "DO $$ BEGIN FOR i IN 1..6000 LOOP \
           IF (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
               AND application_name = 'keyward listener' AND query LIKE 'LISTEN%') = {servers} \
           THEN RETURN; END IF; PERFORM pg_sleep(0.01); PERFORM pg_stat_clear_snapshot(); \
         END LOOP; RAISE EXCEPTION 'no server listens'; END $$"
    );
    execute(place, &enough);
}

fn execute(place: &Place, sql: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(place.database.execute(sql));
}

/// How long it takes until `holds`.
fn until(what: &str, holds: impl Fn() -> bool) -> Duration {
    let begun = Instant::now();
    loop {
        let asked = begun.elapsed();
        if holds() {
            println!("{what} after {:.1} ms", asked.as_secs_f64() * 1000.0);
            return asked;
        }
        assert!(asked < PATIENCE, "not noticed: {what}");
        sleep(Duration::from_millis(1));
    }
}

/// A session that both servers believe, from memory by now.
fn believed(here: &Server, there: &Server, email: &str) -> Tokens {
    let session = sign_up(&here.address, email);
    assert_eq!((me(&here.address, &session.access), me(&there.address, &session.access)), (200, 200));
    session
}

#[test]
fn a_logout_counts_everywhere_at_once() {
    let Some((_place, here, there)) = two() else { return };
    let mut times = Vec::new();
    for number in 0..10 {
        let session = believed(&here, &there, &format!("ana{number}@example.com"));
        assert_eq!(told(&here.address, "POST /logout", &session.access, &Value::Null).status, 204);
        times.push(until("logged out elsewhere", || me(&there.address, &session.access) == 401));
    }
    times.sort();
    let [median, worst] = [times[5], times[9]].map(|time| time.as_secs_f64() * 1000.0);
    println!(
        "the first request refused elsewhere began {median:.1} ms (median), {worst:.1} ms (worst) after a logout's answer"
    );
}

/// What the feed of ended sessions answers to this client.
fn feed(server: &Server, credentials: &str, query: &str) -> Value {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    let head = format!(
        "GET /oauth/revocations{query} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n",
        server.address
    );
    stream.write_all(format!("{head}Authorization: Basic {credentials}\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{answer}");
    serde_json::from_str(body).unwrap()
}

#[test]
fn a_service_that_waits_at_one_server_is_woken_by_a_logout_at_another() {
    let Some((place, here, there)) = two() else { return };
    let client =
        ["client", "create", "--name", "Invoices", "--id", "invoices", "--scope", "revocations:read"];
    let printed = place.installation.run(&client);
    let secret = printed.lines().find_map(|line| line.strip_prefix("client_secret=")).unwrap();
    let credentials = STANDARD.encode(format!("invoices:{secret}"));
    let mut times = Vec::new();
    for number in 0..5 {
        let session = sign_up(&here.address, &format!("ana{number}@example.com"));
        let position = feed(&there, &credentials, "")["after"].as_str().unwrap().to_owned();
        let ended = thread::scope(|scope| {
            let query = format!("?after={position}&wait=20");
            let (there, credentials) = (&there, &credentials);
            let waiting = scope.spawn(move || (feed(there, credentials, &query), Instant::now()));
            sleep(Duration::from_millis(300));
            assert_eq!(told(&here.address, "POST /logout", &session.access, &Value::Null).status, 204);
            let ended = Instant::now();
            let (feed, heard) = waiting.join().unwrap();
            assert_eq!(feed["revocations"][0]["sid"], claims(&session.access)["sid"]);
            heard.saturating_duration_since(ended)
        });
        // Without a notification it would be found when the wait is over.
        assert!(ended < Duration::from_secs(15), "not woken: {ended:?}");
        times.push(ended.as_secs_f64() * 1000.0);
    }
    println!("told elsewhere, in ms after a logout's answer: {times:.1?}");
}

#[test]
fn locking_somebody_out_by_a_command_counts_on_every_server_at_once() {
    let Some((place, here, there)) = two() else { return };
    let session = believed(&here, &there, "ana@example.com");
    place.installation.run(&["user", "disable", "--email", "ana@example.com"]);
    for server in [&here, &there] {
        until("locked out", || me(&server.address, &session.access) == 401);
    }
}

#[test]
fn keys_that_rotate_or_are_withdrawn_do_so_everywhere_at_once() {
    let Some((place, here, there)) = two() else { return };
    let old = believed(&here, &there, "ana@example.com").access;
    let printed = place.installation.run(&["keys", "rotate", "--now"]);
    let new = printed.split('\t').next().unwrap();
    for server in [&here, &there] {
        until("the new key signs", || kid(&log_in(&server.address, "ana@example.com").access) == new);
        assert_eq!(me(&server.address, &old), 200);
    }
    place.installation.run(&["keys", "retire", &kid(&old)]);
    for server in [&here, &there] {
        until("the old key is refused", || me(&server.address, &old) == 401);
    }
}

#[test]
fn what_a_server_could_not_hear_counts_as_soon_as_it_hears_again() {
    let Some((place, here, there)) = two() else { return };
    let session = believed(&here, &there, "ana@example.com");
    let id = claims(&session.access)["sid"].as_str().unwrap().to_owned();
    // This end is not announced, neither before nor after the listeners are cut off.
    let unheard = format!("UPDATE sessions SET revoked_at = 1 WHERE id = '{id}'");
    execute(&place, &unheard);
    assert_eq!((me(&here.address, &session.access), me(&there.address, &session.access)), (200, 200));
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND application_name = 'keyward listener'";
    execute(&place, cut);
    for server in [&here, &there] {
        until("what was missed", || me(&server.address, &session.access) == 401);
    }
    let next = believed(&here, &there, "bob@example.com");
    listening(&place, 2);
    assert_eq!(told(&here.address, "POST /logout", &next.access, &Value::Null).status, 204);
    until("heard again", || me(&there.address, &next.access) == 401);
}
