//! What people allowed clients.

use async_trait::async_trait;
use keyward_auth::ScopeSet;
use keyward_domain::model::consents::{Consent, ConsentRepository};
use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::ids::{ClientId, UserId};
use keyward_domain::values::resource_uri::ResourceUri;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{ActiveValue, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::clients::client_id;
use crate::database::columns::{micros, time};
use crate::database::connections::Connections;
use crate::database::db::Db;
use crate::database::error::{corrupt, failed};
use crate::entity::consents::{ActiveModel, Column, Entity, Model};

#[async_trait]
impl<C: Connections> ConsentRepository for Db<C> {
    async fn find(&mut self, user: UserId, client: &ClientId) -> Result<Option<Consent>, StoreError> {
        let found = Entity::find_by_id((user.0, client.to_string())).one(self.read()).await;
        found.map_err(failed)?.map(consent).transpose()
    }

    async fn put(&mut self, consent: &Consent) -> Result<(), StoreError> {
        let row = ActiveModel {
            user_id: ActiveValue::Set(consent.user.0),
            client_id: ActiveValue::Set(consent.client.to_string()),
            scope: ActiveValue::Set(consent.scope.to_string()),
            resources: ActiveValue::Set(lines(&consent.resources)),
            allowed_at: ActiveValue::Set(micros(consent.allowed_at)),
        };
        let again = OnConflict::columns([Column::UserId, Column::ClientId])
            .update_columns([Column::Scope, Column::Resources, Column::AllowedAt])
            .to_owned();
        let put = Entity::insert(row).on_conflict(again);
        put.exec_without_returning(self.write()).await.map(drop).map_err(failed)
    }

    async fn of_user(&mut self, user: UserId, limit: u64) -> Result<Vec<Consent>, StoreError> {
        let consents =
            Entity::find().filter(Column::UserId.eq(user.0)).order_by_asc(Column::ClientId).limit(limit);
        consents.all(self.read()).await.map_err(failed)?.into_iter().map(consent).collect()
    }

    async fn forget(&mut self, user: UserId, client: &ClientId) -> Result<bool, StoreError> {
        let removal = Entity::delete_by_id((user.0, client.to_string())).exec(self.write()).await;
        Ok(removal.map_err(failed)?.rows_affected > 0)
    }

    async fn forget_some_of_client(&mut self, client: &ClientId, limit: u64) -> Result<u64, StoreError> {
        let mut some = Query::select();
        some.column(Column::UserId).from(Entity).and_where(Column::ClientId.eq(client.as_str())).limit(limit);
        let removal = Entity::delete_many()
            .filter(Expr::col(Column::UserId).in_subquery(some))
            .filter(Column::ClientId.eq(client.as_str()));
        Ok(removal.exec(self.write()).await.map_err(failed)?.rows_affected)
    }
}

/// A service with its scope on each line.
fn lines(resources: &[(ResourceUri, ScopeSet)]) -> String {
    let lines: Vec<_> = resources.iter().map(|(uri, scope)| format!("{uri} {scope}")).collect();
    lines.join("\n")
}

fn line(line: &str) -> Result<(ResourceUri, ScopeSet), StoreError> {
    let read = || {
        let (uri, scope) = line.split_once(' ')?;
        Some((ResourceUri::parse(uri).ok()?, ScopeSet::parse(scope).ok()?))
    };
    read().ok_or_else(|| corrupt(format!("resource {line:?}")))
}

fn consent(row: Model) -> Result<Consent, StoreError> {
    Ok(Consent {
        user: UserId(row.user_id),
        client: client_id(&row.client_id)?,
        scope: ScopeSet::parse(&row.scope).map_err(|_| corrupt(format!("scope {:?}", row.scope)))?,
        resources: row.resources.lines().map(line).collect::<Result<_, _>>()?,
        allowed_at: time(row.allowed_at)?,
    })
}
