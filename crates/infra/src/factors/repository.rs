//! Second factors, looked up; and offers.

use async_trait::async_trait;
use keyward_auth::SecretHash;
use keyward_domain::model::factors::{FactorRepository, Totp, TotpOffer};
use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::ids::UserId;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{
    ActiveValue, ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter,
};
use time::OffsetDateTime;

use crate::database::batches::delete_all;
use crate::database::columns::{micros, time};
use crate::database::connections::Connections;
use crate::database::db::Db;
use crate::database::error::{corrupt, failed};
use crate::entity::{passkeys, recovery_codes, totp_factors, totp_offers};

#[async_trait]
impl<C: Connections> FactorRepository for Db<C> {
    async fn has_any(&mut self, user: UserId) -> Result<bool, StoreError> {
        let app = Query::select()
            .expr(Expr::val(1))
            .from(totp_factors::Entity)
            .and_where(totp_factors::Column::UserId.eq(user.0))
            .take();
        let passkey = Query::select()
            .expr(Expr::val(1))
            .from(passkeys::Entity)
            .and_where(passkeys::Column::UserId.eq(user.0))
            .take();
        let either = Query::select().expr_as(Expr::exists(app).or(Expr::exists(passkey)), "either").take();
        let row = self.read().query_one(&either).await.map_err(failed)?;
        row.ok_or_else(|| corrupt("no answer"))?.try_get("", "either").map_err(failed)
    }

    async fn totp(&mut self, user: UserId) -> Result<Option<Totp>, StoreError> {
        let row = totp_factors::Entity::find_by_id(user.0).one(self.read()).await.map_err(failed)?;
        row.map(|row| Ok(Totp { secret: row.secret, last_step: row.last_step, since: time(row.since)? }))
            .transpose()
    }

    async fn offer_totp(&mut self, offer: &TotpOffer) -> Result<(), StoreError> {
        use totp_offers::{ActiveModel, Column, Entity};
        let row = ActiveModel {
            user_id: ActiveValue::Set(offer.user.0),
            secret: ActiveValue::Set(offer.secret.clone()),
            expires_at: ActiveValue::Set(micros(offer.expires_at)),
        };
        let newer =
            OnConflict::column(Column::UserId).update_columns([Column::Secret, Column::ExpiresAt]).to_owned();
        let kept = Entity::insert(row).on_conflict(newer).exec_without_returning(self.write()).await;
        kept.map(drop).map_err(failed)
    }

    async fn totp_offer(
        &mut self,
        user: UserId,
        now: OffsetDateTime,
    ) -> Result<Option<TotpOffer>, StoreError> {
        let valid =
            totp_offers::Entity::find_by_id(user.0).filter(totp_offers::Column::ExpiresAt.gt(micros(now)));
        let row = valid.one(self.read()).await.map_err(failed)?;
        row.map(|row| Ok(TotpOffer { user, secret: row.secret, expires_at: time(row.expires_at)? }))
            .transpose()
    }

    async fn recovery_codes(&mut self, user: UserId) -> Result<u64, StoreError> {
        let codes = recovery_codes::Entity::find().filter(recovery_codes::Column::UserId.eq(user.0));
        codes.count(self.read()).await.map_err(failed)
    }

    async fn has_recovery_code(&mut self, user: UserId, hash: &SecretHash) -> Result<bool, StoreError> {
        let code = recovery_codes::Entity::find_by_id((user.0, hash.as_bytes().to_vec()));
        Ok(code.one(self.read()).await.map_err(failed)?.is_some())
    }

    async fn forget_offers(&mut self, before: OffsetDateTime) -> Result<u64, StoreError> {
        let old = Condition::all().add(totp_offers::Column::ExpiresAt.lte(micros(before)));
        delete_all::<totp_offers::Entity>(self.write(), totp_offers::Column::UserId, old).await
    }
}
