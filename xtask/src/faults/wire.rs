//! PostgreSQL's protocol, as far as giving orders and holding a connection need it (its manual, chapter "Message Flow").

use std::io::{Error, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection that was let in.
pub(crate) struct Connection(TcpStream);

impl Connection {
    /// Connects without a password.
    pub(crate) fn open(port: u16, user: &str, database: &str) -> Result<Self, Error> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let body = format!("user\0{user}\0database\0{database}\0\0");
        stream.write_all(&[&size(body.len() + 4)[..], &[0, 3, 0, 0], body.as_bytes()].concat())?;
        let mut connection = Self(stream);
        connection.until_ready()?;
        Ok(connection)
    }

    /// Runs statements to their end, whatever they return.
    pub(crate) fn run(&mut self, sql: &str) -> Result<(), Error> {
        self.0.write_all(&[b"Q", &size(sql.len() + 1)[..], sql.as_bytes(), b"\0"].concat())?;
        self.until_ready()
    }

    /// Reads messages up to `ReadyForQuery`; an `ErrorResponse` is the error.
    fn until_ready(&mut self) -> Result<(), Error> {
        let mut failure = None;
        loop {
            let mut head = [0; 5];
            self.0.read_exact(&mut head).map_err(|error| failure.take().unwrap_or(error))?;
            let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
            let length = usize::try_from(length).unwrap_or_default().saturating_sub(4);
            let mut body = vec![0; length.min(1 << 20)];
            self.0.read_exact(&mut body)?;
            match head[0] {
                b'Z' => return failure.map_or(Ok(()), Err),
                b'E' => failure = Some(told(&body)),
                _ => {}
            }
        }
    }
}

fn size(body: usize) -> [u8; 4] {
    u32::try_from(body + 4).unwrap_or_default().to_be_bytes()
}

/// The message of an `ErrorResponse`: fields of a letter and a text each.
fn told(body: &[u8]) -> Error {
    let mut fields = body.split(|byte| *byte == 0);
    let message = fields.find_map(|field| field.strip_prefix(b"M")).unwrap_or_default();
    Error::other(String::from_utf8_lossy(message))
}
