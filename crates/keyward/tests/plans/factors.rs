//! Calls of the repositories of second factors.

use keyward_auth::SecretHash;
use keyward_domain::model::factors::TotpOffer;
use keyward_domain::model::passkeys::{CredentialKey, NewPasskey, PasskeyName, PasskeyUse};
use keyward_domain::model::spent::OnceId;
use keyward_domain::ports::store::{Repositories, Transaction};
use keyward_domain::values::ids::{PasskeyId, UserId};
use time::{Duration, OffsetDateTime};

use crate::Inspector;
use crate::accounts::after;
use crate::data::{THEN, bytes};

pub(crate) async fn all(inspector: &mut Inspector) {
    apps(inspector).await;
    recovery_codes(inspector).await;
    passkeys(inspector).await;
    let id = OnceId(bytes(0, 16).try_into().unwrap());
    inspector
        .of("spent.spend", async |db| {
            assert!(db.spent().spend(id, after(1)).await.unwrap());
        })
        .await;
    inspector
        .of("spent.forget", async |db| {
            assert!(db.spent().forget(long_ago()).await.unwrap() > 0);
        })
        .await;
}

/// A time before which little happened.
fn long_ago() -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::microseconds(THEN + 20)
}

async fn apps(inspector: &mut Inspector) {
    let number = inspector.rows / 30;
    let user = UserId(number);
    let offer = TotpOffer { user, secret: bytes(number, 48), expires_at: after(9) };
    inspector
        .of("factors.of_user", async |db| {
            assert!(db.factors().of_user(user).await.unwrap().totp.is_some());
        })
        .await;
    inspector
        .of("factors.totp", async |db| {
            db.factors().totp(user).await.unwrap().unwrap();
        })
        .await;
    inspector.of("factors.offer_totp", async |db| db.factors().offer_totp(&offer).await.unwrap()).await;
    inspector
        .of("factors.totp_offer", async |db| {
            db.factors().totp_offer(user, after(-1)).await.unwrap().unwrap();
        })
        .await;
    inspector
        .of("factors.accept_totp", async |db| {
            assert!(db.factor_changes().accept_totp(&offer, 7, after(-1)).await.unwrap());
        })
        .await;
    inspector
        .of("factors.use_step", async |db| {
            assert!(db.factor_changes().use_step(user, 7).await.unwrap());
        })
        .await;
    inspector
        .of("factors.remove_totp", async |db| {
            assert!(db.factor_changes().remove_totp(user).await.unwrap());
        })
        .await;
    inspector
        .of("factors.forget_offers", async |db| {
            assert!(db.factors().forget_offers(long_ago()).await.unwrap() > 0);
        })
        .await;
}

async fn recovery_codes(inspector: &mut Inspector) {
    let number = inspector.rows / 30;
    let (user, code) = (UserId(number), SecretHash::from_bytes(bytes(number, 32).try_into().unwrap()));
    inspector
        .of("factors.recovery_codes", async |db| {
            assert_eq!(db.factors().recovery_codes(user).await.unwrap(), 1);
        })
        .await;
    inspector
        .of("factors.has_recovery_code", async |db| {
            assert!(db.factors().has_recovery_code(user, &code).await.unwrap());
        })
        .await;
    inspector
        .of("factors.use_recovery_code", async |db| {
            assert!(db.factor_changes().use_recovery_code(user, &code).await.unwrap());
        })
        .await;
    let new = [SecretHash::of("one"), SecretHash::of("another")];
    inspector
        .of("factors.replace_recovery_codes", async |db| {
            db.factor_changes().replace_recovery_codes(user, &new).await.unwrap();
        })
        .await;
}

async fn passkeys(inspector: &mut Inspector) {
    let number = inspector.rows / 30;
    let (user, id) = (UserId(number), PasskeyId(number));
    inspector
        .of("passkeys.of_user", async |db| {
            assert_eq!(db.passkeys().of_user(user, 20).await.unwrap().len(), 1);
        })
        .await;
    inspector
        .of("passkeys.of_credential", async |db| {
            let found = db.passkeys().of_credential(&bytes(number, 32)).await.unwrap().unwrap();
            assert_eq!((found.id, found.new.user), (id, user));
        })
        .await;
    let name = PasskeyName::parse("Blue key").unwrap();
    inspector
        .of("passkeys.rename", async |db| {
            db.passkey_changes().rename(user, id, &name).await.unwrap().unwrap();
        })
        .await;
    let shown = PasskeyUse { user, id, counter: 7, issued_at: after(1), at: after(1) };
    inspector
        .of("passkeys.count_use", async |db| {
            assert!(db.passkey_changes().count_use(&shown).await.unwrap());
        })
        .await;
    inspector
        .of("passkeys.void_challenges", async |db| {
            db.passkey_changes().void_challenges(user, after(1)).await.unwrap();
        })
        .await;
    inspector
        .of("passkeys.remove", async |db| {
            assert!(db.passkey_changes().remove(user, id).await.unwrap());
        })
        .await;
    let new = NewPasskey {
        user,
        credential: vec![7; 32],
        handle: vec![7; 32],
        key: CredentialKey { cose: vec![7; 77], algorithm: -7 },
        counter: 0,
        backup_eligible: true,
        transports: vec!["usb".to_owned()],
        name,
        created_at: after(1),
    };
    inspector
        .of("passkeys.insert", async |db| {
            db.passkey_changes().insert(&new).await.unwrap();
        })
        .await;
    inspector
        .of("passkeys.remove_all", async |db| {
            assert_eq!(db.passkey_changes().remove_all(user).await.unwrap(), 1);
        })
        .await;
}
