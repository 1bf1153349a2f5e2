//! What every server could do and only one should.

use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::server::{Server, ask};
use crate::{Place, sign_up, told};

const PATIENCE: Duration = Duration::from_mins(1);

fn servers(place: &Place, count: usize) -> Vec<Server> {
    thread::scope(|scope| {
        let starts: Vec<_> = (0..count).map(|_| scope.spawn(|| place.installation.start())).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    })
}

fn keys(address: &str) -> usize {
    let set = ask(address, "GET /.well-known/jwks.json", "", &Value::Null).unwrap().body;
    // Those of ID tokens are RS256.
    set["keys"].as_array().unwrap().iter().filter(|key| key["alg"] == "EdDSA").count()
}

#[test]
fn of_many_servers_that_start_together_one_rotates_the_key_that_is_due() {
    // The command comes before the first server, and makes no master secret.
    let master = ("KEYWARD_MASTER_SECRET", "a master secret of at least 32 bytes");
    let place = Place::with(Duration::from_secs(1), &[("KEYWARD_KEY_ROTATION", "1s"), master]);
    place.installation.run(&["keys", "rotate", "--now"]);
    sleep(Duration::from_millis(1100));
    let servers = servers(&place, 4);
    let begun = Instant::now();
    // A server that shows the new key has tried to be the one before.
    for server in &servers {
        while keys(&server.address) < 2 {
            assert!(begun.elapsed() < PATIENCE, "no new key");
            sleep(Duration::from_millis(20));
        }
    }
    let listed = place.installation.run(&["keys", "list"]);
    assert_eq!(listed.lines().filter(|line| line.contains("EdDSA")).count(), 2, "{listed}");
    let events = place.installation.run(&["events", "tail"]);
    assert_eq!(events.matches("key_rotated").count(), 2, "one by the command, one by a server: {events}");
}

#[test]
fn mails_leave_at_once_and_each_is_taken_by_one_server() {
    const MAILS: usize = 24;
    // No worker polls for mail within the hour: a mail goes out only on a notification.
    let place = Place::with(Duration::from_hours(1), &[]);
    let servers = servers(&place, 3);
    thread::scope(|scope| {
        for number in 0..MAILS {
            let address = &servers[number % servers.len()].address;
            scope.spawn(move || {
                let email = format!("user{number}@example.com");
                sign_up(address, &email);
                assert_eq!(
                    told(address, "POST /password-recovery", "", &json!({ "email": email })).status,
                    202
                );
            });
        }
    });
    let asked = Instant::now();
    let sent = loop {
        let sent = place.installation.run(&["outbox", "list", "--state", "sent", "--limit", "1000"]);
        if sent.lines().count() == MAILS {
            break sent;
        }
        assert!(asked.elapsed() < PATIENCE, "{sent}");
    };
    println!("{MAILS} mails were out {:?} after the last was asked for", asked.elapsed());
    for line in sent.lines() {
        let mail: Value = serde_json::from_str(line).unwrap();
        assert_eq!(mail["attempts"], 1, "{mail}");
    }
    let folder = place.installation.folder.path().join("data/mail");
    assert_eq!(folder.read_dir().unwrap().count(), MAILS);
}
