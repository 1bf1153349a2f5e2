//! Watching a background worker: it is started again when it panics, ends or makes no progress. The others go on.

use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep};

use crate::metrics::background::{Background, Worker};

/// The pause before the first restart; it doubles up to the longest.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(1);

/// Runs `work` until dropped, and starts it again when it breaks. With `patience`, a worker whose last sign of progress is
/// older counts as broken.
pub(super) async fn watch<W>(
    worker: Worker,
    background: Background,
    patience: Option<Duration>,
    work: impl Fn() -> W,
) where
    W: Future<Output = ()> + Send + 'static,
{
    let (pulse, mut pause) = (background.pulse(worker), FIRST);
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
        pause = if begun.elapsed() > LONGEST * 10 { FIRST } else { pause };
        let seconds = pause.as_secs();
        tracing::error!(
            worker = worker.as_str(),
            reason,
            "a background worker broke; it restarts in {seconds} s"
        );
        sleep(pause).await;
        pause = LONGEST.min(pause * 2);
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
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// Runs a worker that does `work` at its first start and is well from its second on; another works beside it.
    async fn first_start<W>(patience: Duration, work: fn() -> W) -> (Background, u32)
    where
        W: Future<Output = ()> + Send + 'static,
    {
        let (background, starts) = (Background::new(), Arc::new(AtomicU32::new(0)));
        let begin = {
            let (starts, background) = (Arc::clone(&starts), background.clone());
            move || {
                let first = starts.fetch_add(1, Ordering::Relaxed) == 0;
                let background = background.clone();
                async move {
                    if first {
                        work().await;
                    }
                    loop {
                        background.pulse(Worker::Mail).beat();
                        sleep(Duration::from_secs(1)).await;
                    }
                }
            }
        };
        let watched = watch(Worker::Mail, background.clone(), Some(patience), begin);
        drop(tokio::time::timeout(Duration::from_mins(2), watched).await);
        (background, starts.load(Ordering::Relaxed))
    }

    #[tokio::test(start_paused = true)]
    async fn a_worker_that_panics_ends_or_stalls_is_started_again_once() {
        let patience = Duration::from_secs(20);
        let (background, starts) = first_start(patience, async || panic!("as the test wants it")).await;
        assert_eq!((starts, background.restarting().len()), (2, 0));
        let (_, starts) = first_start(patience, async || std::future::pending().await).await;
        assert_eq!(starts, 2);
        let (background, _) = first_start(patience, async || {}).await;
        let restarts: Vec<_> = background.restarts().collect();
        assert_eq!(restarts, [("keys", 0), ("cleaning", 0), ("mail", 0), ("changes", 0)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_worker_that_broke_is_named_until_it_runs_again() {
        let background = Background::new();
        let broken = watch(Worker::Keys, background.clone(), None, async || panic!("again and again"));
        drop(tokio::time::timeout(Duration::from_mins(5), broken).await);
        assert_eq!(background.restarting(), ["keys"]);
        let restarts = background.restarts().next().unwrap().1;
        assert!((6..=12).contains(&restarts), "with growing pauses: {restarts}");
    }
}
