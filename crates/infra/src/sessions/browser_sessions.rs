//! The cookies of browser sessions, by the hash of their secret.

use async_trait::async_trait;
use keyward_auth::SecretHash;
use keyward_domain::model::browser_sessions::BrowserSessionRepository;
use keyward_domain::model::sessions::LiveSession;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::ids::SessionId;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue, ColumnTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QuerySelect, RelationTrait,
};
use time::OffsetDateTime;

use super::rows::session as read;
use crate::database::columns::micros;
use crate::database::connections::Connections;
use crate::database::db::Db;
use crate::database::error::failed;
use crate::entity::browser_sessions::{ActiveModel, Column, Entity, Relation};
use crate::entity::{sessions, users};
use crate::identity::account_row::role;

/// A session with its user's role.
#[derive(FromQueryResult)]
struct LiveRow {
    #[sea_orm(nested)]
    session: sessions::Model,
    role: String,
}

#[async_trait]
impl<C: Connections> BrowserSessionRepository for Db<C> {
    async fn insert(&mut self, session: SessionId, secret: &SecretHash) -> Result<(), StoreError> {
        let row = ActiveModel {
            session_id: ActiveValue::Set(session.0),
            secret_hash: ActiveValue::Set(secret.as_bytes().to_vec()),
        };
        Entity::insert(row).exec_without_returning(self.write()).await.map(drop).map_err(failed)
    }

    async fn live(&mut self, secret: &SecretHash) -> Result<Option<LiveSession>, StoreError> {
        let live = sessions::Entity::find()
            .column_as(users::Column::Role, "role")
            .join(JoinType::InnerJoin, Relation::Session.def().rev())
            .join(JoinType::InnerJoin, sessions::Relation::User.def())
            .filter(Column::SecretHash.eq(secret.as_bytes().to_vec()))
            .filter(sessions::Column::RevokedAt.is_null())
            .filter(users::Column::Disabled.eq(false));
        let row: Option<LiveRow> = live.into_model().one(self.read()).await.map_err(failed)?;
        row.map(|row| Ok(LiveSession { session: read(row.session)?, role: role(&row.role)? })).transpose()
    }

    async fn renew(
        &mut self,
        session: SessionId,
        old: &SecretHash,
        new: &SecretHash,
    ) -> Result<bool, StoreError> {
        let update = Entity::update_many()
            .col_expr(Column::SecretHash, Expr::value(new.as_bytes().to_vec()))
            .filter(Column::SessionId.eq(session.0))
            .filter(Column::SecretHash.eq(old.as_bytes().to_vec()));
        let done = update.exec(self.write()).await.map_err(failed)?;
        Ok(done.rows_affected > 0)
    }

    async fn note_use(
        &mut self,
        session: SessionId,
        now: OffsetDateTime,
        since: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let update = sessions::Entity::update_many()
            .col_expr(sessions::Column::LastSeenAt, Expr::value(micros(now)))
            .filter(sessions::Column::Id.eq(session.0))
            .filter(sessions::Column::LastSeenAt.lte(micros(since)))
            .filter(sessions::Column::RevokedAt.is_null());
        update.exec(self.write()).await.map(drop).map_err(failed)
    }
}
