//! A stream whose other end has to take what is written, at a least rate.
//!
//! Waiting uses up a patience, and what is taken afterwards gives some back: so a slow reader gets
//! everything, and one that takes nothing, or a few bytes now and then, is cut off and costs its answer no
//! longer.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// How fast an answer has to be taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// How long nothing of an answer need be taken.
    pub(super) patience: Duration,
    /// Bytes per second that have to be taken after that.
    pub(super) rate: u32,
}

/// How many times the patience may be saved up by taking faster than the rate.
const SAVED: u32 = 3;

/// A stream that fails with [`io::ErrorKind::TimedOut`] once its other end is too slow.
pub(super) struct Paced<S> {
    stream: S,
    pace: Pace,
    /// How long may still be waited.
    left: Duration,
    /// Whether this answer had to wait: only then does taking it count.
    waited: bool,
    waiting: Option<Waiting>,
}

struct Waiting {
    since: Instant,
    end: Pin<Box<Sleep>>,
}

impl<S> Paced<S> {
    pub(super) fn new(stream: S, pace: Pace) -> Self {
        Self { stream, pace, left: pace.patience, waited: false, waiting: None }
    }

    /// Some bytes were taken, after a wait or at once.
    fn taken(&mut self, bytes: usize) {
        if let Some(waiting) = self.waiting.take() {
            self.left = self.left.saturating_sub(waiting.since.elapsed());
        }
        if self.waited {
            let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
            let earned = Duration::from_secs(1) * bytes / self.pace.rate.max(1);
            self.left = (self.left + earned).min(self.pace.patience * SAVED);
        }
    }

    /// Nothing can be written: ready once that has been so for too long.
    fn stalled(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        self.waited = true;
        let left = self.left;
        let waiting = self.waiting.get_or_insert_with(|| {
            let since = Instant::now();
            Waiting { since, end: Box::pin(tokio::time::sleep_until(since + left)) }
        });
        waiting.end.as_mut().poll(cx).map(|()| io::ErrorKind::TimedOut.into())
    }

    fn write(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Ok(bytes)) => {
                self.taken(bytes);
                Poll::Ready(Ok(bytes))
            }
            Poll::Pending => self.stalled(cx).map(Err),
            failed @ Poll::Ready(Err(_)) => failed,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.write(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.write(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Called when all of an answer was written: the next one has a patience of its own.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.waiting.is_none() {
            self.waited = false;
            self.left = self.left.max(self.pace.patience);
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}
