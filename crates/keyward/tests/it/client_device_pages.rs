//! `keyward-client` logs people in on devices without a browser (RFC 8628), who decide on the real page.

use std::time::Duration;

use keyward_api::testing::app::address;
use keyward_client::{DevicePrompt, Error, Session};
use time::Duration as ClockTime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::browser::forms;
use crate::loopback::{Place, email};

/// A device that waits, and what it shows.
async fn waiting(place: &Place) -> (DevicePrompt, JoinHandle<Result<Session, Error>>) {
    let (send, receive) = oneshot::channel();
    let application = place.application();
    let show = move |prompt: &DevicePrompt| drop(send.send(prompt.clone()));
    let login = tokio::spawn(async move { application.log_in_on_device(show).await });
    (receive.await.unwrap(), login)
}

/// Types the code and decides.
async fn decide(place: &Place, prompt: &DevicePrompt, decision: &str) {
    let page = place.browser.fill("/account/device", &[("user_code", &prompt.user_code)]).await;
    let page = page.assert_status(200).text();
    let form = forms(&page).into_iter().find(|form| form.action.ends_with("/account/device/decide"));
    let mut form = form.unwrap_or_else(|| panic!("no question: {page}"));
    form.fields.retain(|(name, value)| name != "decision" || value == decision);
    place.browser.submit(&form).await.assert_status(200);
}

#[tokio::test]
async fn a_person_allows_a_device_and_it_has_a_session_of_the_programs() {
    let place = Place::start().await;
    let (prompt, login) = waiting(&place).await;
    assert_eq!(prompt.verification_uri, format!("{}/account/device", place.url));
    decide(&place, &prompt, "allow").await;
    let session = login.await.unwrap().unwrap();
    assert_eq!(email(&session).await.unwrap(), address("ana"));
    place.app.clock.advance(ClockTime::minutes(16));
    assert_eq!(email(&session).await.unwrap(), address("ana"));
    session.log_out().await.unwrap();
    assert!(matches!(email(&session).await, Err(Error::SessionOver)));
}

#[tokio::test]
async fn a_device_that_is_denied_or_forgotten_says_so() {
    let place = Place::start().await;
    let (prompt, denied) = waiting(&place).await;
    let (_, forgotten) = waiting(&place).await;
    decide(&place, &prompt, "deny").await;
    assert!(matches!(denied.await.unwrap(), Err(Error::Denied)));
    assert!(!forgotten.is_finished());
    place.app.clock.advance(ClockTime::minutes(11));
    assert!(matches!(forgotten.await.unwrap(), Err(Error::LoginOver)));
}

#[tokio::test]
async fn a_device_that_asks_too_often_slows_down_and_is_logged_in_all_the_same() {
    let place = Place::start().await;
    // The service's clock stands still, so the third request comes too soon for it.
    let (prompt, login) = waiting(&place).await;
    tokio::time::sleep(Duration::from_secs(16)).await;
    assert!(!login.is_finished());
    decide(&place, &prompt, "allow").await;
    assert_eq!(email(&login.await.unwrap().unwrap()).await.unwrap(), address("ana"));
}
