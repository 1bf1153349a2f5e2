//! Changes to accounts, each announced by the transaction that makes it.

use std::sync::Arc;

use async_trait::async_trait;
use keyward_auth::PasswordHash;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::model::users::{Name, User, UserChange, UserChanges, UserRepository};
use keyward_domain::ports::announce::Change;
use keyward_domain::values::email::Email;
use keyward_domain::values::ids::UserId;
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{ActiveValue, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use time::OffsetDateTime;

use super::account_row::{stored, user};
use super::deleted::{self, accounts};
use crate::database::db::{Db, Open};
use crate::database::error::failed;
use crate::entity::users::{ActiveModel, Column, Entity};

#[async_trait]
impl UserChanges for Db<Open> {
    async fn update(&mut self, id: UserId, change: &UserChange) -> Result<Option<User>, StoreError> {
        let mut row = ActiveModel { ..Default::default() };
        if let Some(name) = &change.name {
            row.name = ActiveValue::Set(name.as_ref().map(Name::to_string));
        }
        if let Some(role) = change.role {
            row.role = ActiveValue::Set(role.as_str().to_owned());
        }
        if let Some(disabled) = change.disabled {
            row.disabled = ActiveValue::Set(disabled);
        }
        if row.name.is_not_set() && row.role.is_not_set() && row.disabled.is_not_set() {
            return UserRepository::find(self, id).await;
        }
        let update =
            Entity::update_many().set(row).filter(Column::Id.eq(id.0)).filter(Column::DeletedAt.is_null());
        let rows = update.exec_with_returning(self.write()).await.map_err(failed)?;
        let Some(row) = rows.into_iter().next() else { return Ok(None) };
        self.announce(Change::User(id)).await?;
        user(row).map(Some)
    }

    async fn replace_hash(
        &mut self,
        id: UserId,
        old: Option<&PasswordHash>,
        new: &PasswordHash,
    ) -> Result<bool, StoreError> {
        let update = Entity::update_many()
            .col_expr(Column::PasswordHash, Expr::value(new.as_str()))
            .filter(Column::Id.eq(id.0))
            .filter(Column::PasswordHash.eq(stored(old)))
            .filter(Column::Disabled.eq(false));
        let replaced = update.exec(self.write()).await.map_err(failed)?.rows_affected > 0;
        if replaced {
            self.announce(Change::User(id)).await?;
        }
        Ok(replaced)
    }

    /// Locks the row on PostgreSQL; in SQLite the transaction has the write lock already.
    async fn still_has(&mut self, id: UserId, hash: Option<&PasswordHash>) -> Result<bool, StoreError> {
        let standing = Entity::find_by_id(id.0)
            .select_only()
            .column(Column::Id)
            .filter(Column::PasswordHash.eq(stored(hash)))
            .filter(Column::Disabled.eq(false))
            .lock_shared();
        let row: Option<i64> = standing.into_tuple().one(self.read()).await.map_err(failed)?;
        Ok(row.is_some())
    }

    async fn verify(&mut self, id: UserId, email: &Email) -> Result<bool, StoreError> {
        let update = Entity::update_many()
            .col_expr(Column::EmailVerified, Expr::value(true))
            .filter(Column::Id.eq(id.0))
            .filter(Column::Email.eq(email.as_str()))
            .filter(Column::Disabled.eq(false));
        let verified = update.exec(self.write()).await.map_err(failed)?.rows_affected > 0;
        if verified {
            self.announce(Change::User(id)).await?;
        }
        Ok(verified)
    }

    async fn change_email(&mut self, id: UserId, email: &Email) -> Result<bool, StoreError> {
        let update = Entity::update_many()
            .col_expr(Column::Email, Expr::value(email.as_str()))
            .col_expr(Column::EmailVerified, Expr::value(true))
            .filter(Column::Id.eq(id.0))
            .filter(Column::Disabled.eq(false));
        let changed = update.exec(self.write()).await.map_err(failed)?.rows_affected > 0;
        if changed {
            self.announce(Change::User(id)).await?;
        }
        Ok(changed)
    }

    async fn hold(&mut self, id: UserId) -> Result<Option<User>, StoreError> {
        // An insert that refers to this row waits for that lock. On SQLite a transaction is alone anyway.
        let row = accounts().filter(Column::Id.eq(id.0)).lock_exclusive();
        let row = row.one(self.write()).await.map_err(failed)?;
        row.map(user).transpose()
    }

    async fn administrators(&mut self, limit: u64) -> Result<Vec<UserId>, StoreError> {
        let ids = Entity::find()
            .select_only()
            .column(Column::Id)
            // To the letter, without a parameter: that is how both databases know their index again.
            .filter(Expr::cust("role = 'admin' AND NOT disabled"))
            .order_by_asc(Column::Id)
            .limit(limit)
            .lock(LockType::NoKeyUpdate);
        let ids: Vec<i64> = ids.into_tuple().all(self.write()).await.map_err(failed)?;
        Ok(ids.into_iter().map(UserId).collect())
    }

    async fn mark_deleted(&mut self, id: UserId, now: OffsetDateTime) -> Result<bool, StoreError> {
        for step in Arc::clone(&self.0.leaving).iter() {
            step(self, id).await?;
        }
        let marked = deleted::mark(self, id, now).await?;
        if marked {
            self.announce(Change::User(id)).await?;
        }
        Ok(marked)
    }

    async fn remove_some(&mut self, id: UserId, limit: u64) -> Result<u64, StoreError> {
        deleted::remove_some(self, id, limit).await
    }

    async fn delete(&mut self, id: UserId) -> Result<bool, StoreError> {
        let removal = Entity::delete_by_id(id.0).exec(self.write()).await.map_err(failed)?;
        let removed = removal.rows_affected > 0;
        if removed {
            self.announce(Change::User(id)).await?;
        }
        Ok(removed)
    }
}
