//! Passkeys: look-ups, and changes that the transaction announces.

use async_trait::async_trait;
use keyward_domain::model::passkeys::{
    CredentialKey, NewPasskey, Passkey, PasskeyChanges, PasskeyName, PasskeyRepository, PasskeyUse,
};
use keyward_domain::model::store_error::StoreError;
use keyward_domain::ports::announce::Change;
use keyward_domain::values::ids::{PasskeyId, UserId};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use time::OffsetDateTime;

use crate::database::columns::{micros, time};
use crate::database::connections::Connections;
use crate::database::db::{Db, Open};
use crate::database::error::{corrupt, failed};
use crate::entity::passkeys::{ActiveModel, Column, Entity, Model};

#[async_trait]
impl<C: Connections> PasskeyRepository for Db<C> {
    async fn of_user(&mut self, user: UserId, limit: u64) -> Result<Vec<Passkey>, StoreError> {
        let rows = Entity::find().filter(Column::UserId.eq(user.0)).order_by_asc(Column::Id).limit(limit);
        rows.all(self.read()).await.map_err(failed)?.into_iter().map(passkey).collect()
    }

    async fn of_credential(&mut self, credential: &[u8]) -> Result<Option<Passkey>, StoreError> {
        let row = Entity::find().filter(Column::CredentialId.eq(credential.to_vec()));
        row.one(self.read()).await.map_err(failed)?.map(passkey).transpose()
    }
}

#[async_trait]
impl PasskeyChanges for Db<Open> {
    async fn insert(&mut self, new: &NewPasskey) -> Result<Passkey, StoreError> {
        let row = ActiveModel {
            user_id: ActiveValue::Set(new.user.0),
            credential_id: ActiveValue::Set(new.credential.clone()),
            user_handle: ActiveValue::Set(new.handle.clone()),
            public_key: ActiveValue::Set(new.key.cose.clone()),
            algorithm: ActiveValue::Set(new.key.algorithm.into()),
            counter: ActiveValue::Set(new.counter.into()),
            backup_eligible: ActiveValue::Set(new.backup_eligible),
            transports: ActiveValue::Set(new.transports.join(" ")),
            name: ActiveValue::Set(new.name.to_string()),
            created_at: ActiveValue::Set(micros(new.created_at)),
            last_used_at: ActiveValue::Set(None),
            valid_since: ActiveValue::Set(micros(new.created_at)),
            ..Default::default()
        };
        let inserted = Entity::insert(row).exec_with_returning(self.write()).await.map_err(failed)?;
        self.announce(Change::User(new.user)).await?;
        passkey(inserted)
    }

    async fn rename(
        &mut self,
        user: UserId,
        id: PasskeyId,
        name: &PasskeyName,
    ) -> Result<Option<Passkey>, StoreError> {
        let of_account = Condition::all().add(Column::Id.eq(id.0)).add(Column::UserId.eq(user.0));
        let update = Entity::update_many()
            .col_expr(Column::Name, Expr::value(name.as_str()))
            .filter(of_account.clone());
        if update.exec(self.write()).await.map_err(failed)?.rows_affected == 0 {
            return Ok(None);
        }
        let row = Entity::find().filter(of_account).one(self.write()).await.map_err(failed)?;
        row.map(passkey).transpose()
    }

    async fn count_use(&mut self, shown: &PasskeyUse) -> Result<bool, StoreError> {
        let counter = i64::from(shown.counter);
        let grows = Column::Counter.lt(counter);
        let highest = Expr::case(grows.clone(), counter).finally(Expr::col(Column::Counter));
        let sound = Condition::any()
            .add(grows)
            .add(Column::BackupEligible.eq(true))
            .add(Column::Counter.eq(0).and(Expr::value(counter == 0)));
        let update = Entity::update_many()
            .col_expr(Column::Counter, highest.into())
            .col_expr(Column::LastUsedAt, Expr::value(micros(shown.at)))
            .filter(Column::Id.eq(shown.id.0))
            .filter(Column::UserId.eq(shown.user.0))
            .filter(Column::ValidSince.lte(micros(shown.issued_at)))
            .filter(sound);
        Ok(update.exec(self.write()).await.map_err(failed)?.rows_affected > 0)
    }

    async fn void_challenges(&mut self, user: UserId, now: OffsetDateTime) -> Result<(), StoreError> {
        let update = Entity::update_many()
            .col_expr(Column::ValidSince, Expr::value(micros(now)))
            .filter(Column::UserId.eq(user.0));
        update.exec(self.write()).await.map(drop).map_err(failed)
    }

    async fn remove(&mut self, user: UserId, id: PasskeyId) -> Result<bool, StoreError> {
        let removal = Entity::delete_many().filter(Column::Id.eq(id.0)).filter(Column::UserId.eq(user.0));
        let removed = removal.exec(self.write()).await.map_err(failed)?.rows_affected > 0;
        if removed {
            self.announce(Change::User(user)).await?;
        }
        Ok(removed)
    }

    async fn remove_all(&mut self, user: UserId) -> Result<u64, StoreError> {
        let removal = Entity::delete_many().filter(Column::UserId.eq(user.0));
        let removed = removal.exec(self.write()).await.map_err(failed)?.rows_affected;
        if removed > 0 {
            self.announce(Change::User(user)).await?;
        }
        Ok(removed)
    }
}

fn passkey(row: Model) -> Result<Passkey, StoreError> {
    let algorithm =
        i32::try_from(row.algorithm).map_err(|_| corrupt(format!("algorithm {}", row.algorithm)))?;
    let counter = u32::try_from(row.counter).map_err(|_| corrupt(format!("counter {}", row.counter)))?;
    let new = NewPasskey {
        user: UserId(row.user_id),
        credential: row.credential_id,
        handle: row.user_handle,
        key: CredentialKey { cose: row.public_key, algorithm },
        counter,
        backup_eligible: row.backup_eligible,
        transports: row.transports.split_whitespace().map(str::to_owned).collect(),
        name: PasskeyName::from_stored(row.name),
        created_at: time(row.created_at)?,
    };
    Ok(Passkey { id: PasskeyId(row.id), new, last_used_at: row.last_used_at.map(time).transpose()? })
}
