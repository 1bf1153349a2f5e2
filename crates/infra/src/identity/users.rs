//! Accounts.

use std::collections::HashSet;

use async_trait::async_trait;
use keyward_auth::PasswordHash;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::model::users::{
    Credentials, ImportedUser, Name, NewUser, User, UserFilter, UserRepository,
};
use keyward_domain::values::ids::UserId;
use keyward_domain::values::names::{LoginName, Names, Username};
use keyward_domain::values::page::{Page, Slice};
use sea_orm::sea_query::{OnConflict, SimpleExpr};
use sea_orm::{ActiveValue, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::account_row::{NO_PASSWORD, stored, stored_email, user};
use super::deleted::{self, accounts};
use super::user_search;
use crate::database::columns::micros;
use crate::database::connections::Connections;
use crate::database::db::Db;
use crate::database::error::failed;
use crate::entity::users::{ActiveModel, Column, Entity, Model};

#[async_trait]
impl<C: Connections> UserRepository for Db<C> {
    async fn insert(&mut self, new: &NewUser) -> Result<User, StoreError> {
        let row = new_row(new, false, false);
        user(Entity::insert(row).exec_with_returning(self.write()).await.map_err(failed)?)
    }

    async fn insert_missing(&mut self, users: &[ImportedUser]) -> Result<u64, StoreError> {
        if users.is_empty() {
            return Ok(0);
        }
        let rows = users.iter().map(|user| new_row(&user.new, user.disabled, user.email_verified));
        // Whichever name is taken: SQLite and PostgreSQL take this without naming a constraint.
        let insert = Entity::insert_many(rows).on_conflict(OnConflict::new().do_nothing().to_owned());
        insert.exec_without_returning(self.write()).await.map_err(failed)
    }

    async fn count_present(&mut self, names: &[&Names]) -> Result<u64, StoreError> {
        let emails = names.iter().map(|names| stored_email(names));
        let usernames = names.iter().filter_map(|names| names.username()).map(Username::as_str);
        let either = Condition::any().add(Column::Email.is_in(emails)).add(Column::Username.is_in(usernames));
        let rows = accounts().select_only().column(Column::Email).column(Column::Username);
        let rows: Vec<(String, Option<String>)> =
            rows.filter(either).into_tuple().all(self.read()).await.map_err(failed)?;
        let taken: HashSet<String> =
            rows.into_iter().flat_map(|(email, username)| [Some(email), username]).flatten().collect();
        let present = names.iter().filter(|names| {
            let username = names.username().map(Username::as_str);
            taken.contains(stored_email(names)) || username.is_some_and(|name| taken.contains(name))
        });
        Ok(present.count() as u64)
    }

    async fn find(&mut self, id: UserId) -> Result<Option<User>, StoreError> {
        let row = accounts().filter(Column::Id.eq(id.0)).one(self.read()).await.map_err(failed)?;
        row.map(user).transpose()
    }

    async fn credentials(&mut self, id: UserId) -> Result<Option<Credentials>, StoreError> {
        let row = accounts().filter(Column::Id.eq(id.0)).one(self.read()).await.map_err(failed)?;
        row.map(credentials).transpose()
    }

    async fn credentials_of(&mut self, name: &LoginName) -> Result<Option<Credentials>, StoreError> {
        let row = accounts().filter(is_named(name)).one(self.read()).await.map_err(failed)?;
        row.map(credentials).transpose()
    }

    async fn list(&mut self, page: Page) -> Result<Vec<User>, StoreError> {
        let mut rows = accounts().order_by_asc(Column::Id).limit(page.fetch());
        if let Some(after) = page.after {
            rows = rows.filter(Column::Id.gt(after));
        }
        rows.all(self.read()).await.map_err(failed)?.into_iter().map(user).collect()
    }

    async fn search(&mut self, filter: &UserFilter, page: Page) -> Result<Slice<User>, StoreError> {
        user_search::search(self, filter, page).await
    }

    async fn deleted(&mut self, after: UserId, limit: u64) -> Result<Vec<UserId>, StoreError> {
        deleted::list(self, after, limit).await
    }
}

fn new_row(new: &NewUser, disabled: bool, email_verified: bool) -> ActiveModel {
    ActiveModel {
        id: ActiveValue::NotSet,
        email: ActiveValue::Set(stored_email(&new.names).to_owned()),
        username: ActiveValue::Set(new.names.username().map(Username::to_string)),
        name: ActiveValue::Set(new.name.as_ref().map(Name::to_string)),
        role: ActiveValue::Set(new.role.as_str().to_owned()),
        password_hash: ActiveValue::Set(stored(new.hash.as_ref()).to_owned()),
        disabled: ActiveValue::Set(disabled),
        email_verified: ActiveValue::Set(email_verified),
        created_at: ActiveValue::Set(micros(new.created_at)),
        deleted_at: ActiveValue::Set(None),
    }
}

/// The accounts of that name: one at most.
pub(crate) fn is_named(name: &LoginName) -> SimpleExpr {
    match name {
        LoginName::Email(email) => Column::Email.eq(email.as_str()),
        LoginName::Username(username) => Column::Username.eq(username.as_str()),
    }
}

fn credentials(mut row: Model) -> Result<Credentials, StoreError> {
    let text = std::mem::take(&mut row.password_hash);
    let hash = (text != NO_PASSWORD).then(|| PasswordHash::from_stored(text));
    Ok(Credentials { user: user(row)?, hash })
}
