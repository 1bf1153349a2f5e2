//! Resources that would be in each other's way, or in Keyward's, are refused with a sentence before anything is touched.

use keyward_api::extract::USERS;
use keyward_api::resources::own_data::OwnData;
use keyward_api::resources::resource::{Resource, ResourceScope};
use keyward_api::service::Service;
use keyward_domain::values::scopes::Role;
use keyward_infra::mail::templates::Template;
use keyward_migration::MigrationSet;
use keyward_web::List;
use tempfile::TempDir;

use super::memos;
use super::service::settings;

/// A resource of this name without anything.
fn bare(name: &'static str) -> Resource {
    Resource {
        name,
        tags: &[],
        scopes: Vec::new(),
        lists: &[],
        migrations: MigrationSet { name, files: Vec::new },
        letters: &[],
        seed: None,
        cleaning: None,
        leaving: None,
        removing: None,
        own_data: &[],
        ..memos::resource()
    }
}

fn scope(name: &'static str) -> ResourceScope {
    ResourceScope { name, title: "A scope", role: Role::User }
}

/// Why a service does not open with these resources.
async fn refusal(resources: Vec<Resource>) -> String {
    let folder = TempDir::with_prefix("keyward-").unwrap();
    let data = folder.path().join("data");
    let settings = settings(&data, &format!("sqlite://{}", data.join("keyward.db").display()));
    let refused = Service::open_with(settings, resources).await;
    assert!(!data.exists(), "nothing is touched");
    refused.err().map_or("it opens".to_owned(), |error| error.to_string())
}

#[tokio::test]
async fn two_resources_share_neither_a_name_nor_a_scope_nor_a_list() {
    let shared = Resource { scopes: vec![scope("memos:write")], ..bare("other") };
    let listed = Resource { lists: &[List(b'm')], ..bare("other") };
    let tagged = Resource { tags: &[("memos", "")], ..bare("other") };
    let worded = Resource { letters: memos::resource().letters, ..bare("other") };
    for (other, sentence) in [
        (bare("memos"), "two resources are named memos"),
        (shared, "the resource other has the scope memos:write, which belongs to the resource memos"),
        (listed, "the resource other has the list m, which belongs to the resource memos"),
        (tagged, "the resource other has the tag memos, which belongs to the resource memos"),
        (bare("other"), "the resource other has the path /memos, which belongs to the resource memos"),
        (worded, "the resource other has the letter noted, which belongs to the resource memos"),
    ] {
        assert_eq!(refusal(vec![memos::resource(), other]).await, sentence);
    }
}

#[tokio::test]
async fn a_resource_has_nothing_that_is_keywards_own_and_nothing_twice() {
    const RESET: Template = Template { name: "password_reset", text: "", html: "", sample: Default::default };
    for (resource, sentence) in [
        (Resource { scopes: vec![scope("admin")], ..bare("other") }, "scope admin, which belongs to Keyward"),
        (
            Resource { scopes: vec![scope("revocations:read")], ..bare("other") },
            "scope revocations:read, which belongs to Keyward",
        ),
        (Resource { lists: &[USERS], ..bare("other") }, "list u, which belongs to Keyward"),
        (Resource { tags: &[("users", "")], ..bare("other") }, "tag users, which belongs to Keyward"),
        (Resource { letters: &[RESET], ..bare("other") }, "letter password_reset, which belongs to Keyward"),
        (Resource { scopes: vec![scope("a"), scope("a")], ..bare("other") }, "scope a twice"),
    ] {
        assert_eq!(refusal(vec![resource]).await, format!("the resource other has the {sentence}"));
    }
}

/// As in a copy of a sample that was renamed in one place only.
#[tokio::test]
async fn a_resource_and_its_migrations_have_one_name() {
    let copy = Resource { migrations: memos::MIGRATIONS, ..bare("other") };
    let sentence = "the resource other has migrations named memos: both take one name";
    assert_eq!(refusal(vec![copy]).await, sentence);
}

#[tokio::test]
async fn a_malformed_scope_takes_no_other_with_it() {
    let sentence = refusal(vec![Resource { scopes: vec![scope("notes read")], ..bare("other") }]).await;
    assert!(sentence.starts_with("a scope of a resource: "), "{sentence}");
}

#[tokio::test]
async fn a_list_of_own_data_has_one_owner() {
    const SESSIONS: &[OwnData] = &[OwnData { name: "sessions", source: |_| unreachable!() }];
    const NOTES: &[OwnData] = &[OwnData { name: "notes", source: |_| unreachable!() }];
    let refused = refusal(vec![Resource { own_data: SESSIONS, ..bare("other") }]).await;
    assert_eq!(refused, "the resource other has the list of own data sessions, which belongs to Keyward");
    let two = [bare("one"), bare("other")].map(|resource| Resource { own_data: NOTES, ..resource });
    let refused = refusal(two.into()).await;
    assert_eq!(
        refused,
        "the resource other has the list of own data notes, which belongs to the resource one"
    );
}
