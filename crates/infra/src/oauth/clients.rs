//! OAuth2 clients.

use async_trait::async_trait;
use keyward_auth::{ScopeSet, SecretHash};
use keyward_domain::model::clients::{Client, ClientRepository};
use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::ids::ClientId;
use keyward_domain::values::text::Text;
use sea_orm::{ActiveValue, EntityTrait, QueryOrder, QuerySelect};

use crate::database::columns::{micros, time};
use crate::database::connections::Connections;
use crate::database::db::Db;
use crate::database::error::{corrupt, failed};
use crate::entity::clients::{ActiveModel, Column, Entity, Model};

#[async_trait]
impl<C: Connections> ClientRepository for Db<C> {
    async fn insert(&mut self, client: &Client) -> Result<(), StoreError> {
        let row = ActiveModel {
            id: ActiveValue::Set(client.id.to_string()),
            name: ActiveValue::Set(client.name.to_string()),
            scope: ActiveValue::Set(client.scope.to_string()),
            secret_hash: ActiveValue::Set(client.secret.as_bytes().to_vec()),
            created_at: ActiveValue::Set(micros(client.created_at)),
        };
        Entity::insert(row).exec_without_returning(self.write()).await.map(drop).map_err(failed)
    }

    async fn find(&mut self, id: &ClientId) -> Result<Option<Client>, StoreError> {
        let row = Entity::find_by_id(id.as_str()).one(self.read()).await.map_err(failed)?;
        row.map(client).transpose()
    }

    async fn list(&mut self) -> Result<Vec<Client>, StoreError> {
        let rows = Entity::find().order_by_asc(Column::Id).all(self.read()).await.map_err(failed)?;
        rows.into_iter().map(client).collect()
    }

    async fn hold(&mut self, id: &ClientId) -> Result<bool, StoreError> {
        let standing = Entity::find_by_id(id.as_str()).select_only().column(Column::Id).lock_shared();
        let row: Option<String> = standing.into_tuple().one(self.write()).await.map_err(failed)?;
        Ok(row.is_some())
    }

    async fn remove(&mut self, id: &ClientId) -> Result<bool, StoreError> {
        let removal = Entity::delete_by_id(id.as_str()).exec(self.write()).await.map_err(failed)?;
        Ok(removal.rows_affected > 0)
    }
}

/// A client's id as it was kept.
pub(crate) fn client_id(text: &str) -> Result<ClientId, StoreError> {
    ClientId::parse(text).ok_or_else(|| corrupt(format!("client id {text:?}")))
}

fn client(row: Model) -> Result<Client, StoreError> {
    let hash = row.secret_hash.try_into().map_err(|_| corrupt("a secret's hash of another length"))?;
    Ok(Client {
        id: client_id(&row.id)?,
        name: Text::from_stored(row.name),
        scope: ScopeSet::parse(&row.scope).map_err(|_| corrupt(format!("scope {:?}", row.scope)))?,
        secret: SecretHash::from_bytes(hash),
        created_at: time(row.created_at)?,
    })
}
