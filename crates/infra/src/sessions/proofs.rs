//! How sessions were proven, announced by the transaction that changes it.

use async_trait::async_trait;
use keyward_domain::model::sessions::SessionProofs;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::ports::announce::Change;
use keyward_domain::values::ids::{SessionId, UserId};
use keyward_domain::values::proof::Proof;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::database::columns::micros;
use crate::database::db::{Db, Open};
use crate::database::error::failed;
use crate::entity::sessions::{Column, Entity};

#[async_trait]
impl SessionProofs for Db<Open> {
    async fn prove(&mut self, user: UserId, id: SessionId, proof: &Proof) -> Result<bool, StoreError> {
        let update = Entity::update_many()
            .col_expr(Column::Amr, Expr::value(proof.methods.to_string()))
            .col_expr(Column::AuthAt, Expr::value(proof.at.map(micros)))
            .filter(Column::Id.eq(id.0))
            .filter(Column::UserId.eq(user.0))
            .filter(Column::RevokedAt.is_null());
        let noted = update.exec(self.write()).await.map_err(failed)?.rows_affected > 0;
        if noted {
            self.announce(Change::User(user)).await?;
        }
        Ok(noted)
    }
}
