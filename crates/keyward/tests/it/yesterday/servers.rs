//! The program on one database with each choice of resources after the other, there and back, as its users and its operator
//! see it.

use std::path::Path;

use serde_json::{Value, json};

use super::document;
use super::installation::{Installation, Server, member};
use crate::forge::claims_of;
use crate::process::text;

/// Every value of `KEYWARD_RESOURCES`, there and back.
const THERE_AND_BACK: [&str; 7] = ["blog,shop", "blog", "shop", "none", "shop", "blog", "blog,shop"];

/// The refresh tokens that are good next.
struct Refreshing {
    ana: String,
    bob: String,
}

impl Refreshing {
    fn new(installation: &Installation) -> Self {
        let token = |path| installation.facts.text(path).to_owned();
        Self { ana: token("/ana/refresh_token"), bob: token("/client/refresh_token_of_bob") }
    }
}

#[tokio::test]
async fn yesterdays_users_find_what_is_mounted_and_nothing_else_there_and_back() {
    let installation = Installation::new().await;
    let mut refreshing = Refreshing::new(&installation);
    for resources in THERE_AND_BACK {
        let server = installation.serve(resources);
        let scope = scope_of_users(resources);
        for name in ["grace", "ana", "bob"] {
            assert_eq!(granted(server.log_in(name)), scope, "{name} with {resources}");
        }
        assert_eq!(granted(server.log_in("ada")), scope_of_administrators(resources), "{resources}");
        sessions_go_on(&server, &mut refreshing, &scope);
        has_its_posts(&installation, &server, resources);
        has_its_shop(&installation, &server, resources);
        let metadata = server.get("/.well-known/oauth-authorization-server");
        let first = ["openid", "profile", "email", "offline_access"].map(str::to_owned);
        let supported = [&first[..], &scope_of_administrators(resources)].concat();
        assert_eq!(words(&metadata["scopes_supported"]), supported);
        document::holds_what_is_mounted(&server.get("/openapi.json"), resources);
        server.stop();
    }

    // A token that was spent long ago ends the session. What is mounted has no part in it.
    let server = installation.serve("none");
    let spent = json!({ "refresh_token": installation.facts.text("/ana/spent_refresh_token") });
    server.answered(401, "POST /refresh_token", "", &spent);
    server.answered(401, "POST /refresh_token", "", &json!({ "refresh_token": refreshing.ana }));
}

#[tokio::test]
async fn commands_work_with_every_value_there_and_back() {
    let installation = Installation::new().await;
    let doctor = |resources: &str| installation.printed(resources, &["doctor"]);
    for resources in ["blog,shop", "blog", "shop", "none"] {
        let report = doctor(resources);
        assert!(
            report.contains("brings its schema up to date: m20261129_000001_standing_sessions, "),
            "{report}"
        );
        let missing = report.contains(", blog/m20261129_000001_posts\n");
        assert_eq!(missing, has(resources, "blog"), "{resources}: {report}");
    }
    for resources in THERE_AND_BACK {
        let users = installation.printed(resources, &["user", "list"]);
        let emails: Vec<_> = users.lines().map(|line| line.split('\t').nth(1).unwrap()).collect();
        let everyone = ["ada@example.com", "grace@example.com", "ana@example.com", "bob@example.com"];
        assert_eq!(emails, everyone, "{resources}");
        let report = doctor(resources);
        assert!(report.contains("its schema is up to date"), "{resources}: {report}");
        assert!(report.contains("EdDSA") && report.contains("signs"), "{resources}: {report}");
        let id = installation.facts.text("/client/id");
        let clients = installation.printed(resources, &["client", "list"]);
        assert!(clients.starts_with(&format!("{id}\tposts:read revocations:read\t")), "{clients}");
        if installation.is_postgres() {
            for command in ["backup", "restore"] {
                let refused = installation.run(resources, &[command, "copy.db"]);
                let sentence = text(&refused.stderr);
                assert!(!refused.status.success() && sentence.contains("this is for SQLite"), "{sentence}");
            }
            continue;
        }
        let copied = installation.printed(resources, &["backup", "copy.db", "--force"]);
        // The set of the blog was noted at the first command, and counts where it is mounted.
        let migrations = if has(resources, "blog") { 43 } else { 42 };
        assert!(copied.ends_with(&format!("checked, {migrations} migrations\n")), "{copied}");
        let restored = installation.printed(resources, &["restore", "--keep-sessions", "copy.db"]);
        assert!(restored.contains(&format!("restored, {migrations} migrations")), "{restored}");
    }
    let server = installation.serve("blog,shop");
    assert_eq!(granted(server.log_in("ana")), scope_of_users("blog,shop"));
    has_its_posts(&installation, &server, "blog,shop");
    has_its_shop(&installation, &server, "blog,shop");
}

/// The file of the fixture is what `keyward backup` wrote.
#[tokio::test]
async fn a_backup_of_yesterday_is_restored_with_every_value() {
    let backup = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/yesterday/sqlite.db");
    let backup = backup.to_str().unwrap();
    for resources in ["blog,shop", "blog", "shop", "none"] {
        let installation = Installation::new().await;
        if installation.is_postgres() {
            return;
        }
        let restored = installation.printed(resources, &["restore", "--keep-sessions", backup]);
        assert!(restored.contains("restored, 18 migrations"), "{restored}");
        let server = installation.serve(resources);
        let scope = scope_of_users(resources);
        sessions_go_on(&server, &mut Refreshing::new(&installation), &scope);
        has_its_posts(&installation, &server, resources);
        has_its_shop(&installation, &server, resources);
    }
}

/// Ana's own session and the one that Bob opened through the client are refreshed, and keep what they were granted as far as
/// it is mounted.
fn sessions_go_on(server: &Server<'_>, refreshing: &mut Refreshing, scope: &[String]) {
    let tokens = json!({ "refresh_token": refreshing.ana });
    let tokens = server.answered(200, "POST /refresh_token", "", &tokens);
    assert_eq!(granted((member(&tokens, "access_token"), member(&tokens, "scope"))), scope);
    server.answered(200, "GET /users/me", &member(&tokens, "access_token"), &Value::Null);
    refreshing.ana = member(&tokens, "refresh_token");

    let tokens = server.as_client(&format!("grant_type=refresh_token&refresh_token={}", refreshing.bob));
    let read: Vec<_> = scope.iter().filter(|name| *name == "posts:read").cloned().collect();
    assert_eq!(granted((member(&tokens, "access_token"), member(&tokens, "scope"))), read);
    refreshing.bob = member(&tokens, "refresh_token");
    // What a client may do for itself is what it was registered for, here or at another service.
    let token = server.as_client("grant_type=client_credentials");
    assert_eq!(member(&token, "scope"), "posts:read revocations:read");
}

/// The post can be read by everyone and the draft by Ana; or there is no blog.
fn has_its_posts(installation: &Installation, server: &Server<'_>, resources: &str) {
    let (ana, grace) = (server.log_in("ana").0, server.log_in("grace").0);
    let [post, draft] = ["/ana/post_id", "/ana/draft_id"].map(|path| installation.facts.number(path));
    if !has(resources, "blog") {
        for line in ["GET /posts", "POST /posts", "GET /blog"] {
            server.answered(404, line, &ana, &Value::Null);
        }
        for method in ["GET", "PUT", "DELETE"] {
            server.answered(404, &format!("{method} /posts/{post}"), &ana, &Value::Null);
        }
        server.answered(404, &format!("GET /blog/{post}"), "", &Value::Null);
        return;
    }
    for (id, published) in [(post, true), (draft, false)] {
        let read = server.answered(200, &format!("GET /posts/{id}"), &ana, &Value::Null);
        assert_eq!((&read["id"], &read["published"]), (&json!(id), &json!(published)));
        let (others, open) = if published { (200, 200) } else { (404, 404) };
        server.answered(others, &format!("GET /posts/{id}"), &grace, &Value::Null);
        server.answered(open, &format!("GET /blog/{id}"), "", &Value::Null);
    }
    let found = server.answered(200, "GET /posts?search=%C3%84LTER", &ana, &Value::Null);
    assert_eq!((found.as_array().unwrap().len(), &found[0]["id"]), (1, &json!(post)), "{found}");
}

/// The order is found by its key, and the cart holds what it held; or there is no shop.
fn has_its_shop(installation: &Installation, server: &Server<'_>, resources: &str) {
    let facts = &installation.facts;
    let ana = server.log_in("ana").0;
    let (key, address) =
        (facts.text("/ana/order/idempotency_key"), facts.text("/ana/order/shipping_address"));
    let id = facts.number("/ana/order/id");
    let (status, ordered) = server.order(&ana, key, address);
    if !has(resources, "shop") {
        assert_eq!(status, 404, "{ordered}");
        for line in ["GET /orders", "GET /orders/all", "GET /cart", "POST /cart/items", "GET /products"] {
            server.answered(404, line, &ana, &Value::Null);
        }
        for line in ["GET /categories", "GET /products/1", "PATCH /cart/items/1"] {
            server.answered(404, line, &ana, &Value::Null);
        }
        server.answered(404, &format!("GET /orders/{id}"), &ana, &Value::Null);
        return;
    }
    assert_eq!((status, &ordered["id"]), (201, &json!(id)), "{ordered}");
    assert_eq!(ordered["order_status"], "PROCESSING");
    assert_eq!(server.answered(200, &format!("GET /orders/{id}"), &ana, &Value::Null), ordered);
    let orders = server.answered(200, "GET /orders", &ana, &Value::Null);
    assert_eq!(orders.as_array().unwrap().len(), 3, "none was placed anew: {orders}");
    let detail = &ordered["order_details"][0];
    let fact = ["/ana/order/product_id", "/ana/order/quantity"].map(|path| json!(facts.number(path)));
    assert_eq!([&detail["product_id"], &detail["quantity"]], [&fact[0], &fact[1]]);

    let cart = server.answered(200, "GET /cart", &ana, &Value::Null);
    let fact = ["/ana/cart/0/product_id", "/ana/cart/0/quantity"].map(|path| json!(facts.number(path)));
    let items = cart["items"].as_array().unwrap_or_else(|| panic!("no items: {cart}"));
    assert_eq!(items.len(), 1, "{cart}");
    assert_eq!([&items[0]["product"]["id"], &items[0]["quantity"]], [&fact[0], &fact[1]], "{cart}");
}

/// Whether a value of `KEYWARD_RESOURCES` names this resource.
fn has(resources: &str, name: &str) -> bool {
    resources.split(',').any(|one| one == name)
}

fn scope_of_users(resources: &str) -> Vec<String> {
    let blog: &[&str] = if has(resources, "blog") { &["posts:read", "posts:write"] } else { &[] };
    let shop: &[&str] = if has(resources, "shop") { &["shop"] } else { &[] };
    [blog, shop].concat().into_iter().map(str::to_owned).collect()
}

fn scope_of_administrators(resources: &str) -> Vec<String> {
    let shop = has(resources, "shop").then_some("catalog:write");
    let more = ["admin"].into_iter().chain(shop).map(str::to_owned);
    let mut scope: Vec<_> = scope_of_users(resources).into_iter().chain(more).collect();
    scope.sort();
    scope
}

/// The scope of an answer, which its access token has as well.
fn granted((token, scope): (String, String)) -> Vec<String> {
    let claim = claims_of(&token)["scope"].as_str().unwrap_or_default().to_owned();
    assert_eq!(claim, scope);
    let mut names: Vec<_> = scope.split_whitespace().map(str::to_owned).collect();
    names.sort();
    names
}

fn words(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
}
