//! A server with accounts on it, and the requests of their owners.

use keyward_servers::shell::Outcome;
use serde_json::{Value, json};

use crate::connection::Blocking;
use crate::request::{Caller, Refreshing, Request};
use crate::server::Server;

/// How many connections ask at once.
const CONNECTIONS: usize = 64;
/// How many accounts there are.
const PEOPLE: usize = 64;
/// The password of every account.
const PASSWORD: &str = "seven wild horses";
/// How many write posts at once.
const WRITERS: usize = 16;
/// How many refresh at once, and how many update the one row that they are compared with.
pub(crate) const REFRESHING: usize = 64;

/// Callers that ask at the same time, a connection each.
pub(crate) type Callers = Vec<Box<dyn Caller>>;

/// A server with accounts on it.
pub(crate) struct Scene {
    pub(crate) server: Server,
    tokens: Vec<String>,
}

impl Scene {
    /// Signs accounts up, and writes a post for each.
    pub(crate) fn populate(server: Server) -> Outcome<Self> {
        let mut connection = Blocking::open(server.port)?;
        let mut tokens = Vec::new();
        for number in 0..PEOPLE {
            let account = json!({ "email": address(number), "password": PASSWORD, "name": "Somebody" });
            let token = access(&connection.json(&Request::new("POST /signup", "", &account), 201)?);
            connection.json(&post(&token), 201)?;
            tokens.push(token);
        }
        Ok(Self { server, tokens })
    }

    /// Logs the same accounts in, on another server over the same data.
    pub(crate) fn enter(server: Server) -> Outcome<Self> {
        let mut connection = Blocking::open(server.port)?;
        let log_in = |number| Ok(access(&connection.json(&login(number), 200)?));
        let tokens = (0..PEOPLE).map(log_in).collect::<Outcome<_>>()?;
        Ok(Self { server, tokens })
    }

    /// Logs the first account in, on another server over the same data.
    pub(crate) fn of_first(server: Server) -> Outcome<Self> {
        let mut connection = Blocking::open(server.port)?;
        let tokens = vec![access(&connection.json(&login(0), 200)?)];
        Ok(Self { server, tokens })
    }

    /// A request of one account, for reading `line`.
    pub(crate) fn reader(&self, line: &str) -> Request {
        Request::new(line, &self.tokens[0], &Value::Null)
    }

    /// Every account, reading `line`.
    pub(crate) fn readers(&self, line: &str) -> Callers {
        let read = |token: &String| Request::new(line, token, &Value::Null);
        self.tokens.iter().cycle().take(CONNECTIONS).map(read).map(boxed).collect()
    }

    /// Some of the accounts, writing posts.
    pub(crate) fn writers(&self) -> Callers {
        self.tokens.iter().take(WRITERS).map(|token| post(token)).map(boxed).collect()
    }

    /// Every account, logged in and refreshing.
    pub(crate) fn refreshing(&self) -> Outcome<Callers> {
        let mut connection = Blocking::open(self.server.port)?;
        let refresh = |number| Ok(boxed(Refreshing::with(&connection.json(&login(number), 200)?)));
        (0..REFRESHING).map(refresh).collect()
    }
}

/// Every account, logging in.
pub(crate) fn logins() -> Callers {
    (0..CONNECTIONS).map(|number| login(number % PEOPLE)).map(boxed).collect()
}

/// Requests without a token, for bare axum.
pub(crate) fn anonymous() -> Callers {
    (0..CONNECTIONS).map(|_| Request::new("GET /users/me", "", &Value::Null)).map(boxed).collect()
}

fn boxed<C: Caller + 'static>(caller: C) -> Box<dyn Caller> {
    Box::new(caller)
}

fn address(number: usize) -> String {
    format!("person{number}@example.com")
}

fn access(tokens: &Value) -> String {
    tokens["access_token"].as_str().unwrap_or_default().to_owned()
}

fn login(number: usize) -> Request {
    Request::new("POST /login", "", &json!({ "username": address(number), "password": PASSWORD }))
}

fn post(token: &str) -> Request {
    let post = json!({ "title": "A post of some length", "content": "What there is to say. ".repeat(20) });
    Request::new("POST /posts", token, &post)
}
