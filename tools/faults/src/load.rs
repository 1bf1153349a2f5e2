//! Load: people who sign up, log in, refresh, write, buy and log out, and keep book of what they were
//! promised.

use std::thread::sleep;
use std::time::{Duration, Instant};

use fastrand::Rng;
use serde_json::{Value, json};

use crate::http::{Answer, Call};
use crate::ledger::Ended;
use crate::world::{Reply, World};

pub(crate) const PASSWORD: &str = "a long pass phrase";

/// Within so long a refresh whose answer was lost can be asked again.
const GRACE: Duration = Duration::from_secs(10);
/// The longest pause between two steps of a user, in milliseconds.
const THOUGHT: u64 = 40;

/// A session as its owner knows it.
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Tokens {
    fn of(answer: &Answer) -> Option<Self> {
        let text = |name: &str| answer.body[name].as_str().map(str::to_owned);
        Some(Self { access: text("access_token")?, refresh: text("refresh_token")? })
    }
}

/// One of the people.
pub(crate) struct Actor<'w> {
    world: &'w World,
    random: Rng,
    name: String,
    serial: u32,
    email: Option<String>,
    tokens: Option<Tokens>,
    /// The titles of the account's posts, and its orders.
    posts: Vec<String>,
    orders: Vec<i64>,
}

impl<'w> Actor<'w> {
    pub(crate) fn new(world: &'w World, name: String, seed: u64) -> Self {
        Self {
            world,
            random: Rng::with_seed(seed),
            name,
            serial: 0,
            email: None,
            tokens: None,
            posts: Vec::new(),
            orders: Vec::new(),
        }
    }

    /// Runs until the end of the run; returns the session that is left.
    pub(crate) fn live(mut self) -> Option<Tokens> {
        while !self.world.stopped() {
            sleep(Duration::from_millis(self.random.u64(..THOUGHT)));
            match (&self.email, self.tokens.take()) {
                (None, _) => self.sign_up(),
                (Some(_), None) => self.log_in(),
                (Some(_), Some(tokens)) => self.act(tokens),
            }
        }
        self.tokens
    }

    fn act(&mut self, tokens: Tokens) {
        let left = match self.random.usize(..100) {
            choice @ 0..75 => {
                match choice {
                    0..40 => self.write(&tokens),
                    40..65 => self.buy(&tokens),
                    _ => self.look(&tokens),
                }
                Some(tokens)
            }
            75..92 => self.refresh(&tokens),
            92..96 => self.log_out(tokens),
            96..98 => self.delete(tokens),
            _ => {
                // Another user takes over, and the session stays.
                self.email = None;
                self.posts.clear();
                self.orders.clear();
                None
            }
        };
        self.tokens = left;
    }

    /// A name of something that is this person's, and that nothing else has.
    fn fresh(&mut self) -> String {
        self.serial += 1;
        format!("{}-{}", self.name, self.serial)
    }

    fn sign_up(&mut self) {
        let email = format!("{}@example.com", self.fresh());
        let body = json!({ "email": email, "password": PASSWORD, "name": self.name });
        let call = Call { line: "POST /users", body, ..Call::default() };
        match self.world.ask(&mut self.random, &call) {
            Reply::Definite(answer) if answer.status == 201 => {
                self.world.ledger.books().users.insert(email.clone(), answer.body["id"].as_i64());
                self.email = Some(email);
            }
            Reply::Definite(answer) => self.world.surprised(&call, &answer),
            Reply::Unknown => {
                self.world.ledger.books().users.insert(email, None);
            }
        }
    }

    fn log_in(&mut self) {
        let body = json!({ "username": self.email, "password": PASSWORD });
        let call = Call { line: "POST /login", body, ..Call::default() };
        let Reply::Definite(answer) = self.world.ask(&mut self.random, &call) else { return };
        self.tokens = Tokens::of(&answer);
        if self.tokens.is_some() {
            self.world.ledger.books().logins += 1;
        } else {
            self.world.surprised(&call, &answer);
        }
    }

    /// Asks again with the same token: a client that lost the answer must get it again within the grace.
    fn refresh(&mut self, tokens: &Tokens) -> Option<Tokens> {
        let body = json!({ "refresh_token": tokens.refresh });
        let call = Call { line: "POST /refresh_token", body, ..Call::default() };
        let begun = Instant::now();
        let answer = self.world.insist(&mut self.random, &call)?;
        let tokens = Tokens::of(&answer);
        if tokens.is_some() {
            self.world.ledger.books().refreshes += 1;
        } else if answer.status == 401 && begun.elapsed() > GRACE {
            self.world.ledger.books().lapsed += 1;
        } else {
            self.world.surprised(&call, &answer);
        }
        tokens
    }

    fn write(&mut self, tokens: &Tokens) {
        let title = self.fresh();
        self.posts.push(title.clone());
        let body = json!({ "title": title, "content": "written in a storm" });
        let call = Call { line: "POST /posts", token: &tokens.access, body, ..Call::default() };
        match self.world.ask(&mut self.random, &call) {
            Reply::Definite(answer) if answer.status == 201 => {
                self.world.ledger.books().posts.insert(title, answer.body["id"].as_i64());
            }
            Reply::Definite(answer) => self.world.surprised(&call, &answer),
            Reply::Unknown => {
                self.world.ledger.books().posts.insert(title, None);
            }
        }
    }

    /// A post, which every reader must see as soon as it was acknowledged.
    fn look(&mut self, tokens: &Tokens) {
        let known = {
            let books = self.world.ledger.books();
            let ids: Vec<i64> = books.posts.values().rev().take(200).flatten().copied().collect();
            (!ids.is_empty()).then(|| ids[self.random.usize(..ids.len())])
        };
        let line = known.map_or("GET /cart".to_owned(), |id| format!("GET /posts/{id}"));
        let call = Call { line: &line, token: &tokens.access, ..Call::default() };
        if let Reply::Definite(answer) = self.world.ask(&mut self.random, &call)
            && answer.status != 200
        {
            // Its owner may have deleted the account meanwhile.
            let gone =
                known.is_some_and(|id| !self.world.ledger.books().posts.values().any(|one| *one == Some(id)));
            if !(answer.status == 404 && gone) {
                self.world.surprised(&call, &answer);
            }
        }
    }

    fn buy(&mut self, tokens: &Tokens) {
        let products = &self.world.products;
        let (product, _) = products[self.random.usize(..products.len())];
        let quantity = 1 + self.random.usize(..3);
        let body = json!({ "product_id": product, "quantity": quantity });
        let call = Call { line: "POST /cart/items", token: &tokens.access, body, ..Call::default() };
        if let Reply::Definite(answer) = self.world.ask(&mut self.random, &call) {
            match answer.status {
                201 => {}
                409 => self.empty_cart(tokens),
                _ => self.world.surprised(&call, &answer),
            }
        }
        let key = self.fresh();
        let body = json!({ "shipping_address": "1 Main Street" });
        let call = Call { line: "POST /orders", token: &tokens.access, key: &key, body };
        let Some(answer) = self.world.insist(&mut self.random, &call) else { return };
        match (answer.status, answer.body["id"].as_i64()) {
            (200 | 201, Some(id)) => {
                self.world.ledger.books().orders.insert(id, answer.body["order_amount"].to_string());
                self.orders.push(id);
                match self.random.usize(..10) {
                    0 => drop(self.moves(id, "CANCELLED")),
                    1 if self.moves(id, "SHIPPED") => drop(self.world.ledger.books().shipped.insert(id)),
                    _ => {}
                }
            }
            // Nothing got into the cart.
            (404, _) => {}
            (409, _) => self.empty_cart(tokens),
            _ => self.world.surprised(&call, &answer),
        }
    }

    /// Empties the cart, with everything that is out of stock.
    fn empty_cart(&mut self, tokens: &Tokens) {
        let call = Call { line: "GET /cart", token: &tokens.access, ..Call::default() };
        let Reply::Definite(answer) = self.world.ask(&mut self.random, &call) else { return };
        let items = answer.body["items"].as_array().cloned().unwrap_or_default();
        for id in items.iter().filter_map(|item| item["id"].as_i64()) {
            let line = format!("DELETE /cart/items/{id}");
            self.world.ask(&mut self.random, &Call { line: &line, token: &tokens.access, ..Call::default() });
        }
    }

    /// Ships an order or calls it off; whether that was acknowledged.
    fn moves(&mut self, id: i64, status: &str) -> bool {
        let (line, body) = (format!("PATCH /orders/{id}"), json!({ "order_status": status }));
        let call = Call { line: &line, token: &self.world.admin, body, ..Call::default() };
        let Reply::Definite(answer) = self.world.ask(&mut self.random, &call) else { return false };
        if answer.status != 200 {
            self.world.surprised(&call, &answer);
        }
        answer.status == 200
    }

    /// Deletes the account, with everything of it.
    fn delete(&mut self, tokens: Tokens) -> Option<Tokens> {
        let email = self.email.take()?;
        {
            // Before it is asked for: from then on others may miss them.
            let mut books = self.world.ledger.books();
            for title in self.posts.drain(..) {
                books.posts.remove(&title);
                books.removed.insert(title);
            }
            books.left.extend(self.orders.drain(..));
            books.users.remove(&email);
            books.removed.insert(email);
        }
        let body = json!({ "password": PASSWORD });
        let call = Call { line: "DELETE /users/me", token: &tokens.access, body, ..Call::default() };
        let answer = self.world.insist(&mut self.random, &call)?;
        // 401: an earlier try did it, and its answer was lost.
        if matches!(answer.status, 204 | 401) {
            let Tokens { access, refresh } = tokens;
            let mut books = self.world.ledger.books();
            books.deletions += 1;
            books.ended.push(Ended { access, refresh, at: Instant::now() });
        } else {
            self.world.surprised(&call, &answer);
        }
        None
    }

    fn log_out(&mut self, tokens: Tokens) -> Option<Tokens> {
        let call = Call { line: "POST /logout", token: &tokens.access, body: Value::Null, ..Call::default() };
        let answer = self.world.insist(&mut self.random, &call)?;
        // 401: an earlier try did it, and its answer was lost.
        if matches!(answer.status, 204 | 401) {
            let Tokens { access, refresh } = tokens;
            self.world.ledger.books().ended.push(Ended { access, refresh, at: Instant::now() });
        } else {
            self.world.surprised(&call, &answer);
        }
        None
    }
}
