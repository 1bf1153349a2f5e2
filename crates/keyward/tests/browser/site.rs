//! A host of files: the page of an example, at an origin of its own.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

/// The files by their paths.
pub(crate) type Files = HashMap<&'static str, String>;

/// Room for a host: where it is, before its files are known.
pub(crate) struct Site {
    listener: TcpListener,
    pub(crate) origin: String,
}

impl Site {
    /// A free port.
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        Self { listener, origin }
    }

    /// Shows these files, until the tests end: the origin.
    pub(crate) fn publish(self, files: Files) -> String {
        let Self { listener, origin } = self;
        std::thread::spawn(move || listener.incoming().flatten().for_each(|stream| answer(stream, &files)));
        origin
    }
}

fn answer(mut stream: TcpStream, files: &Files) {
    let mut line = String::new();
    BufReader::new(stream.try_clone().unwrap()).read_line(&mut line).ok();
    let path = line.split([' ', '?']).nth(1).unwrap_or_default();
    let kind = if path.ends_with(".js") { "text/javascript" } else { "text/html" };
    let (status, body) = files.get(path).map_or(("404 Not Found", ""), |body| ("200 OK", body));
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close");
    write!(stream, "{head}\r\n\r\n{body}").ok();
}
