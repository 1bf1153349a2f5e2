//! Second factors, looked up; and offers.

use async_trait::async_trait;
use keyward_auth::SecretHash;
use keyward_domain::model::factors::{FactorRepository, Factors, Totp, TotpOffer};
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
use crate::database::error::failed;
use crate::entity::{passkeys, recovery_codes, totp_factors, totp_offers, users};

#[async_trait]
impl<C: Connections> FactorRepository for Db<C> {
    async fn of_user(&mut self, user: UserId) -> Result<Factors, StoreError> {
        use totp_factors::{Column, Entity};
        let own = |column: Expr| column.eq(user.0);
        let passkey = Query::select()
            .expr(Expr::val(1))
            .from(passkeys::Entity)
            .and_where(own(Expr::col(passkeys::Column::UserId)))
            .take();
        let codes = Query::select()
            .expr(Expr::cust("COUNT(*)"))
            .from(recovery_codes::Entity)
            .and_where(own(Expr::col(recovery_codes::Column::UserId)))
            .take();
        let factors = Query::select()
            .columns([(Entity, Column::Secret), (Entity, Column::LastStep), (Entity, Column::Since)])
            .expr_as(Expr::exists(passkey), "passkeys")
            .expr_as(Expr::from(codes), "recovery_codes")
            .from(users::Entity)
            .left_join(Entity, Expr::col((Entity, Column::UserId)).equals((users::Entity, users::Column::Id)))
            .and_where(own(Expr::col((users::Entity, users::Column::Id))))
            .take();
        let Some(row) = self.read().query_one(&factors).await.map_err(failed)? else {
            return Ok(Factors::default());
        };
        let secret: Option<Vec<u8>> = row.try_get("", "secret").map_err(failed)?;
        let totp = match secret {
            Some(secret) => Some(Totp {
                secret,
                last_step: row.try_get("", "last_step").map_err(failed)?,
                since: time(row.try_get("", "since").map_err(failed)?)?,
            }),
            None => None,
        };
        let codes: i64 = row.try_get("", "recovery_codes").map_err(failed)?;
        Ok(Factors {
            totp,
            passkeys: row.try_get("", "passkeys").map_err(failed)?,
            recovery_codes: codes.try_into().unwrap_or_default(),
        })
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
