//! A wire between Keyward and a PostgreSQL server that can be cut, refuse, swallow everything, or be slow.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the wire does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mode {
    Flow,
    /// Stops listening and closes open connections.
    Refuse,
    /// Takes connections and bytes, and keeps them.
    Swallow,
    /// Carries every piece so much later.
    Delay(Duration),
}

#[derive(Clone, Copy)]
struct State {
    mode: Mode,
    /// Connections of an earlier generation are cut.
    generation: u64,
}

/// A wire. Gone with its runtime.
pub(crate) struct Proxy {
    address: SocketAddr,
    state: watch::Sender<State>,
}

impl Proxy {
    /// A wire to the server of `url`, and the same URL through it.
    pub(crate) async fn before(url: &str) -> (Self, String) {
        let server = url.split('@').next_back().unwrap().split('/').next().unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (state, seen) = watch::channel(State { mode: Mode::Flow, generation: 0 });
        tokio::spawn(accept(listener, server.clone(), seen));
        (Self { address, state }, url.replace(&server, &address.to_string()))
    }

    /// From now on it does this.
    pub(crate) async fn set(&self, mode: Mode) {
        self.state.send_modify(|state| {
            state.mode = mode;
            state.generation += u64::from(mode == Mode::Refuse);
        });
        // The system knows whether the port is listening.
        while (TcpStream::connect(self.address).await.is_ok()) == (mode == Mode::Refuse) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Cuts every connection there is; new ones are carried.
    pub(crate) fn cut(&self) {
        self.state.send_modify(|state| state.generation += 1);
    }
}

async fn accept(listener: TcpListener, server: String, mut state: watch::Receiver<State>) {
    let address = listener.local_addr().unwrap();
    let mut listener = Some(listener);
    loop {
        if state.borrow_and_update().mode == Mode::Refuse {
            listener = None;
            if state.changed().await.is_err() {
                return;
            }
            continue;
        }
        if listener.is_none() {
            listener = Some(TcpListener::bind(address).await.unwrap());
        }
        tokio::select! {
            accepted = listener.as_ref().unwrap().accept() => {
                if let Ok((client, _)) = accepted
                    && let Ok(upstream) = TcpStream::connect(&server).await
                {
                    let generation = state.borrow().generation;
                    let (client_read, client_write) = client.into_split();
                    let (server_read, server_write) = upstream.into_split();
                    tokio::spawn(carry(client_read, server_write, state.clone(), generation));
                    tokio::spawn(carry(server_read, client_write, state.clone(), generation));
                }
            }
            changed = state.changed() => {
                if changed.is_err() {
                    return;
                }
            }
        }
    }
}

/// Carries bytes one way until the wire is cut.
async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut state: watch::Receiver<State>,
    generation: u64,
) {
    let mut buffer = [0; 8192];
    loop {
        let now = *state.borrow_and_update();
        if now.generation != generation {
            return;
        }
        if now.mode == Mode::Swallow {
            if state.changed().await.is_err() {
                return;
            }
            continue;
        }
        tokio::select! {
            read = from.read(&mut buffer) => {
                let Ok(count @ 1..) = read else { return };
                // What was read just now waits like the rest while everything is swallowed.
                let flows = state.wait_for(|state| state.mode != Mode::Swallow).await.map(|state| *state);
                let Ok(State { mode, .. }) = flows else { return };
                if let Mode::Delay(time) = mode {
                    tokio::time::sleep(time).await;
                }
                if to.write_all(&buffer[..count]).await.is_err() {
                    return;
                }
            }
            changed = state.changed() => {
                if changed.is_err() {
                    return;
                }
            }
        }
    }
}
