//! Changes of second factors, each announced by the transaction that makes it.

use async_trait::async_trait;
use keyward_auth::SecretHash;
use keyward_domain::model::factors::{FactorChanges, TotpOffer};
use keyward_domain::model::store_error::StoreError;
use keyward_domain::ports::announce::Change;
use keyward_domain::values::ids::UserId;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue, ColumnTrait, EntityTrait, QueryFilter};
use time::OffsetDateTime;

use crate::database::columns::micros;
use crate::database::db::{Db, Open};
use crate::database::error::failed;
use crate::entity::{recovery_codes, totp_factors, totp_offers};

#[async_trait]
impl FactorChanges for Db<Open> {
    async fn accept_totp(
        &mut self,
        offer: &TotpOffer,
        step: i64,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        use totp_factors::{ActiveModel, Column, Entity};
        let taken = totp_offers::Entity::delete_by_id(offer.user.0)
            .filter(totp_offers::Column::Secret.eq(offer.secret.clone()))
            .filter(totp_offers::Column::ExpiresAt.gt(micros(now)));
        if taken.exec(self.write()).await.map_err(failed)?.rows_affected == 0 {
            return Ok(false);
        }
        let row = ActiveModel {
            user_id: ActiveValue::Set(offer.user.0),
            secret: ActiveValue::Set(offer.secret.clone()),
            last_step: ActiveValue::Set(step),
            since: ActiveValue::Set(micros(now)),
        };
        let newer = OnConflict::column(Column::UserId)
            .update_columns([Column::Secret, Column::LastStep, Column::Since])
            .to_owned();
        Entity::insert(row).on_conflict(newer).exec_without_returning(self.write()).await.map_err(failed)?;
        self.announce(Change::User(offer.user)).await?;
        Ok(true)
    }

    async fn use_step(&mut self, user: UserId, step: i64) -> Result<bool, StoreError> {
        use totp_factors::{Column, Entity};
        let update = Entity::update_many()
            .col_expr(Column::LastStep, Expr::value(step))
            .filter(Column::UserId.eq(user.0))
            .filter(Column::LastStep.lt(step));
        Ok(update.exec(self.write()).await.map_err(failed)?.rows_affected > 0)
    }

    async fn remove_totp(&mut self, user: UserId) -> Result<bool, StoreError> {
        totp_offers::Entity::delete_by_id(user.0).exec(self.write()).await.map_err(failed)?;
        let removal = totp_factors::Entity::delete_by_id(user.0).exec(self.write()).await.map_err(failed)?;
        let removed = removal.rows_affected > 0;
        if removed {
            self.announce(Change::User(user)).await?;
        }
        Ok(removed)
    }

    async fn replace_recovery_codes(&mut self, user: UserId, codes: &[SecretHash]) -> Result<(), StoreError> {
        use recovery_codes::{ActiveModel, Column, Entity};
        let earlier = Entity::delete_many().filter(Column::UserId.eq(user.0));
        earlier.exec(self.write()).await.map_err(failed)?;
        if !codes.is_empty() {
            let rows = codes.iter().map(|code| ActiveModel {
                user_id: ActiveValue::Set(user.0),
                hash: ActiveValue::Set(code.as_bytes().to_vec()),
            });
            Entity::insert_many(rows).exec_without_returning(self.write()).await.map_err(failed)?;
        }
        self.announce(Change::User(user)).await
    }

    async fn use_recovery_code(&mut self, user: UserId, code: &SecretHash) -> Result<bool, StoreError> {
        let used = recovery_codes::Entity::delete_by_id((user.0, code.as_bytes().to_vec()));
        Ok(used.exec(self.write()).await.map_err(failed)?.rows_affected > 0)
    }
}
