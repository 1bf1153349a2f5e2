//! Listening on a Unix socket, for a proxy on the same machine.
#![cfg(unix)]

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde_json::{Value, json};

use crate::caller::Caller;
use crate::nginx::{Nginx, free_port};
use crate::process::{Home, finish, text};

fn ask(socket: &Path, request: &str) -> String {
    let mut stream = UnixStream::connect(socket).unwrap();
    write!(stream, "{request}\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The addresses in Ana's list of sessions, after a login through the socket with this header.
fn address_of_login(home: &Home, socket: &Path, variables: &[(&str, &str)]) -> Value {
    let server = home.serve(variables);
    let account = json!({ "email": "ana@example.com", "password": "seven wild horses" }).to_string();
    let length = account.len();
    let mut stream = UnixStream::connect(socket).unwrap();
    write!(
        stream,
        "POST /signup HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Forwarded-For: 6.6.6.6, 192.0.2.7\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{account}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let tokens: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let token = tokens["access_token"].as_str().unwrap();
    server.call("GET", "/sessions", token, &Value::Null).1[0]["ip"].clone()
}

#[tokio::test]
async fn what_a_proxy_notes_is_believed_by_setting_alone() {
    for (trusted, address) in [("unix", json!("192.0.2.7")), ("127.0.0.1", Value::Null)] {
        let home = Home::new().await;
        let socket = home.path().join("keyward.sock");
        let variables =
            [("KEYWARD_LISTEN_UNIX", socket.to_str().unwrap()), ("KEYWARD_TRUSTED_PROXIES", trusted)];
        assert_eq!(address_of_login(&home, &socket, &variables), address, "{trusted}");
    }
}

#[tokio::test]
async fn the_socket_goes_with_the_server_and_takes_the_place_of_one_left_behind() {
    let home = Home::new().await;
    let socket = home.path().join("keyward.sock");
    let variables = [("KEYWARD_LISTEN_UNIX", socket.to_str().unwrap())];
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let server = home.serve(&variables);
    assert!(ask(&socket, "GET /health/live HTTP/1.1").starts_with("HTTP/1.1 200 "));
    let mode = std::fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o660);
    let mut second = home.command(&[]);
    second.env("KEYWARD_LISTEN", "127.0.0.1:0").env("KEYWARD_LISTEN_UNIX", &socket);
    let output = finish(second, "");
    assert!(text(&output.stderr).contains("KEYWARD_LISTEN_UNIX"), "{}", text(&output.stderr));
    assert!(
        ask(&socket, "GET /health/live HTTP/1.1").starts_with("HTTP/1.1 200 "),
        "the first one serves on"
    );
    assert_eq!(server.stop("TERM").0, Some(0));
    assert!(!socket.exists());
    std::fs::write(&socket, "mine").unwrap();
    let mut other = home.command(&[]);
    other.env("KEYWARD_LISTEN", "127.0.0.1:0").env("KEYWARD_LISTEN_UNIX", &socket);
    assert!(!finish(other, "").status.success());
    assert_eq!(std::fs::read_to_string(&socket).unwrap(), "mine", "no other file is removed");
}

#[tokio::test]
async fn nginx_reaches_the_server_through_the_socket() {
    let (home, port) = (Home::new().await, free_port());
    let socket = home.path().join("keyward.sock");
    let blocks = format!(
        "location / {{ proxy_pass http://unix:{}:/; proxy_set_header X-Forwarded-For $remote_addr; }}",
        socket.display()
    );
    let Some(_nginx) = Nginx::start(port, &blocks) else { return };
    let _server =
        home.serve(&[("KEYWARD_LISTEN_UNIX", socket.to_str().unwrap()), ("KEYWARD_TRUSTED_PROXIES", "unix")]);
    let front = Caller::at(port);
    let account = json!({ "email": "ana@example.com", "password": "seven wild horses" });
    let (status, tokens) = front.call("POST", "/signup", "", &account);
    assert_eq!(status, 201, "{tokens}");
    let (_, sessions) =
        front.call("GET", "/sessions", tokens["access_token"].as_str().unwrap(), &Value::Null);
    assert_eq!(sessions[0]["ip"], "127.0.0.1");
}

#[tokio::test]
async fn healthcheck_and_doctor_know_the_socket() {
    let home = Home::new().await;
    let socket = home.path().join("keyward.sock");
    let path = socket.to_str().unwrap();
    let check = || home.run(&["healthcheck", "--listen-unix", path, "--timeout", "3"]);
    let doctor = || {
        let output = home.run(&["doctor", "--listen", "127.0.0.1:0", "--listen-unix", path]);
        let printed = text(&output.stdout);
        let line = printed.lines().find(|line| line.contains(" socket "));
        (output.status.success(), line.unwrap_or_else(|| panic!("{printed}")).to_owned())
    };
    assert_eq!(doctor(), (true, format!("ok    socket    {path} is free")));
    assert!(text(&check().stderr).contains(&format!("no answer from {path}")), "{:?}", check());
    let server = home.serve(&[("KEYWARD_LISTEN_UNIX", path)]);
    crate::process::becomes_ready(check);
    assert_eq!(doctor(), (true, format!("ok    socket    a server is ready at {path}")));
    drop(server);
    drop(std::fs::remove_file(&socket));
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    assert_eq!(
        doctor().1,
        format!("ok    socket    {path} was left behind by a server; the next start replaces it")
    );
    let silent = {
        std::fs::remove_file(&socket).unwrap();
        std::os::unix::net::UnixListener::bind(&socket).unwrap()
    };
    let (ok, line) = doctor();
    assert!(!ok && line.starts_with("bad   socket    something else listens at"), "{line}");
    assert!(text(&check().stderr).contains("took longer than 3s"), "{:?}", check());
    drop(silent);
    std::fs::remove_file(&socket).unwrap();
    std::fs::write(&socket, "mine").unwrap();
    assert_eq!(doctor(), (false, format!("bad   socket    there is another file at {path}")));
}
