//! The bytes of answers and request bodies under way: together they never take more memory than there is for
//! them.
//!
//! A byte of a body counts from its arrival until its request is answered, a byte of an answer until the
//! system has taken all of the answer. What does not fit is answered 503. One IP address has a share of the whole at
//! most, so that it alone does not use up what there is for all.

use std::collections::HashMap;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use hyper::body::{Body as HttpBody, Buf, Bytes, Frame, Incoming, SizeHint};
use keyward_domain::limits::budgets::network;

/// How much of every body and answer is not counted: most are smaller.
const FREE: usize = 16 * 1024;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const FULL: &str =
    r#"{"detail":"The server is busy with large requests and answers. Try again in a second."}"#;

/// One IP address may have this part of the whole.
const SHARE: usize = 4;

/// How many bytes may be under way, and how many are.
pub(super) struct ByteBudget {
    most: usize,
    used: Mutex<Used>,
}

/// What is under way.
#[derive(Default)]
struct Used {
    total: usize,
    /// By IPv4 address or IPv6 /64, of those that have something under way.
    of: HashMap<IpAddr, usize>,
}

/// Bytes that are under way until this is dropped.
pub(super) struct Charge {
    budget: Arc<ByteBudget>,
    client: Option<IpAddr>,
    bytes: usize,
}

impl ByteBudget {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, used: Mutex::default() })
    }

    /// Reserves `bytes` of a client, if there is room for them in the whole and in the client's share.
    fn charge(self: &Arc<Self>, client: Option<IpAddr>, bytes: usize) -> Option<Charge> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let total = used.total.checked_add(bytes).filter(|total| *total <= self.most)?;
        if let Some(client) = client {
            let own = used.of.get(&client).copied().unwrap_or_default() + bytes;
            if own > self.most / SHARE {
                return None;
            }
            used.of.insert(client, own);
        }
        used.total = total;
        Some(Charge { budget: Arc::clone(self), client, bytes })
    }

    /// The body of a request of a client, counted, and the count.
    pub(super) fn counted(self: &Arc<Self>, client: IpAddr, body: Incoming) -> (Body, Account) {
        // From loopback come a proxy or a tool on this machine: all clients, or none.
        let client = Some(network(client.to_canonical())).filter(|client| !client.is_loopback());
        // Most requests have no body.
        if body.is_end_stream() {
            return (Body::empty(), Account { client, meter: None });
        }
        let meter = Arc::new(Meter {
            budget: Arc::clone(self),
            client,
            arrived: AtomicUsize::new(0),
            charges: Mutex::default(),
            over: AtomicBool::new(false),
        });
        (Body::new(Counted { body, meter: Arc::clone(&meter) }), Account { client, meter: Some(meter) })
    }

    /// The answer, counted; one that says that the server is busy in its place if it, or the request's body,
    /// did not fit.
    pub(super) fn answer(self: &Arc<Self>, response: Response, request: &Account) -> Response<Charged> {
        if request.meter.as_ref().is_some_and(|meter| meter.over.load(Ordering::Relaxed)) {
            return busy(response);
        }
        // Pages and scripts are parts of the program, which no answer has a copy of.
        let is_data = response.headers().get(header::CONTENT_TYPE) == Some(&JSON);
        let size = HttpBody::size_hint(response.body()).lower();
        let bytes = usize::try_from(size).unwrap_or(usize::MAX).saturating_sub(FREE);
        if !is_data || bytes == 0 {
            return response.map(|body| Charged { body, charge: None });
        }
        match self.charge(request.client, bytes) {
            Some(charge) => response.map(|body| Charged { body, charge: Some(Arc::new(charge)) }),
            None => busy(response),
        }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        let mut used = self.budget.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.total -= self.bytes;
        let Some(client) = self.client else { return };
        if let Some(own) = used.of.get_mut(&client) {
            *own -= self.bytes;
            if *own == 0 {
                used.of.remove(&client);
            }
        }
    }
}

/// The same answer as far as its head goes, but for what it says.
fn busy(response: Response) -> Response<Charged> {
    let (mut head, _) = response.into_parts();
    head.status = StatusCode::SERVICE_UNAVAILABLE;
    for name in [
        header::CONTENT_ENCODING,
        header::CONTENT_LENGTH,
        header::ETAG,
        header::LOCATION,
        header::LINK,
        header::WWW_AUTHENTICATE,
    ] {
        head.headers.remove(name);
    }
    head.headers.insert(header::CONTENT_TYPE, JSON);
    head.headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    Response::from_parts(head, Charged { body: Body::from(FULL), charge: None })
}

/// Whose request it is, and what has arrived of its body.
pub(super) struct Account {
    client: Option<IpAddr>,
    /// `None` without a body.
    meter: Option<Arc<Meter>>,
}

/// What has arrived of a request's body.
struct Meter {
    budget: Arc<ByteBudget>,
    client: Option<IpAddr>,
    arrived: AtomicUsize,
    charges: Mutex<Vec<Charge>>,
    over: AtomicBool,
}

impl Meter {
    /// Counts what has just arrived. Returns whether there was room.
    fn count(&self, bytes: usize) -> bool {
        let before = self.arrived.fetch_add(bytes, Ordering::Relaxed);
        let bytes = (before + bytes).saturating_sub(before.max(FREE));
        if bytes == 0 {
            return true;
        }
        match self.budget.charge(self.client, bytes) {
            Some(charge) => self.charges.lock().unwrap_or_else(PoisonError::into_inner).push(charge),
            None => self.over.store(true, Ordering::Relaxed),
        }
        !self.over.load(Ordering::Relaxed)
    }
}

struct Counted {
    body: Incoming,
    meter: Arc<Meter>,
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(cx));
        let bytes = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref().map(Bytes::len));
        if !self.meter.count(bytes.unwrap_or(0)) {
            return Poll::Ready(Some(Err(
                "the bodies under way take all the memory there is for them".into()
            )));
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of an answer, whose parts are counted until they are written.
pub(super) struct Charged {
    body: Body,
    charge: Option<Arc<Charge>>,
}

/// A part of an answer.
pub(super) struct Part {
    bytes: Bytes,
    _charge: Option<Arc<Charge>>,
}

impl HttpBody for Charged {
    type Data = Part;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Part>, Self::Error>>> {
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(cx));
        let charge = self.charge.clone();
        let part = |bytes| Part { bytes, _charge: charge };
        Poll::Ready(frame.map(|frame| frame.map(|frame| frame.map_data(part))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        HttpBody::size_hint(&self.body)
    }
}

impl Buf for Part {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_under_way_never_exceeds_the_budget_and_comes_back() {
        let budget = ByteBudget::new(100);
        let charge = |bytes| budget.charge(None, bytes);
        let (one, two) = (charge(60), charge(40));
        assert!(one.is_some() && two.is_some() && charge(1).is_none());
        drop(one);
        assert!(charge(61).is_none() && charge(usize::MAX).is_none());
        drop((charge(60).unwrap(), two));
        assert_eq!(budget.used.lock().unwrap().total, 0);
    }

    #[test]
    fn one_address_has_a_share_and_leaves_the_rest_to_others() {
        let budget = ByteBudget::new(100);
        let charge = |client: &str, bytes| budget.charge(Some(client.parse().unwrap()), bytes);
        let first = charge("192.0.2.1", 20);
        let second = charge("192.0.2.1", 5);
        assert!(first.is_some() && second.is_some() && charge("192.0.2.1", 1).is_none());
        let others: Vec<_> = ["192.0.2.2", "192.0.2.3", "192.0.2.4"].map(|other| charge(other, 25)).into();
        assert!(others.iter().all(Option::is_some) && charge("192.0.2.5", 1).is_none());
        drop(first);
        assert!(charge("192.0.2.5", 20).is_some() && charge("192.0.2.1", 20).is_some());
        drop((second, others));
        assert!(budget.used.lock().unwrap().of.is_empty(), "an address with nothing under way is forgotten");
    }
}
