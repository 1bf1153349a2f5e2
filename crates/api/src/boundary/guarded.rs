//! Runs a handler with a deadline, and turns its panics into answers.

use std::any::Any;
use std::convert::Infallible;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::Instant;

use axum::response::{IntoResponse, Response};
use tokio::task::JoinError;
use tracing::Instrument;

use crate::error::ApiError;

/// Returns the answer of a handler: 500 if it panics, 503 if it has not finished at `end`. A handler that only `reads` is dropped
/// when the client hangs up.
pub(crate) async fn guarded<F>(answer: F, reads: bool, end: Instant) -> Response
where
    F: Future<Output = Result<Response, Infallible>> + Send + 'static,
{
    let answer = if reads {
        within(end, unwinding(answer)).await
    } else {
        // A task of its own, so that what writes is never dropped half-way when the client hangs up.
        let answer = tokio::spawn(within(end, answer).in_current_span()).await;
        let panic = |error: JoinError| error.try_into_panic().unwrap_or_else(|_| Box::new("cancelled"));
        match answer {
            Ok(answer) => answer.map(Ok),
            Err(error) => Some(Err(panic(error))),
        }
    };
    match answer {
        Some(Ok(Ok(response))) => response,
        Some(Ok(Err(never))) => match never {},
        None => ApiError::unavailable().into_response(),
        Some(Err(panic)) => {
            tracing::error!(cause = message(&*panic), "a handler did not finish");
            ApiError::internal().into_response()
        }
    }
}

/// The future's value; `None` if it is not ready at `end`. A timer is made only if the first poll is pending; `timeout_at` then polls
/// once more at once.
async fn within<F: Future>(end: Instant, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    match poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await {
        Poll::Ready(value) => Some(value),
        Poll::Pending => tokio::time::timeout_at(end.into(), future).await.ok(),
    }
}

/// The future's value, or its panic.
async fn unwinding<F: Future>(future: F) -> Result<F::Output, Box<dyn Any + Send>> {
    let mut future = pin!(future);
    // Not polled again after a panic.
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(poll) => poll.map(Ok),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic")
}
