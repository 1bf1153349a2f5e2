//! Chromium and the ChromeDriver that leads it: found, started and ended.

use std::path::PathBuf;
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;

use crate::process::Process;
use crate::webdriver::{Session, shut_down};

const HOW: &str = "The browser test needs Chromium and its ChromeDriver: `apt-get install chromium chromium-driver` \
    gets both, or KEYWARD_TEST_CHROMIUM and KEYWARD_TEST_CHROMEDRIVER say where they are.";

/// What keeps Chromium to itself: no window, no sandbox (which root cannot have), no calls home, no host but this one.
const FLAGS: [&str; 15] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-sync",
    "--force-color-profile=srgb",
    "--force-device-scale-factor=1",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
    "--lang=en-US",
    "--window-size=1200,900",
];

/// A ChromeDriver, and the folder where its browser keeps everything; both gone when dropped.
pub(crate) struct ChromeDriver {
    process: Process,
    port: u16,
    folder: TempDir,
}

impl ChromeDriver {
    /// Starts ChromeDriver on a free port.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(program("KEYWARD_TEST_CHROMEDRIVER", &["chromedriver"]));
        command.arg("--port=0").env_clear().current_dir(folder.path());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", folder.path()).env("TMPDIR", folder.path());
        let mut process = Process::start(&mut command, folder.path().join("chromedriver.log"));
        let port = process.says("started successfully on port ");
        let port = port.trim_end_matches('.').parse().unwrap();
        Self { process, port, folder }
    }

    /// Opens a browser that has never been used; without `script`, pages run none.
    pub(crate) fn open_browser(&self, script: bool) -> Session {
        let mut args = FLAGS.map(str::to_owned).to_vec();
        args.push(format!("--user-data-dir={}", self.folder.path().join("profile").display()));
        let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
        // 1 lets pages run scripts, 2 does not.
        let preferences =
            json!({ "profile.managed_default_content_settings.javascript": if script { 1 } else { 2 } });
        let binary = program("KEYWARD_TEST_CHROMIUM", &names);
        let capabilities = json!({
            "goog:chromeOptions": { "binary": binary, "args": args, "prefs": preferences },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
            "webauthn:virtualAuthenticators": true,
        });
        Session::open(self.port, &capabilities).unwrap()
    }
}

impl Drop for ChromeDriver {
    fn drop(&mut self) {
        if shut_down(self.port).is_ok() {
            self.process.may_end();
        }
    }
}

/// The program that `variable` names, or the first of `names` on the PATH.
fn program(variable: &str, names: &[&str]) -> PathBuf {
    if let Some(named) = std::env::var_os(variable) {
        return named.into();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = std::env::split_paths(&path).collect();
    let mut places = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    places.find(|place| place.is_file()).unwrap_or_else(|| panic!("{HOW}"))
}
