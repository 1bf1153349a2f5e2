//! How long a login takes, or the asking for a link, says nothing about whether there is an account.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use keyward_api::testing::app::{PASSWORD, TestApp, address, cheap_hasher};
use keyward_auth::{
    Argon2Params, Argon2idHasher, Password, PasswordError, PasswordHash, PasswordHasher, SystemRandom,
    Verdict,
};
use serde_json::{Value, json};

use crate::app::Starts;
use crate::factors::authenticator::{Key, ORIGIN, asked, with_passkey};
use crate::factors::phone::enrol;

/// Each is guessed at, or asked for, four times, which costs no wait.
const ACCOUNTS: usize = 12;
const ROUNDS: usize = 4;

async fn time(app: &TestApp, path: &str, body: Value, status: u16) -> Duration {
    let begun = Instant::now();
    let answer = app.anonymous().post(path, body).await;
    let took = begun.elapsed();
    answer.assert_status(status);
    took
}

async fn failed_login(app: &TestApp, name: String) -> Duration {
    let wrong = json!({ "username": address(&name), "password": "a wrong pass phrase" });
    time(app, "/login", wrong, 401).await
}

async fn request_for_a_mail(app: &TestApp, path: &str, name: String) -> Duration {
    time(app, path, json!({ "email": address(&name) }), 202).await
}

async fn accounts(app: &TestApp) {
    for number in 0..ACCOUNTS {
        let account = json!({ "email": address(&format!("known{number}")), "password": PASSWORD });
        app.anonymous().post("/users", account).await.assert_status(201);
    }
}

/// How often one of `these` took longer than one of `those`: 0.5 where neither does, 0 or 1 where one always does
/// (Mann and Whitney's U over the number of pairs). A stall now and then moves it little.
fn dominance(these: &[Duration], those: &[Duration]) -> f64 {
    let wins = these.iter().flat_map(|one| those.iter().map(move |other| one > other));
    let (won, pairs) = wins.fold((0_u32, 0_u32), |(won, pairs), win| (won + u32::from(win), pairs + 1));
    f64::from(won) / f64::from(pairs)
}

#[tokio::test]
async fn a_login_takes_as_long_without_an_account_as_with_one() {
    let params = Argon2Params { memory_kib: 1024, iterations: 4, parallelism: 1 };
    let hasher = Argon2idHasher::new(params, Arc::new(SystemRandom)).unwrap();
    let app = TestApp::hashing_with(Arc::new(hasher), 2).await;
    accounts(&app).await;
    let (mut known, mut unknown, mut nonsense) = (Vec::new(), Vec::new(), Vec::new());
    // Interleaved, so that other load on the machine affects all alike.
    for _ in 0..ROUNDS {
        for number in 0..ACCOUNTS {
            known.push(failed_login(&app, format!("known{number}")).await);
            unknown.push(failed_login(&app, format!("nobody{number}")).await);
            nonsense.push(time(&app, "/login", json!({ "username": "no password" }), 422).await);
        }
    }
    let told = dominance(&known, &unknown);
    assert!((0.2..=0.8).contains(&told), "the time tells: {told:.2}");
    let control = dominance(&known, &nonsense);
    assert!(control > 0.95, "this comparison would not notice a login without hashing: {control:.2}");
}

#[tokio::test]
async fn a_code_behind_a_wrong_password_takes_as_long_with_a_second_factor_as_without_and_without_an_account()
{
    let params = Argon2Params { memory_kib: 1024, iterations: 4, parallelism: 1 };
    let hasher = Argon2idHasher::new(params, Arc::new(SystemRandom)).unwrap();
    let app = TestApp::hashing_with(Arc::new(hasher), 2).await;
    accounts(&app).await;
    for number in 0..ACCOUNTS {
        let owner = app.user(&format!("careful{number}")).await;
        enrol(&app, &owner).await;
    }
    let attempt = async |name: &str, number: usize, status: u16| {
        let form = with_code(&format!("{name}{number}"));
        let form = if status == 401 { form } else { "username=".to_owned() };
        let begun = Instant::now();
        let answer = app.anonymous().call("POST", "/login").form(&form).send().await;
        let took = begun.elapsed();
        answer.assert_status(status);
        took
    };
    let (mut with, mut without, mut absent, mut nonsense) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for number in 0..ACCOUNTS {
            with.push(attempt("careful", number, 401).await);
            without.push(attempt("known", number, 401).await);
            absent.push(attempt("nobody", number, 401).await);
            nonsense.push(attempt("", number, 422).await);
        }
    }
    for (what, these, those) in
        [("a factor", &with, &without), ("an account", &without, &absent), ("either", &with, &absent)]
    {
        let told = dominance(these, those);
        assert!((0.2..=0.8).contains(&told), "the time tells of {what}: {told:.2}");
    }
    let control = dominance(&absent, &nonsense);
    assert!(control > 0.95, "this comparison would not notice a login without hashing: {control:.2}");
}

/// A login by form with a wrong password and a code behind it.
fn with_code(name: &str) -> String {
    format!("username={name}%40example.com&password=a+wrong+pass+phrase+123456")
}

/// Counts what costs time: how often passwords were compared, with a hash or with none.
struct Counting(Argon2idHasher, AtomicUsize);

impl PasswordHasher for Counting {
    fn hash(&self, password: &Password) -> Result<PasswordHash, PasswordError> {
        self.0.hash(password)
    }

    fn verify(&self, password: &Password, hash: &PasswordHash) -> Result<Verdict, PasswordError> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.verify(password, hash)
    }

    fn verify_absent(&self, password: &Password) {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.verify_absent(password);
    }
}

#[tokio::test]
async fn a_code_behind_a_wrong_password_costs_two_comparisons_whoever_is_named() {
    let hasher = Arc::new(Counting(cheap_hasher(), AtomicUsize::new(0)));
    let app = TestApp::hashing_with(hasher.clone(), 2).await;
    let careful = app.user("careful").await;
    enrol(&app, &careful).await;
    app.user("known").await;
    for name in ["careful", "known", "nobody", "no+name"] {
        let before = hasher.1.load(Ordering::SeqCst);
        app.anonymous().call("POST", "/login").form(&with_code(name)).send().await.assert_status(401);
        assert_eq!(hasher.1.load(Ordering::SeqCst) - before, 2, "{name}");
    }
}

#[tokio::test]
async fn a_passkey_that_nobody_has_takes_as_long_as_one_that_is_known() {
    let app = TestApp::with_flags(&["--issuer", ORIGIN, "--throttle", "off"]).await;
    let (_, mut known) = with_passkey(&app, "ana").await;
    // Its signatures are another key's.
    known.key = Key::es256();
    let mut unknown = known.clone();
    unknown.credential = vec![9; 32];
    let (mut these, mut those, mut nonsense) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ACCOUNTS * ROUNDS {
        for (device, times) in [(&mut known, &mut these), (&mut unknown, &mut those)] {
            let assertion = device.get(&asked(&app).await);
            times.push(time(&app, "/login/passkey", assertion, 401).await);
        }
        nonsense.push(time(&app, "/login/passkey", json!({ "id": 1 }), 422).await);
    }
    let told = dominance(&these, &those);
    assert!((0.2..=0.8).contains(&told), "the time tells: {told:.2}");
    let control = dominance(&those, &nonsense);
    assert!(control > 0.95, "this comparison would not notice an answer without a check: {control:.2}");
}

#[tokio::test]
async fn asking_for_a_mail_takes_as_long_without_an_account_as_with_one() {
    for path in ["/password-recovery", "/verification"] {
        let app = TestApp::start().await;
        accounts(&app).await;
        let (mut known, mut unknown, mut nonsense) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            for number in 0..ACCOUNTS {
                known.push(request_for_a_mail(&app, path, format!("known{number}")).await);
                unknown.push(request_for_a_mail(&app, path, format!("unknown{number}")).await);
                nonsense.push(time(&app, path, json!({ "email": "none" }), 422).await);
            }
            app.clock.advance(time::Duration::minutes(1));
        }
        let told = dominance(&known, &unknown);
        assert!((0.2..=0.8).contains(&told), "the time tells at {path}: {told:.2}");
        let control = dominance(&known, &nonsense);
        assert!(control > 0.95, "this comparison would not notice a request without a write: {control:.2}");
    }
}
