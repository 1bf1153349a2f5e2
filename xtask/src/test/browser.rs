//! Finds a Chromium and the ChromeDriver made for it.

use std::path::PathBuf;
use std::process::Command;

use keyward_servers::shell;

const HOW: &str = "`apt-get install chromium chromium-driver` gets both.";

/// A browser and the driver of the same version.
pub(crate) struct Pair {
    pub(crate) chromium: PathBuf,
    pub(crate) chromedriver: PathBuf,
}

pub(crate) fn look() -> Result<Pair, String> {
    let browsers = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let Some((chromium, browser)) = browsers.into_iter().find_map(find) else {
        return Err(format!("there is no working Chromium on PATH; {HOW}"));
    };
    let Some((chromedriver, driver)) = find("chromedriver") else {
        return Err(format!("there is no working chromedriver on PATH; {HOW}"));
    };
    if major(&browser) != major(&driver) {
        return Err(format!("`{browser}` and `{driver}` are of different versions; {HOW}"));
    }
    Ok(Pair { chromium, chromedriver })
}

/// The program and what it calls itself. Some distributions put a stand-in on PATH that only says how to install
/// the real one, hence a program counts only when it tells its version.
fn find(name: &str) -> Option<(PathBuf, String)> {
    shell::search_path().into_iter().find_map(|folder| {
        let path = folder.join(name);
        let version = shell::version(&mut Command::new(&path))?;
        major(&version)?;
        Some((path, version))
    })
}

/// 156 of "Chromium 156.0.8078.73 built on Debian".
fn major(version: &str) -> Option<u32> {
    let number = version.split_whitespace().find(|word| word.contains('.'))?;
    number.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_what_each_program_prints() {
        assert_eq!(major("Chromium 156.0.8078.73 built on Debian GNU/Linux 12"), Some(156));
        assert_eq!(major("ChromeDriver 156.0.8078.73 (0f5e-refs/branch-heads/8078@{#1})"), Some(156));
        assert_eq!(major("Google Chrome 99.0.1 "), Some(99));
        assert_eq!(major("install it first, please."), None);
    }
}
