//! The program beside a real Keyward, with a browser that walks its pages.
#![expect(clippy::unwrap_used, reason = "clippy's exemption for tests does not know their helpers")]

#[path = "../../../keyward.rs"]
mod keyward;
mod pages;

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use keyward::{EMAIL, Keyward, PASSWORD};
use pages::Browser;
use serde_json::Value;

/// A Keyward where the program is registered.
struct Desk {
    keyward: Keyward,
    client_id: String,
}

impl Desk {
    fn start(settings: &[(&'static str, &str)]) -> Self {
        let keyward = Keyward::start(settings);
        let scope = "openid profile email offline_access";
        let uri = "http://127.0.0.1/callback";
        let printed = keyward.run(
            &[
                "client",
                "create",
                "--name",
                "Desk",
                "--public",
                "--redirect-uri",
                uri,
                "--device",
                "--scope",
                scope,
            ],
            "",
        );
        let id = printed.lines().find_map(|line| line.strip_prefix("client_id=")).unwrap();
        Self { client_id: id.to_owned(), keyward }
    }

    fn file(&self) -> PathBuf {
        self.keyward.folder.path().join("settings/session.json")
    }

    fn spawn(&self, arguments: &[&str]) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cli-login"));
        command.args(arguments).env_clear().env("KEYWARD_URL", self.keyward.url());
        command.env("CLI_LOGIN_CLIENT_ID", &self.client_id).env("CLI_LOGIN_FILE", self.file());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Result<String, String> {
        said(&self.spawn(arguments).wait_with_output().unwrap())
    }

    /// Logs Ana in, and returns everything that the program printed.
    async fn log_in(&self) -> String {
        let mut child = self.spawn(&["login", "--no-browser"]);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let url = lines.find(|line| line.starts_with("http")).unwrap();
        let values = [("username", EMAIL), ("password", PASSWORD), ("decision", "allow")];
        let answer = Browser::new().walk(&url, &values).await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        assert_eq!(http.get(answer).send().await.unwrap().status(), 200);
        let rest: Vec<_> = lines.collect();
        let errors = child.wait_with_output().unwrap();
        assert!(errors.status.success(), "{}", String::from_utf8_lossy(&errors.stderr));
        assert_eq!(rest, [format!("You are logged in as {EMAIL}.")]);
        rest.join("\n") + &String::from_utf8(errors.stderr).unwrap()
    }
}

/// What a run printed, or complained of.
fn said(output: &Output) -> Result<String, String> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap().trim_end().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

#[tokio::test]
async fn ana_logs_in_asks_who_she_is_and_logs_out() {
    let desk = Desk::start(&[]);
    let refused = desk.run(&["whoami"]).unwrap_err();
    assert_eq!(refused, "You are not logged in. Run `cli-login login`.");
    let mut printed = desk.log_in().await;
    let saved: Value = serde_json::from_slice(&std::fs::read(desk.file()).unwrap()).unwrap();
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&desk.file().metadata().unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
    let whoami = desk.run(&["whoami"]).unwrap();
    assert_eq!(whoami, format!("You are logged in as {EMAIL}."));
    // Another login takes its place.
    printed += &desk.log_in().await;
    printed += &desk.run(&["logout"]).unwrap();
    assert!(!desk.file().exists());
    assert!(desk.run(&["whoami"]).unwrap_err().starts_with("You are not logged in."));
    for secret in ["access_token", "refresh_token"] {
        assert!(!printed.contains(saved[secret].as_str().unwrap()), "{printed}");
    }
}

#[tokio::test]
async fn ana_logs_in_where_there_is_no_browser() {
    let desk = Desk::start(&[]);
    let mut child = desk.spawn(&["login", "--device"]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let (page, code) = (lines.next().unwrap(), lines.next().unwrap());
    let url = page.strip_prefix("Open ").unwrap().strip_suffix(" and type this code:").unwrap();
    let values = [("username", EMAIL), ("password", PASSWORD), ("user_code", &code), ("decision", "allow")];
    assert_eq!(Browser::new().walk(url, &values).await, None);
    assert_eq!(lines.next(), Some(format!("You are logged in as {EMAIL}.")));
    assert!(child.wait().unwrap().success());
    assert_eq!(desk.run(&["logout"]), Ok("You are logged out.".to_owned()));
}

#[tokio::test]
async fn processes_that_refresh_at_once_do_not_lose_the_session() {
    let desk = Desk::start(&[("KEYWARD_ACCESS_TOKEN_TTL", "1s")]);
    desk.log_in().await;
    for _ in 0..3 {
        // Past the token's life.
        tokio::time::sleep(Duration::from_millis(1100)).await;
        let running: Vec<_> = (0..6).map(|_| desk.spawn(&["whoami"])).collect();
        for child in running {
            let said = said(&child.wait_with_output().unwrap());
            assert_eq!(said, Ok(format!("You are logged in as {EMAIL}.")));
        }
    }
    assert_eq!(desk.run(&["logout"]), Ok("You are logged out.".to_owned()));
}

#[tokio::test]
async fn the_readme_shows_what_the_program_says_of_itself() {
    let desk = Desk::start(&[]);
    let usage = desk.run(&[]).unwrap();
    assert!(include_str!("../../README.md").contains(&usage), "{usage}");
}
