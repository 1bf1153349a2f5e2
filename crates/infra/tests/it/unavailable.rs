//! A database that is away or busy: every call ends, soon, and says so.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use keyward_domain::ports::store::{Repositories, Store};
use keyward_domain::values::page::Page;
use keyward_infra::database::options::DatabaseOptions;
use keyward_infra::database::store::Database;
use sea_orm::{ConnectionTrait, DatabaseConnection, TransactionTrait};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedRwLockWriteGuard, RwLock, oneshot};

use crate::support::{Commits, add_user, is_unavailable, named, new_user, open, open_with};

/// Long enough for every request that does get an answer, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(2);
/// Far from never.
const SOON: Duration = Duration::from_secs(20);

fn impatient() -> DatabaseOptions {
    DatabaseOptions { acquire_timeout: PATIENCE, statement_timeout: PATIENCE, ..DatabaseOptions::default() }
}

#[tokio::test]
async fn a_closed_database_is_unavailable() {
    let database = open().await;
    database.ping().await.unwrap();
    database.close().await.unwrap();
    assert!(is_unavailable(&database.ping().await));
    assert!(is_unavailable(&database.begin().await));
    let mut ports = database.autocommit();
    assert!(is_unavailable(&ports.users().insert(&new_user("ana")).await));
    assert!(is_unavailable(&ports.users().list(Page::default()).await));
}

#[tokio::test]
async fn a_write_that_waits_for_another_one_too_long_is_unavailable_and_reads_go_on() {
    let database = open_with(impatient()).await;
    let ana = add_user(&database, "ana").await.id;
    let mut holder = database.begin().await.unwrap();
    assert!(holder.user_changes().delete(ana).await.unwrap());
    let start = Instant::now();
    assert!(is_unavailable(&database.committing().delete(ana).await));
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    assert!(database.autocommit().users().credentials_of(&named("ana")).await.unwrap().is_some());
    drop(holder);
    assert!(database.committing().delete(ana).await.unwrap());
}

#[tokio::test]
async fn a_statement_that_was_given_up_does_not_go_on() {
    // Runs for hours.
    const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000000) \
                           INSERT INTO jobs (name, due_at) SELECT 'endless', sum(i) FROM n";
    let database = open_with(impatient()).await;
    add_user(&database, "ana").await;
    assert!(database.autocommit_db().write().execute_unprepared(ENDLESS).await.is_err());
    add_user(&database, "bob").await;
    let tx = database.begin_db().await.unwrap();
    assert!(tx.write().execute_unprepared(ENDLESS).await.is_err());
    drop(tx);
    add_user(&database, "cid").await;
    // One whose caller has gone, in the middle of a transaction.
    let other = database.database.clone();
    let call = tokio::spawn(async move {
        let mut tx = other.begin_db().await.unwrap();
        tx.users().insert(&new_user("eve")).await.unwrap();
        drop(tx.write().execute_unprepared(ENDLESS).await);
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    call.abort();
    add_user(&database, "dee").await;
    let mut tx = database.begin().await.unwrap();
    tx.users().insert(&new_user("fay")).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(database.autocommit().users().list(Page::default()).await.unwrap().len(), 5);
}

#[tokio::test]
async fn a_read_that_was_given_up_does_not_go_on() {
    // Runs for hours, and yields no row before its end.
    const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000000) \
                           SELECT sum(i) FROM n";
    let database = open_with(DatabaseOptions { readers: 1, ..impatient() }).await;
    add_user(&database, "ana").await;
    let users = async || database.autocommit().users().list(Page::default()).await.unwrap().len();
    let start = Instant::now();
    assert!(database.autocommit_db().read().execute_unprepared(ENDLESS).await.is_err());
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    assert_eq!(users().await, 1, "after the longest that a statement may take");
    // One whose caller has gone.
    let other = database.database.clone();
    let call = tokio::spawn(async move {
        drop(other.autocommit_db().read().execute_unprepared(ENDLESS).await);
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    call.abort();
    let start = Instant::now();
    assert_eq!(users().await, 1, "after a request that was given up");
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
    // One that waits for the connection interrupts nothing.
    let other = database.database.clone();
    let call = tokio::spawn(async move { other.autocommit_db().read().execute_unprepared(BRIEF).await });
    tokio::time::sleep(Duration::from_millis(20)).await;
    let other = database.database.clone();
    let waiting = tokio::spawn(async move { other.autocommit().users().list(Page::default()).await });
    tokio::time::sleep(Duration::from_millis(20)).await;
    waiting.abort();
    call.await.unwrap().expect("it ends as it would alone");
    assert_eq!(users().await, 1);
}

#[tokio::test]
async fn what_is_acknowledged_after_a_full_disk_is_committed() {
    let database = open().await;
    if database.home.is_postgres() {
        return; // Its server says of each answer whether a transaction is open; see `cargo xtask faults`.
    }
    let write = async |sql: &str| database.autocommit_db().write().execute_unprepared(sql).await;
    write("PRAGMA max_page_count = 100").await.unwrap();
    // SQLite rolls this transaction back by itself, and the driver would still count on it.
    let tx = database.begin_db().await.unwrap();
    let full = tx.write().execute_unprepared(FILL).await;
    assert!(full.is_err_and(|error| error.to_string().contains("full")));
    drop(tx);
    write("PRAGMA max_page_count = 1000000").await.unwrap();
    let mut dropped = database.begin().await.unwrap();
    dropped.users().insert(&new_user("ana")).await.unwrap();
    drop(dropped);
    let mut tx = database.begin().await.unwrap();
    tx.users().insert(&new_user("bob")).await.unwrap();
    tx.commit().await.unwrap();
    add_user(&database, "cid").await;
    let kept = database.autocommit().users().list(Page::default()).await.unwrap();
    let kept: Vec<_> = kept.iter().map(|user| user.name.as_ref().unwrap().as_str()).collect();
    assert_eq!(kept, ["bob", "cid"], "as another connection sees it");
}

/// One row of some megabytes: SQLite rolls the transaction back, and not the statement alone.
const FILL: &str =
    "INSERT INTO recoveries (owner, token_hash, expires_at) VALUES (zeroblob(4000000), x'00', 0)";

/// Runs for about a tenth of a second.
const BRIEF: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT sum(i) FROM n";

#[tokio::test]
async fn a_write_that_waits_for_another_process_too_long_is_unavailable() {
    let database = open_with(impatient()).await;
    let ana = add_user(&database, "ana").await.id;
    let other = database.home.connect().await;
    let mut holder = other.begin().await.unwrap();
    assert!(holder.user_changes().delete(ana).await.unwrap());
    let start = Instant::now();
    assert!(is_unavailable(&database.committing().delete(ana).await));
    let blocked = match database.begin().await {
        Ok(mut tx) => is_unavailable(&tx.user_changes().delete(ana).await),
        Err(error) => is_unavailable::<()>(&Err(error)),
    };
    assert!(blocked);
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    holder.commit().await.unwrap();
    assert!(!database.committing().delete(ana).await.unwrap());
}

#[tokio::test]
async fn a_full_pool_is_unavailable_in_bounded_time() {
    let database = open_with(DatabaseOptions { max_connections: 1, ..impatient() }).await;
    let holder = database.begin().await.unwrap();
    let start = Instant::now();
    assert!(is_unavailable(&database.begin().await));
    assert!(start.elapsed() < SOON);
    drop(holder);
    database.begin().await.unwrap().commit().await.unwrap();
}

/// A connection that freezes while `flowing` is held for writing.
#[derive(Clone, Default)]
struct Wire {
    flowing: Arc<RwLock<()>>,
    /// Notified when the wire freezes as `BEGIN` passes.
    trap: Arc<Mutex<Option<Trap>>>,
}

type Trap = oneshot::Sender<OwnedRwLockWriteGuard<()>>;

impl Wire {
    /// Freezes with the next `BEGIN`, which arrives, while nothing comes back.
    fn freeze_at_begin(&self) -> oneshot::Receiver<OwnedRwLockWriteGuard<()>> {
        let (trap, sprung) = oneshot::channel();
        *self.trap.lock().unwrap() = Some(trap);
        sprung
    }

    async fn carry(self, from: OwnedReadHalf, to: OwnedWriteHalf) {
        let mut buffer = [0; 4096];
        while from.readable().await.is_ok() {
            let flowing = self.flowing.read().await;
            match from.try_read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => {
                    let bytes = &buffer[..count];
                    let begins = bytes.windows(5).any(|word| word == b"BEGIN");
                    let trap = if begins { self.trap.lock().unwrap().take() } else { None };
                    if let Some(trap) = trap {
                        drop(flowing);
                        let frozen = Arc::clone(&self.flowing).write_owned().await;
                        write_all(&to, bytes).await;
                        trap.send(frozen).unwrap();
                    } else {
                        write_all(&to, bytes).await;
                    }
                }
                Err(_) => {}
            }
        }
    }
}

/// PostgreSQL at the other end of a wire.
async fn behind_a_wire(url: &str) -> (String, Wire) {
    let server = url.split('@').next_back().unwrap().split('/').next().unwrap().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let (wire, target) = (Wire::default(), server.clone());
    let carrier = wire.clone();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let upstream = TcpStream::connect(&target).await.unwrap();
            let (client_read, client_write) = client.into_split();
            let (server_read, server_write) = upstream.into_split();
            tokio::spawn(carrier.clone().carry(client_read, server_write));
            tokio::spawn(carrier.clone().carry(server_read, client_write));
        }
    });
    (url.replace(&server, &address.to_string()), wire)
}

async fn write_all(to: &OwnedWriteHalf, mut bytes: &[u8]) {
    while !bytes.is_empty() && to.writable().await.is_ok() {
        if let Ok(count) = to.try_write(bytes) {
            bytes = &bytes[count..];
        }
    }
}

#[tokio::test]
async fn a_server_that_falls_silent_is_unavailable_in_bounded_time_and_recovers() {
    let database = open().await;
    if !database.home.is_postgres() {
        return;
    }
    let (url, wire) = behind_a_wire(&database.home.url).await;
    let through = Database::connect(&url, impatient()).await.unwrap();
    let ana = add_user(&through, "ana").await;
    let mut tx = through.begin().await.unwrap();
    assert!(tx.users().find(ana.id).await.unwrap().is_some());

    let frozen = wire.flowing.write().await;
    let start = Instant::now();
    assert!(is_unavailable(&through.autocommit().users().find(ana.id).await));
    assert!(is_unavailable(&tx.users().find(ana.id).await));
    assert!(is_unavailable(&tx.commit().await));
    assert!(is_unavailable(&through.ping().await));
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    drop(frozen);

    let start = Instant::now();
    while through.ping().await.is_err() {
        assert!(start.elapsed() < SOON);
    }
    assert_eq!(through.autocommit().users().find(ana.id).await.unwrap(), Some(ana));
}

/// What is acknowledged later must not end up in the transaction that began after all.
#[tokio::test]
async fn a_transaction_that_was_given_up_while_it_began_swallows_nothing() {
    let database = open().await;
    if !database.home.is_postgres() {
        return;
    }
    let (url, wire) = behind_a_wire(&database.home.url).await;
    let one = DatabaseOptions { max_connections: 1, ..impatient() };
    let through = Database::connect(&url, one).await.unwrap();
    let sprung = wire.freeze_at_begin();
    assert!(is_unavailable(&through.begin().await));
    drop(sprung.await.unwrap());

    let start = Instant::now();
    while through.ping().await.is_err() {
        assert!(start.elapsed() < SOON);
    }
    let ana = through.autocommit().users().insert(&new_user("ana")).await.unwrap();
    assert_eq!(database.autocommit().users().find(ana.id).await.unwrap(), Some(ana));
}

#[tokio::test]
async fn connections_that_the_server_cut_are_unavailable_once_and_then_replaced() {
    let database = open().await;
    if !database.home.is_postgres() {
        return;
    }
    let mut tx = database.begin().await.unwrap();
    tx.users().insert(&new_user("ana")).await.unwrap();
    let other = database.home.connect().await;
    cut_all_but(other.connection()).await;
    assert!(is_unavailable(&tx.users().insert(&new_user("bob")).await));
    drop(tx);
    let mut failures = 0;
    while database.ping().await.is_err() {
        failures += 1;
        assert!(failures < 20);
    }
    add_user(&database, "ana").await;
}

/// Ends every other connection to this database.
async fn cut_all_but(connection: &DatabaseConnection) {
    let tx = connection.begin().await.unwrap();
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    tx.execute_unprepared(sql).await.unwrap();
    tx.commit().await.unwrap();
}
