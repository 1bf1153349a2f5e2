//! Second factors by way of `keyward-client`.

use keyward_api::testing::app::{PASSWORD, address};
use keyward_client::{Error, SecondFactor};

use super::authenticator::{Device, Key, ORIGIN, add};
use super::phone::enrolled;
use crate::client::Front;

#[tokio::test]
async fn a_program_logs_in_with_a_second_factor_at_once_or_afterwards() {
    let front = Front::start().await;
    let (app, keyward) = (&front.app, &front.keyward);
    let ana = enrolled(app, "ana").await;
    let Err(Error::SecondFactor(half)) = keyward.log_in(&address("ana"), PASSWORD).await else {
        panic!("a second factor is owed");
    };
    assert_eq!(half.methods().collect::<Vec<_>>(), ["otp", "recovery_code"]);
    assert!(!format!("{half:?}").contains("kwm_"));
    let wrong = ana.phone.wrong_code(app);
    let refused = keyward.finish_login(&half, SecondFactor::Otp(&wrong)).await;
    assert!(matches!(refused, Err(Error::WrongCode)), "{refused:?}");
    let session = keyward.finish_login(&half, SecondFactor::RecoveryCode(&ana.codes[0])).await.unwrap();
    assert_eq!(session.get("/users/me/factors").send().await.unwrap().status(), 200);
    let over = keyward.finish_login(&half, SecondFactor::Otp(&ana.phone.fresh_code(app))).await;
    assert!(matches!(over, Err(Error::LoginOver)), "{over:?}");

    let code = ana.phone.fresh_code(app);
    let session = keyward.log_in_with_code(&address("ana"), PASSWORD, &code).await.unwrap();
    // A 401 that asks for a fresh login is no reason for another token.
    app.clock.advance(time::Duration::minutes(6));
    let refreshes = front.refreshes();
    let stale = session.delete("/users/me/totp").send().await.unwrap();
    assert_eq!((stale.status().as_u16(), front.refreshes()), (401, refreshes));
    let spent = keyward.log_in_with_code(&address("ana"), PASSWORD, &code).await;
    assert!(matches!(spent, Err(Error::WrongCode)), "{spent:?}");
}

#[tokio::test]
async fn a_program_logs_in_with_a_passkey_as_a_second_factor_and_alone() {
    let front = Front::with_flags(&["--issuer", ORIGIN]).await;
    let keyward = &front.keyward;
    let mut device = Device::new(Key::eddsa());
    add(&front.app.log_in("ana").await, &mut device).await.assert_status(201);
    let Err(Error::SecondFactor(half)) = keyward.log_in(&address("ana"), PASSWORD).await else {
        panic!("a second factor is owed");
    };
    assert_eq!(half.methods().collect::<Vec<_>>(), ["passkey", "recovery_code"]);
    let mut other = Device { credential: vec![9; 32], ..device.clone() };
    let foreign = other.get(&keyward.passkey_options().await.unwrap());
    let refused = keyward.finish_login(&half, SecondFactor::Passkey(&foreign)).await;
    assert!(matches!(refused, Err(Error::InvalidPasskey)), "{refused:?}");
    let assertion = device.get(&keyward.passkey_options().await.unwrap());
    let session = keyward.finish_login(&half, SecondFactor::Passkey(&assertion)).await.unwrap();
    assert_eq!(session.get("/users/me/factors").send().await.unwrap().status(), 200);

    let assertion = device.get(&keyward.passkey_options().await.unwrap());
    let session = keyward.log_in_with_passkey(&assertion).await.unwrap();
    assert_eq!(session.get("/users/me").send().await.unwrap().status(), 200);
    let again = keyward.log_in_with_passkey(&assertion).await;
    assert!(matches!(again, Err(Error::InvalidPasskey)), "{again:?}");
}

#[tokio::test]
async fn a_program_learns_that_no_passkeys_are_offered() {
    let front = Front::with_flags(&["--issuer", "http://127.0.0.1:8000"]).await;
    let options = front.keyward.passkey_options().await;
    assert!(matches!(options, Err(Error::NoPasskeys)), "{options:?}");
}
