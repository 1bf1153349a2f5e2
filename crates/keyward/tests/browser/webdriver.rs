//! The WebDriver protocol (W3C), as much of it as the walk needs: JSON over HTTP to a ChromeDriver on this host.
//!
//! Small enough to be written here: a crate for it would bring a second HTTP client and a hundred types for a dozen
//! commands, and have the whole tree compiled once more for the tests.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

/// The key under which an element travels (WebDriver, section 12).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
const PATIENCE: Duration = Duration::from_mins(1);

/// Why a command was not carried out, as ChromeDriver words it.
pub(crate) type Refusal = String;

/// An open browser window.
pub(crate) struct Session {
    port: u16,
    id: String,
}

/// Something on the page; it may be gone by the time it is used.
pub(crate) struct Element(String);

impl Session {
    /// Has a browser opened.
    pub(crate) fn open(port: u16, capabilities: &Value) -> Result<Self, Refusal> {
        let wish = json!({ "capabilities": { "alwaysMatch": capabilities } });
        let opened = exchange(port, "POST", "/session", &wish)?;
        Ok(Self { port, id: text(&opened["sessionId"]) })
    }

    pub(crate) fn go_to(&self, address: &str) -> Result<(), Refusal> {
        self.post("url", &json!({ "url": address })).map(drop)
    }

    /// Where the page is.
    pub(crate) fn address(&self) -> Result<String, Refusal> {
        self.get("url").map(|address| text(&address))
    }

    pub(crate) fn reload(&self) -> Result<(), Refusal> {
        self.post("refresh", &json!({})).map(drop)
    }

    pub(crate) fn find(&self, css: &str) -> Result<Element, Refusal> {
        let found = self.post("element", &json!({ "using": "css selector", "value": css }))?;
        Ok(Element(text(&found[ELEMENT])))
    }

    /// Clicks in the middle of an element, if it can be seen and nothing is over it.
    pub(crate) fn click(&self, element: &Element) -> Result<(), Refusal> {
        self.post(&format!("element/{}/click", element.0), &json!({})).map(drop)
    }

    pub(crate) fn send_keys(&self, element: &Element, keys: &str) -> Result<(), Refusal> {
        self.post(&format!("element/{}/value", element.0), &json!({ "text": keys })).map(drop)
    }

    /// The text of an element as it is rendered.
    pub(crate) fn text(&self, element: &Element) -> Result<String, Refusal> {
        self.get(&format!("element/{}/text", element.0)).map(|shown| text(&shown))
    }

    /// What is in a field.
    pub(crate) fn value(&self, element: &Element) -> Result<String, Refusal> {
        self.get(&format!("element/{}/property/value", element.0)).map(|value| text(&value))
    }

    /// What the body of a JavaScript function returns.
    pub(crate) fn run(&self, script: &str) -> Result<Value, Refusal> {
        self.post("execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Gives the page this size, without the window around it (Chrome DevTools Protocol).
    pub(crate) fn resize(&self, width: u32, height: u32) -> Result<(), Refusal> {
        let params = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        let command = json!({ "cmd": "Emulation.setDeviceMetricsOverride", "params": params });
        self.post("goog/cdp/execute", &command).map(drop)
    }

    /// Has the page shown in this colour scheme (Chrome DevTools Protocol).
    pub(crate) fn prefer(&self, scheme: &str) -> Result<(), Refusal> {
        let params = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.post("goog/cdp/execute", &json!({ "cmd": "Emulation.setEmulatedMedia", "params": params }))
            .map(drop)
    }

    /// The windows that are open.
    pub(crate) fn windows(&self) -> Result<Vec<String>, Refusal> {
        let handles = self.get("window/handles")?;
        Ok(handles.as_array().map(|all| all.iter().map(text).collect()).unwrap_or_default())
    }

    /// Goes on in this window.
    pub(crate) fn switch_to(&self, window: &str) -> Result<(), Refusal> {
        self.post("window", &json!({ "handle": window })).map(drop)
    }

    /// The page as a PNG in base64.
    pub(crate) fn screenshot(&self) -> Result<String, Refusal> {
        self.get("screenshot").map(|png| text(&png))
    }

    /// Adds an authenticator that keeps passkeys (WebAuthn, section 11): its id.
    pub(crate) fn add_authenticator(&self, verifies: bool) -> Result<String, Refusal> {
        let authenticator = json!({
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": true, "hasUserVerification": true,
            "isUserVerified": verifies, "isUserConsenting": true,
        });
        self.post("webauthn/authenticator", &authenticator).map(|id| text(&id))
    }

    /// Has the user of an authenticator verify themselves, or fail to.
    pub(crate) fn verify_user(&self, authenticator: &str, verifies: bool) -> Result<(), Refusal> {
        self.post(
            &format!("webauthn/authenticator/{authenticator}/uv"),
            &json!({ "isUserVerified": verifies }),
        )
        .map(drop)
    }

    /// Takes what has come into a log of ChromeDriver's since the last time.
    pub(crate) fn log(&self, name: &str) -> Result<Value, Refusal> {
        self.post("se/log", &json!({ "type": name }))
    }

    fn get(&self, path: &str) -> Result<Value, Refusal> {
        exchange(self.port, "GET", &format!("/session/{}/{path}", self.id), &Value::Null)
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value, Refusal> {
        exchange(self.port, "POST", &format!("/session/{}/{path}", self.id), body)
    }
}

/// Has ChromeDriver close its browsers and end; one that is killed leaves them behind.
pub(crate) fn shut_down(port: u16) -> Result<(), Refusal> {
    exchange(port, "GET", "/shutdown", &Value::Null).map(drop)
}

fn exchange(port: u16, method: &str, path: &str, body: &Value) -> Result<Value, Refusal> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer = round_trip(port, method, path, &body).map_err(|error| format!("ChromeDriver: {error}"))?;
    let mut answer: Value =
        serde_json::from_slice(&answer).map_err(|error| format!("ChromeDriver: {error}"))?;
    let value = answer["value"].take();
    match &value["error"] {
        Value::String(error) => Err(format!("{error}: {}", value["message"])),
        _ => Ok(value),
    }
}

/// Sends a request on a connection of its own, and returns the body of the answer, of any status.
fn round_trip(port: u16, method: &str, path: &str, body: &str) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Type: application/json\r\n\
        Content-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    // ChromeDriver keeps connections open, and always says how long its answer is.
    let mut answer = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        answer.read_line(&mut line)?;
        match line.trim_end().to_ascii_lowercase().split_once(':') {
            Some(("content-length", number)) => length = number.trim().parse().unwrap(),
            Some(_) => {}
            None if line.starts_with("HTTP/") => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    answer.read_exact(&mut body)?;
    Ok(body)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
