//! Calls that begin together.

use std::sync::Arc;

use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::answer::Answer;

/// The answers to `count` calls that begin together, in no particular order.
pub async fn at_once<F>(count: usize, call: impl Fn(usize) -> F) -> Vec<Answer>
where
    F: Future<Output = Answer> + Send + 'static,
{
    let start = Arc::new(Barrier::new(count));
    let mut tasks = JoinSet::new();
    for number in 0..count {
        let (start, call) = (Arc::clone(&start), call(number));
        tasks.spawn(async move {
            start.wait().await;
            call.await
        });
    }
    tasks.join_all().await
}

/// The number of answers that have this status.
pub fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}
