//! Signing keys.

use async_trait::async_trait;
use keyward_auth::Algorithm;
use keyward_domain::model::keys::{KeyRepository, StoredKey};
use keyward_domain::model::store_error::StoreError;
use keyward_domain::ports::announce::Change;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use time::OffsetDateTime;

use crate::database::columns::{micros, time};
use crate::database::connections::Connections;
use crate::database::db::Db;
use crate::database::error::{corrupt, failed};
use crate::entity::signing_keys::{ActiveModel, Column, Entity, Model};

#[async_trait]
impl<C: Connections> KeyRepository for Db<C> {
    async fn insert(&mut self, key: &StoredKey) -> Result<(), StoreError> {
        let row = ActiveModel {
            kid: ActiveValue::Set(key.kid.clone()),
            algorithm: ActiveValue::Set(key.algorithm.as_str().to_owned()),
            sealed: ActiveValue::Set(key.sealed.clone()),
            created_at: ActiveValue::Set(micros(key.created_at)),
            signs_from: ActiveValue::Set(micros(key.signs_from)),
            retired_at: ActiveValue::Set(key.retired_at.map(micros)),
        };
        Entity::insert(row).exec_without_returning(self.write()).await.map_err(failed)?;
        self.announce(Change::Keys).await
    }

    async fn of(&mut self, algorithm: Algorithm) -> Result<Vec<StoredKey>, StoreError> {
        let keys = Entity::find()
            .filter(Column::Algorithm.eq(algorithm.as_str()))
            .filter(Column::RetiredAt.is_null())
            .order_by_asc(Column::SignsFrom)
            .order_by_asc(Column::Kid);
        keys.all(self.read()).await.map_err(failed)?.into_iter().map(stored).collect()
    }

    async fn all(&mut self) -> Result<Vec<StoredKey>, StoreError> {
        let keys = Entity::find().order_by_asc(Column::SignsFrom).order_by_asc(Column::Kid);
        keys.all(self.read()).await.map_err(failed)?.into_iter().map(stored).collect()
    }

    async fn retire(&mut self, kid: &str, now: OffsetDateTime) -> Result<bool, StoreError> {
        let update = Entity::update_many()
            .col_expr(Column::RetiredAt, Expr::value(micros(now)))
            .filter(Column::Kid.eq(kid))
            .filter(Column::RetiredAt.is_null());
        let retired = update.exec(self.write()).await.map_err(failed)?.rows_affected > 0;
        if retired {
            self.announce(Change::Keys).await?;
        }
        Ok(retired)
    }
}

fn stored(row: Model) -> Result<StoredKey, StoreError> {
    Ok(StoredKey {
        algorithm: row.algorithm.parse().map_err(|_| corrupt(format!("algorithm {:?}", row.algorithm)))?,
        kid: row.kid,
        sealed: row.sealed,
        created_at: time(row.created_at)?,
        signs_from: time(row.signs_from)?,
        retired_at: row.retired_at.map(time).transpose()?,
    })
}
