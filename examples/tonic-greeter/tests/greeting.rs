//! The service beside a real Keyward, called with a token, without one, and with one that is good for something else.
#![expect(clippy::unwrap_used, reason = "clippy's exemption for tests does not know their helpers")]

#[path = "../../keyward.rs"]
mod keyward;

use std::process::Command;

use keyward::{EMAIL, Keyward, PASSWORD, Running};
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_greeter::greeter::Greeting;
use tonic_greeter::greeter::greeter_client::GreeterClient;

struct Pair {
    keyward: Keyward,
    _greeter: Running,
    client: GreeterClient<Channel>,
}

impl Pair {
    async fn start() -> Self {
        let keyward = Keyward::start(&[]);
        let mut command = Command::new(env!("CARGO_BIN_EXE_tonic-greeter"));
        command.env_clear().env("GREETER_LISTEN", "127.0.0.1:0").env("KEYWARD_URL", keyward.url());
        let greeter = Running::start(command, &keyward.folder.path().join("greeter.log"));
        let channel = Channel::from_shared(greeter.url.clone()).unwrap().connect().await.unwrap();
        Self { keyward, _greeter: greeter, client: GreeterClient::new(channel) }
    }

    async fn token(&self, scope: &str) -> String {
        let keyward = keyward_client::Keyward::at(self.keyward.url()).unwrap();
        keyward.log_in_for(scope, EMAIL, PASSWORD).await.unwrap().token().await.unwrap()
    }

    async fn greet(&self, words: &str, token: Option<&str>) -> Result<String, Status> {
        let mut request = Request::new(Greeting { words: words.to_owned() });
        if let Some(token) = token {
            request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        }
        Ok(self.client.clone().greet(request).await?.into_inner().text)
    }
}

#[tokio::test]
async fn who_has_logged_in_is_greeted_and_nobody_else() {
    let pair = Pair::start().await;
    let token = pair.token("posts:read").await;
    assert_eq!(pair.greet("", Some(&token)).await.unwrap(), "Hello, 1!");
    assert_eq!(pair.greet("Good morning", Some(&token)).await.unwrap(), "Good morning, 1!");
    for wrong in [None, Some("x.y.z")] {
        assert_eq!(pair.greet("", wrong).await.unwrap_err().code(), Code::Unauthenticated, "{wrong:?}");
    }
    let elsewhere = pair.token("shop").await;
    assert_eq!(pair.greet("", Some(&elsewhere)).await.unwrap_err().code(), Code::PermissionDenied);
}
