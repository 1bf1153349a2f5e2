//! The load: connections that each ask again as soon as they are answered, or at a steady pace.

use std::thread;
use std::time::{Duration, Instant};

use keyward_servers::shell::Outcome;
use tokio::task::{JoinSet, yield_now};
use tokio::time::timeout;

use crate::connection::{Blocking, Connection, DEFAULT_INTERVAL, PATIENCE, runtime};
use crate::request::{Caller, Request};

/// What a load came to.
#[derive(Default)]
pub(crate) struct Load {
    pub(crate) answers: u64,
    /// Answers of another status than asked for, and connections that ended.
    pub(crate) failures: u64,
    pub(crate) seconds: f64,
    /// In microseconds, sorted.
    latencies: Vec<u32>,
}

impl Load {
    pub(crate) fn per_second(&self) -> f64 {
        self.answers as f64 / self.seconds
    }

    /// In milliseconds; `share` of 0.99 is p99.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        let last = self.latencies.len().saturating_sub(1);
        let index = (self.latencies.len() as f64 * share) as usize;
        self.latencies.get(index.min(last)).map_or(f64::NAN, |micros| f64::from(*micros) / 1000.0)
    }

    fn count(&mut self, good: bool) {
        if good {
            self.answers += 1;
        } else {
            self.failures += 1;
        }
    }

    /// The loads of all connections as one.
    fn sum(begun: Instant, parts: impl IntoIterator<Item = Self>) -> Outcome<Self> {
        let mut whole = Self { seconds: begun.elapsed().as_secs_f64(), ..Self::default() };
        for part in parts {
            whole.answers += part.answers;
            whole.failures += part.failures;
            whole.latencies.extend(part.latencies);
        }
        whole.latencies.sort_unstable();
        if whole.answers == 0 {
            Err("The server answered nothing as it should.".to_owned())
        } else {
            Ok(whole)
        }
    }
}

/// Lets every caller ask as fast as it is answered, all of them on this thread.
pub(crate) fn storm(port: u16, callers: Vec<Box<dyn Caller>>, status: u16, time: Duration) -> Outcome<Load> {
    run(port, callers, status, time, false)
}

/// A [`storm`] whose thread polls its sockets without sleeping. Waking a sleeping thread on another core costs the server up to
/// a tenth of an answer. A load on a machine of its own causes no such cost.
pub(crate) fn busy_storm(
    port: u16,
    callers: Vec<Box<dyn Caller>>,
    status: u16,
    time: Duration,
) -> Outcome<Load> {
    run(port, callers, status, time, true)
}

fn run(port: u16, callers: Vec<Box<dyn Caller>>, status: u16, time: Duration, busy: bool) -> Outcome<Load> {
    let begun = Instant::now();
    // A thread that does not sleep always has a ready task, so sockets are polled by this interval alone.
    let interval = if busy { 8 } else { DEFAULT_INTERVAL };
    let parts = runtime(interval)?.block_on(async {
        let mut tasks = JoinSet::new();
        for caller in callers {
            tasks.spawn(timeout(time + PATIENCE, hammer(port, caller, status, begun + time)));
        }
        let spinner = busy.then(|| {
            tokio::spawn(async {
                loop {
                    yield_now().await;
                }
            })
        });
        let parts = tasks.join_all().await;
        if let Some(spinner) = spinner {
            spinner.abort();
        }
        parts
    });
    let failed = || Load { failures: 1, ..Load::default() };
    Load::sum(begun, parts.into_iter().map(|part| part.unwrap_or_else(|_| failed())))
}

async fn hammer(port: u16, mut caller: Box<dyn Caller>, status: u16, end: Instant) -> Load {
    let mut load = Load::default();
    let asked = async {
        let mut connection = Connection::open(port).await?;
        while Instant::now() < end {
            let asked = Instant::now();
            let answer = connection.ask(caller.next()).await?;
            load.latencies.push(u32::try_from(asked.elapsed().as_micros()).unwrap_or(u32::MAX));
            load.count(answer.status == status);
            if answer.status == status {
                caller.answered(answer.body)?;
            }
        }
        Outcome::Ok(())
    };
    if asked.await.is_err() {
        load.failures += 1;
    }
    load
}

/// Asks at a steady pace, whether or not the server keeps up: the time counts from when a request was due.
///
/// Each connection has a thread, since a thread's sleep is more exact than tokio's timer of milliseconds; and it runs
/// with real-time priority where that is permitted, so that its own wait for a busy core is not measured.
pub(crate) fn pace(
    port: u16,
    request: &Request,
    rate: u32,
    connections: u32,
    time: Duration,
) -> Outcome<Load> {
    let between = Duration::from_secs(1) * connections / rate;
    let begun = Instant::now();
    let walk = |number: u32| {
        raise_priority();
        let mut connection = Blocking::open(port)?;
        let mut load = Load::default();
        let mut due = begun + between * number / connections;
        while due < begun + time {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            load.count(connection.ask(request)?.status == 200);
            load.latencies.push(u32::try_from(due.elapsed().as_micros()).unwrap_or(u32::MAX));
            due += between;
        }
        Ok::<Load, String>(load)
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..connections).map(|number| scope.spawn(move || walk(number))).collect();
        let failed = || Load { failures: 1, ..Load::default() };
        let part =
            |joined: thread::Result<Outcome<Load>>| joined.ok().and_then(Result::ok).unwrap_or_else(failed);
        let parts: Vec<_> = threads.into_iter().map(|thread| part(thread.join())).collect();
        Load::sum(begun, parts)
    })
}

/// Gives this thread real-time priority (`SCHED_FIFO`), which only the superuser may.
fn raise_priority() {
    use thread_priority::unix::{
        RealtimeThreadSchedulePolicy, ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
    };
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
    drop(set_thread_priority_and_policy(thread_native_id(), thread_priority::ThreadPriority::Min, policy));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_the_value_that_so_many_stay_below() {
        let load = Load { latencies: (1..=1000).map(|number| number * 1000).collect(), ..Load::default() };
        assert_eq!(load.quantile(0.5) as u32, 501);
        assert_eq!(load.quantile(0.99) as u32, 991);
        assert!(Load::default().quantile(0.99).is_nan());
    }
}
