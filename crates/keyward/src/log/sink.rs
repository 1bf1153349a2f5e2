//! Where lines go: to standard error, at once or through a buffer that a thread of its own empties.
//!
//! With a buffer no request waits for the reader of the log: lines beyond what the buffer holds are dropped and counted. A
//! process that is killed loses what the thread has not written yet, at most a tenth of a second of lines.

use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::timestamp;

/// How long lines below `warn` may wait to be written.
const IDLE: Duration = Duration::from_millis(100);

pub trait Sink: Send + Sync + 'static {
    /// Takes a line with its end; `urgent` ones are written first thing. What cannot be written is lost.
    fn append(&self, line: &str, urgent: bool);
}

impl Sink for Box<dyn Sink> {
    fn append(&self, line: &str, urgent: bool) {
        (**self).append(line, urgent);
    }
}

/// Writes each line at once, on the thread that logs it.
pub struct Direct;

impl Sink for Direct {
    fn append(&self, line: &str, _: bool) {
        drop(std::io::stderr().lock().write_all(line.as_bytes()));
    }
}

/// Lines that wait for the thread that writes them.
#[derive(Clone)]
pub struct Buffered(Arc<Shared>);

struct Shared {
    waiting: Mutex<Waiting>,
    wake: Condvar,
    size: usize,
}

#[derive(Default)]
struct Waiting {
    lines: Vec<u8>,
    dropped: u64,
    urgent: bool,
    closed: bool,
}

/// The thread that writes. Dropped, it writes what is left and ends.
pub struct Writing {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Buffered {
    /// A buffer of `size` bytes, and the thread that empties it into `target`.
    ///
    /// # Errors
    /// When the system starts no more threads.
    pub fn start(size: usize, target: impl Write + Send + 'static) -> std::io::Result<(Self, Writing)> {
        let shared = Arc::new(Shared { waiting: Mutex::default(), wake: Condvar::new(), size });
        let theirs = Arc::clone(&shared);
        let thread =
            std::thread::Builder::new().name("log".to_owned()).spawn(move || theirs.write(target))?;
        Ok((Self(Arc::clone(&shared)), Writing { shared, thread: Some(thread) }))
    }
}

impl Sink for Buffered {
    fn append(&self, line: &str, urgent: bool) {
        let mut waiting = self.0.lock();
        if waiting.lines.len() + line.len() > self.0.size && !waiting.lines.is_empty() {
            waiting.dropped += 1;
        } else {
            waiting.lines.extend_from_slice(line.as_bytes());
        }
        let soon = urgent || waiting.lines.len() > self.0.size / 2;
        let wakes = soon && !waiting.urgent;
        waiting.urgent |= soon;
        // Unlocks before it notifies, because the writing thread takes the lock when it wakes up.
        drop(waiting);
        if wakes {
            self.0.wake.notify_one();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, mut target: impl Write) {
        let mut lines = Vec::with_capacity(self.size);
        loop {
            let (dropped, closed) = {
                let waiting = self.lock();
                let waiting =
                    self.wake.wait_timeout_while(waiting, IDLE, |waiting| !waiting.urgent && !waiting.closed);
                let (mut waiting, _) = waiting.unwrap_or_else(PoisonError::into_inner);
                waiting.urgent = false;
                std::mem::swap(&mut waiting.lines, &mut lines);
                (std::mem::take(&mut waiting.dropped), waiting.closed)
            };
            drop(target.write_all(&lines));
            lines.clear();
            if dropped > 0 {
                drop(target.write_all(gap(dropped).as_bytes()));
            }
            drop(target.flush());
            if closed {
                return;
            }
        }
    }
}

/// The line that stands for dropped ones, with the keys of every other.
fn gap(dropped: u64) -> String {
    let mut line = String::from("{\"timestamp\":\"");
    timestamp::now(&mut line);
    line.push_str("\",\"level\":\"WARN\",\"message\":\"log lines were dropped\",\"dropped\":");
    line.push_str(&dropped.to_string());
    line.push_str(",\"target\":\"");
    line.push_str(module_path!());
    line.push_str("\"}\n");
    line
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// Passes each write on, after a permit to write it.
    struct Gated(Receiver<()>, Sender<Vec<u8>>);

    impl Write for Gated {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.recv().ok();
            drop(self.1.send(bytes.to_vec()));
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn gated(size: usize) -> (Buffered, Writing, Sender<()>, Receiver<Vec<u8>>) {
        let ((permit, permits), (say, said)) = (channel(), channel());
        let (buffered, writing) = Buffered::start(size, Gated(permits, say)).unwrap();
        (buffered, writing, permit, said)
    }

    #[test]
    fn lines_come_out_in_order_and_all_of_them_at_the_end() {
        let (buffered, writing, permit, said) = gated(1 << 20);
        for number in 0..1000 {
            buffered.append(&format!("{number}\n"), number % 7 == 0);
        }
        drop(permit);
        drop(writing);
        let text: Vec<u8> = said.iter().flatten().collect();
        let text = String::from_utf8(text).unwrap();
        assert!(text.lines().map(|line| line.parse::<usize>().unwrap()).eq(0..1000), "{text}");
    }

    #[test]
    fn a_line_comes_out_without_being_urgent() {
        let (buffered, _writing, permit, said) = gated(1 << 20);
        permit.send(()).unwrap();
        buffered.append("calm\n", false);
        assert_eq!(said.recv_timeout(Duration::from_secs(30)).unwrap(), b"calm\n");
    }

    #[test]
    fn a_reader_that_stands_still_holds_up_nothing_and_hears_how_much_it_missed() {
        let (buffered, writing, permit, said) = gated(64);
        for _ in 0..10_000 {
            buffered.append("a line of the log\n", true);
        }
        drop(permit);
        drop(writing);
        let text = String::from_utf8(said.iter().flatten().collect()).unwrap();
        assert!(text.len() < 1000, "{}", text.len());
        let gaps: Vec<serde_json::Value> = text
            .lines()
            .filter(|line| line.starts_with('{'))
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let written = text.lines().count() - gaps.len();
        let dropped: u64 = gaps.iter().map(|gap| gap["dropped"].as_u64().unwrap()).sum();
        assert_eq!((written as u64) + dropped, 10_000, "{text}");
        assert!(gaps.iter().all(|gap| gap["level"] == "WARN" && gap["timestamp"].is_string()), "{text}");
    }
}
