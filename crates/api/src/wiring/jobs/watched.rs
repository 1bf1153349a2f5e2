//! Watching a background worker: it is started again when it panics, ends or makes no progress. The others go on.

use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep};

use crate::metrics::background::{Background, Worker};

/// The pauses before a restart: the first one, which doubles up to the longest.
#[derive(Clone, Copy)]
pub(super) struct Pauses {
    first: Duration,
    longest: Duration,
}

impl Default for Pauses {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_mins(1) }
    }
}

/// Runs `work` until dropped, and starts it again when it breaks. With `patience`, a worker whose last sign of progress is
/// older counts as broken.
pub(super) async fn watch<W>(
    worker: Worker,
    background: Background,
    patience: Option<Duration>,
    pauses: Pauses,
    work: impl Fn() -> W,
) where
    W: Future<Output = ()> + Send + 'static,
{
    let (pulse, mut pause) = (background.pulse(worker), pauses.first);
    loop {
        let begun = Instant::now();
        pulse.begin();
        let mut tasks = JoinSet::new();
        tasks.spawn(work());
        let reason = tokio::select! {
            ended = tasks.join_next() => words(ended),
            reason = stalled(&background, worker, patience) => reason,
        };
        // A task that blocks its thread cannot be ended; the new one works beside it.
        drop(tasks);
        pulse.broke();
        if begun.elapsed() > pauses.longest * 10 {
            pause = pauses.first;
        }
        let seconds = pause.as_secs();
        tracing::error!(
            worker = worker.as_str(),
            reason,
            "a background worker broke; it restarts in {seconds} s"
        );
        sleep(pause).await;
        pause = pauses.longest.min(pause * 2);
    }
}

/// Returns once the worker has made no progress for longer than `patience`.
async fn stalled(background: &Background, worker: Worker, patience: Option<Duration>) -> String {
    let Some(patience) = patience else { return std::future::pending().await };
    loop {
        sleep(patience / 4).await;
        let idle = background.pulse(worker).idle();
        if idle > patience {
            return format!("no progress for {} s", idle.as_secs());
        }
    }
}

fn words(ended: Option<Result<(), JoinError>>) -> String {
    match ended {
        Some(Err(error)) if error.is_panic() => {
            let panic = error.into_panic();
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            format!("it panicked: {}", text.unwrap_or_default())
        }
        _ => "it ended".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

    const SHORT: Pauses = Pauses { first: Duration::from_millis(5), longest: Duration::from_millis(80) };

    /// Runs a worker that does `work` at its first start and is well from its second on. Returns its number of starts.
    async fn run(work: fn() -> Work) -> (Background, u32) {
        let (background, starts) = (Background::new(), Arc::new(AtomicU32::new(0)));
        let begin = || {
            let first = starts.fetch_add(1, Ordering::Relaxed) == 0;
            let background = background.clone();
            async move {
                if first {
                    work().await;
                    return;
                }
                loop {
                    background.pulse(Worker::Mail).beat();
                    sleep(Duration::from_millis(10)).await;
                }
            }
        };
        let patience = Some(Duration::from_millis(300));
        let watched = watch(Worker::Mail, background.clone(), patience, SHORT, begin);
        drop(tokio::time::timeout(Duration::from_secs(2), watched).await);
        (background, starts.load(Ordering::Relaxed))
    }

    #[tokio::test]
    async fn a_worker_that_panics_ends_or_stalls_is_started_again_once() {
        let kinds: [fn() -> Work; 3] = [
            || Box::pin(async { panic!("as the test wants it") }),
            || Box::pin(std::future::pending()),
            || Box::pin(async {}),
        ];
        for work in kinds {
            let (background, starts) = run(work).await;
            assert_eq!((starts, background.restarting().len()), (2, 0));
            let restarts: Vec<_> = background.restarts().collect();
            assert_eq!(
                restarts,
                [("keys", 0), ("cleaning", 0), ("deletion", 0), ("mail", 1), ("logouts", 0), ("changes", 0)]
            );
        }
    }

    #[tokio::test]
    async fn a_worker_that_breaks_again_and_again_waits_longer_each_time() {
        let background = Background::new();
        let work = || -> Work { Box::pin(async { panic!("again and again") }) };
        let broken = watch(Worker::Keys, background.clone(), None, SHORT, work);
        drop(tokio::time::timeout(Duration::from_millis(600), broken).await);
        assert_eq!(background.restarting(), ["keys"]);
        let restarts = background.restarts().next().unwrap().1;
        assert!((3..=12).contains(&restarts), "with growing pauses: {restarts}");
    }
}
