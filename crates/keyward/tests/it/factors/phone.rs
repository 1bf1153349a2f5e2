//! Users with an authenticator app.

use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::{PASSWORD, TestApp, address};
use keyward_api::testing::person::Person;
use keyward_auth::TotpSecret;
use keyward_domain::values::clock::Clock;
use serde_json::{Value, json};
use time::Duration;

use crate::sessions::holder;

/// An authenticator app.
#[derive(Clone)]
pub(crate) struct Phone {
    secret: TotpSecret,
}

impl Phone {
    /// One that has read this secret, in base32.
    pub(crate) fn reading(base32: &str) -> Self {
        let digit = |c: char| "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(c).unwrap() as u64;
        let mut bytes = Vec::new();
        for group in base32.as_bytes().chunks(8) {
            let bits = group.iter().fold(0, |bits, c| (bits << 5) | digit(char::from(*c)));
            bytes.extend_from_slice(
                &(bits << (40 - 5 * group.len())).to_be_bytes()[3..3 + group.len() * 5 / 8],
            );
        }
        Self { secret: TotpSecret::from_bytes(&bytes) }
    }

    /// The code that it shows now, or `steps` later.
    pub(crate) fn code(&self, app: &TestApp, steps: i64) -> String {
        self.code_at(app.clock.now().unix_timestamp() + 30 * steps)
    }

    /// The code that it shows at a time, in Unix seconds.
    pub(crate) fn code_at(&self, now: i64) -> String {
        self.secret.code(now).to_string()
    }

    /// A code that has not been used, after waiting for it.
    pub(crate) fn fresh_code(&self, app: &TestApp) -> String {
        app.clock.advance(Duration::seconds(60));
        self.code(app, 0)
    }

    /// Six digits that it shows at none of the steps around now.
    pub(crate) fn wrong_code(&self, app: &TestApp) -> String {
        let shown: Vec<_> = (-3..=3).map(|steps| self.code(app, steps)).collect();
        (0..100).map(|number| format!("{number:06}")).find(|code| !shown.contains(code)).unwrap()
    }
}

/// A user with an authenticator app and recovery codes.
pub(crate) struct Enrolled {
    pub(crate) person: Person,
    pub(crate) phone: Phone,
    pub(crate) codes: Vec<String>,
}

/// Enrols an app for a user who has just logged in.
pub(crate) async fn enrol(app: &TestApp, person: &Person) -> (Phone, Vec<String>) {
    let offered = person.post("/users/me/totp", json!({})).await.assert_status(200).json();
    let phone = Phone::reading(offered["secret"].as_str().unwrap());
    let confirm = json!({ "otp": phone.fresh_code(app) });
    let shown = person.post("/users/me/totp/confirm", confirm).await.assert_status(200).json();
    let codes = shown["recovery_codes"].as_array().unwrap();
    (phone, codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect())
}

/// A user of that name with an app.
pub(crate) async fn enrolled(app: &TestApp, name: &str) -> Enrolled {
    let person = app.user(name).await;
    let (phone, codes) = enrol(app, &person).await;
    Enrolled { person, phone, codes }
}

/// The credentials of a user, in JSON.
pub(crate) fn credentials(name: &str) -> Value {
    json!({ "username": address(name), "password": PASSWORD })
}

/// Logs in with a password, which is not enough: the token to come back with.
pub(crate) async fn half(app: &TestApp, name: &str) -> String {
    let owed = app.anonymous().post("/login", credentials(name)).await.assert_status(401);
    assert_eq!(owed.code(), "mfa_required");
    owed.json()["mfa_token"].as_str().unwrap().to_owned()
}

/// Comes back with a code.
pub(crate) async fn finish(app: &TestApp, mfa_token: &str, otp: &str) -> Answer {
    app.anonymous().post("/login/mfa", json!({ "mfa_token": mfa_token, "otp": otp })).await
}

/// Logs in with password and code.
pub(crate) async fn log_in(app: &TestApp, name: &str, otp: &str) -> Answer {
    let mut login = credentials(name);
    login["otp"] = json!(otp);
    app.anonymous().post("/login", login).await
}

/// A user who logged in with a code of their app just now.
pub(crate) async fn back(app: &TestApp, name: &str, phone: &Phone) -> Person {
    let answer = log_in(app, name, &phone.fresh_code(app)).await.assert_status(200);
    holder(app, &answer.json())
}
