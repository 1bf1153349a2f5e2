//! The names of every method of every repository, as the source has them: so that no query is forgotten.

use std::collections::BTreeSet;
use std::path::Path;

/// The ports, and what their methods are called by here.
const PORTS: [(&str, &str); 30] = [
    ("ApiKeyChanges", "api_keys"),
    ("ApiKeyRepository", "api_keys"),
    ("AttemptRepository", "attempts"),
    ("BrowserSessionRepository", "browser_sessions"),
    ("CartRepository", "carts"),
    ("CatalogRepository", "catalog"),
    ("ClientRepository", "clients"),
    ("ConsentRepository", "consents"),
    ("DeviceRepository", "devices"),
    ("EventRepository", "events"),
    ("FactorChanges", "factors"),
    ("FactorRepository", "factors"),
    ("JobRepository", "jobs"),
    ("KeyRepository", "keys"),
    ("LogoutRepository", "logouts"),
    ("OrderRepository", "orders"),
    ("OutboxRepository", "outbox"),
    ("OverviewRepository", "overviews"),
    ("PasskeyChanges", "passkeys"),
    ("PasskeyRepository", "passkeys"),
    ("PostRepository", "posts"),
    ("RecoveryRepository", "recoveries"),
    ("RevocationRepository", "revocations"),
    ("SessionEndings", "sessions"),
    ("SessionProofs", "sessions"),
    ("SessionRepository", "sessions"),
    ("SpentRepository", "spent"),
    ("UserChanges", "users"),
    ("UserRepository", "users"),
    ("VerificationRepository", "verifications"),
];

/// The folders, from the root of the checkout, whose files implement repositories.
const FOLDERS: [&str; 3] = ["crates/infra/src", "samples/blog/src", "samples/shop/src"];

/// `posts.list` and so on.
pub(crate) fn all() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut names = BTreeSet::new();
    let mut folders = FOLDERS.map(|folder| root.join(folder)).to_vec();
    while let Some(folder) = folders.pop() {
        for file in folder.read_dir().unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                names.extend(methods(&std::fs::read_to_string(path).unwrap()));
            }
        }
    }
    for known in ["posts.list", "orders.insert", "users.update"] {
        assert!(names.contains(known), "{known} is not among {names:?}");
    }
    names
}

/// What is inside `impl .. PORT for Db<..> { .. }`.
fn methods(source: &str) -> Vec<String> {
    let mut noun = None;
    let mut names = Vec::new();
    for line in source.lines() {
        if line.starts_with("impl") {
            let is_of = |(port, _): &&(&str, &str)| line.contains(&format!("{port} for Db<"));
            noun = PORTS.iter().find(is_of).map(|(_, noun)| noun);
            assert!(noun.is_some() || !line.contains("Repository for Db<"), "name its port above: {line}");
        }
        if let (Some(noun), Some(name)) = (noun, line.strip_prefix("    async fn ")) {
            names.push(format!("{noun}.{}", name.split(['(', '<']).next().unwrap()));
        }
    }
    names
}
