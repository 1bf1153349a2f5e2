//! The pictures in the documentation.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::browser::Browser;

/// Writes `docs/NAME.png`, what the page shows, where `KEYWARD_WRITE_SCREENSHOT=1` asks for it.
pub(crate) fn take(browser: &Browser, name: &str) {
    if std::env::var_os("KEYWARD_WRITE_SCREENSHOT").is_some_and(|value| value == "1") {
        let place = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../docs/{name}.png"));
        std::fs::write(place, STANDARD.decode(browser.screenshot()).unwrap()).unwrap();
    }
}

/// The same of a page of this size, once in each colour scheme: `NAME.png` and `NAME-dark.png`.
pub(crate) fn take_of(browser: &Browser, name: &str, (width, height): (u32, u32)) {
    browser.resize(width, height);
    take(browser, name);
    browser.prefers("dark");
    take(browser, &format!("{name}-dark"));
    browser.prefers("light");
}
