//! Signing keys that come and go: what was superseded is over, and what cannot be opened hides no other.

use std::sync::Arc;

use keyward_api::testing::app::TestApp;
use keyward_auth::{Algorithm, MasterSecret, SystemRandom};
use keyward_domain::keys::signing_keys::Keys;
use keyward_domain::values::by::By;
use time::Duration;

use crate::app::Starts;

const EDDSA: Algorithm = Algorithm::EdDsa;

fn keys_under(app: &TestApp, master: &Arc<MasterSecret>) -> Keys {
    Keys::new(app.ports.clone(), Arc::clone(master), app.settings.tokens.access_token_life())
}

fn secret() -> Arc<MasterSecret> {
    Arc::new(MasterSecret::generate(&SystemRandom))
}

#[tokio::test]
async fn retiring_the_key_that_signs_puts_no_superseded_key_back() {
    let app = TestApp::start().await;
    let keys = keys_under(&app, &secret());
    let kids = async || -> (String, Vec<String>) {
        let ring = keys.ring(EDDSA).await.unwrap();
        let signs = ring.current().unwrap().kid().unwrap().to_owned();
        let believed = ring.previous().iter().map(|key| key.kid().unwrap().to_owned());
        (signs.clone(), [signs].into_iter().chain(believed).collect())
    };
    let (first, _) = kids().await;
    app.clock.advance(Duration::days(30));
    let second = keys.rotate(EDDSA, Duration::ZERO, By::SYSTEM).await.unwrap();
    app.clock.advance(Duration::days(30));
    assert_eq!(kids().await, (second.clone(), vec![second.clone()]), "the first is over");
    keys.retire(&second, By::SYSTEM).await.unwrap();
    let (third, believed) = kids().await;
    assert!(third != first && third != second, "a new one signs");
    assert_eq!(believed, std::slice::from_ref(&third), "and neither of the others is believed");
    app.clock.advance(Duration::days(30));
    assert_eq!(kids().await.0, third);
}

#[tokio::test]
async fn a_key_that_another_secret_sealed_is_left_out_and_hides_no_other() {
    let app = TestApp::start().await;
    let (keys, others) = (keys_under(&app, &secret()), keys_under(&app, &secret()));
    let look = async || -> (String, Vec<String>) {
        let opened = keys.open(EDDSA).await.unwrap();
        (opened.ring.current().unwrap().kid().unwrap().to_owned(), opened.unopened)
    };
    let (first, unopened) = look().await;
    assert!(unopened.is_empty());
    app.clock.advance(Duration::seconds(1));
    let planted = others.rotate(EDDSA, Duration::ZERO, By::SYSTEM).await.unwrap();
    assert_eq!(look().await, (first.clone(), vec![planted.clone()]), "the own key signs on");
    app.clock.advance(Duration::seconds(1));
    let second = keys.rotate(EDDSA, Duration::ZERO, By::SYSTEM).await.unwrap();
    assert_eq!(look().await, (second.clone(), vec![planted.clone()]), "a rotation is noticed");
    keys.retire(&second, By::SYSTEM).await.unwrap();
    let (third, _) = look().await;
    assert!(![&first, &second, &planted].contains(&&third), "a retirement is noticed, and a new key signs");
    keys.retire(&planted, By::SYSTEM).await.unwrap();
    assert_eq!(look().await, (third.clone(), vec![]), "the way out costs the others nothing");
    let refused = others.open(EDDSA).await.err().unwrap().to_string();
    assert!(refused.contains("another master secret") && refused.contains("keys retire"), "{refused}");
    assert_eq!(look().await.0, third, "a server with the other secret makes no key");
}
