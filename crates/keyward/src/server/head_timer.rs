//! The timer for a connection's request heads. hyper asks for a new one with each request; here a connection has one alarm,
//! which stays set from request to request and is set anew only when it goes off too early. Setting one takes the lock of the
//! runtime's timers twice.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};
use tokio::time;

/// Makes the waits of one connection, which never has two at a time.
#[derive(Default)]
pub(super) struct HeadTimer(Alarm);

type Alarm = Arc<Mutex<Option<Pin<Box<time::Sleep>>>>>;

impl Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(Wait { deadline: deadline.into(), alarm: Arc::clone(&self.0) })
    }

    fn now(&self) -> Instant {
        time::Instant::now().into_std()
    }
}

/// Ready at its deadline.
struct Wait {
    deadline: time::Instant,
    alarm: Alarm,
}

impl Sleep for Wait {}

impl Future for Wait {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut alarm = self.alarm.lock().unwrap_or_else(PoisonError::into_inner);
        let alarm = alarm.get_or_insert_with(|| Box::pin(time::sleep_until(self.deadline))).as_mut();
        wait(alarm, self.deadline, cx)
    }
}

/// Polls the alarm, which may be set for another time.
fn wait(mut alarm: Pin<&mut time::Sleep>, deadline: time::Instant, cx: &mut Context<'_>) -> Poll<()> {
    if alarm.deadline() > deadline {
        alarm.as_mut().reset(deadline);
    }
    loop {
        ready!(alarm.as_mut().poll(cx));
        if alarm.deadline() == deadline {
            return Poll::Ready(());
        }
        alarm.as_mut().reset(deadline);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Waits that are given up after `given_up` seconds each, with `idle` seconds after them; then one to its end. Returns its seconds.
    async fn waited(given_up: &[u64], idle: u64, last: u64) -> u64 {
        let timer = HeadTimer::default();
        for after in given_up {
            let wait = timer.sleep(Duration::from_secs(15));
            assert!(time::timeout(Duration::from_secs(*after), wait).await.is_err());
            time::sleep(Duration::from_secs(idle)).await;
        }
        let begun = time::Instant::now();
        timer.sleep(Duration::from_secs(last)).await;
        begun.elapsed().as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn each_wait_ends_at_its_own_deadline() {
        assert_eq!(waited(&[], 0, 15).await, 15);
        assert_eq!(waited(&[10], 0, 15).await, 15, "the alarm goes off meanwhile");
        assert_eq!(waited(&[14, 14, 14], 0, 15).await, 15);
        assert_eq!(waited(&[1], 60, 15).await, 15, "the alarm has gone off long before");
        assert_eq!(waited(&[1], 0, 3).await, 3, "the alarm is set for later");
    }

    #[tokio::test(start_paused = true)]
    async fn the_alarm_stays_set_from_wait_to_wait() {
        let timer = HeadTimer::default();
        let alarm = || timer.0.lock().unwrap().as_ref().unwrap().deadline();
        let wait = timer.sleep(Duration::from_secs(15));
        assert!(time::timeout(Duration::from_secs(1), wait).await.is_err());
        let set = alarm();
        let wait = timer.sleep(Duration::from_secs(15));
        assert!(time::timeout(Duration::from_secs(1), wait).await.is_err());
        assert_eq!(alarm(), set);
    }
}
