//! What administrators see of accounts: last logins and second factors.

use std::collections::BTreeMap;

use async_trait::async_trait;
use keyward_domain::model::overviews::{Overview, OverviewRepository};
use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::proof::Method;
use sea_orm::sea_query::{Expr, ExprTrait, IntoColumnRef, IntoIden, OnConflict, Query, SelectStatement};
use sea_orm::{ActiveValue, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use time::OffsetDateTime;

use super::deleted::accounts;
use crate::database::columns::{micros, time};
use crate::database::connections::Connections;
use crate::database::db::Db;
use crate::database::error::failed;
use crate::entity::{logins, passkeys, recovery_codes, totp_factors, users};

#[async_trait]
impl<C: Connections> OverviewRepository for Db<C> {
    async fn note_login(&mut self, user: UserId, at: OffsetDateTime) -> Result<(), StoreError> {
        use logins::{ActiveModel, Column, Entity};
        let row = ActiveModel { user_id: ActiveValue::Set(user.0), at: ActiveValue::Set(micros(at)) };
        let newer = OnConflict::column(Column::UserId)
            .update_column(Column::At)
            .action_and_where(Expr::col((Entity, Column::At)).lt(micros(at)))
            .to_owned();
        let noted = Entity::insert(row).on_conflict(newer).exec_without_returning(self.write()).await;
        noted.map(drop).map_err(failed)
    }

    async fn of(&mut self, ids: &[UserId]) -> Result<BTreeMap<UserId, Overview>, StoreError> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let last = of_account(logins::Entity, logins::Column::UserId)
            .column((logins::Entity, logins::Column::At))
            .take();
        let totp = of_account(totp_factors::Entity, totp_factors::Column::UserId);
        let passkeys = of_account(passkeys::Entity, passkeys::Column::UserId);
        let codes = of_account(recovery_codes::Entity, recovery_codes::Column::UserId);
        let has = |mut rows: SelectStatement| Expr::exists(rows.expr(Expr::val(1)).take());
        let rows = accounts()
            .select_only()
            .column(users::Column::Id)
            .expr_as(Expr::from(last), "last_login_at")
            .expr_as(has(totp), "totp")
            .expr_as(has(passkeys), "passkeys")
            .expr_as(has(codes), "codes")
            .filter(users::Column::Id.is_in(ids.iter().map(|id| id.0)));
        let rows: Vec<(i64, Option<i64>, bool, bool, bool)> =
            rows.into_tuple().all(self.read()).await.map_err(failed)?;
        let overview = |(id, last, totp, passkeys, codes): (i64, Option<i64>, bool, bool, bool)| {
            // Recovery codes alone are no second factor.
            let has = [
                (totp, Method::Otp),
                (passkeys, Method::Passkey),
                (codes && (totp || passkeys), Method::RecoveryCode),
            ];
            let factors = has.into_iter().filter_map(|(has, method)| has.then_some(method)).collect();
            Ok((UserId(id), Overview { last_login_at: last.map(time).transpose()?, factors }))
        };
        rows.into_iter().map(overview).collect()
    }
}

/// What this table holds of the account of the statement around.
fn of_account<T, K>(table: T, owner: K) -> SelectStatement
where
    T: IntoIden + Copy + sea_orm::sea_query::IntoTableRef + 'static,
    (T, K): IntoColumnRef,
{
    let own = Expr::col((table, owner)).equals((users::Entity, users::Column::Id));
    Query::select().from(table).and_where(own).take()
}
