//! A whole story against the real program with everything logged: no secret of it turns up anywhere it should not.

use std::collections::BTreeMap;
use std::path::Path;

use keyward_infra::testing::fresh_database;
use serde_json::{Value, json};

use crate::process::{Home, Served, finish, text};

const PASSWORD: &str = "seven wild horses";
const WRONG: &str = "a wrong pass phrase";
const CHANGED: &str = "eight tame horses";
const RESET: &str = "nine sleepy horses";
const MASTER: &str = "m4st3r-s3cr3t-with-more-than-32-bytes";

/// What must not turn up, by what it is.
#[derive(Default)]
struct Secrets(BTreeMap<&'static str, String>);

impl Secrets {
    fn keep(&mut self, what: &'static str, secret: &str) {
        assert!(secret.len() >= 8, "{what} is too short to look for: {secret:?}");
        self.0.insert(what, secret.to_owned());
    }

    /// Keeps both tokens of an answer, the access token also by its signature alone.
    fn keep_tokens(&mut self, names: [&'static str; 3], tokens: &Value) {
        let (access, refresh) = (member(tokens, "access_token"), member(tokens, "refresh_token"));
        self.keep(names[0], &access);
        self.keep(names[1], access.rsplit('.').next().unwrap());
        self.keep(names[2], &refresh);
    }

    #[track_caller]
    fn assert_absent(&self, place: &str, content: &[u8]) {
        assert!(!content.is_empty(), "there is nothing in {place}");
        for (what, secret) in &self.0 {
            let found = content.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{what} is in {place}");
        }
    }
}

fn member(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name}: {value}")).to_owned()
}

/// The token in the mail that was written last.
fn mailed_token(home: &Home) -> String {
    let mails = || {
        let folder = home.path().join("data/mail").read_dir().into_iter().flatten().flatten();
        folder.map(|entry| std::fs::read_to_string(entry.path()).unwrap_or_default()).collect::<Vec<_>>()
    };
    let begun = std::time::Instant::now();
    loop {
        let plain =
            mails().iter().map(|mail| mail.replace("=\r\n", "").replace("=3D", "=")).collect::<Vec<_>>();
        if let Some(rest) = plain.iter().find_map(|mail| mail.split("/reset-password?token=").nth(1)) {
            return rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
        }
        assert!(begun.elapsed() < std::time::Duration::from_mins(1), "no mail: {plain:?}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

fn login(password: &str) -> Value {
    json!({ "username": "ana@example.com", "password": password })
}

/// Everything that can go right and wrong with a secret: what was refused, as it was answered.
fn tell(home: &Home, server: &Served, secrets: &mut Secrets) -> Vec<u8> {
    let mut refusals = Vec::new();
    let mut refused = |status: u16, answer: (u16, Value)| {
        assert_eq!(answer.0, status, "{}", answer.1);
        refusals.extend(answer.1.to_string().into_bytes());
    };
    let account = json!({ "email": "ana@example.com", "password": PASSWORD });
    let (status, tokens) = server.call("POST", "/signup", "", &account);
    assert_eq!(status, 201, "{tokens}");
    secrets.keep_tokens(["an access token", "its signature", "a refresh token"], &tokens);
    let (access, refresh) = (member(&tokens, "access_token"), member(&tokens, "refresh_token"));
    refused(400, server.call("POST", "/users", "", &account));
    refused(422, server.call("POST", "/users", "", &json!({ "email": "x", "password": "sh0rt-one" })));
    refused(
        422,
        server.call("POST", "/users", "", &json!({ "email": "e@example.com", "password": [WRONG] })),
    );
    refused(401, server.call("POST", "/login", "", &login(WRONG)));
    refused(
        400,
        server.call("POST", &format!("/login?password={}", WRONG.replace(' ', "+")), "", &login(WRONG)),
    );
    refused(401, server.call("GET", &format!("/users/me?access_token={access}"), "", &Value::Null));
    refused(401, server.call("GET", "/users/me", &format!("{access}x"), &Value::Null));
    refused(
        401,
        server.call("POST", "/refresh_token", "", &json!({ "refresh_token": format!("{refresh}x") })),
    );
    refused(422, server.call("POST", "/refresh_token", "", &json!({ "refresh_token": { "is": refresh } })));
    let (status, next) = server.call("POST", "/refresh_token", "", &json!({ "refresh_token": refresh }));
    assert_eq!(status, 200, "{next}");
    secrets.keep_tokens(["the next access token", "its signature, too", "the next refresh token"], &next);
    let access = member(&next, "access_token");
    let made = json!({ "name": "a program", "scope": "posts:read" });
    let (status, made) = server.call("POST", "/users/me/api-keys", &access, &made);
    assert_eq!(status, 201, "{made}");
    let key = member(&made, "key");
    secrets.keep("an API key", &key[4..36]);
    assert_eq!(server.call("GET", "/users/me", &key, &Value::Null).0, 200);
    refused(403, server.call("POST", "/logout", &key, &Value::Null));
    refused(401, server.call("GET", "/users/me", &format!("{key}x"), &Value::Null));
    let change = |current: &str| json!({ "current_password": current, "new_password": CHANGED });
    refused(403, server.call("POST", "/users/me/password", &access, &change(WRONG)));
    assert_eq!(server.call("POST", "/users/me/password", &access, &change(PASSWORD)).0, 204);

    assert_eq!(server.call("POST", "/password-recovery", "", &json!({ "email": "ana@example.com" })).0, 202);
    let token = mailed_token(home);
    secrets.keep("the token of a link", &token);
    let reset = |token: &str| json!({ "token": token, "new_password": RESET });
    refused(400, server.call("POST", "/reset-password", "", &reset(&format!("{token}x"))));
    refused(
        422,
        server.call("POST", "/reset-password", "", &json!({ "token": token, "new_password": "sh0rt" })),
    );
    assert_eq!(server.call("POST", "/reset-password", "", &reset(&token)).0, 204);
    refused(400, server.call("POST", "/reset-password", "", &reset(&token)));
    // Five from an unknown IP address, five from one that the account knows.
    let mut guesses = (0..12).map(|_| server.call("POST", "/login", "", &login(WRONG)));
    refused(429, guesses.find(|answer| answer.0 != 401).unwrap_or_default());

    let client = text(&home.run(&["client", "create", "--name", "Reports", "--id", "reports"]).stdout);
    let secret = client.split("client_secret=").nth(1).unwrap().trim().to_owned();
    secrets.keep("a client's secret", &secret);
    let grant = |secret: &str| {
        format!(
            "grant_type=client_credentials&client_id=reports&client_secret={}",
            secret.replace('+', "%2B")
        )
    };
    refused(401, server.form("/oauth/token", &grant(WRONG)));
    let (status, granted) = server.form("/oauth/token", &grant(&secret));
    assert_eq!(status, 200, "{granted}");
    secrets.keep("a client's token", &member(&granted, "access_token"));
    refusals
}

#[tokio::test]
async fn no_secret_of_a_whole_story_is_logged_recorded_or_told() {
    let home = Home::new().await;
    let server = home.serve(&[
        ("KEYWARD_LOG", "trace"),
        ("KEYWARD_MASTER_SECRET", MASTER),
        ("KEYWARD_REVOCATION_BOUND", "1s"),
        ("KEYWARD_THROTTLE_FIRST", "60s"),
    ]);
    let mut secrets = Secrets::default();
    for (what, secret) in [
        ("a password", PASSWORD),
        ("a wrong password", WRONG),
        ("a wrong password in an address", &WRONG.replace(' ', "+")),
        ("a changed password", CHANGED),
        ("a replaced password", RESET),
        ("a password that was refused", "sh0rt-one"),
        ("the master secret", MASTER),
        ("a hash", "$argon2id$"),
    ] {
        secrets.keep(what, secret);
    }
    let refusals = tell(&home, &server, &mut secrets);
    secrets.assert_absent("an answer that refuses", &refusals);
    for shown in [
        &["events", "tail", "--limit", "1000"][..],
        &["outbox", "list", "--limit", "100"],
        &["user", "list"],
        &["user", "keys", "--email", "ana@example.com"],
        &["keys", "list"],
        &["keys", "rotate"],
    ] {
        let mut command = home.command(shown);
        command.env("KEYWARD_MASTER_SECRET", MASTER);
        let output = finish(command, "");
        assert!(output.status.success(), "{}", text(&output.stderr));
        secrets.assert_absent(
            &format!("`keyward {}`", shown.join(" ")),
            &[output.stdout, output.stderr].concat(),
        );
    }
    let (code, output) = server.stop("TERM");
    assert_eq!(code, Some(0));
    assert!(output.contains("/reset-password") && output.contains("INSERT"), "everything is logged");
    assert!(output.contains("\"api_key\":1") || output.contains("api_key=1"), "a key is named by its id");
    secrets.assert_absent("the log", output.as_bytes());
    if !fresh_database().await.is_postgres() {
        assert_not_stored(home.path(), secrets);
    }
}

/// That not a page of the database has a secret, but for hashes.
fn assert_not_stored(home: &Path, mut secrets: Secrets) {
    secrets.0.remove("a hash");
    secrets.assert_absent("the database", &std::fs::read(home.join("data/keyward.db")).unwrap());
}
