//! Calls of the repositories of API keys.

use keyward_auth::{ScopeSet, SecretHash};
use keyward_domain::model::api_keys::{KeyName, NewApiKey};
use keyward_domain::ports::store::{Repositories, Transaction};
use keyward_domain::values::ids::{ApiKeyId, UserId};
use time::Duration;

use crate::Inspector;
use crate::accounts::after;
use crate::data::bytes;

pub(crate) async fn all(inspector: &mut Inspector) {
    // An even one, whose key expires.
    let number = inspector.rows / 30 / 2 * 2;
    let (user, id) = (UserId(number), ApiKeyId(number));
    let hash = SecretHash::from_bytes(bytes(number, 32).try_into().unwrap());
    let now = after(3_600);
    inspector
        .of("api_keys.live", async |db| {
            assert_eq!(db.api_keys().live(&hash).await.unwrap().unwrap().key.user, user);
        })
        .await;
    inspector
        .of("api_keys.of_user", async |db| {
            assert_eq!(db.api_keys().of_user(user, 50).await.unwrap().len(), 1);
        })
        .await;
    inspector
        .of("api_keys.note_use", async |db| {
            db.api_keys().note_use(id, now, now - Duration::MINUTE).await.unwrap();
        })
        .await;
    let new = NewApiKey {
        user,
        name: KeyName::parse("New").unwrap(),
        scope: ScopeSet::parse("posts:read").unwrap(),
        hash: SecretHash::of("new"),
        created_at: now,
        expires_at: None,
    };
    inspector
        .of("api_keys.insert", async |db| {
            db.api_key_changes().insert(&new).await.unwrap();
        })
        .await;
    inspector
        .of("api_keys.remove", async |db| {
            db.api_key_changes().remove(user, id).await.unwrap().unwrap();
        })
        .await;
    inspector
        .of("api_keys.remove_all", async |db| {
            assert_eq!(db.api_key_changes().remove_all(user).await.unwrap(), 1);
        })
        .await;
    inspector
        .of("api_keys.remove_over", async |db| {
            assert_eq!(db.api_key_changes().remove_over(user, now).await.unwrap(), 1);
        })
        .await;
}
