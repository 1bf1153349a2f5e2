//! A program on the command line that logs people in through the browser. It never sees a password, and keeps its session in a file of its
//! owner alone.
#![forbid(unsafe_code)]

use std::env;
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use etcetera::BaseStrategy;
use keyward_client::{Application, DevicePrompt, Keyward, Session, SessionFile};

type Answer = Result<String, Box<dyn Error>>;

const USAGE: &str = "\
cli-login login               logs in with the browser of this machine
cli-login login --no-browser  the same, but only prints the address to open
cli-login login --device      the same on a machine without a browser: prints a code to type elsewhere
cli-login whoami              whose session it is
cli-login logout              ends the session, and removes it

KEYWARD_URL          where Keyward is: http://127.0.0.1:8000 unless it is set
CLI_LOGIN_CLIENT_ID  the client id that `keyward client create` printed
CLI_LOGIN_FILE       where the session is kept: cli-login/session.json in the folder of settings unless it is set";

const NOT_LOGGED_IN: &str = "You are not logged in. Run `cli-login login`.";

/// `offline_access`: the session goes on after the person has closed the browser.
const SCOPE: &str = "openid profile email offline_access";

#[tokio::main]
async fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    match run(&args.iter().map(String::as_str).collect::<Vec<_>>()).await {
        Ok(answer) => {
            println!("{answer}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: &[&str]) -> Answer {
    match args {
        [] => Ok(USAGE.to_owned()),
        ["login"] => keep(file()?, application()?.pushed().log_in(show_and_open).await?).await,
        ["login", "--no-browser"] => keep(file()?, application()?.log_in(show).await?).await,
        ["login", "--device"] => keep(file()?, application()?.log_in_on_device(show_code).await?).await,
        ["whoami"] => {
            let session = keyward()?.resume(file()?).await?.ok_or(NOT_LOGGED_IN)?;
            whoami(&session).await
        }
        // Also a session whose file others can read, which is not resumed.
        ["logout"] => {
            let ended = keyward()?.end_kept(file()?).await?;
            if ended { Ok("You are logged out.".to_owned()) } else { Err(NOT_LOGGED_IN.into()) }
        }
        _ => Err(USAGE.into()),
    }
}

fn keyward() -> Result<Keyward, Box<dyn Error>> {
    let url = env::var("KEYWARD_URL");
    Ok(Keyward::at(url.as_deref().unwrap_or("http://127.0.0.1:8000"))?)
}

fn application() -> Result<Application, Box<dyn Error>> {
    let id =
        env::var("CLI_LOGIN_CLIENT_ID").map_err(|_| "CLI_LOGIN_CLIENT_ID is not set: see the README.")?;
    Ok(keyward()?.application(&id).scope(SCOPE))
}

fn file() -> Result<SessionFile, Box<dyn Error>> {
    let path = match env::var_os("CLI_LOGIN_FILE") {
        Some(path) => PathBuf::from(path),
        None => etcetera::choose_base_strategy()?.config_dir().join("cli-login/session.json"),
    };
    Ok(SessionFile::at(path))
}

/// Keeps a new session in place of the last one, which ends. One that cannot be kept ends, too.
async fn keep(file: SessionFile, new: Session) -> Answer {
    if let Err(error) = new.keep_in(file).await {
        if let Err(error) = new.log_out().await {
            eprintln!("The new session could not be ended: {error}.");
        }
        return Err(error.into());
    }
    whoami(&new).await
}

async fn whoami(session: &Session) -> Answer {
    let answer = session.get("/oauth/userinfo").send().await?.error_for_status()?;
    let person: serde_json::Value = answer.json().await?;
    // The next tokens may be on their way.
    session.settle().await?;
    let name = ["preferred_username", "email", "name", "sub"].iter().find_map(|claim| person[claim].as_str());
    Ok(format!("You are logged in as {}.", name.unwrap_or("a person without a name")))
}

fn show(url: &str) {
    println!("Open this page to log in:\n{url}");
}

fn show_code(prompt: &DevicePrompt) {
    println!("Open {} and type this code:\n{}", prompt.verification_uri, prompt.user_code);
}

fn show_and_open(url: &str) {
    show(url);
    if let Err(error) = open::that_detached(url) {
        eprintln!("The browser could not be opened: {error}.");
    }
}
