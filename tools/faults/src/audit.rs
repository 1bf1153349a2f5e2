//! What must hold: during the run, that an ended session stays ended; after it, that the ledger and the
//! database agree.

use std::collections::{BTreeMap, BTreeSet};
use std::thread::sleep;
use std::time::Duration;

use fastrand::Rng;
use serde_json::{Value, json};

use crate::http::Call;
use crate::ledger::Ended;
use crate::load::Tokens;
use crate::mail_server::Taken;
use crate::world::{Reply, World};

/// Within so long after a mail was taken that is recorded, where nothing is wrong.
const RECORDED: Duration = Duration::from_secs(5);
/// How many of the ended sessions are tried at the end.
const TRIED: usize = 200;

/// Tries sessions that ended, until the run stops.
pub(crate) fn watch_logouts(world: &World) -> u32 {
    let (mut random, mut tried) = (Rng::with_seed(7), 0);
    while !world.stopped() {
        sleep(Duration::from_millis(20));
        let over: Vec<_> = {
            let books = world.ledger.books();
            let over = |ended: &&Ended| ended.at.elapsed() > world.bound;
            books.ended.iter().rev().filter(over).take(30).cloned().collect()
        };
        if over.is_empty() {
            continue;
        }
        // Mostly the one that may have been remembered just now.
        let ended = &over[random.usize(..over.len()) * random.usize(..2)];
        tried += 1;
        must_be_out(world, &mut random, ended);
    }
    tried
}

fn must_be_out(world: &World, random: &mut Rng, ended: &Ended) {
    let since = ended.at.elapsed();
    let call = Call { line: "GET /users/me", token: &ended.access, ..Call::default() };
    if let Reply::Definite(answer) = world.ask(random, &call)
        && answer.status != 401
    {
        world.ledger.broken(format!(
            "{} answered {}, {:.3} s after the logout",
            call.line,
            answer.status,
            since.as_secs_f64()
        ));
    }
}

/// Compares the ledger with what the service shows; adds up what is there.
pub(crate) fn settle(world: &World, standing: &[Tokens]) -> String {
    let mut random = Rng::with_seed(8);
    let users = list(world, &mut random, "/users?limit=200");
    let posts = list(world, &mut random, "/posts?limit=200");
    let orders = list(world, &mut random, "/orders/all?limit=200");
    let kept = world.ledger.books().users.clone();
    compare(world, "user", &users, "email", &kept, &["root@example.com"]);
    let kept = world.ledger.books().posts.clone();
    compare(world, "post", &posts, "title", &kept, &[]);
    compare_orders(world, &orders);
    compare_stock(world, &mut random, &orders);
    sessions(world, &mut random, standing);
    format!("{} users, {} posts and {} orders are there", users.len(), posts.len(), orders.len())
}

/// A whole list, page by page.
fn list(world: &World, random: &mut Rng, path: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let line = format!("GET {path}");
        let call = Call { line: &line, token: &world.admin, ..Call::default() };
        let Some(answer) = world.insist(random, &call) else { break };
        match answer.body {
            Value::Array(page) => rows.extend(page),
            _ => world.surprised(&call, &answer),
        }
        next = answer.next;
    }
    rows
}

/// What was acknowledged is there once, under its id; what is there was asked for.
fn compare(
    world: &World,
    noun: &str,
    rows: &[Value],
    name: &str,
    kept: &BTreeMap<String, Option<i64>>,
    ours: &[&str],
) {
    let mut found: BTreeMap<&str, Vec<Option<i64>>> = BTreeMap::new();
    for row in rows {
        found.entry(row[name].as_str().unwrap_or_default()).or_default().push(row["id"].as_i64());
    }
    for (name, id) in kept {
        let there = found.remove(name.as_str()).unwrap_or_default();
        if there.len() > 1 {
            world.ledger.broken(format!("the {noun} {name:?} is there {} times", there.len()));
        } else if id.is_some() && there != [*id] {
            world.ledger.broken(format!("the {noun} {name:?} was acknowledged and is lost"));
        }
    }
    for name in found.keys().filter(|name| !ours.contains(name)) {
        if world.ledger.books().removed.contains(*name) {
            world.ledger.broken(format!("the {noun} {name:?} outlives its account"));
            continue;
        }
        world.ledger.broken(format!("nobody asked for the {noun} {name:?}"));
    }
}

/// Clients repeat an order until it is answered, so the orders that exist are those that were acknowledged.
fn compare_orders(world: &World, rows: &[Value]) {
    let (kept, left, shipped) = {
        let books = world.ledger.books();
        (books.orders.clone(), books.left.clone(), books.shipped.clone())
    };
    for row in rows.iter().filter(|row| row["id"].as_i64().is_some_and(|id| left.contains(&id))) {
        if row["order_status"] != "SHIPPED" || row["shipping_address"] != "" {
            world.ledger.broken(format!("of a deleted account there is {row}"));
        }
    }
    let amount = |row: &Value| (row["id"].as_i64().unwrap_or_default(), row["order_amount"].to_string());
    let found: BTreeMap<i64, String> = rows.iter().map(amount).collect();
    if found.len() != rows.len() {
        world.ledger.broken(format!("{} orders are listed twice", rows.len() - found.len()));
    }
    for (id, amount) in &kept {
        // Those of deleted accounts stay if they were shipped.
        let stays = !left.contains(id) || shipped.contains(id);
        if stays && found.get(id) != Some(amount) {
            world
                .ledger
                .broken(format!("order {id} of {amount} was acknowledged; there is {:?}", found.get(id)));
        }
    }
    for id in found.keys().filter(|id| !kept.contains_key(id)) {
        world.ledger.broken(format!("order {id} exists, and was not acknowledged"));
    }
}

/// What was there at first is in stock or in an order that was not cancelled.
fn compare_stock(world: &World, random: &mut Rng, orders: &[Value]) {
    let mut sold: BTreeMap<i64, i64> = BTreeMap::new();
    for order in orders.iter().filter(|order| order["order_status"] != "CANCELLED") {
        for line in order["order_details"].as_array().into_iter().flatten() {
            let product = line["product_id"].as_i64().unwrap_or_default();
            *sold.entry(product).or_default() += line["quantity"].as_i64().unwrap_or_default();
        }
    }
    for (product, first) in &world.products {
        let line = format!("GET /products/{product}");
        let call = Call { line: &line, ..Call::default() };
        let Some(answer) = world.insist(random, &call) else { continue };
        let left = answer.body["quantity"].as_i64().unwrap_or(-1);
        let gone = sold.get(product).copied().unwrap_or_default();
        if left < 0 || left + gone != *first {
            world.ledger.broken(format!("product {product}: {left} left and {gone} sold of {first}"));
        }
    }
}

/// Sessions that ended are over, those that stand stand, and their refresh tokens are good.
fn sessions(world: &World, random: &mut Rng, standing: &[Tokens]) {
    let ended: Vec<_> = world.ledger.books().ended.iter().rev().take(TRIED).cloned().collect();
    let waits = ended.iter().map(|ended| world.bound.saturating_sub(ended.at.elapsed()));
    sleep(waits.max().unwrap_or_default() + Duration::from_millis(1));
    for ended in &ended {
        must_be_out(world, random, ended);
        let body = json!({ "refresh_token": ended.refresh });
        let call = Call { line: "POST /refresh_token", body, ..Call::default() };
        if let Some(answer) = world.insist(random, &call).filter(|answer| answer.status != 401) {
            world.surprised(&call, &answer);
        }
    }
    for tokens in standing {
        let body = json!({ "refresh_token": tokens.refresh });
        for (line, token, body) in
            [("GET /users/me", tokens.access.as_str(), Value::Null), ("POST /refresh_token", "", body)]
        {
            let call = Call { line, token, body, ..Call::default() };
            if let Some(answer) = world.insist(random, &call).filter(|answer| answer.status != 200) {
                world.surprised(&call, &answer);
            }
        }
    }
}

/// Every order has its mail, which the mail server took. It is taken twice only where a fault came between its acceptance and
/// the record of it, and then under the same `Message-ID`.
pub(crate) fn mails(world: &World, taken: &[Taken], late: usize, waiting: &str) -> String {
    let mut sent: BTreeMap<i64, Vec<&Taken>> = BTreeMap::new();
    for mail in taken {
        if let Some(order) = order_of(&mail.text) {
            sent.entry(order).or_default().push(mail);
        }
    }
    for (order, mails) in &sent {
        let ids: BTreeSet<_> = mails.iter().map(|mail| &mail.id).collect();
        if ids.len() > 1 {
            world.ledger.broken(format!("order {order} has {} different mails", ids.len()));
        }
        let (_, before) = mails.split_last().unwrap_or((&mails[0], &[]));
        if before.iter().any(|mail| !world.weather.was_rough(mail.at, RECORDED)) {
            world
                .ledger
                .broken(format!("the mail of order {order} was sent twice without a fault in between"));
        }
    }
    let waits = ids(waiting).len();
    if waits > 0 {
        world.ledger.broken(format!("{waits} mails are not sent, though nothing is wrong any more"));
    }
    let orders: Vec<i64> = world.ledger.books().orders.keys().copied().collect();
    for id in &orders {
        if !sent.contains_key(id) {
            world.ledger.broken(format!("the mail of order {id} is lost"));
        }
    }
    for id in sent.keys().filter(|id| !orders.contains(id)) {
        world.ledger.broken(format!("there is a mail of order {id}, and no such order"));
    }
    let twice = taken.len() - sent.len();
    format!("{} mails sent, {twice} of them twice, {late} after a retry", sent.len())
}

/// The ids of mails, of which each line is one in JSON.
pub(crate) fn ids(mails: &str) -> Vec<i64> {
    let mails = mails.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    mails.filter_map(|mail| mail["id"].as_i64()).collect()
}

/// The order that a mail is about.
fn order_of(text: &str) -> Option<i64> {
    let rest = text.split_once("Your order ")?.1;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}
