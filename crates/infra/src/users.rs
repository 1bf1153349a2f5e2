//! Accounts.

use async_trait::async_trait;
use keyward_auth::PasswordHash;
use keyward_domain::email::Email;
use keyward_domain::import::ImportedUser;
use keyward_domain::page::Page;
use keyward_domain::scopes::Role;
use keyward_domain::store::StoreError;
use keyward_domain::users::{Credentials, Name, NewUser, User, UserChange, UserId, UserRepository};
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{
    ActiveValue, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    TryInsertResult,
};

use crate::columns::{micros, time};
use crate::entity::users::{ActiveModel, Column, Entity, Model};
use crate::error::{corrupt, failed};
use crate::signals::Signal;
use crate::store::{Connections, Db};

#[async_trait]
impl<C: Connections> UserRepository for Db<C> {
    async fn insert(&mut self, new: &NewUser) -> Result<User, StoreError> {
        let row = new_row(new, false, false);
        user(Entity::insert(row).exec_with_returning(self.write()).await.map_err(failed)?)
    }

    async fn insert_missing(&mut self, users: &[ImportedUser]) -> Result<u64, StoreError> {
        let rows = users.iter().map(|user| new_row(&user.new, user.disabled, user.email_verified));
        let insert = Entity::insert_many(rows).on_conflict_do_nothing_on([Column::Email]);
        Ok(match insert.exec_without_returning(self.write()).await.map_err(failed)? {
            TryInsertResult::Inserted(added) => added,
            TryInsertResult::Empty | TryInsertResult::Conflicted => 0,
        })
    }

    async fn count_present(&mut self, emails: &[&Email]) -> Result<u64, StoreError> {
        let emails = emails.iter().map(|email| email.as_str());
        Entity::find().filter(Column::Email.is_in(emails)).count(self.read()).await.map_err(failed)
    }

    async fn find(&mut self, id: UserId) -> Result<Option<User>, StoreError> {
        let row = Entity::find_by_id(id.0).one(self.read()).await.map_err(failed)?;
        row.map(user).transpose()
    }

    async fn credentials(&mut self, id: UserId) -> Result<Option<Credentials>, StoreError> {
        let row = Entity::find_by_id(id.0).one(self.read()).await.map_err(failed)?;
        row.map(credentials).transpose()
    }

    async fn credentials_of(&mut self, email: &Email) -> Result<Option<Credentials>, StoreError> {
        let of_email = Entity::find().filter(Column::Email.eq(email.as_str()));
        let row = of_email.one(self.read()).await.map_err(failed)?;
        row.map(credentials).transpose()
    }

    async fn list(&mut self, page: Page) -> Result<Vec<User>, StoreError> {
        let mut rows = Entity::find().order_by_asc(Column::Id).limit(page.fetch());
        if let Some(after) = page.after {
            rows = rows.filter(Column::Id.gt(after));
        }
        rows.all(self.read()).await.map_err(failed)?.into_iter().map(user).collect()
    }

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
        let update = Entity::update_many().set(row).filter(Column::Id.eq(id.0));
        let rows = update.exec_with_returning(self.write()).await.map_err(failed)?;
        let Some(row) = rows.into_iter().next() else { return Ok(None) };
        self.tell(Signal::User(id)).await?;
        user(row).map(Some)
    }

    async fn replace_hash(
        &mut self,
        id: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, StoreError> {
        let update = Entity::update_many()
            .col_expr(Column::PasswordHash, Expr::value(new.as_str()))
            .filter(Column::Id.eq(id.0))
            .filter(Column::PasswordHash.eq(old.as_str()))
            .filter(Column::Disabled.eq(false));
        let replaced = update.exec(self.write()).await.map_err(failed)?.rows_affected > 0;
        if replaced {
            self.tell(Signal::User(id)).await?;
        }
        Ok(replaced)
    }

    /// Locks the row on PostgreSQL; in SQLite the transaction has the write lock already.
    async fn still_has(&mut self, id: UserId, hash: &PasswordHash) -> Result<bool, StoreError> {
        let standing = Entity::find_by_id(id.0)
            .select_only()
            .column(Column::Id)
            .filter(Column::PasswordHash.eq(hash.as_str()))
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
            self.tell(Signal::User(id)).await?;
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
            self.tell(Signal::User(id)).await?;
        }
        Ok(changed)
    }

    async fn hold(&mut self, id: UserId) -> Result<Option<User>, StoreError> {
        // Whoever inserts a row that points here waits for that lock. On SQLite a transaction is alone anyway.
        let row = Entity::find_by_id(id.0).lock_exclusive().one(self.write()).await.map_err(failed)?;
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

    async fn delete(&mut self, id: UserId) -> Result<bool, StoreError> {
        let removal = Entity::delete_by_id(id.0).exec(self.write()).await.map_err(failed)?;
        let removed = removal.rows_affected > 0;
        if removed {
            self.tell(Signal::User(id)).await?;
        }
        Ok(removed)
    }
}

fn new_row(new: &NewUser, disabled: bool, email_verified: bool) -> ActiveModel {
    ActiveModel {
        id: ActiveValue::NotSet,
        email: ActiveValue::Set(new.email.to_string()),
        name: ActiveValue::Set(new.name.as_ref().map(Name::to_string)),
        role: ActiveValue::Set(new.role.as_str().to_owned()),
        password_hash: ActiveValue::Set(new.hash.as_str().to_owned()),
        disabled: ActiveValue::Set(disabled),
        email_verified: ActiveValue::Set(email_verified),
        created_at: ActiveValue::Set(micros(new.created_at)),
    }
}

/// The role of that name.
pub(crate) fn role(name: &str) -> Result<Role, StoreError> {
    Role::from_name(name).ok_or_else(|| corrupt(format!("role {name:?}")))
}

fn user(row: Model) -> Result<User, StoreError> {
    Ok(User {
        id: UserId(row.id),
        email: Email::from_stored(row.email),
        name: row.name.map(Name::from_stored),
        role: role(&row.role)?,
        disabled: row.disabled,
        email_verified: row.email_verified,
        created_at: time(row.created_at)?,
    })
}

fn credentials(mut row: Model) -> Result<Credentials, StoreError> {
    let hash = PasswordHash::from_stored(std::mem::take(&mut row.password_hash));
    Ok(Credentials { user: user(row)?, hash })
}
