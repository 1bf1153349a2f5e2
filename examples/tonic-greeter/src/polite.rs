//! What the service does for a caller that the lock accepts.

use std::pin::Pin;

use keyward_guard::Principal;
use tonic::codegen::tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status, Streaming};

use crate::greeter::greeter_server::Greeter;
use crate::greeter::{Greeting, Reply};

/// Greets everybody by what their token calls them.
pub struct Polite;

#[tonic::async_trait]
impl Greeter for Polite {
    async fn greet(&self, request: Request<Greeting>) -> Result<Response<Reply>, Status> {
        let subject = subject(&request)?;
        Ok(Response::new(reply(&request.into_inner(), &subject)))
    }

    type ConverseStream = Pin<Box<dyn Stream<Item = Result<Reply, Status>> + Send>>;

    async fn converse(
        &self,
        request: Request<Streaming<Greeting>>,
    ) -> Result<Response<Self::ConverseStream>, Status> {
        let subject = subject(&request)?;
        let replies = request.into_inner().map(move |greeting| Ok(reply(&greeting?, &subject)));
        Ok(Response::new(Box::pin(replies)))
    }
}

/// Who calls: the layer has put it there, or the call had not come so far.
fn subject<T>(request: &Request<T>) -> Result<String, Status> {
    let user = request.extensions().get::<Principal>();
    user.map(|user| user.subject.clone()).ok_or_else(|| Status::internal("there is no lock"))
}

fn reply(greeting: &Greeting, subject: &str) -> Reply {
    let words = if greeting.words.is_empty() { "Hello" } else { &greeting.words };
    Reply { text: format!("{words}, {subject}!") }
}
