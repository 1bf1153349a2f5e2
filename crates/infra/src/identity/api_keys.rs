//! API keys, by the hash of the key.

use async_trait::async_trait;
use keyward_auth::{ScopeSet, SecretHash};
use keyward_domain::model::api_keys::{
    ApiKey, ApiKeyChanges, ApiKeyRepository, KeyName, LiveApiKey, NewApiKey,
};
use keyward_domain::model::store_error::StoreError;
use keyward_domain::ports::announce::Change;
use keyward_domain::values::ids::{ApiKeyId, UserId};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveValue, ColumnTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder, QuerySelect,
    RelationTrait,
};
use time::OffsetDateTime;

use super::account_row::role;
use crate::database::columns::{micros, time};
use crate::database::connections::Connections;
use crate::database::db::{Db, Open};
use crate::database::error::{corrupt, failed};
use crate::entity::api_keys::{ActiveModel, Column, Entity, Model, Relation};
use crate::entity::users;

/// A key with its owner's role.
#[derive(FromQueryResult)]
struct LiveRow {
    #[sea_orm(nested)]
    key: Model,
    role: String,
    disabled: bool,
}

#[async_trait]
impl<C: Connections> ApiKeyRepository for Db<C> {
    /// An account that was deleted is disabled, too.
    async fn live(&mut self, hash: &SecretHash) -> Result<Option<LiveApiKey>, StoreError> {
        let live = Entity::find()
            .filter(Column::Hash.eq(hash.as_bytes().to_vec()))
            .column_as(users::Column::Role, "role")
            .column_as(users::Column::Disabled, "disabled")
            .join(JoinType::InnerJoin, Relation::User.def());
        let row: Option<LiveRow> = live.into_model().one(self.read()).await.map_err(failed)?;
        let live = |row: LiveRow| {
            Ok(LiveApiKey { key: key(row.key)?, role: role(&row.role)?, locked_out: row.disabled })
        };
        row.map(live).transpose()
    }

    async fn of_user(&mut self, user: UserId, limit: u64) -> Result<Vec<ApiKey>, StoreError> {
        let keys = Entity::find().filter(Column::UserId.eq(user.0)).order_by_asc(Column::Id).limit(limit);
        keys.all(self.read()).await.map_err(failed)?.into_iter().map(key).collect()
    }

    async fn note_use(
        &mut self,
        id: ApiKeyId,
        now: OffsetDateTime,
        since: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let long_ago = Column::LastUsedAt.is_null().or(Column::LastUsedAt.lte(micros(since)));
        let update = Entity::update_many()
            .col_expr(Column::LastUsedAt, Expr::value(micros(now)))
            .filter(Column::Id.eq(id.0))
            .filter(long_ago);
        update.exec(self.write()).await.map(drop).map_err(failed)
    }
}

#[async_trait]
impl ApiKeyChanges for Db<Open> {
    async fn insert(&mut self, new: &NewApiKey) -> Result<ApiKey, StoreError> {
        let row = ActiveModel {
            id: ActiveValue::NotSet,
            user_id: ActiveValue::Set(new.user.0),
            name: ActiveValue::Set(new.name.to_string()),
            scope: ActiveValue::Set(new.scope.to_string()),
            hash: ActiveValue::Set(new.hash.as_bytes().to_vec()),
            created_at: ActiveValue::Set(micros(new.created_at)),
            expires_at: ActiveValue::Set(new.expires_at.map(micros)),
            last_used_at: ActiveValue::Set(None),
        };
        let row = Entity::insert(row).exec_with_returning(self.write()).await.map_err(failed)?;
        self.announce(Change::User(new.user)).await?;
        key(row)
    }

    async fn remove(&mut self, user: UserId, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
        let found = Entity::find_by_id(id.0).filter(Column::UserId.eq(user.0));
        let Some(row) = found.one(self.read()).await.map_err(failed)? else { return Ok(None) };
        let removal = Entity::delete_by_id(id.0).exec(self.write()).await.map_err(failed)?;
        if removal.rows_affected == 0 {
            return Ok(None);
        }
        self.announce(Change::User(user)).await?;
        key(row).map(Some)
    }

    async fn remove_all(&mut self, user: UserId) -> Result<u64, StoreError> {
        let removal = Entity::delete_many().filter(Column::UserId.eq(user.0));
        let removed = removal.exec(self.write()).await.map_err(failed)?.rows_affected;
        if removed > 0 {
            self.announce(Change::User(user)).await?;
        }
        Ok(removed)
    }

    async fn remove_over(&mut self, user: UserId, now: OffsetDateTime) -> Result<u64, StoreError> {
        let over = Entity::delete_many()
            .filter(Column::UserId.eq(user.0))
            .filter(Column::ExpiresAt.lte(micros(now)));
        Ok(over.exec(self.write()).await.map_err(failed)?.rows_affected)
    }
}

fn key(row: Model) -> Result<ApiKey, StoreError> {
    Ok(ApiKey {
        id: ApiKeyId(row.id),
        user: UserId(row.user_id),
        name: KeyName::from_stored(row.name),
        scope: ScopeSet::parse(&row.scope).map_err(|_| corrupt(format!("scope {:?}", row.scope)))?,
        created_at: time(row.created_at)?,
        expires_at: row.expires_at.map(time).transpose()?,
        last_used_at: row.last_used_at.map(time).transpose()?,
    })
}
