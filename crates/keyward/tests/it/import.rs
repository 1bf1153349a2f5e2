//! `keyward user import`: people of another system who come with their old passwords.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Output, Stdio};

use keyward_domain::model::users::Credentials;
use keyward_domain::ports::store::Store;
use keyward_domain::values::names::{LoginName, LoginNames};
use keyward_infra::database::options::DatabaseOptions;
use keyward_infra::database::store::Database;
use serde_json::{Value, json};

use crate::process::{Home, text};

/// `secret`, as passlib's bcrypt keeps it.
const BCRYPT: &str = "$2b$05$CCCCCCCCCCCCCCCCCCCCC.pIKrLVkBX9/OvQMSygY1pWEVn72t6na";
const VECTORS: [&str; 3] = [
    include_str!("../../../auth/tests/vectors/passlib/other.json"),
    include_str!("../../../auth/tests/vectors/django/hashers.json"),
    include_str!("../../../auth/tests/vectors/others/hashes.json"),
];

fn import(home: &Home, name: &str, content: &str, more: &[&str]) -> Output {
    std::fs::write(home.path().join(name), content).unwrap();
    home.run(&[&["user", "import", name], more].concat())
}

/// `count` people, in CSV.
fn people(count: usize) -> String {
    let rows = (0..count).map(|number| format!("user{number}@example.com,User {number},{BCRYPT}\n"));
    std::iter::once("email,name,hash\n".to_owned()).chain(rows).collect()
}

/// The addresses of all there are, none of them twice.
fn addresses(home: &Home) -> BTreeSet<String> {
    let list = text(&home.run(&["user", "list"]).stdout);
    let all: Vec<String> = list.lines().map(|line| line.split('\t').nth(1).unwrap().to_owned()).collect();
    let distinct: BTreeSet<String> = all.iter().cloned().collect();
    assert_eq!(all.len(), distinct.len(), "an address is there twice");
    distinct
}

fn summary(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), text(&output.stdout).trim().to_owned())
}

async fn credentials(home: &Home, email: &str) -> Credentials {
    let database = Database::connect(&home.database_url(), DatabaseOptions::default()).await.unwrap();
    let name = LoginName::parse(email, LoginNames::Both).unwrap();
    let found = database.autocommit().users().credentials_of(&name).await.unwrap();
    database.close().await.unwrap();
    found.unwrap()
}

#[tokio::test]
async fn people_of_other_frameworks_log_in_with_their_old_passwords_and_become_argon2id() {
    let home = Home::new().await;
    // One hash of each scheme there is, each of a password that can be typed.
    let mut schemes = BTreeSet::new();
    let mut people: Vec<(String, Value, Value)> = Vec::new();
    for vector in VECTORS.iter().flat_map(|file| {
        let file: Value = serde_json::from_str(file).unwrap();
        file["vectors"].as_array().unwrap().clone()
    }) {
        let hash = vector["hash"].as_str().unwrap();
        let scheme = hash.trim_start_matches('$').split('$').next().unwrap().to_owned();
        if !vector["password"].as_str().unwrap().is_empty() && schemes.insert(scheme) {
            let email = format!("user{}@example.com", people.len());
            people.push((email, vector["password"].clone(), vector["hash"].clone()));
        }
    }
    people.push(("bcrypt@example.com".to_owned(), json!("secret"), json!(BCRYPT)));
    assert!(people.len() > 28, "{schemes:?}");
    let lines = people.iter().map(|(email, _, hash)| json!({ "email": email, "hash": hash, "name": "Old" }));
    let lines = lines.map(|line| line.to_string()).collect::<Vec<_>>().join("\n");
    let done = import(&home, "people.jsonl", &lines, &[]);
    let expected = format!("{} added, 0 there already, 0 refused", people.len());
    assert_eq!(summary(&done), (Some(0), expected), "{}", text(&done.stderr));

    let server = home.serve(&[("KEYWARD_THROTTLE", "off")]);
    for (email, password, hash) in &people {
        let wrong = json!({ "username": email, "password": "another one" });
        assert_eq!(server.call("POST", "/login", "", &wrong).0, 401, "{hash}");
        assert!(!credentials(&home, email).await.hash.unwrap().as_str().starts_with("$argon2id$"), "{hash}");
        for _ in 0..2 {
            let login = json!({ "username": email, "password": password });
            let (status, token) = server.call("POST", "/login", "", &login);
            assert_eq!(status, 200, "{hash}: {token}");
            let kept = credentials(&home, email).await.hash.unwrap();
            assert!(kept.as_str().starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{hash}");
        }
    }
}

#[tokio::test]
async fn a_dry_run_checks_every_line_and_adds_nobody() {
    let home = Home::new().await;
    assert_eq!(import(&home, "some.csv", &people(2), &[]).status.code(), Some(0));
    let content = format!("{}eve@example.com,Eve,plain text\n", people(1200));
    let checked = import(&home, "people.csv", &content, &["--dry-run"]);
    let expected = "1198 would be added, 2 there already, 1 refused".to_owned();
    assert_eq!(summary(&checked), (Some(2), expected));
    assert!(text(&checked.stderr).starts_with("line 1202: "), "{}", text(&checked.stderr));
    assert_eq!(addresses(&home).len(), 2);
}

#[tokio::test]
async fn refused_lines_are_reported_without_what_they_hold() {
    let home = Home::new().await;
    let content = format!(
        "email,name,hash,role,disabled\n\
         ana@example.com,Ana,{BCRYPT},,\n\
         nonsense-s3cr3t,Eve,{BCRYPT},,\n\
         bob@example.com,Bob,s3cr3t,,\n\
         ANA@example.com,Ana,{BCRYPT},user,\n\
         root@example.com,Root,{BCRYPT},admin,\n\
         zoe@example.com,Zoe,{BCRYPT},s3cr3t,\n\
         kim@example.com,{},{BCRYPT},,\n\
         tim@example.com,Tim,{BCRYPT},,s3cr3t\n\
         max@example.com,Max,$2b$16$CCCCCCCCCCCCCCCCCCCCC.pIKrLVkBX9/OvQMSygY1pWEVn72t6na,,\n\
         eve@example.com,Eve,{BCRYPT},user,yes\n",
        "s3cr3t".repeat(20),
    );
    let done = import(&home, "people.csv", &content, &["--report", "refused.txt"]);
    assert_eq!(summary(&done), (Some(2), "2 added, 0 there already, 8 refused".to_owned()));
    assert_eq!(text(&done.stderr), "");
    let report = std::fs::read_to_string(home.path().join("refused.txt")).unwrap();
    let reasons = [
        "line 3: the e-mail address is not valid: It must have exactly one @-sign.",
        "line 4: the stored password hash is not usable: its scheme is unknown",
        "line 5: the e-mail address is that of line 2, too",
        "line 6: the role is more than a user's, which was not allowed",
        "line 7: there is no role of that name",
        "line 8: the name should have at most 100 characters",
        "line 9: `disabled` is neither true nor false",
        "line 10: the stored password hash is not usable: its cost is out of bounds",
    ];
    assert_eq!(report.lines().collect::<Vec<_>>(), reasons);

    let again = import(&home, "people.csv", &content, &["--allow-roles"]);
    assert_eq!(summary(&again), (Some(2), "1 added, 2 there already, 7 refused".to_owned()));
    let list = text(&home.run(&["user", "list"]).stdout);
    assert!(list.contains("root@example.com\tadmin\tactive\tRoot"), "{list}");
    assert!(list.contains("eve@example.com\tuser\tdisabled\tEve"), "{list}");
    for output in [&list, &text(&again.stderr), &report] {
        assert!(!output.contains("s3cr3t") && !output.contains("CCCC"), "{output}");
    }
}

#[tokio::test]
async fn an_import_killed_in_the_middle_is_finished_by_the_same_command() {
    let home = Home::new().await;
    let content = people(3000);
    let mut command = home.command(&["user", "import", "-", "--format", "csv"]);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    // The last line is withheld and the pipe stays open, so that the import cannot have come to its end.
    let mut input = child.stdin.take().unwrap();
    let (most, _) = content.trim_end().rsplit_once('\n').unwrap();
    let most = most.to_owned();
    let writer = std::thread::spawn(move || {
        drop(input.write_all(most.as_bytes()));
        input
    });
    while addresses(&home).len() < 500 {
        assert!(child.try_wait().unwrap().is_none(), "it ended");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    drop(writer.join().unwrap());
    let before = addresses(&home).len();
    assert!(before < 3000 && before.is_multiple_of(500), "batches are whole: {before}");

    let done = import(&home, "people.csv", &content, &[]);
    let expected = format!("{} added, {before} there already, 0 refused", 3000 - before);
    assert_eq!(summary(&done), (Some(0), expected));
    let expected: BTreeSet<String> = (0..3000).map(|number| format!("user{number}@example.com")).collect();
    assert_eq!(addresses(&home), expected);
    let again = import(&home, "people.csv", &content, &[]);
    assert_eq!(summary(&again), (Some(0), "0 added, 3000 there already, 0 refused".to_owned()));
}

#[tokio::test]
async fn an_account_that_is_there_keeps_everything_it_has() {
    let home = Home::new().await;
    let create = ["user", "create", "--email", "ana@example.com", "--name", "Ana", "--password-stdin"];
    assert!(home.run_with(&create, "a long pass phrase\n").status.success());
    let before = credentials(&home, "ana@example.com").await;
    let line = json!({ "email": "Ana@Example.com", "name": "Eve", "hash": BCRYPT, "disabled": true });
    let done = import(&home, "people.jsonl", &line.to_string(), &[]);
    assert_eq!(summary(&done), (Some(0), "0 added, 1 there already, 0 refused".to_owned()));
    let after = credentials(&home, "ana@example.com").await;
    assert_eq!((after.user, after.hash), (before.user, before.hash));
}

#[tokio::test]
async fn a_file_that_cannot_be_imported_stops_in_one_line_and_before_anything_is_touched() {
    let home = Home::new().await;
    let file = |name: &str, content: &str| std::fs::write(home.path().join(name), content).unwrap();
    file("people.csv", &people(1));
    file("empty.csv", "");
    file("headless.csv", &format!("ana@example.com,Ana,{BCRYPT}\n"));
    file("typo.csv", "email,hash,disbled\n");
    file("people.txt", &people(1));
    for (arguments, words) in [
        (&["missing.csv"][..], "missing.csv"),
        (&["empty.csv"], "empty"),
        (&["headless.csv"], "the first line has to name the columns"),
        (&["typo.csv"], "column 3"),
        (&["people.txt"], "--format"),
        (&["-"], "--format"),
        (&["people.csv", "--format", "xml"], "--format"),
        (&["people.csv", "--report", "people.csv"], "--report"),
        (&["people.csv", "--report", "missing/report"], "--report"),
    ] {
        let output = home.run(&[&["user", "import"], arguments].concat());
        let err = text(&output.stderr);
        assert!(output.status.code() == Some(1) && err.contains(words), "{arguments:?}: {err}");
        assert!(err.lines().count() == 1 && !err.contains("CCCC"), "{err}");
    }
    assert!(!home.content().iter().any(|path| path.starts_with("data")), "{:?}", home.content());
    assert_eq!(std::fs::read_to_string(home.path().join("people.csv")).unwrap(), people(1));
}

/// The token of the first mail to this address.
fn mailed_token(home: &Home, address: &str) -> String {
    let begun = std::time::Instant::now();
    loop {
        let mails =
            home.content().into_iter().filter(|path| path.extension().is_some_and(|end| end == "eml"));
        let texts = mails.map(|path| std::fs::read_to_string(home.path().join(path)).unwrap());
        let mut texts = texts.filter(|mail| mail.contains(&format!("To: {address}")));
        let mail = texts.next();
        // Quoted-printable breaks lines and hides `=`.
        let mail = mail.map(|mail| mail.replace("=\r\n", "").replace("=3D", "="));
        if let Some(token) = mail.as_deref().and_then(|mail| mail.split("token=").nth(1)) {
            return token.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
        }
        assert!(begun.elapsed().as_secs() < 60, "no mail came");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

#[tokio::test]
async fn an_account_without_a_usable_password_comes_along_and_a_mail_lets_its_owner_set_one() {
    let home = Home::new().await;
    let django = "!mPEkqnQDZ4cVFaC1Y2LxKkVdDCwFRXhCQ1x7fSPH";
    let rows =
        format!("email,password\nsocial@example.com,{django}\nempty@example.com,\nlocked@example.com,*\n");
    let done = import(&home, "people.csv", &rows, &[]);
    let words = "3 added, 0 there already, 0 refused, 3 without a password".to_owned();
    assert_eq!(summary(&done), (Some(0), words), "{}", text(&done.stderr));
    let odd = "email,hash\nodd@example.com,$1$saltsalt$qjXMvbEw8oaL.CzflDtaK1\nworse@example.com,plain text\n\
               mysql@example.com,*94BDCEBE19083CE2A1F959FD02F964C7AF4CFC29\n";
    let refused = import(&home, "odd.csv", odd, &[]);
    assert_eq!(refused.status.code(), Some(2));
    let report = text(&refused.stderr);
    assert!(
        report.contains("line 2: the stored password hash is not usable: its function $1$ is unknown"),
        "{report}"
    );
    assert!(report.contains("docs/CONFIGURATION.md") && !report.contains("plain text"), "{report}");
    assert!(
        report.contains("line 4: the stored password hash is not usable") && !report.contains("94BD"),
        "{report}"
    );
    let done = import(&home, "odd.csv", odd, &["--without-password"]);
    assert_eq!(summary(&done).1, "3 added, 0 there already, 0 refused, 3 without a password");

    let server = home.serve(&[("KEYWARD_THROTTLE", "off")]);
    let log_in = |email: &str, password: &str| {
        server.call("POST", "/login", "", &json!({ "username": email, "password": password }))
    };
    let nobody = log_in("nobody@example.com", "secret");
    for email in ["social@example.com", "empty@example.com", "locked@example.com", "odd@example.com"] {
        for password in ["secret", "!", "*", django, "plain text"] {
            assert_eq!(log_in(email, password), nobody, "{email} {password}");
        }
        let asked = server.call("POST", "/password-recovery", "", &json!({ "email": email }));
        assert!(asked.0 < 300, "{asked:?}");
        let token = mailed_token(&home, email);
        let new = json!({ "token": token, "new_password": "a new pass phrase" });
        let set = server.call("POST", "/reset-password", "", &new);
        assert!(set.0 < 300, "{email}: {set:?}");
        assert_eq!(log_in(email, "a new pass phrase").0, 200, "{email}");
    }
}

#[tokio::test]
async fn files_of_spreadsheets_and_of_firebase_are_imported() {
    let home = Home::new().await;
    let sheet = format!("sep=;\r\nE-Mail;Password Hash\r\nana@example.com;{BCRYPT}\r\n");
    let utf16: Vec<u8> = format!("\u{feff}{sheet}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(home.path().join("sheet.csv"), utf16).unwrap();
    let done = home.run(&["user", "import", "sheet.csv"]);
    assert_eq!(summary(&done).1, "1 added, 0 there already, 0 refused", "{}", text(&done.stderr));
    // The example of Firebase's own documentation.
    std::fs::write(
        home.path().join("hash_config"),
        "hash_config {\n  algorithm: SCRYPT,\n  base64_signer_key: jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==,\n  \
         base64_salt_separator: Bw==,\n  rounds: 8,\n  mem_cost: 14,\n}\n",
    )
    .unwrap();
    let export = json!({ "users": [{
        "localId": "1", "email": "bob@example.com", "emailVerified": true, "displayName": "Bob",
        "passwordHash": "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==",
        "salt": "42xEC+ixf3L2lw==",
    }] });
    let more = ["--firebase", "hash_config", "--ignore-unknown"];
    let done = import(&home, "users.json", &export.to_string(), &more);
    assert_eq!(summary(&done).1, "1 added, 0 there already, 0 refused", "{}", text(&done.stderr));
    let unknown = import(&home, "others.csv", "email,hash,disbled\nx@example.com,,\n", &[]);
    assert!(text(&unknown.stderr).contains("column 3: `disbled` is not one of"), "{}", text(&unknown.stderr));
    let server = home.serve(&[]);
    for (email, password) in [("ana@example.com", "secret"), ("bob@example.com", "user1password")] {
        let login = json!({ "username": email, "password": password });
        assert_eq!(server.call("POST", "/login", "", &login).0, 200, "{email}");
    }
}

#[tokio::test]
async fn a_faulty_element_of_a_json_array_is_named() {
    let home = Home::new().await;
    let ana = json!({ "email": "ana@example.com", "hash": BCRYPT });
    let eve = json!({ "email": "eve", "hash": BCRYPT });
    for (text_of, report) in [
        (format!("[{ana},{eve}]"), "line 1, element 2: the e-mail address is not valid"),
        (
            format!("[{ana}\n{eve}]"),
            "line 2, element 1: a comma is missing behind it; nothing after it is read",
        ),
        (format!("[7,{ana}]"), "line 1, element 1: it is no JSON object; nothing after it is read"),
        (format!("{eve}\n[{ana}]"), "line 1: the file holds no JSON array of objects"),
    ] {
        let done = import(&home, "people.json", &text_of, &["--dry-run"]);
        assert_eq!(done.status.code(), Some(2), "{text_of}");
        assert!(text(&done.stderr).starts_with(report), "{text_of}: {}", text(&done.stderr));
    }
}
