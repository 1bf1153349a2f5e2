//! Many rows, made by the database itself.

use keyward_infra::testing::TestDatabase;
use sea_orm::{ConnectionTrait, DatabaseConnection};

/// Users, sessions, posts and events are there in full number; products, carts, mails and the like in a fraction of it.
const FEWER: i64 = 10;

/// A title that one post has, and one product.
pub(crate) const RARE: &str = "quetzal";

/// When everything happened, in microseconds.
pub(crate) const THEN: i64 = 1_795_305_600_000_000;

/// The sixteen bytes that stand for a number, where ids are bytes.
pub(crate) fn bytes(number: i64, length: usize) -> Vec<u8> {
    format!("{number:0length$}").into_bytes()
}

/// Fills a database through its one connection: `rows` users, and so on.
pub(crate) async fn fill(home: &TestDatabase, connection: &DatabaseConnection, rows: i64) {
    let postgres = home.is_postgres();
    let run = async |sql: String| {
        if let Err(error) = connection.execute_unprepared(&sql).await {
            panic!("{sql}: {error}");
        }
    };
    if postgres {
        // Rows that fit need not be asked about one by one, if we may say so.
        drop(connection.execute_unprepared("SET session_replication_role = replica").await);
    } else {
        // Nothing here needs to outlive the power.
        run("PRAGMA synchronous = OFF; PRAGMA cache_size = -200000".to_owned()).await;
    }
    for (table, columns, values, count) in tables(postgres, rows) {
        let begun = std::time::Instant::now();
        let series = if postgres {
            format!("generate_series(1, {count}) AS n(i)")
        } else {
            let all = format!("SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}");
            format!("(WITH RECURSIVE n(i) AS ({all}) SELECT i FROM n) AS n")
        };
        run(format!("INSERT INTO {table} ({columns}) SELECT {values} FROM {series}")).await;
        println!("  {count:>9} {table:16} {:6.1} s", begun.elapsed().as_secs_f64());
    }
    // PostgreSQL's trigrams of new rows wait in a list until VACUUM.
    run(if postgres { "VACUUM ANALYZE" } else { "ANALYZE" }.to_owned()).await;
}

/// Tables that have a row a rotation of keys, a kind of job, or a table.
const SMALL: [&str; 3] = ["signing_keys", "jobs", "sqlite_sequence"];

/// Whether a table is quicker read than looked up in; SQLite always looks up.
pub(crate) fn is_small(table: &str, rows: i64, postgres: bool) -> bool {
    let has_few = |(name, _, _, count): Table| name == table && count < 5_000;
    SMALL.contains(&table) || postgres && tables(postgres, rows).into_iter().any(has_few)
}

type Table = (&'static str, &'static str, String, i64);

#[expect(clippy::too_many_lines, reason = "one table after another")]
fn tables(postgres: bool, rows: i64) -> Vec<Table> {
    let fewer = rows / FEWER;
    let bytes = |length: usize| {
        if postgres {
            format!("lpad(CAST(i AS text), {length}, '0')::bytea")
        } else {
            format!("CAST(printf('%0{length}d', i) AS BLOB)")
        }
    };
    let uuid = if postgres { format!("encode({}, 'hex')::uuid", bytes(16)) } else { bytes(16) };
    let (salt, key) = (bytes(16), bytes(32));
    // The digits of a number as letters that a user code may have.
    let digits = if postgres { "lpad(CAST(i AS text), 8, '0')" } else { "printf('%08d', i)" };
    let letters = ('0'..='9').zip("BCDFGHJKLM".chars());
    let letters = letters
        .fold(digits.to_owned(), |text, (digit, letter)| format!("replace({text}, '{digit}', '{letter}')"));
    // The first tenth of all posts are one user's drafts: a search for published ones must not read them all.
    let (rare, drafts) = (rows / 2, rows / 10);
    let mut tables = vec![
        (
            "users",
            "email, username, name, role, password_hash, disabled, email_verified, created_at",
            format!(
                "'user' || i || '@example.com', 'user' || i, 'User ' || i, 'user', '$hash', FALSE, FALSE, {THEN} + i"
            ),
            rows,
        ),
        (
            "sessions",
            "id, user_id, scope, client_id, counter, salt, ip, created_at, last_seen_at, revoked_at",
            format!(
                "{uuid}, i, 'posts:read', CASE WHEN i % 3 = 0 THEN 'client-' || (i % {fewer}) END, 0, {salt}, '192.0.2.1', {THEN} + i, {THEN} + i, \
                 CASE WHEN i % 20 = 0 THEN {THEN} + i END"
            ),
            rows,
        ),
        ("browser_sessions", "session_id, secret_hash", format!("{uuid}, {key}"), fewer),
        (
            "posts",
            "owner_id, title, title_folded, content, published, created_at, updated_at",
            format!(
                "CASE WHEN i <= {drafts} THEN 2 ELSE 1 + CAST(i AS BIGINT) * 7919 % {rows} END, 'Post ' || i, \
                 CASE WHEN i = {rare} THEN '{RARE}' ELSE 'post ' || i END, 'Words.', \
                 i > {drafts} AND i % 10 <> 0, {THEN} + i, {THEN} + i"
            ),
            rows,
        ),
        (
            "clients",
            "id, name, scope, secret_hash, created_at",
            format!("'client-' || i, 'Client', 'posts:read', {key}, {THEN}"),
            fewer,
        ),
        (
            "security_events",
            "at, kind, user_id, session_id",
            format!("{THEN} + i, 'login_ok', i, {uuid}"),
            rows,
        ),
        ("attempts", "key, failures, wait, last_at", format!("{key}, 1, 0, {THEN} + i"), fewer),
        ("categories", "name", "'Category ' || i".to_owned(), fewer / 10),
        (
            "products",
            "category_id, name, name_folded, description, price, quantity",
            format!(
                "1 + i % {}, 'Product ' || i, CASE WHEN i = {} THEN '{RARE}' ELSE 'product ' || i END, '-', 100, 1000",
                fewer / 10,
                fewer / 2
            ),
            fewer,
        ),
        ("cart_items", "user_id, product_id, quantity", "i, i, 1".to_owned(), fewer),
        (
            "orders",
            "user_id, placed_at, amount, status, address, idempotency_key, request_digest",
            format!("i, {THEN} + i, 100, 'PROCESSING', '1 Main Street', 'key-' || i, {key}"),
            fewer,
        ),
        (
            "order_lines",
            "order_id, position, product_id, name, price, quantity",
            "i, 0, i, 'Product', 100, 1".to_owned(),
            fewer,
        ),
        (
            "outbox",
            "reference, recipient, subject, text_part, html_part, created_at, state, at, attempts",
            format!(
                "{uuid}, 'user@example.com', 'Your order', {salt}, {salt}, {THEN}, \
                 CASE i % 100 WHEN 0 THEN 'waiting' WHEN 1 THEN 'dead' ELSE 'sent' END, {THEN} + i, 0"
            ),
            fewer,
        ),
        (
            "device_requests",
            "code_hash, user_code, client_id, scope, network, created_at, expires_at, \"interval\", state, user_id",
            format!(
                "{key}, {letters}, 'client-' || i, 'openid', '192.0.2.1', {THEN}, {THEN} + i, 5000000, 'pending', \
                 CASE i % 2 WHEN 0 THEN i END"
            ),
            fewer / 10,
        ),
        (
            "logouts",
            "session_id, user_id, client_id, receiver, created_at, at, attempts",
            // All but the last thousand are of one receiver.
            format!(
                "{uuid}, i, 'client-' || (i % {} + 1), CASE WHEN i > {} THEN 'other' || i || '.example.com' ELSE 'app.example.com' END, \
                 {THEN} + i, {THEN} + i, 0",
                fewer / 10,
                fewer * 4 - 1000
            ),
            fewer * 4,
        ),
        ("revocations", "session_id, user_id, revoked_at", format!("{uuid}, i, {THEN} + i"), fewer),
        (
            "email_proofs",
            "user_id, purpose, email, token_hash, tries, kept_at, expires_at",
            format!("i, 'change', 'new' || i || '@example.com', {key}, 0, {THEN}, {THEN} + i"),
            fewer,
        ),
        (
            "recoveries",
            "owner, user_id, token_hash, expires_at",
            format!("{key}, i, {key}, {THEN} + i"),
            fewer,
        ),
    ];
    tables.extend(factors(&bytes, fewer));
    tables
}

/// Second factors, API keys, and what is good once.
fn factors(bytes: &impl Fn(usize) -> String, fewer: i64) -> [Table; 8] {
    let (id, hash, secret) = (bytes(16), bytes(32), bytes(48));
    [
        ("logins", "user_id, at", format!("i, {THEN} + i"), fewer * FEWER),
        ("totp_factors", "user_id, secret, last_step, since", format!("i, {secret}, 1, {THEN} + i"), fewer),
        ("totp_offers", "user_id, secret, expires_at", format!("i, {secret}, {THEN} + i"), fewer),
        ("recovery_codes", "user_id, hash", format!("i, {hash}"), fewer),
        (
            "api_keys",
            "user_id, name, scope, hash, created_at, expires_at",
            format!("i, 'Key', 'posts:read', {hash}, {THEN}, CASE WHEN i % 2 = 0 THEN {THEN} + i END"),
            fewer,
        ),
        (
            "consents",
            "user_id, client_id, scope, resources, allowed_at",
            format!("i, 'client-' || i, 'openid', '', {THEN} + i"),
            fewer,
        ),
        ("spent", "id, expires_at", format!("{id}, {THEN} + i"), fewer),
        (
            "passkeys",
            "user_id, credential_id, user_handle, public_key, algorithm, counter, backup_eligible, transports, \
             name, created_at, valid_since",
            format!("i, {hash}, {hash}, {secret}, -7, 0, TRUE, 'usb', 'Key', {THEN} + i, {THEN} + i"),
            fewer,
        ),
    ]
}
