//! A mail server on loopback that can be stopped and started again, and the mails that it took.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

use keyward_servers::ports;
use keyward_servers::shell::Outcome;

/// How long the listener waits before it looks for the next connection.
const LOOK: Duration = Duration::from_millis(5);

/// A mail that the server took. It may have been stopped before it could say so.
#[derive(Clone)]
pub(crate) struct Taken {
    /// The `Message-ID`.
    pub(crate) id: String,
    pub(crate) text: String,
    pub(crate) at: Instant,
}

/// The server, stopped when dropped.
pub(crate) struct MailServer {
    port: u16,
    taken: Arc<Mutex<Vec<Taken>>>,
    running: Option<Running>,
}

struct Running {
    stop: Arc<AtomicBool>,
    accepting: JoinHandle<()>,
    connections: Arc<Mutex<Vec<TcpStream>>>,
}

impl MailServer {
    pub(crate) fn start() -> Outcome<Self> {
        let mut server = Self { port: ports::steady()?, taken: Arc::default(), running: None };
        server.resume()?;
        Ok(server)
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// The mails so far.
    pub(crate) fn taken(&self) -> Vec<Taken> {
        lock(&self.taken).clone()
    }

    /// Refuses connections, and breaks those that are open.
    pub(crate) fn stop(&mut self) {
        let Some(Running { stop, accepting, connections }) = self.running.take() else { return };
        stop.store(true, Ordering::SeqCst);
        accepting.join().ok();
        for connection in lock(&connections).drain(..) {
            connection.shutdown(Shutdown::Both).ok();
        }
    }

    /// Accepts connections again.
    pub(crate) fn resume(&mut self) -> Outcome {
        let unusable = |error| format!("A mail server cannot listen on port {}: {error}.", self.port);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).map_err(unusable)?;
        listener.set_nonblocking(true).map_err(unusable)?;
        let (stop, connections) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let (taken, ends, open) = (Arc::clone(&self.taken), Arc::clone(&stop), Arc::clone(&connections));
        let accepting = thread::spawn(move || accept(&listener, &taken, &ends, &open));
        self.running = Some(Running { stop, accepting, connections });
        Ok(())
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn accept(
    listener: &TcpListener,
    taken: &Arc<Mutex<Vec<Taken>>>,
    stop: &AtomicBool,
    open: &Mutex<Vec<TcpStream>>,
) {
    while !stop.load(Ordering::SeqCst) {
        match listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(false).ok();
                let Ok(copy) = stream.try_clone() else { continue };
                let mut open = lock(open);
                // Those that have ended are of no further use.
                open.retain(|stream| stream.peer_addr().is_ok());
                open.push(copy);
                let taken = Arc::clone(taken);
                thread::spawn(move || talk(stream, &taken));
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => sleep(LOOK),
            Err(_) => {}
        }
    }
}

/// One connection (RFC 5321).
fn talk(stream: TcpStream, taken: &Mutex<Vec<Taken>>) -> Option<()> {
    let mut input = BufReader::new(stream.try_clone().ok()?);
    let mut output = stream;
    let mut say = |line: &str| output.write_all(format!("{line}\r\n").as_bytes()).ok();
    say("220 faults ESMTP")?;
    loop {
        let line = hear(&mut input)?;
        match line.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
            "EHLO" => say("250-faults\r\n250 8BITMIME")?,
            "DATA" => {
                say("354 go on")?;
                let mut text = String::new();
                loop {
                    match hear(&mut input)?.as_str() {
                        "." => break,
                        line => text = text + line + "\n",
                    }
                }
                let id = text.lines().find_map(|line| line.strip_prefix("Message-ID: "));
                let id = id.unwrap_or_default().to_owned();
                lock(taken).push(Taken { id, text, at: Instant::now() });
                say("250 taken")?;
            }
            "QUIT" => return say("221 bye"),
            _ => say("250 fine")?,
        }
    }
}

fn hear(input: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    let read = input.read_line(&mut line).ok()?;
    (read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends a mail; whether the server said that it took it.
    fn send(server: &MailServer, id: &str) -> bool {
        let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port)) else { return false };
        let mut input = BufReader::new(stream.try_clone().expect("a stream"));
        let mail = format!("Message-ID: {id}\r\nSubject: Hello\r\n\r\nHello\r\n.");
        for line in ["EHLO me", "MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA", &mail, "QUIT"] {
            stream.write_all(format!("{line}\r\n").as_bytes()).expect("the server reads");
        }
        std::iter::from_fn(|| hear(&mut input)).any(|line| line == "250 taken")
    }

    #[test]
    fn a_server_takes_mail_unless_it_is_stopped() {
        let mut server = MailServer::start().expect("a server");
        assert!(send(&server, "<one@x>"));
        server.stop();
        assert!(!send(&server, "<two@x>"));
        server.resume().expect("the same port");
        assert!(send(&server, "<three@x>"));
        let ids: Vec<_> = server.taken().into_iter().map(|mail| mail.id).collect();
        assert_eq!(ids, ["<one@x>", "<three@x>"]);
        assert!(server.taken()[0].text.contains("Subject: Hello\n"));
    }
}
