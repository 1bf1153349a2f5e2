//! Calls of the devices that ask for a login.

use keyward_auth::{ScopeSet, SecretHash};
use keyward_domain::model::devices::{Allowance, DeviceRequest, DeviceState};
use keyward_domain::ports::store::Repositories;
use keyward_domain::values::ids::{ClientId, SessionId, UserId};
use keyward_domain::values::origin::Device;
use keyward_domain::values::user_code::UserCode;
use time::Duration;
use uuid::Uuid;

use crate::Inspector;
use crate::accounts::after;
use crate::data::bytes;

pub(crate) async fn all(inspector: &mut Inspector) {
    let request = DeviceRequest {
        code: SecretHash::of("code"),
        user_code: UserCode::parse("BCDF-GHJK").unwrap(),
        client: ClientId::parse("client-1").unwrap(),
        scope: ScopeSet::parse("openid").unwrap(),
        resource: None,
        device: Device::default(),
        network: Some("192.0.2.1".parse().unwrap()),
        created_at: after(0),
        expires_at: after(600),
        interval: Duration::seconds(5),
        asked_at: None,
        state: DeviceState::Pending,
    };
    // As the data has it: the code of number 1, and all of them waiting.
    let known = SecretHash::from_bytes(bytes(1, 32).try_into().unwrap());
    let now = after(0) - Duration::hours(1);
    inspector.of("devices.insert", async |db| db.devices().insert(&request).await.unwrap()).await;
    inspector
        .of("devices.find", async |db| {
            assert!(db.devices().find(&known).await.unwrap().is_some());
        })
        .await;
    inspector
        .of("devices.pending", async |db| {
            assert!(db.devices().pending(&request.user_code, now).await.unwrap().is_none());
        })
        .await;
    inspector
        .of("devices.count", async |db| {
            let counts = db.devices().count(&request.client, request.network, now).await.unwrap();
            assert!(counts.all > 0);
        })
        .await;
    inspector
        .of("devices.make_room", async |db| {
            assert!(db.devices().make_room(None, after(600), now).await.unwrap());
        })
        .await;
    inspector
        .of("devices.make_room", async |db| {
            assert!(
                !db.devices()
                    .make_room(Some(&request.client), after(0) - Duration::days(9), now)
                    .await
                    .unwrap()
            );
        })
        .await;
    for client in [None, Some(&request.client)] {
        inspector
            .of("devices.thin", async |db| {
                assert!(!db.devices().thin(client, u64::MAX, now).await.unwrap());
            })
            .await;
    }
    inspector
        .of("devices.pace", async |db| {
            assert!(db.devices().pace(&known, now, Duration::SECOND).await.unwrap());
            assert!(!db.devices().pace(&known, now, Duration::SECOND).await.unwrap());
        })
        .await;
    inspector
        .of("devices.slow", async |db| {
            db.devices().slow(&known, Duration::SECOND, Duration::MINUTE).await.unwrap();
        })
        .await;
    let allowance = Allowance { user: UserId(1), browser: SessionId(Uuid::from_u128(1)), at: now };
    inspector
        .of("devices.decide", async |db| {
            let allowed = Some((&allowance, &request.scope));
            assert!(!db.devices().decide(&request.code, allowed, now).await.unwrap());
        })
        .await;
    inspector.of("devices.take", async |db| assert!(!db.devices().take(&known).await.unwrap())).await;
    for client in [None, Some(&request.client)] {
        inspector
            .of("devices.disallow", async |db| {
                assert_eq!(db.devices().disallow(UserId(1), client).await.unwrap(), 0);
            })
            .await;
    }
    let long_ago = after(0) + Duration::microseconds(20);
    inspector
        .of("devices.forget", async |db| assert!(db.devices().forget(long_ago).await.unwrap() > 0))
        .await;
}
