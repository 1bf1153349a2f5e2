//! Addresses that have to be proven, by their token's hash. Tries are counted, and tokens spent, by one statement each.

use async_trait::async_trait;
use keyward_auth::SecretHash;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::model::verifications::{Pending, Purpose, VerificationRepository};
use keyward_domain::values::email::Email;
use keyward_domain::values::ids::UserId;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveValue, ColumnTrait, Condition, EntityTrait, QueryFilter};
use time::OffsetDateTime;

use crate::database::batches::delete_all;
use crate::database::columns::{micros, time};
use crate::database::connections::Connections;
use crate::database::db::Db;
use crate::database::error::{corrupt, failed};
use crate::entity::email_proofs::{ActiveModel, Column, Entity, Model};

#[async_trait]
impl<C: Connections> VerificationRepository for Db<C> {
    async fn replace(
        &mut self,
        new: &Pending,
        now: OffsetDateTime,
        unless_since: OffsetDateTime,
        expires_at: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let row = ActiveModel {
            user_id: ActiveValue::Set(new.user.0),
            purpose: ActiveValue::Set(new.purpose.as_str().to_owned()),
            email: ActiveValue::Set(new.email.to_string()),
            token_hash: ActiveValue::Set(new.token.as_bytes().to_vec()),
            tries: ActiveValue::Set(0),
            kept_at: ActiveValue::Set(micros(now)),
            expires_at: ActiveValue::Set(micros(expires_at)),
        };
        let mut newer = OnConflict::columns([Column::UserId, Column::Purpose]);
        newer
            .update_columns([
                Column::Email,
                Column::TokenHash,
                Column::Tries,
                Column::KeptAt,
                Column::ExpiresAt,
            ])
            .action_and_where(Expr::col((Entity, Column::KeptAt)).lte(micros(unless_since)));
        let kept = Entity::insert(row).on_conflict(newer).exec_without_returning(self.write()).await;
        kept.map(|rows| rows > 0).map_err(failed)
    }

    async fn kept_at(
        &mut self,
        user: UserId,
        purpose: Purpose,
    ) -> Result<Option<OffsetDateTime>, StoreError> {
        let row = Entity::find_by_id((user.0, purpose.as_str().to_owned())).one(self.read()).await;
        row.map_err(failed)?.map(|row| time(row.kept_at)).transpose()
    }

    async fn find(&mut self, token: &SecretHash, now: OffsetDateTime) -> Result<Option<Pending>, StoreError> {
        let row = Entity::find()
            .filter(Column::TokenHash.eq(token.as_bytes().to_vec()))
            .filter(Column::ExpiresAt.gt(micros(now)));
        row.one(self.read()).await.map_err(failed)?.map(pending).transpose()
    }

    async fn count_try(
        &mut self,
        email: &Email,
        now: OffsetDateTime,
        tries: u32,
    ) -> Result<Vec<Pending>, StoreError> {
        let counted = Entity::update_many()
            .col_expr(Column::Tries, Expr::col(Column::Tries).add(1_i64))
            .filter(Column::Email.eq(email.as_str()))
            .filter(Column::Tries.lt(i64::from(tries)))
            .filter(Column::ExpiresAt.gt(micros(now)));
        let rows = counted.exec_with_returning(self.write()).await.map_err(failed)?;
        rows.into_iter().map(pending).collect()
    }

    async fn spend(
        &mut self,
        token: &SecretHash,
        now: OffsetDateTime,
    ) -> Result<Option<Pending>, StoreError> {
        let spent = Entity::delete_many()
            .filter(Column::TokenHash.eq(token.as_bytes().to_vec()))
            .filter(Column::ExpiresAt.gt(micros(now)));
        let rows = spent.exec_with_returning(self.write()).await.map_err(failed)?;
        rows.into_iter().next().map(pending).transpose()
    }

    async fn forget_of(&mut self, user: UserId) -> Result<(), StoreError> {
        let own = Entity::delete_many().filter(Column::UserId.eq(user.0));
        own.exec(self.write()).await.map(drop).map_err(failed)
    }

    async fn forget(&mut self, before: OffsetDateTime) -> Result<u64, StoreError> {
        let old = Condition::all().add(Column::ExpiresAt.lte(micros(before)));
        delete_all::<Entity>(self.write(), Column::TokenHash, old).await
    }
}

fn pending(row: Model) -> Result<Pending, StoreError> {
    let token = row.token_hash.try_into().map_err(|_| corrupt("a hash of another length"))?;
    Ok(Pending {
        user: UserId(row.user_id),
        purpose: Purpose::from_name(&row.purpose)
            .ok_or_else(|| corrupt(format!("purpose {:?}", row.purpose)))?,
        email: Email::from_stored(row.email),
        token: SecretHash::from_bytes(token),
    })
}
