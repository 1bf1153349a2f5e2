//! What a person does in a browser and sees there: click, type, read; and what only the browser notices.
//!
//! Everything waits until it can be done; what never can be ends the test with what was looked for.

use std::thread::sleep;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::driver::ChromeDriver;
use crate::webdriver::{Element, Refusal, Session};

const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(40);
/// WebDriver's names for keys: hold Control; let go of everything.
const CONTROL: char = '\u{e009}';
const LET_GO: char = '\u{e000}';

/// One browser with one page, and nothing remembered from before.
pub(crate) struct Browser {
    session: Session,
    _driver: ChromeDriver,
}

impl Browser {
    pub(crate) fn start() -> Self {
        Self::with(true)
    }

    /// The same for a person who allows no script.
    pub(crate) fn without_script() -> Self {
        Self::with(false)
    }

    fn with(script: bool) -> Self {
        let driver = ChromeDriver::start();
        let session = driver.open_browser(script);
        session.resize(1200, 1120).unwrap();
        Self { session, _driver: driver }
    }

    /// Goes to an address.
    pub(crate) fn open(&self, address: &str) {
        self.session.go_to(address).unwrap();
    }

    /// Where it is.
    pub(crate) fn address(&self) -> String {
        self.session.address().unwrap()
    }

    /// Loads the page again.
    pub(crate) fn reload(&self) {
        self.session.reload().unwrap();
    }

    /// Clicks on the first element that `css` finds.
    pub(crate) fn click(&self, css: &str) {
        self.patiently(css, |element| self.session.click(element));
    }

    /// Types into a field, over what was in it.
    pub(crate) fn write(&self, css: &str, words: &str) {
        let keys = format!("{CONTROL}a{LET_GO}{words}");
        self.patiently(css, |element| self.session.send_keys(element, &keys));
    }

    /// What an element shows, once it shows something.
    pub(crate) fn text(&self, css: &str) -> String {
        self.patiently(css, |element| match self.session.text(element)? {
            nothing if nothing.is_empty() => Err("it shows nothing".to_owned()),
            words => Ok(words),
        })
    }

    /// What is in a field.
    pub(crate) fn value(&self, css: &str) -> String {
        self.patiently(css, |element| self.session.value(element))
    }

    /// Waits until `css` finds something.
    pub(crate) fn appears(&self, css: &str) {
        self.patiently(css, |_| Ok(()));
    }

    /// Waits until the first element that `css` finds has this text.
    pub(crate) fn shows(&self, css: &str, text: &str) {
        let begun = Instant::now();
        while self.text(css) != text {
            assert!(begun.elapsed() < PATIENCE, "{css} never reads {text}; the page:\n{}", self.page());
            sleep(PAUSE);
        }
    }

    /// Waits until the page has these words anywhere.
    pub(crate) fn tells(&self, words: &str) {
        let begun = Instant::now();
        while !self.page().contains(words) {
            assert!(begun.elapsed() < PATIENCE, "{words} never stands on the page:\n{}", self.page());
            sleep(PAUSE);
        }
    }

    /// Waits until `css` finds nothing any more.
    pub(crate) fn vanishes(&self, css: &str) {
        let begun = Instant::now();
        while self.session.find(css).is_ok() {
            assert!(begun.elapsed() < PATIENCE, "{css} does not vanish from the page:\n{}", self.page());
            sleep(PAUSE);
        }
    }

    /// Waits until this many windows are open, and goes on in the newest.
    pub(crate) fn goes_on_in(&self, number: usize) {
        let begun = Instant::now();
        loop {
            let windows = self.session.windows().unwrap();
            if windows.len() == number {
                return self.session.switch_to(windows.last().unwrap()).unwrap();
            }
            assert!(begun.elapsed() < PATIENCE, "{} windows are open, not {number}", windows.len());
            sleep(PAUSE);
        }
    }

    /// Gives pages this size, in pixels.
    pub(crate) fn resize(&self, width: u32, height: u32) {
        self.session.resize(width, height).unwrap();
    }

    /// Has pages shown in this colour scheme: `light` or `dark`.
    pub(crate) fn prefers(&self, scheme: &str) {
        self.session.prefer(scheme).unwrap();
    }

    /// Adds an authenticator that keeps passkeys: its id.
    pub(crate) fn has_authenticator(&self) -> String {
        self.session.add_authenticator(true).unwrap()
    }

    /// Has the user of an authenticator verify themselves from now on, or fail to.
    pub(crate) fn verifies_user(&self, authenticator: &str, verifies: bool) {
        self.session.verify_user(authenticator, verifies).unwrap();
    }

    /// What a script finds out about the page.
    pub(crate) fn ask<T: DeserializeOwned>(&self, script: &str) -> T {
        serde_json::from_value(self.session.run(script).unwrap()).unwrap()
    }

    /// All the text there is on the page, for what a failed test says: it may still be the page before.
    fn page(&self) -> String {
        self.ask("return document.body.innerText")
    }

    /// The page as a PNG in base64.
    pub(crate) fn screenshot(&self) -> String {
        self.session.screenshot().unwrap()
    }

    /// The addresses of all requests since this was last asked, answered or not.
    pub(crate) fn requests(&self) -> Vec<String> {
        let events = self.log("performance").into_iter().map(|entry| {
            let message = entry["message"].as_str().unwrap();
            serde_json::from_str::<Value>(message).unwrap()["message"].take()
        });
        let sent = events.filter(|event| event["method"] == "Network.requestWillBeSent");
        sent.map(|event| event["params"]["request"]["url"].as_str().unwrap().to_owned()).collect()
    }

    /// The errors in the console since this was last asked; what the page's security policy refused is among them.
    pub(crate) fn errors(&self) -> Vec<String> {
        let severe = self.log("browser").into_iter().filter(|entry| entry["level"] == "SEVERE");
        severe.map(|entry| entry["message"].as_str().unwrap().to_owned()).collect()
    }

    fn log(&self, name: &str) -> Vec<Value> {
        serde_json::from_value(self.session.log(name).unwrap()).unwrap()
    }

    /// Does something with an element as soon as that is possible: pages redraw themselves at any time.
    fn patiently<T>(&self, css: &str, act: impl Fn(&Element) -> Result<T, Refusal>) -> T {
        let begun = Instant::now();
        loop {
            match self.session.find(css).and_then(|element| act(&element)) {
                Ok(done) => return done,
                Err(error) if begun.elapsed() > PATIENCE => {
                    panic!("{css}: {error}; the page:\n{}", self.page());
                }
                Err(_) => sleep(PAUSE),
            }
        }
    }
}
