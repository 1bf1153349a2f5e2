//! A mail server for tests: real SMTP on a real socket, as kind or as difficult as the recipient's name says.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{CertifiedKey, KeyPair};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufStream};
use tokio::net::TcpListener;

use crate::wire::acceptor;

/// A running mail server and what it took.
#[derive(Clone)]
pub(crate) struct Mailbox {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    taken: Vec<Mail>,
    tries: HashMap<String, u32>,
    greetings: Vec<String>,
}

/// A mail that the server took.
#[derive(Clone)]
pub(crate) struct Mail {
    pub(crate) to: String,
    pub(crate) content: String,
}

impl Mail {
    pub(crate) fn header(&self, name: &str) -> &str {
        let start = format!("{name}: ");
        self.content.lines().find_map(|line| line.strip_prefix(&start)).unwrap_or_default()
    }
}

impl Mailbox {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let mailbox = Self { url, state: Arc::default() };
        let serving = mailbox.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let serving = serving.clone();
                tokio::spawn(async move { serving.talk(stream).await });
            }
        });
        mailbox
    }

    /// The same with TLS from the first byte, for `localhost` and with this certificate.
    pub(crate) async fn open_tls(identity: &CertifiedKey<KeyPair>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtps://localhost:{}", listener.local_addr().unwrap().port());
        let acceptor = acceptor(identity);
        let mailbox = Self { url, state: Arc::default() };
        let serving = mailbox.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (serving, acceptor) = (serving.clone(), acceptor.clone());
                tokio::spawn(async move { serving.talk(acceptor.accept(stream).await.ok()?).await });
            }
        });
        mailbox
    }

    /// The names that callers gave so far.
    pub(crate) fn greetings(&self) -> Vec<String> {
        self.state.lock().unwrap().greetings.clone()
    }

    /// Every mail taken so far for this recipient.
    pub(crate) fn of(&self, recipient: &str) -> Vec<Mail> {
        self.state.lock().unwrap().taken.iter().filter(|mail| mail.to == recipient).cloned().collect()
    }

    /// How many deliveries to this recipient were attempted.
    pub(crate) fn tries(&self, recipient: &str) -> u32 {
        self.state.lock().unwrap().tries.get(recipient).copied().unwrap_or_default()
    }

    /// `busy..` are refused twice for now, `never..` for good, `unheard..` lose the connection once before the answer,
    /// `slow..` wait, `stuck..` for a minute, `full..` are refused for now whenever, and for `shut..` we are to log in first.
    async fn talk(&self, stream: impl AsyncRead + AsyncWrite + Unpin) -> Option<()> {
        let mut stream = BufStream::new(stream);
        let (mut to, mut tries) = (String::new(), 0);
        say(&mut stream, "220 mail.test ESMTP").await?;
        loop {
            let line = hear(&mut stream).await?;
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" => {
                    let name = line.split(' ').nth(1).unwrap_or_default().to_owned();
                    self.state.lock().unwrap().greetings.push(name);
                    say(&mut stream, "250-mail.test\r\n250 8BITMIME").await?;
                }
                "RCPT" => {
                    to = line.split(['<', '>']).nth(1)?.to_owned();
                    tries = self.count(&to);
                    let answer = match () {
                        () if to.starts_with("never") => "550 no such user here",
                        () if to.starts_with("shut") => "530 authentication required",
                        () if to.starts_with("full") => "452 the mailbox is full",
                        () if to.starts_with("busy") && tries <= 2 => "451 try again later",
                        () => "250 fine",
                    };
                    say(&mut stream, answer).await?;
                }
                "DATA" => {
                    say(&mut stream, "354 go on").await?;
                    let mut content = String::new();
                    loop {
                        match hear(&mut stream).await?.as_str() {
                            "." => break,
                            line => content = content + line + "\n",
                        }
                    }
                    if to.starts_with("slow") {
                        tokio::time::sleep(Duration::from_millis(1_500)).await;
                    }
                    if to.starts_with("stuck") {
                        tokio::time::sleep(Duration::from_mins(1)).await;
                    }
                    if to.starts_with("unheard") && tries == 1 {
                        return None;
                    }
                    self.state.lock().unwrap().taken.push(Mail { to: to.clone(), content });
                    say(&mut stream, "250 taken").await?;
                }
                "QUIT" => return say(&mut stream, "221 bye").await,
                _ => say(&mut stream, "250 fine").await?,
            }
        }
    }

    fn count(&self, recipient: &str) -> u32 {
        let mut state = self.state.lock().unwrap();
        let tries = state.tries.entry(recipient.to_owned()).or_default();
        *tries += 1;
        *tries
    }
}

async fn say(stream: &mut BufStream<impl AsyncRead + AsyncWrite + Unpin>, line: &str) -> Option<()> {
    stream.write_all(format!("{line}\r\n").as_bytes()).await.ok()?;
    stream.flush().await.ok()
}

async fn hear(stream: &mut BufStream<impl AsyncRead + AsyncWrite + Unpin>) -> Option<String> {
    let mut line = String::new();
    let read = stream.read_line(&mut line).await.ok()?;
    (read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
}
