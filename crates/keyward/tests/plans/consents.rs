//! Calls of the repository of consents, and of what they end.

use keyward_auth::ScopeSet;
use keyward_domain::model::consents::Consent;
use keyward_domain::ports::store::{Repositories, Transaction};
use keyward_domain::values::ids::{ClientId, UserId};
use keyward_domain::values::resource_uri::ResourceUri;

use crate::Inspector;
use crate::accounts::after;

pub(crate) async fn all(inspector: &mut Inspector) {
    // One whose session was opened through a client, too.
    let number = inspector.rows / 30 / 3 * 3 + 3;
    let fewer = inspector.rows / 30;
    let user = UserId(number);
    let client = ClientId::parse(&format!("client-{}", number % fewer.max(1))).unwrap();
    let allowed = ClientId::parse(&format!("client-{number}")).unwrap();
    let consent = Consent {
        user,
        client: ClientId::parse("client-new").unwrap(),
        scope: ScopeSet::parse("openid").unwrap(),
        resources: vec![(
            ResourceUri::parse("https://api.example.com").unwrap(),
            ScopeSet::parse("openid").unwrap(),
        )],
        allowed_at: after(0),
    };
    inspector
        .of("consents.find", async |db| {
            db.consents().find(user, &allowed).await.unwrap();
        })
        .await;
    inspector
        .of("consents.put", async |db| {
            db.consents().put(&consent).await.unwrap();
        })
        .await;
    inspector
        .of("consents.of_user", async |db| {
            db.consents().of_user(user, 200).await.unwrap();
        })
        .await;
    inspector
        .of("consents.forget", async |db| {
            db.consents().forget(user, &allowed).await.unwrap();
        })
        .await;
    inspector
        .of("consents.forget_some_of_client", async |db| {
            db.consents().forget_some_of_client(&allowed, 500).await.unwrap();
        })
        .await;
    inspector
        .of("sessions.clients_of", async |db| {
            db.sessions().clients_of(user, 200).await.unwrap();
        })
        .await;
    inspector
        .of("sessions.revoke_of_client", async |db| {
            db.session_endings().revoke_of_client(user, &client, after(0)).await.unwrap();
        })
        .await;
}
