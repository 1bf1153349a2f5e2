//! The commands beside `serve`.

use keyward_api::testing::app::PASSWORD;
use serde_json::{Value, json};

use crate::process::{Home, text};

fn create(home: &Home, more: &[&str], password: &str) -> std::process::Output {
    let arguments = [&["user", "create", "--password-stdin"][..], more].concat();
    home.run_with(&arguments, &format!("{password}\n"))
}

#[tokio::test]
async fn an_account_made_on_the_command_line_logs_in() {
    let home = Home::new().await;
    let made = create(&home, &["--email", "Root@example.com", "--name", "Root", "--role", "admin"], PASSWORD);
    assert!(made.status.success(), "{}", text(&made.stderr));
    assert!(text(&made.stdout).contains("root@example.com\tadmin\tactive\tRoot"), "{}", text(&made.stdout));
    assert!(!text(&made.stdout).contains(PASSWORD));
    let server = home.serve(&[]);
    let login = json!({ "username": "root@example.com", "password": PASSWORD });
    let (status, token) = server.call("POST", "/login", "", &login);
    assert_eq!(status, 200, "{token}");
    let users = server.call("GET", "/users", token["access_token"].as_str().unwrap(), &Value::Null);
    assert_eq!((users.0, users.1.as_array().unwrap().len()), (200, 1));
}

#[tokio::test]
async fn an_account_that_cannot_be_is_refused_in_one_line() {
    let home = Home::new().await;
    assert!(create(&home, &["--email", "ana@example.com"], PASSWORD).status.success());
    for (more, password, words) in [
        (&["--email", "ANA@example.com"][..], PASSWORD, "already exists"),
        (&["--email", "nonsense"], PASSWORD, "--email"),
        (&["--email", "bob@example.com"], "sh0rt", "password"),
        (&["--email", "bob@example.com"], "", "password"),
        (&["--email", "bob@example.com"], "password123", "password"),
        (&["--email", "bob@example.com"], "bob@example.com", "password"),
        (&["--email", "bob@example.com", "--name", ""], PASSWORD, "--name"),
        (&["--email", "bob@example.com", "--role", "emperor"], PASSWORD, "emperor"),
        (&[], PASSWORD, "--email"),
    ] {
        let output = create(&home, more, password);
        let err = text(&output.stderr);
        assert!(!output.status.success() && err.contains(words), "{more:?}: {err}");
        assert_eq!(err.lines().count(), 1, "{err}");
        assert!(!err.contains("sh0rt") && !err.contains("password123"), "{err}");
    }
    assert_eq!(text(&home.run(&["user", "list"]).stdout).lines().count(), 1);
}

#[tokio::test]
async fn a_password_on_the_command_line_is_not_even_an_option() {
    let home = Home::new().await;
    let output = home.run(&["user", "create", "--email", "ana@example.com", "--password", PASSWORD]);
    assert!(!output.status.success());
    assert!(!text(&home.run(&["user", "list"]).stdout).contains("ana@example.com"));
}

#[tokio::test]
async fn a_disabled_account_is_listed_as_such_and_locked_out_of_a_running_server() {
    let home = Home::new().await;
    assert!(create(&home, &["--email", "ana@example.com"], PASSWORD).status.success());
    let server = home.serve(&[("KEYWARD_REVOCATION_BOUND", "1s")]);
    let login = json!({ "username": "ana@example.com", "password": PASSWORD });
    let (_, token) = server.call("POST", "/login", "", &login);
    let token = token["access_token"].as_str().unwrap();
    assert_eq!(server.call("GET", "/users/me", token, &Value::Null).0, 200);
    let disabled = home.run(&["user", "disable", "--email", "Ana@example.com"]);
    assert!(disabled.status.success(), "{}", text(&disabled.stderr));
    assert!(text(&home.run(&["user", "list"]).stdout).contains("ana@example.com\tuser\tdisabled"));
    assert_eq!(server.call("POST", "/login", "", &login).0, 401);
    std::thread::sleep(std::time::Duration::from_millis(1200));
    assert_eq!(server.call("GET", "/users/me", token, &Value::Null).0, 401);
    let missing = home.run(&["user", "disable", "--email", "nobody@example.com"]);
    assert!(!missing.status.success() && text(&missing.stderr).contains("nobody@example.com"));
}

#[tokio::test]
async fn every_account_is_listed_beyond_the_first_page() {
    let home = Home::new().await;
    let server = home.serve(&[]);
    for number in 0..205 {
        let account = json!({ "email": format!("user{number}@example.com"), "password": PASSWORD });
        assert_eq!(server.call("POST", "/users", "", &account).0, 201);
    }
    assert_eq!(text(&home.run(&["user", "list"]).stdout).lines().count(), 205);
}

#[tokio::test]
async fn a_seeded_database_has_a_shop_and_posts_and_two_accounts_that_log_in() {
    let home = Home::new().await;
    let seeded = home.run(&["seed"]);
    assert!(seeded.status.success(), "{}", text(&seeded.stderr));
    let printed = text(&seeded.stdout);
    let accounts: Vec<Vec<&str>> = printed.lines().map(|line| line.split('\t').collect()).collect();
    let [[ada, admin, adas], [grace, user, graces]] = [&accounts[0][..], &accounts[1][..]] else {
        panic!("{printed}")
    };
    assert_eq!((accounts.len(), *admin, *user), (2, "admin", "user"));
    assert!(adas.len() >= 32 && graces.len() >= 32 && adas != graces, "{printed}");

    let server = home.serve(&[]);
    let log_in = |address: &str, password: &str| {
        let login = json!({ "username": address, "password": password });
        let (status, token) = server.call("POST", "/login", "", &login);
        assert_eq!(status, 200, "{token}");
        token["access_token"].as_str().unwrap().to_owned()
    };
    let list = |path: &str, token: &str| {
        let (status, list) = server.call("GET", path, token, &Value::Null);
        assert_eq!(status, 200, "{list}");
        list.as_array().unwrap().clone()
    };
    let (ada, grace) = (log_in(ada, adas), log_in(grace, graces));
    assert_eq!(list("/users", &ada).len(), 2);
    assert_eq!((list("/posts?owner=me", &grace).len(), list("/blog", "").len()), (3, 2));
    let (categories, products) = (list("/categories", ""), list("/products", ""));
    assert_eq!((categories.len(), products.len()), (3, 6));
    for category in &categories {
        assert_eq!(list(&format!("/products?category_id={}", category["id"]), "").len(), 2, "{category}");
    }
    // There is something to buy, and something that is sold out.
    for product in &products {
        let bought = server.call("POST", "/cart/items", &grace, &json!({ "product_id": product["id"] }));
        assert_eq!(bought.0, if product["quantity"] == 0 { 409 } else { 201 }, "{product}");
    }
    assert_eq!(products.iter().filter(|product| product["quantity"] == 0).count(), 1);

    let again = home.run(&["seed"]);
    assert!(!again.status.success() && again.stdout.is_empty());
    assert_eq!(
        text(&again.stderr),
        "keyward: this database has users already: only an empty one is seeded\n"
    );
    assert_eq!((list("/users", &ada).len(), list("/products", "").len()), (2, 6));
}

#[tokio::test]
async fn a_database_with_a_single_user_is_not_seeded() {
    let home = Home::new().await;
    assert!(create(&home, &["--email", "ana@example.com"], PASSWORD).status.success());
    assert!(!home.run(&["seed"]).status.success());
    assert_eq!(text(&home.run(&["user", "list"]).stdout).lines().count(), 1);
    let (status, products) = home.serve(&[]).call("GET", "/products", "", &Value::Null);
    assert_eq!((status, products), (200, json!([])));
}

#[tokio::test]
async fn a_migration_can_be_run_by_itself_and_again() {
    let home = Home::new().await;
    for _ in 0..2 {
        let output = home.run(&["migrate"]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert!(text(&output.stdout).contains("is up to date"));
    }
    home.serve(&[]);
}

#[tokio::test]
async fn a_command_for_keys_makes_no_master_secret() {
    let home = Home::new().await;
    assert!(home.run(&["keys", "list"]).status.success(), "it needs none");
    for command in [&["keys", "rotate"][..], &["keys", "retire", "x"]] {
        let refused = home.run(command);
        assert!(!refused.status.success());
        let sentence = "keyward: there is no master secret yet; the first start makes it";
        assert_eq!(text(&refused.stderr).trim(), sentence);
    }
    assert!(!home.path().join("data/master.key").exists());
}

#[tokio::test]
async fn the_document_it_prints_is_the_one_in_the_repository() {
    let home = Home::new().await;
    let output = home.run(&["openapi"]);
    let kept = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi.json");
    let kept = std::fs::read_to_string(kept).unwrap();
    assert!(text(&output.stdout) == kept, "openapi.json is out of date: run `cargo xtask openapi`");
}

#[tokio::test]
async fn a_name_can_neither_forge_a_line_nor_reach_the_terminal_as_a_command() {
    let home = Home::new().await;
    let forged = "Eve\n1\troot@evil\tadmin\tactive\u{1b}[2J\u{7f}\u{9b}2J\rRoot";
    let shown =
        "Eve\u{fffd}1\u{fffd}root@evil\u{fffd}admin\u{fffd}active\u{fffd}[2J\u{fffd}\u{fffd}2J\u{fffd}Root";
    let server = home.serve(&[]);
    let account = json!({ "email": "eve@example.com", "password": PASSWORD, "name": forged });
    assert_eq!(server.call("POST", "/users", "", &account).0, 422);
    let account = json!({ "email": "eve@example.com", "password": PASSWORD });
    assert_eq!(server.call("POST", "/users", "", &account).0, 201);
    drop(server);
    // As an earlier version stored it.
    let stored = format!("UPDATE users SET name = '{forged}'");
    keyward_infra::testing::execute(&home.database_url(), &stored).await;
    let listed = text(&home.run(&["user", "list"]).stdout);
    assert!(listed.ends_with(&format!("\teve@example.com\tuser\tactive\t{shown}\t-\n")), "{listed:?}");
    assert_eq!(listed.lines().count(), 1, "{listed:?}");

    let refused = create(&home, &["--email", "bob@example.com", "--name", forged], PASSWORD);
    assert!(!refused.status.success() && !text(&refused.stderr).contains('\u{1b}'), "{refused:?}");
    let made = home.run(&["client", "create", "--id", "web", "--name", "Web\n1\tadmin"]);
    assert!(made.status.success(), "{made:?}");
    assert_eq!(text(&home.run(&["client", "list"]).stdout), "web\t-\tWeb\u{fffd}1\u{fffd}admin\n");
}

#[tokio::test]
async fn keys_are_listed_with_what_they_do() {
    let home = Home::new().await;
    drop(home.serve(&[]));
    // Those of ID tokens are RS256.
    let list = || {
        let printed = text(&home.run(&["keys", "list"]).stdout);
        let of_access_tokens = printed.lines().filter(|line| line.contains("\tEdDSA\t"));
        of_access_tokens.collect::<Vec<_>>().join("\n")
    };
    let states = |printed: &str| -> Vec<String> {
        printed.lines().map(|line| line.rsplit('\t').next().unwrap().to_owned()).collect()
    };
    let first = list();
    assert_eq!(states(&first), ["signs"]);
    assert!(home.run(&["keys", "rotate"]).status.success());
    assert_eq!(states(&list()), ["signs", "next"]);
    let other = text(&home.run(&["keys", "rotate", "--now"]).stdout);
    let printed = list();
    assert!(printed.contains(&format!("{}\tEdDSA", other.split('\t').next().unwrap())), "{printed}");
    assert_eq!(states(&printed), ["verifies", "signs", "next"]);
    let kid = first.split('\t').next().unwrap();
    assert!(home.run(&["keys", "retire", kid]).status.success());
    assert_eq!(states(&list()), ["retired", "signs", "next"]);
}

#[tokio::test]
async fn a_key_that_the_master_secret_does_not_open_is_listed_as_such() {
    let home = Home::new().await;
    drop(home.serve(&[]));
    // Bound to another id, so no secret opens them.
    for insert in [
        "INSERT INTO signing_keys (kid, algorithm, sealed, created_at, signs_from) \
         SELECT 'planted', algorithm, sealed, created_at + 1, signs_from + 1 FROM signing_keys \
         WHERE algorithm = 'EdDSA'",
        "INSERT INTO signing_keys (kid, algorithm, sealed, created_at, signs_from, retired_at) \
         SELECT 'withdrawn', algorithm, sealed, created_at + 2, signs_from + 2, signs_from + 3 FROM signing_keys \
         WHERE kid = 'planted'",
    ] {
        keyward_infra::testing::execute(&home.database_url(), insert).await;
    }
    let states = |output: &std::process::Output| -> Vec<String> {
        assert!(output.status.success(), "{}", text(&output.stderr));
        let printed = text(&output.stdout);
        let of_access_tokens = printed.lines().filter(|line| line.contains("\tEdDSA\t"));
        of_access_tokens.map(|line| line.rsplit('\t').next().unwrap().to_owned()).collect()
    };
    let listed = home.run(&["keys", "list"]);
    assert_eq!(states(&listed), ["signs", "unopened", "retired"], "the first one signs, as on a server");
    assert!(text(&listed.stderr).contains("keyward keys retire planted"), "{}", text(&listed.stderr));
    let mut elsewhere = home.command(&["keys", "list"]);
    elsewhere.env("KEYWARD_DATA_DIR", "elsewhere").env("KEYWARD_DATABASE_URL", home.database_url());
    let listed = crate::process::finish(elsewhere, "");
    assert_eq!(states(&listed), ["unopened", "unopened", "retired"]);
    assert!(text(&listed.stderr).contains("no master secret"), "{}", text(&listed.stderr));
    assert!(!home.path().join("elsewhere/master.key").exists(), "a list makes no secret");
}

/// Runs a command on a terminal of its own, by `script` of util-linux.
#[cfg(target_os = "linux")]
fn on_a_terminal(home: &Home, arguments: &str, typed: &str) -> Option<std::process::Output> {
    let mut command = std::process::Command::new("script");
    let line = format!("{} {arguments}", env!("CARGO_BIN_EXE_keyward"));
    command.args(["-qec", &line, "/dev/null"]).current_dir(home.path()).env_clear();
    command.env("KEYWARD_ARGON2_MEMORY", "64").env("KEYWARD_ARGON2_ITERATIONS", "1");
    if let Some(url) = home.url() {
        command.env("KEYWARD_DATABASE_URL", url);
    }
    if !std::path::Path::new("/usr/bin/script").exists() {
        assert!(std::env::var_os("CI").is_none(), "CI skips nothing: install bsdutils");
        eprintln!("skipped: there is no `script` here");
        return None;
    }
    Some(crate::process::finish(command, typed))
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn on_a_terminal_a_password_is_asked_for_twice_and_not_shown() {
    let home = Home::new().await;
    let create = "user create --email ana@example.com";
    let twice = format!("{PASSWORD}\n{PASSWORD}\n");
    let Some(differ) = on_a_terminal(&home, create, &format!("{PASSWORD}\nanother\n")) else { return };
    assert!(text(&differ.stdout).contains("the two passwords differ"), "{differ:?}");
    let made = on_a_terminal(&home, create, &twice).unwrap();
    let shown = text(&made.stdout);
    assert!(made.status.success() && shown.contains("Password: "), "{made:?}");
    // The terminal itself echoes what is typed before the program has asked.
    let after = shown.rsplit("Password: ").next().unwrap();
    assert!(after.contains("ana@example.com") && !after.contains(PASSWORD), "{shown}");
    let login = json!({ "username": "ana@example.com", "password": PASSWORD });
    assert_eq!(home.serve(&[]).call("POST", "/login", "", &login).0, 200);
    let nowhere = home.run(&["user", "create", "--email", "bob@example.com"]);
    assert!(text(&nowhere.stderr).contains("--password-stdin"), "{nowhere:?}");
}
