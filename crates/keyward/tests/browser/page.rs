//! A page of another origin, without content and without a policy.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

const PAGE: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 43\r\nConnection: close\r\n\r\n\
    <!doctype html><title>A page</title>A page.";

/// A host on this machine that shows one page at every path, until the tests end.
pub(crate) struct Page {
    origin: String,
}

impl Page {
    /// Puts the page on a free port.
    pub(crate) fn publish() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || listener.incoming().flatten().for_each(answer));
        Self { origin }
    }

    /// Where it is, as browsers name it to others.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }
}

fn answer(mut stream: TcpStream) {
    let mut head = [0; 4096];
    stream.read(&mut head).ok();
    stream.write_all(PAGE.as_bytes()).ok();
}
