//! What an operator asks the binary: is it well, is it ready, how is it called.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Output;

use crate::process::{Home, free_port, text};

fn line<'a>(printed: &'a str, part: &str) -> &'a str {
    let named = |line: &&str| line.split_whitespace().nth(1) == Some(part);
    printed.lines().find(named).unwrap_or_else(|| panic!("nothing about {part}: {printed}"))
}

fn examine(home: &Home, variables: &[(&str, &str)]) -> (Output, String) {
    let mut command = home.command(&["doctor"]);
    command.env("KEYWARD_LISTEN", format!("127.0.0.1:{}", free_port())).envs(variables.iter().copied());
    let output = crate::process::finish(command, "");
    let printed = text(&output.stdout);
    (output, printed)
}

#[tokio::test]
async fn before_the_first_start_nothing_is_wrong_and_nothing_is_made() {
    let home = Home::new().await;
    let (output, printed) = examine(&home, &[]);
    assert!(output.status.success(), "{printed}{}", text(&output.stderr));
    assert!(line(&printed, "data").starts_with("note"), "{printed}");
    assert!(home.content().is_empty(), "{:?}", home.content());
}

#[tokio::test]
async fn a_running_server_is_well() {
    let home = Home::new().await;
    let server = home.serve(&[]);
    let (output, printed) = examine(&home, &[("KEYWARD_LISTEN", &server.address.to_string())]);
    assert!(output.status.success(), "{printed}{}", text(&output.stderr));
    for part in ["settings", "listen", "data", "database", "clock", "keys"] {
        assert!(line(&printed, part).starts_with("ok "), "{printed}");
    }
    assert!(line(&printed, "listen").contains("ready"), "{printed}");
    assert!(line(&printed, "mail").contains("data/mail"), "{printed}");
}

#[tokio::test]
async fn another_master_secret_is_noticed_with_what_mends_it() {
    let home = Home::new().await;
    drop(home.serve(&[]));
    let other = ("KEYWARD_MASTER_SECRET", "another master secret, of more than 32 bytes");
    let (output, printed) = examine(&home, &[other]);
    assert_eq!(output.status.code(), Some(1));
    assert!(line(&printed, "keys").starts_with("bad"), "{printed}");
    assert!(printed.contains("mend: restore the master secret"), "{printed}");
    assert_eq!(text(&output.stderr).trim(), "keyward: there is one thing to mend");
    assert!(!printed.contains(other.1), "{printed}");
}

#[tokio::test]
async fn each_fault_is_found_whatever_else_is_wrong() {
    let home = Home::new().await;
    let nobody = format!("smtp://127.0.0.1:{}", free_port());
    let database = format!("postgres://ana:s3cret@127.0.0.1:{}/keyward", free_port());
    let (output, printed) = examine(
        &home,
        &[
            ("KEYWARD_ISSUER", "http://0.0.0.0:8000"),
            ("KEYWARD_DATABASE_URL", &database),
            ("KEYWARD_SMTP_URL", &nobody),
            ("KEYWARD_ARGON2_MEMORY", "1"),
        ],
    );
    assert_eq!(output.status.code(), Some(1));
    for part in ["settings", "issuer", "database", "mail"] {
        assert!(line(&printed, part).starts_with("bad"), "{part}: {printed}");
    }
    assert!(text(&output.stderr).contains("4 things"), "{}", text(&output.stderr));
    assert!(!printed.contains("s3cret"), "{printed}");
}

#[tokio::test]
async fn an_issuer_that_a_server_takes_is_well_with_a_path_too() {
    let home = Home::new().await;
    for issuer in ["https://login.example.com", "https://login.example.com/", "https://example.com/auth/a"] {
        let (output, printed) = examine(&home, &[("KEYWARD_ISSUER", issuer)]);
        assert!(output.status.success(), "{printed}");
        assert_eq!(line(&printed, "issuer"), format!("ok    issuer    {issuer}"));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_secret_that_others_can_read_is_found() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new().await;
    drop(home.serve(&[]));
    let secret = home.path().join("data/master.key");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (output, printed) = examine(&home, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(printed.contains("chmod 600 ./data/master.key"), "{printed}");
}

#[tokio::test]
async fn a_mail_server_is_greeted_and_gets_no_mail() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut heard = String::new();
        stream.write_all(b"220 here\r\n").unwrap();
        let mut piece = [0; 512];
        while let Ok(read @ 1..) = stream.read(&mut piece) {
            let said = String::from_utf8_lossy(&piece[..read]).into_owned();
            heard += &said;
            let answer = if said.starts_with("QUIT") { "221 bye\r\n" } else { "250 fine\r\n" };
            stream.write_all(answer.as_bytes()).unwrap();
        }
        heard
    });
    let home = Home::new().await;
    let (output, printed) = examine(&home, &[("KEYWARD_SMTP_URL", &url)]);
    assert!(output.status.success(), "{printed}");
    assert!(line(&printed, "mail").starts_with("ok "), "{printed}");
    let heard = server.join().unwrap();
    assert!(heard.starts_with("EHLO ") && !heard.contains("MAIL FROM"), "{heard}");
}

/// Answers one connection with these pieces, one after each thing it receives.
fn answering(pieces: Vec<Vec<u8>>) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            for piece in &pieces {
                let mut received = [0; 512];
                if !matches!(stream.read(&mut received), Ok(1..)) || stream.write_all(piece).is_err() {
                    break;
                }
            }
        }
    });
    address
}

/// A PostgreSQL server that refuses with these words.
fn refusing_postgres(words: &str) -> String {
    let fields = format!("SFATAL\0VFATAL\0C28000\0M{words}\0\0");
    let length = u32::try_from(fields.len() + 4).unwrap();
    let error = [b"E", &length.to_be_bytes()[..], fields.as_bytes()].concat();
    format!("postgres://ana@{}/keyward", answering(vec![b"N".to_vec(), error]))
}

#[tokio::test]
async fn what_a_server_says_reaches_the_terminal_as_text_only() {
    let hostile = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m";
    let database = refusing_postgres(hostile);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mail = format!("smtp://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(format!("554 {hostile}\r\n").as_bytes()).unwrap();
    });
    let home = Home::new().await;
    let (output, printed) =
        examine(&home, &[("KEYWARD_DATABASE_URL", &database), ("KEYWARD_SMTP_URL", &mail)]);
    assert!(!output.status.success());
    for part in ["database", "mail"] {
        assert!(line(&printed, part).contains("owned"), "{printed:?}");
    }
    let mut command = home.command(&["user", "list"]);
    command.env("KEYWARD_DATABASE_URL", &database);
    let listed = text(&crate::process::finish(command, "").stderr);
    assert!(listed.contains("owned"), "{listed:?}");
    for shown in [printed, listed] {
        let raw = shown.chars().find(|c| c.is_control() && *c != '\n');
        assert_eq!(raw, None, "{shown:?}");
    }
}

#[tokio::test]
async fn a_ready_server_passes_its_health_check_and_a_missing_one_does_not() {
    let home = Home::new().await;
    let server = home.serve(&[]);
    let every = format!("0.0.0.0:{}", server.address.port());
    for listen in [server.address.to_string(), every.clone()] {
        crate::process::becomes_ready(|| {
            let mut command = home.command(&["healthcheck", "--timeout", "60"]);
            command.env("KEYWARD_LISTEN", &listen);
            crate::process::finish(command, "")
        });
    }
    assert_eq!(server.stop("TERM").0, Some(0));
    let output = home.run(&["healthcheck", "--listen", &every]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("no answer from 127.0.0.1:"), "{}", text(&output.stderr));
}

#[tokio::test]
async fn a_server_that_never_answers_fails_its_health_check_in_time() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let home = Home::new().await;
    let output = home.run(&["healthcheck", "--listen", &address, "--timeout", "1"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("longer than 1s"), "{}", text(&output.stderr));
}

#[tokio::test]
async fn shells_and_man_know_every_command() {
    let home = Home::new().await;
    for shell in ["bash", "zsh", "fish"] {
        let script = text(&home.run(&["completions", shell]).stdout);
        for word in ["healthcheck", "rotate", "database-url"] {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
    }
    let page = text(&home.run(&["man"]).stdout);
    assert!(page.contains(".TH keyward 1") && page.contains("KEYWARD_LISTEN"), "{page}");
    let folder = home.path().to_str().unwrap();
    assert!(home.run(&["man", "--dir", folder]).status.success());
    for name in ["keyward.1", "keyward-serve.1", "keyward-keys-rotate.1"] {
        assert!(home.path().join(name).exists(), "{name}: {:?}", home.content());
    }
}
