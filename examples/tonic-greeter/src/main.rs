//! A gRPC service that greets users who are logged in at a Keyward.
#![forbid(unsafe_code)]

use std::env;
use std::error::Error;
use std::sync::Arc;

use keyward_guard::{BearerLayer, RemoteAuthenticator};
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

use tonic_greeter::Polite;
use tonic_greeter::greeter::greeter_server::GreeterServer;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let setting = |name: &str, usual: &str| env::var(name).unwrap_or_else(|_| usual.to_owned());
    let authenticator =
        RemoteAuthenticator::discover(&setting("KEYWARD_URL", "http://127.0.0.1:8000")).await?;

    let listener = TcpListener::bind(setting("GREETER_LISTEN", "127.0.0.1:50051")).await?;
    println!("http://{}", listener.local_addr()?);
    Server::builder()
        .layer(BearerLayer::new(Arc::new(authenticator)).require("posts:read"))
        .add_service(GreeterServer::new(Polite))
        .serve_with_incoming(TcpIncoming::from(listener))
        .await?;
    Ok(())
}
