//! The load: connections that are kept open, each asking again as soon as it was answered, or at a steady pace.

use std::io::{Error, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use keyward_servers::shell::Outcome;

/// How long an answer may take before the run counts as failed.
const PATIENCE: Duration = Duration::from_mins(1);

/// A request, written out.
pub(super) struct Request(Vec<u8>);

impl Request {
    /// `line` as in `GET /posts`; an empty token for none, a null body for none.
    pub(super) fn new(line: &str, token: &str, body: &Value) -> Self {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let bearer =
            if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
        let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
        let length = body.len();
        let head =
            format!("{line} HTTP/1.1\r\nHost: 127.0.0.1\r\n{bearer}{kind}Content-Length: {length}\r\n\r\n");
        Self((head + &body).into_bytes())
    }
}

/// Who asks over one connection: the next request, and what they make of the answer.
pub(super) trait Caller: Send {
    fn next(&mut self) -> &Request;
    fn hear(&mut self, _body: &[u8]) {}
}

/// The same request each time.
impl Caller for Request {
    fn next(&mut self) -> &Request {
        self
    }
}

/// Spends a refresh token, then the one it got for it.
pub(super) struct Refreshing(pub(super) Request);

impl Caller for Refreshing {
    fn next(&mut self) -> &Request {
        &self.0
    }

    fn hear(&mut self, body: &[u8]) {
        let tokens: Value = serde_json::from_slice(body).unwrap_or_default();
        let body = serde_json::json!({ "refresh_token": tokens["refresh_token"] });
        self.0 = Request::new("POST /refresh_token", "", &body);
    }
}

/// A connection that is kept open.
pub(super) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(super) fn open(port: u16) -> Result<Self, Error> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream, buffer: Vec::with_capacity(16 * 1024) })
    }

    /// The status of the answer; its body is what follows the first `n` bytes of the buffer.
    pub(super) fn ask(&mut self, request: &Request) -> Result<(u16, usize), Error> {
        self.stream.write_all(&request.0)?;
        self.buffer.clear();
        let mut piece = [0; 16 * 1024];
        loop {
            match self.stream.read(&mut piece)? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                read => self.buffer.extend_from_slice(&piece[..read]),
            }
            if let Some((status, start, length)) = head(&self.buffer)
                && self.buffer.len() >= start + length
            {
                return Ok((status, start));
            }
        }
    }

    pub(super) fn body(&self, start: usize) -> &[u8] {
        self.buffer.get(start..).unwrap_or_default()
    }

    /// The answer as JSON, if its status is as it should be.
    pub(super) fn json(&mut self, request: &Request, status: u16) -> Outcome<Value> {
        let (got, start) = self.ask(request).map_err(|error| format!("No answer: {error}."))?;
        let body = serde_json::from_slice(self.body(start)).unwrap_or(Value::Null);
        if got == status {
            Ok(body)
        } else {
            Err(format!("The server answers {got} instead of {status}: {body}."))
        }
    }
}

/// Status, where the body starts, and how long it is; once the head is there.
fn head(answer: &[u8]) -> Option<(u16, usize, usize)> {
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let status = head.get(9..12)?.parse().ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    Some((status, end + 4, length.unwrap_or(0)))
}

/// What a load came to.
#[derive(Default)]
pub(super) struct Load {
    pub(super) answers: u64,
    /// Answers of another status than asked for, or none at all.
    pub(super) failures: u64,
    pub(super) seconds: f64,
    /// In microseconds, sorted.
    pub(super) latencies: Vec<u32>,
}

impl Load {
    pub(super) fn per_second(&self) -> f64 {
        self.answers as f64 / self.seconds
    }

    /// In milliseconds; `share` of 0.99 is p99.
    pub(super) fn quantile(&self, share: f64) -> f64 {
        let last = self.latencies.len().saturating_sub(1);
        let index = (self.latencies.len() as f64 * share) as usize;
        self.latencies.get(index.min(last)).map_or(f64::NAN, |micros| f64::from(*micros) / 1000.0)
    }

    fn add(&mut self, other: Self) {
        self.answers += other.answers;
        self.failures += other.failures;
        self.latencies.extend(other.latencies);
    }
}

/// Lets every caller ask as fast as it is answered, for so long.
pub(super) fn storm(port: u16, callers: Vec<Box<dyn Caller>>, status: u16, time: Duration) -> Outcome<Load> {
    let begun = Instant::now();
    let stop = AtomicBool::new(false);
    let mut whole = Load::default();
    thread::scope(|scope| {
        let threads: Vec<_> = callers
            .into_iter()
            .map(|caller| scope.spawn(|| hammer(port, caller, status, begun + time, &stop)))
            .collect();
        for thread in threads {
            match thread.join() {
                Ok(Ok(load)) => whole.add(load),
                _ => whole.failures += 1,
            }
        }
    });
    whole.seconds = begun.elapsed().as_secs_f64();
    whole.latencies.sort_unstable();
    if whole.answers == 0 { Err("The server answered nothing as it should.".to_owned()) } else { Ok(whole) }
}

fn hammer(
    port: u16,
    mut caller: Box<dyn Caller>,
    status: u16,
    end: Instant,
    stop: &AtomicBool,
) -> Result<Load, Error> {
    let mut connection = Connection::open(port)?;
    let mut load = Load::default();
    while Instant::now() < end && !stop.load(Ordering::Relaxed) {
        let asked = Instant::now();
        let (got, start) = connection.ask(caller.next())?;
        if got == status {
            load.answers += 1;
            load.latencies.push(micros(asked));
            caller.hear(connection.body(start));
        } else {
            load.failures += 1;
        }
    }
    Ok(load)
}

/// Asks at a steady pace, whether or not the server keeps up: the time counts from when a request should have gone out.
pub(super) fn pace(
    port: u16,
    request: &Request,
    rate: u32,
    connections: u32,
    time: Duration,
) -> Outcome<Load> {
    let between = Duration::from_secs(1) * connections / rate;
    let begun = Instant::now();
    let mut whole = Load::default();
    thread::scope(|scope| {
        let walk = |number: u32| {
            let mut connection = Connection::open(port)?;
            let mut load = Load::default();
            let mut due = begun + between * number / connections;
            while due < begun + time {
                thread::sleep(due.saturating_duration_since(Instant::now()));
                if connection.ask(request)?.0 == 200 {
                    load.answers += 1;
                } else {
                    load.failures += 1;
                }
                load.latencies.push(micros(due));
                due += between;
            }
            Ok::<Load, Error>(load)
        };
        let threads: Vec<_> = (0..connections).map(|number| scope.spawn(move || walk(number))).collect();
        for thread in threads {
            match thread.join() {
                Ok(Ok(load)) => whole.add(load),
                _ => whole.failures += 1,
            }
        }
    });
    whole.seconds = begun.elapsed().as_secs_f64();
    whole.latencies.sort_unstable();
    if whole.answers == 0 { Err("The server answered nothing as it should.".to_owned()) } else { Ok(whole) }
}

fn micros(since: Instant) -> u32 {
    u32::try_from(since.elapsed().as_micros()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answers_head_says_where_its_body_is() {
        let answer = b"HTTP/1.1 201 Created\r\nContent-Length: 4\r\n\r\ntrue";
        assert_eq!(head(answer), Some((201, answer.len() - 4, 4)));
        assert_eq!(head(&answer[..30]), None);
    }

    #[test]
    fn a_quantile_is_the_value_that_so_many_stay_below() {
        let load = Load { latencies: (1..=1000).map(|number| number * 1000).collect(), ..Load::default() };
        assert_eq!(load.quantile(0.5) as u32, 501);
        assert_eq!(load.quantile(0.99) as u32, 991);
        assert!(Load::default().quantile(0.99).is_nan());
    }
}
