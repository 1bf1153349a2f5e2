//! Tokens for new passwords, by their hash.

use async_trait::async_trait;
use keyward_auth::SecretHash;
use keyward_domain::model::attempts::AttemptKey;
use keyward_domain::model::recoveries::{NewRecovery, RecoveryRepository};
use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::ids::UserId;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue, ColumnTrait, Condition, EntityTrait, QueryFilter};
use time::OffsetDateTime;

use crate::database::batches::delete_all;
use crate::database::columns::micros;
use crate::database::connections::Connections;
use crate::database::db::Db;
use crate::database::error::{corrupt, failed};
use crate::entity::recoveries::{ActiveModel, Column, Entity};

#[async_trait]
impl<C: Connections> RecoveryRepository for Db<C> {
    async fn replace(&mut self, new: &NewRecovery) -> Result<(), StoreError> {
        let row = ActiveModel {
            owner: ActiveValue::Set(new.owner.0.to_vec()),
            user_id: ActiveValue::Set(new.user.map(|user| user.0)),
            token_hash: ActiveValue::Set(new.token.as_bytes().to_vec()),
            expires_at: ActiveValue::Set(micros(new.expires_at)),
        };
        let newer = OnConflict::column(Column::Owner)
            .update_columns([Column::UserId, Column::TokenHash, Column::ExpiresAt])
            .to_owned();
        let kept = Entity::insert(row).on_conflict(newer).exec_without_returning(self.write()).await;
        kept.map(drop).map_err(failed)
    }

    async fn find(
        &mut self,
        token: &SecretHash,
        now: OffsetDateTime,
    ) -> Result<Option<(UserId, AttemptKey)>, StoreError> {
        let row = Entity::find()
            .filter(Column::TokenHash.eq(token.as_bytes().to_vec()))
            .filter(Column::ExpiresAt.gt(micros(now)))
            .one(self.read())
            .await
            .map_err(failed)?;
        let Some(row) = row else { return Ok(None) };
        let owner = row.owner.try_into().map_err(|_| corrupt("a digest of another length"))?;
        Ok(row.user_id.map(|user| (UserId(user), AttemptKey(owner))))
    }

    async fn spend(&mut self, token: &SecretHash, now: OffsetDateTime) -> Result<bool, StoreError> {
        let spent = Entity::delete_many()
            .filter(Column::TokenHash.eq(token.as_bytes().to_vec()))
            .filter(Column::ExpiresAt.gt(micros(now)));
        Ok(spent.exec(self.write()).await.map_err(failed)?.rows_affected > 0)
    }

    async fn forget_of(&mut self, user: UserId) -> Result<(), StoreError> {
        let theirs = Entity::delete_many().filter(Column::UserId.eq(user.0));
        theirs.exec(self.write()).await.map(drop).map_err(failed)
    }

    async fn forget(&mut self, before: OffsetDateTime) -> Result<u64, StoreError> {
        let old = Condition::all().add(Column::ExpiresAt.lte(micros(before)));
        delete_all::<Entity>(self.write(), Column::Owner, old).await
    }
}
