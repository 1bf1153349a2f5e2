//! `docs/ADDING_A_RESOURCE.md`, followed to the letter in a copy of the repository: its commands run in their order, and
//! what they answer is what it shows.
#![expect(clippy::unwrap_used, reason = "clippy's exemption for tests does not know their helpers")]

mod copy;
mod page;
mod server;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use copy::Copy;
use page::Page;
use server::Server;

/// The headings of the document that this test knows, in order. `RUN` starts the server, `CALL` calls it.
const HEADINGS: [&str; 8] = [
    "1. Copy the blog",
    "2. Rename",
    "3. Mount it",
    "4. Test it",
    RUN,
    CALL,
    "7. What has changed",
    "8. Make it your own",
];
const RUN: &str = "5. Run it";
const CALL: &str = "6. Call it";

#[test]
fn the_document_leads_from_a_copy_of_the_blog_to_a_locked_paged_and_tested_resource() {
    let page = Page::read(include_str!("../../../../docs/ADDING_A_RESOURCE.md"));
    assert_eq!(page.headings(), HEADINGS, "the headings of the document, and those that this test knows");
    let copy = Copy::make();
    for heading in &HEADINGS[..3] {
        copy.run(heading, &page.commands(heading));
    }
    no_name_of_the_blog_is_left(&copy.folder.join("samples/notes"));
    let tested = copy.run(HEADINGS[3], &page.commands(HEADINGS[3]));
    assert!(tested.contains("test locks::"), "the copy's own tests did not run:\n{tested}");

    copy.run("building the server", "cargo build --package keyward");
    let server = Server::start(&copy, &page.commands(RUN));
    let answers = copy.run(CALL, &server.session(&page.commands(CALL)));
    shown_in_order(&answers, &page.shown(CALL));
    padlocks(&serde_json::from_str(&copy.run("the document", &server.get("/openapi.json"))).unwrap());
    drop(server);

    copy.run(HEADINGS[6], &page.commands(HEADINGS[6]));
    println!("{}", copy.changes());
}

/// Every `post` and `blog` became another word, save the HTTP method and PostgreSQL.
fn no_name_of_the_blog_is_left(folder: &Path) {
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().to_lowercase();
        assert!(!name.contains("post") && !name.contains("blog"), "{} kept its name", path.display());
        if path.is_dir() {
            no_name_of_the_blog_is_left(&path);
            continue;
        }
        for (line, number) in fs::read_to_string(&path).unwrap().lines().zip(1..) {
            let others = line.replace("path(post,", "").replace(".post(", "").to_lowercase();
            let others = others.replace("postgres", "");
            let left = others.contains("post") || others.contains("blog");
            assert!(!left, "step 2 left a name of the blog in {}:{number}: {line}", path.display());
        }
    }
}

/// Each line that the document shows stands among the answers, in the document's order.
fn shown_in_order(answers: &str, shown: &str) {
    let mut lines = answers.lines().map(str::trim_end);
    for expected in shown.lines() {
        assert!(
            lines.any(|line| line == expected),
            "the document shows {expected:?} under {CALL:?}, which was not answered, or not in its place. \
             The answers:\n{answers}"
        );
    }
}

/// The locked operations have a padlock that names the scope, and the open ones have none.
fn padlocks(document: &Value) {
    for (path, method, scope) in [
        ("/notes", "get", Some("notes:read")),
        ("/notes", "post", Some("notes:write")),
        ("/notes/{id}", "put", Some("notes:write")),
        ("/notes/{id}", "delete", Some("notes:write")),
        ("/notebook", "get", None),
    ] {
        let operation = &document["paths"][path][method];
        assert!(operation.is_object(), "the document has no {method} {path}");
        let lock = operation["security"].get(0).cloned();
        assert_eq!(lock, scope.map(|scope| json!({ "OAuth2PasswordBearer": [scope] })), "{method} {path}");
    }
    assert!(document["components"]["schemas"]["NoteOwner"].is_object());
}
