//! What every query costs on a database with very many rows: none reads a table from end to end.
//!
//! Every method of every repository is called once; the statements it ran are explained and run again by a connection
//! that counts their work. `KEYWARD_TEST_ROWS` says how many users there are; `cargo xtask plans` takes a million.
#![expect(clippy::unwrap_used, reason = "clippy's exemption for tests does not know their helpers")]

mod accounts;
mod api_keys;
mod blog;
mod browser_sessions;
mod consents;
mod data;
mod devices;
mod factors;
mod judge;
mod logouts;
mod methods;
mod outbox;
mod overviews;
mod recovery;
mod sessions;
mod shop;
mod upkeep;
mod user_search;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use keyward::resources::known;
use keyward_api::resources::resource::migrations;
use keyward_infra::database::db::Db;
use keyward_infra::database::db::Open;
use keyward_infra::database::options::DatabaseOptions;
use keyward_infra::database::store::Database;
use keyward_infra::testing::{TestDatabase, fresh_database};
use keyward_migration::migrate;
use sea_orm::Statement;

use judge::{Cost, Judge};

/// Enough for a database to prefer its indexes.
const ROWS: i64 = 20_000;

/// What may be read from end to end, or up to a `LIMIT` in the order of ids, and why.
const REVIEWED: [(&str, &str, &str); 37] = [
    ("users.remove_some", "verifications", "a table of the version before, which is empty"),
    ("factors.replace_recovery_codes", "2-ROW", "the rows that are inserted"),
    ("revocations.after", "feed_epoch", "its one row"),
    ("posts.list", "page", "the rows that a page may read"),
    ("catalog.list_products", "page", "the rows that a page may read"),
    ("users.remove_some", "m", "the tables there are"),
    ("users.remove_some", "f", "their foreign keys"),
    ("users.remove_some", "pg_constraint", "the foreign keys there are"),
    ("posts.list", "users", "an index of accounts whose rows are being removed"),
    ("orders.list", "users", "an index of accounts whose rows are being removed"),
    ("orders.find", "users", "an index of accounts whose rows are being removed"),
    ("orders.insert", "users", "an index of accounts whose rows are being removed"),
    ("users.deleted", "users", "an index of accounts whose rows are being removed"),
    ("users.administrators", "users", "the first two of an index that holds administrators alone"),
    ("users.list", "users", "by id, up to the end of the page"),
    ("users.search", "users", "by id or in the index of administrators or of the disabled, up to a limit"),
    ("users.search", "users_search", "the index of trigrams itself"),
    ("orders.list", "orders", "by id, up to the end of the page"),
    ("catalog.list_categories", "categories", "by id, up to the end of the page"),
    ("catalog.list_products", "products", "by id, up to the end of the page"),
    ("catalog.list_products", "products_search", "the index of trigrams itself"),
    ("posts.list", "posts_search", "the index of trigrams itself"),
    ("sessions.remove_over", "one", "the ids of one batch"),
    ("sessions.remove_over", "other", "the ids of one batch"),
    ("posts.list", "sized", "the rows of one page"),
    ("posts.list", "sizes", "the rows of one page"),
    ("posts.list", "ids", "the ids of one page"),
    ("posts.list", "one", "the ids of one page"),
    ("posts.list", "other", "the ids of one page"),
    ("events.newest", "security_events", "by id, up to a limit"),
    ("events.forget", "security_events", "by id, up to a limit"),
    ("outbox.list", "outbox", "a command, not a route"),
    ("outbox.count", "sub_query", "the rows of one state"),
    ("devices.count", "sub_query", "the rows that wait, which are bounded"),
    ("logouts.claim", "known", "the receivers there are, one step of the index each"),
    ("logouts.backlog", "logouts", "what waits, which is little as a rule; for metrics and a command"),
    ("logouts.backlog", "sub_query", "the same"),
];

/// The most work a statement may be: steps of SQLite's machine, pages of PostgreSQL.
fn limit(home: &TestDatabase) -> u64 {
    if home.is_postgres() { 1_500 } else { 30_000 }
}

/// Calls repositories and looks at what they ran.
pub(crate) struct Inspector {
    database: Database,
    home: TestDatabase,
    judge: Judge,
    heard: Arc<Mutex<Vec<Statement>>>,
    called: BTreeSet<String>,
    faults: Vec<String>,
    /// How many users there are.
    pub(crate) rows: i64,
}

impl Inspector {
    async fn new() -> Self {
        let rows = std::env::var("KEYWARD_TEST_ROWS").ok().map_or(ROWS, |rows| rows.parse().unwrap());
        let home = fresh_database().await;
        let heard = Arc::new(Mutex::new(Vec::new()));
        let witness = {
            let heard = Arc::clone(&heard);
            move |statement: &Statement| heard.lock().unwrap().push(statement.clone())
        };
        let (hour, one) = (Duration::from_hours(1), DatabaseOptions::default());
        let patient = DatabaseOptions { statement_timeout: hour, max_connections: 1, ..one };
        let plain = home.connect_with(patient).await;
        migrate(plain.connection(), &migrations(&known())).await.unwrap();
        data::fill(&home, plain.connection(), rows).await;
        plain.close().await.unwrap();
        let database = home.connect_witnessed(DatabaseOptions::default(), witness).await;
        let database = database
            .with_leaving(known().into_iter().filter_map(|resource| resource.leaving))
            .with_removing(known().into_iter().filter_map(|resource| resource.removing));
        let judge = Judge::of(&home).await;
        Self { database, home, judge, heard, called: BTreeSet::new(), faults: Vec::new(), rows }
    }

    /// Calls a method in a transaction that is not committed, and looks at the statements it ran.
    pub(crate) async fn of(&mut self, name: &str, call: impl AsyncFnOnce(&mut Db<Open>)) {
        for (statement, cost) in self.costs(name, call).await {
            self.must_be_cheap(name, &statement, &cost);
        }
    }

    /// What the statements of a call cost.
    pub(crate) async fn costs(
        &mut self,
        name: &str,
        call: impl AsyncFnOnce(&mut Db<Open>),
    ) -> Vec<(Statement, Cost)> {
        self.called.insert(name.to_owned());
        let mut tx = self.database.begin_db().await.unwrap();
        self.heard.lock().unwrap().clear();
        call(&mut tx).await;
        drop(tx);
        let heard = std::mem::take(&mut *self.heard.lock().unwrap());
        assert!(!heard.is_empty(), "{name} ran nothing");
        let costs = self.judge.costs(heard).await;
        for (statement, cost) in &costs {
            println!("  {name:28} {:>7} {:>7} us  {}", cost.work, cost.micros, shortened(&statement.sql));
        }
        costs
    }

    fn must_be_cheap(&mut self, name: &str, statement: &Statement, cost: &Cost) {
        let reviewed = |table: &String| REVIEWED.iter().any(|(of, what, _)| *of == name && what == table);
        let small = |table: &String| data::is_small(table, self.rows, self.home.is_postgres());
        let scanned = cost.scanned().into_iter().filter(|table| !reviewed(table) && !small(table));
        let scanned: Vec<_> = scanned.collect();
        let dear = cost.work > limit(&self.home);
        if dear || !scanned.is_empty() {
            let plan = cost.plan.join("\n      ");
            let fault = format!(
                "{name} reads {scanned:?}, {} of work\n    {}\n      {plan}",
                cost.work, statement.sql
            );
            self.faults.push(fault);
        }
    }

    /// A page that lies deep must cost what the first one does.
    pub(crate) fn pages(
        &mut self,
        name: &str,
        what: &str,
        first: Vec<(Statement, Cost)>,
        deep: Vec<(Statement, Cost)>,
    ) {
        let sum = |costs: &[(Statement, Cost)]| -> (u64, u128) {
            costs.iter().fold((0, 0), |sum, (_, cost)| (sum.0 + cost.work, sum.1 + cost.micros))
        };
        let ((first_work, first_time), (deep_work, deep_time)) = (sum(&first), sum(&deep));
        println!(
            "  {name} ({what}): first page {first_work}, {first_time} us; deep page {deep_work}, {deep_time} us"
        );
        if deep_work > first_work * 2 + 200 {
            self.faults
                .push(format!("{name} ({what}): a deep page costs {deep_work}, the first {first_work}"));
        }
        for (statement, cost) in first.iter().chain(&deep) {
            self.must_be_cheap(name, statement, cost);
        }
    }
}

fn shortened(sql: &str) -> String {
    let plain: String = sql.chars().filter(|c| *c != '"').collect();
    let (from, verb) = (plain.find(" FROM "), plain.split(' ').next().unwrap_or_default());
    let rest =
        if verb == "SELECT" { from.map_or(&plain[..], |from| &plain[from..]) } else { &plain[verb.len()..] };
    format!("{verb} ..{}", rest.chars().take(110).collect::<String>())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_query_reads_a_table_from_end_to_end_and_deep_pages_cost_what_the_first_does() {
    let mut inspector = Inspector::new().await;
    accounts::all(&mut inspector).await;
    sessions::all(&mut inspector).await;
    recovery::all(&mut inspector).await;
    upkeep::all(&mut inspector).await;
    user_search::all(&mut inspector).await;
    overviews::all(&mut inspector).await;
    factors::all(&mut inspector).await;
    api_keys::all(&mut inspector).await;
    consents::all(&mut inspector).await;
    browser_sessions::all(&mut inspector).await;
    outbox::all(&mut inspector).await;
    logouts::all(&mut inspector).await;
    devices::all(&mut inspector).await;
    blog::all(&mut inspector).await;
    shop::all(&mut inspector).await;
    let forgotten: Vec<_> = methods::all().difference(&inspector.called).cloned().collect();
    assert!(forgotten.is_empty(), "nobody looked at {forgotten:?}");
    assert!(inspector.faults.is_empty(), "\n{}", inspector.faults.join("\n"));
}
