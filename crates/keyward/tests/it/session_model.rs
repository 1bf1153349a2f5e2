//! Sessions against a model of them: after any steps in any order, both agree.

use keyward_api::testing::app::{PASSWORD, TestApp, address};
use keyward_api::testing::person::Person;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use time::Duration;
use tokio::runtime::Runtime;

use crate::app::Starts;
use crate::forge::{decode, encode};
use crate::sessions::{counter, holder, refresh, session_of};

const DAY: i64 = 86_400;
/// The clock under test runs on while a case does: no case comes closer to a bound than these seconds.
const STEPS: [i64; 4] = [1, 11, 3_600, 31 * DAY];

#[derive(Clone, Copy, Debug)]
enum Step {
    RefreshCurrent,
    RefreshPrevious,
    RefreshOlder,
    RefreshForged,
    Advance(i64),
    LogOut,
    ChangePassword,
    LogOutTheOther,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::RefreshCurrent),
        3 => Just(Step::RefreshPrevious),
        1 => Just(Step::RefreshOlder),
        1 => Just(Step::RefreshForged),
        3 => (0..STEPS.len()).prop_map(|index| Step::Advance(STEPS[index])),
        1 => Just(Step::LogOut),
        1 => Just(Step::ChangePassword),
        1 => Just(Step::LogOutTheOther),
    ]
}

/// What a session is, as simply as can be.
#[derive(Debug)]
struct Model {
    now: i64,
    created: i64,
    seen: i64,
    counter: u64,
    ended: bool,
}

impl Model {
    fn over(&self) -> bool {
        self.now - self.seen >= 30 * DAY || self.now - self.created >= 90 * DAY
    }

    /// Whether a genuine token of this counter buys a pair.
    fn refresh(&mut self, counter: u64) -> bool {
        if self.ended || self.over() {
            return false;
        }
        if counter == self.counter {
            self.counter += 1;
            self.seen = self.now;
            return true;
        }
        let good = counter + 1 == self.counter && self.now - self.seen <= 10;
        self.ended = !good;
        good
    }
}

/// The real session and its model.
struct Pair {
    app: TestApp,
    ana: Person,
    /// Every refresh token there was, by its counter.
    tokens: Vec<String>,
    model: Model,
    password: String,
}

impl Pair {
    async fn start() -> Self {
        let app = TestApp::start().await;
        let ana = app.user("ana").await;
        let model = Model { now: 0, created: 0, seen: 0, counter: 0, ended: false };
        Self { tokens: vec![ana.refresh.clone()], app, ana, model, password: PASSWORD.to_owned() }
    }

    async fn take(&mut self, step: Step) {
        let counter = self.model.counter;
        match step {
            Step::RefreshCurrent => self.refresh(counter).await,
            Step::RefreshPrevious if counter >= 1 => self.refresh(counter - 1).await,
            Step::RefreshOlder if counter >= 2 => self.refresh(counter - 2).await,
            Step::RefreshPrevious | Step::RefreshOlder => {}
            Step::RefreshForged => self.refresh_forged().await,
            // So near to the end of the grace the two clocks might disagree.
            Step::Advance(seconds) if (7..=10).contains(&(self.model.now + seconds - self.model.seen)) => {}
            Step::Advance(seconds) => {
                self.model.now += seconds;
                self.app.clock.advance(Duration::seconds(seconds));
            }
            Step::LogOut => {
                let status = self.ana.call("POST", "/logout").send().await.status.as_u16();
                self.model.ended |= status == 204;
            }
            Step::ChangePassword => self.change_password().await,
            Step::LogOutTheOther => {
                let login = json!({ "username": address("ana"), "password": self.password });
                let tokens = self.app.anonymous().post("/login", login).await.assert_status(200).json();
                holder(&self.app, &tokens).call("POST", "/logout").send().await.assert_status(204);
            }
        }
        let stored = counter_of(self).await;
        assert_eq!(stored, (!self.model.ended).then_some(self.model.counter), "{step:?}: {:?}", self.model);
    }

    async fn refresh(&mut self, counter: u64) {
        let index = usize::try_from(counter).unwrap();
        let answer = refresh(&self.app, &self.tokens[index]).await;
        let expected = if self.model.refresh(counter) { 200 } else { 401 };
        let answer = answer.assert_status(expected);
        if expected == 200 {
            let next = holder(&self.app, &answer.json());
            next.get("/users/me").await.assert_status(200);
            let current = usize::try_from(self.model.counter).unwrap();
            if current == self.tokens.len() {
                self.tokens.push(next.refresh.clone());
            }
            assert_eq!(next.refresh, self.tokens[current], "everybody gets the same successor");
            self.ana = next;
        } else if self.model.ended {
            self.ana.get("/users/me").await.assert_status(401);
        }
    }

    /// Nothing that we did not make changes anything.
    async fn refresh_forged(&self) {
        let mut bytes = decode(&self.tokens[0]["kwr_".len()..]);
        for counter in 0..=self.model.counter + 1 {
            bytes[16..24].copy_from_slice(&counter.to_be_bytes());
            bytes[30] ^= 1;
            refresh(&self.app, &format!("kwr_{}", encode(&bytes))).await.assert_status(401);
            bytes[30] ^= 1;
        }
    }

    /// From another session, which ends this one.
    async fn change_password(&mut self) {
        let login = json!({ "username": address("ana"), "password": self.password });
        let tokens = self.app.anonymous().post("/login", login).await.assert_status(200).json();
        let new = format!("{}!", self.password);
        let change = json!({ "current_password": self.password, "new_password": new });
        holder(&self.app, &tokens).post("/users/me/password", change).await.assert_status(204);
        self.password = new;
        self.model.ended = true;
    }
}

async fn counter_of(pair: &Pair) -> Option<u64> {
    counter(&pair.app, session_of(&pair.ana)).await
}

#[test]
fn a_session_behaves_like_its_model_whatever_happens() {
    let runtime = Runtime::new().unwrap();
    let config = Config { cases: 48, failure_persistence: None, ..Config::default() };
    let run = TestRunner::new(config).run(&vec(step(), 1..25), |steps| {
        runtime.block_on(async {
            let mut pair = Pair::start().await;
            for step in steps {
                pair.take(step).await;
            }
        });
        Ok(())
    });
    run.unwrap();
}
