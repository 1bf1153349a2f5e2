//! `KEYWARD_RESOURCES`, as an operator sets it.

use std::process::Output;

use serde_json::{Value, json};

use crate::forge::claims_of;
use crate::process::{Home, finish, text};

/// Runs the program to its end with these resources.
fn run(home: &Home, resources: &str, arguments: &[&str]) -> Output {
    run_with(home, &[("KEYWARD_RESOURCES", resources)], arguments)
}

fn run_with(home: &Home, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = home.command(arguments);
    command.env("KEYWARD_LISTEN", "127.0.0.1:0").envs(variables.iter().copied());
    finish(command, "")
}

/// The one sentence of a program that refuses to run.
#[track_caller]
fn refusal(output: &Output) -> String {
    let sentence = text(&output.stderr);
    assert!(!output.status.success() && sentence.lines().count() == 1, "{sentence}{}", text(&output.stdout));
    sentence.trim().to_owned()
}

/// Every command that knows resources.
const COMMANDS: [&[&str]; 15] = [
    &["serve"],
    &["migrate"],
    &["doctor"],
    &["seed"],
    &["openapi"],
    &["user", "list"],
    &["client", "list"],
    &["keys", "list"],
    &["events", "tail"],
    &["outbox", "list"],
    &["user", "disable", "--email", "ana@example.com"],
    &["keys", "rotate"],
    &["outbox", "retry", "--all"],
    &["backup", "copy.db"],
    &["restore", "copy.db"],
];

#[tokio::test]
async fn an_unknown_name_and_none_beside_a_name_are_refused_by_every_command() {
    let home = Home::new().await;
    for arguments in COMMANDS {
        for both in ["none,blog", "blog,none", "shop,none,blog"] {
            let sentence = refusal(&run(&home, both, arguments));
            assert_eq!(
                sentence, "keyward: KEYWARD_RESOURCES: none stands alone, or leave it out",
                "{arguments:?}"
            );
        }
        for (unknown, named) in [("wiki", "wiki"), ("blog,wiki", "wiki"), ("Blog", "Blog")] {
            let sentence = refusal(&run(&home, unknown, arguments));
            assert!(
                sentence.contains(named) && sentence.contains("KEYWARD_RESOURCES"),
                "{arguments:?}: {sentence}"
            );
            assert!(
                sentence.contains("blog, shop, ") && sentence.contains("none]"),
                "what there is: {sentence}"
            );
        }
    }
    assert!(home.content().is_empty(), "{:?}", home.content());
}

#[tokio::test]
async fn the_order_of_the_names_and_a_name_given_twice_change_nothing() {
    let home = Home::new().await;
    let default = text(&home.run(&["openapi"]).stdout);
    for same in ["blog,shop", "shop,blog", "blog,shop,blog"] {
        assert_eq!(text(&run(&home, same, &["openapi"]).stdout), default, "{same}");
    }
    assert_eq!(
        text(&home.run(&["openapi", "--resources", "none"]).stdout),
        text(&run(&home, "none", &["openapi"]).stdout)
    );
}

#[tokio::test]
async fn a_scope_of_the_blog_is_given_away_only_where_there_is_no_blog() {
    let home = Home::new().await;
    for (setting, scope, resources) in [
        ("KEYWARD_USER_SCOPES", "posts:read", "blog"),
        ("KEYWARD_ADMIN_SCOPES", "posts:write", "blog,shop"),
        ("KEYWARD_USER_SCOPES", "catalog:write", "shop"),
    ] {
        let variables = [("KEYWARD_RESOURCES", resources), (setting, scope)];
        let sentence = refusal(&run_with(&home, &variables, &["serve"]));
        assert!(sentence.contains(&format!("{setting}: {scope}")), "{sentence}");
        let report = run_with(&home, &variables, &["doctor"]);
        assert!(!report.status.success() && text(&report.stdout).contains(setting), "{report:?}");
    }
    assert!(home.content().is_empty(), "{:?}", home.content());

    for resources in ["shop", "none"] {
        let server = home.serve(&[("KEYWARD_RESOURCES", resources), ("KEYWARD_USER_SCOPES", "posts:read")]);
        let account =
            json!({ "email": format!("{resources}@example.com"), "password": "a long pass phrase" });
        let (status, tokens) = server.call("POST", "/signup", "", &account);
        assert_eq!(status, 201, "{tokens}");
        let scope = claims_of(tokens["access_token"].as_str().unwrap())["scope"].clone();
        assert_eq!(scope, if resources == "shop" { "posts:read shop" } else { "posts:read" });
        assert_eq!(server.call("GET", "/posts", "", &Value::Null).0, 404);
    }
}

#[tokio::test]
async fn a_seed_is_of_what_is_mounted() {
    for (resources, tables) in [("none", [0, 0]), ("blog", [2, 0]), ("shop", [0, 6]), ("shop,blog", [2, 6])] {
        let home = Home::new().await;
        let seeded = run(&home, resources, &["seed"]);
        assert!(seeded.status.success(), "{resources}: {}", text(&seeded.stderr));
        assert_eq!(text(&seeded.stdout).lines().count(), 2, "two accounts: {resources}");
        let users = text(&run(&home, resources, &["user", "list"]).stdout);
        assert!(
            users.contains("ada@example.com\tadmin") && users.contains("grace@example.com\tuser"),
            "{users}"
        );
        // What was not seeded is not there later either.
        let server = home.serve(&[]);
        for (path, count) in ["/blog", "/products"].into_iter().zip(tables) {
            let (status, list) = server.call("GET", path, "", &Value::Null);
            assert_eq!(
                (status, list.as_array().map(Vec::len)),
                (200, Some(count)),
                "{path} with {resources}"
            );
        }
        let again = refusal(&run(&home, resources, &["seed"]));
        assert!(again.contains("has users already"), "{again}");
    }
}
