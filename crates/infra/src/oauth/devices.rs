//! Devices that ask for a login.

use std::net::IpAddr;

use async_trait::async_trait;
use keyward_auth::{ScopeSet, SecretHash};
use keyward_domain::model::devices::{Allowance, DeviceCounts, DeviceRepository, DeviceRequest, DeviceState};
use keyward_domain::model::store_error::StoreError;
use keyward_domain::oauth::device::ask::INTERVAL;
use keyward_domain::values::ids::{ClientId, SessionId, UserId};
use keyward_domain::values::origin::Device;
use keyward_domain::values::resource_uri::ResourceUri;
use keyward_domain::values::user_code::UserCode;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue, ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, Select};
use time::OffsetDateTime;

use super::clients::client_id;
use crate::database::batches::delete_all;
use crate::database::columns::{micros, time, without_nul};
use crate::database::connections::Connections;
use crate::database::db::Db;
use crate::database::error::{corrupt, failed};
use crate::entity::device_requests::{ActiveModel, Column, Entity, Model};

const PENDING: &str = "pending";
const ALLOWED: &str = "allowed";
const DENIED: &str = "denied";

/// By how much an interval grows, in microseconds.
const GROWTH: i64 = 5_000_000;
/// How much too early a device may ask, in microseconds: it waits by a clock of its own.
const EARLY: i64 = 1_000_000;

#[async_trait]
impl<C: Connections> DeviceRepository for Db<C> {
    async fn insert(&mut self, request: &DeviceRequest) -> Result<(), StoreError> {
        let row = ActiveModel {
            code_hash: ActiveValue::Set(request.code.as_bytes().to_vec()),
            user_code: ActiveValue::Set(request.user_code.letters().to_owned()),
            client_id: ActiveValue::Set(request.client.to_string()),
            scope: ActiveValue::Set(request.scope.to_string()),
            resource: ActiveValue::Set(request.resource.as_ref().map(ToString::to_string)),
            user_agent: ActiveValue::Set(request.device.user_agent.as_deref().map(without_nul)),
            ip: ActiveValue::Set(request.device.ip.map(|ip| ip.to_string())),
            network: ActiveValue::Set(request.network.map(|network| network.to_string())),
            created_at: ActiveValue::Set(micros(request.created_at)),
            expires_at: ActiveValue::Set(micros(request.expires_at)),
            interval: ActiveValue::Set(INTERVAL.whole_seconds() * 1_000_000),
            asked_at: ActiveValue::Set(None),
            state: ActiveValue::Set(PENDING.to_owned()),
            user_id: ActiveValue::Set(None),
            browser_id: ActiveValue::Set(None),
            decided_at: ActiveValue::Set(None),
        };
        Entity::insert(row).exec_without_returning(self.write()).await.map(drop).map_err(failed)
    }

    async fn find(&mut self, code: &SecretHash) -> Result<Option<DeviceRequest>, StoreError> {
        let row = Entity::find_by_id(code.as_bytes().to_vec()).one(self.read()).await.map_err(failed)?;
        row.map(request).transpose()
    }

    async fn pending(
        &mut self,
        code: &UserCode,
        now: OffsetDateTime,
    ) -> Result<Option<DeviceRequest>, StoreError> {
        let row = Entity::find()
            .filter(Column::UserCode.eq(code.letters()))
            .filter(Column::State.eq(PENDING))
            .filter(Column::ExpiresAt.gt(micros(now)));
        row.one(self.read()).await.map_err(failed)?.map(request).transpose()
    }

    async fn count(
        &mut self,
        client: &ClientId,
        network: Option<IpAddr>,
        now: OffsetDateTime,
    ) -> Result<DeviceCounts, StoreError> {
        let waiting = || Entity::find().filter(Column::ExpiresAt.gt(micros(now)));
        let count = async |rows: Select<Entity>| rows.count(self.read()).await.map_err(failed);
        Ok(DeviceCounts {
            all: count(waiting()).await?,
            of_client: count(waiting().filter(Column::ClientId.eq(client.as_str()))).await?,
            of_network: match network {
                Some(network) => count(waiting().filter(Column::Network.eq(network.to_string()))).await?,
                None => 0,
            },
        })
    }

    async fn pace(&mut self, code: &SecretHash, now: OffsetDateTime) -> Result<bool, StoreError> {
        let asked = || {
            Entity::update_many()
                .col_expr(Column::AskedAt, Expr::value(micros(now)))
                .filter(Column::CodeHash.eq(code.as_bytes().to_vec()))
        };
        let latest = Expr::value(micros(now).saturating_add(EARLY));
        let in_time = Condition::any()
            .add(Column::AskedAt.is_null())
            .add(Expr::col(Column::AskedAt).add(Expr::col(Column::Interval)).lte(latest));
        let noted = asked().filter(in_time).exec(self.write()).await.map_err(failed)?;
        if noted.rows_affected > 0 {
            return Ok(true);
        }
        let slower = asked().col_expr(Column::Interval, Expr::col(Column::Interval).add(GROWTH));
        slower.exec(self.write()).await.map_err(failed)?;
        Ok(false)
    }

    async fn decide(
        &mut self,
        code: &UserCode,
        allowed: Option<(&Allowance, &ScopeSet)>,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let mut update = Entity::update_many()
            .col_expr(Column::State, Expr::value(if allowed.is_some() { ALLOWED } else { DENIED }))
            .filter(Column::UserCode.eq(code.letters()))
            .filter(Column::State.eq(PENDING))
            .filter(Column::ExpiresAt.gt(micros(now)));
        if let Some((allowance, scope)) = allowed {
            update = update
                .col_expr(Column::UserId, Expr::value(allowance.user.0))
                .col_expr(Column::BrowserId, Expr::value(allowance.browser.0))
                .col_expr(Column::DecidedAt, Expr::value(micros(allowance.at)))
                .col_expr(Column::Scope, Expr::value(scope.to_string()));
        }
        Ok(update.exec(self.write()).await.map_err(failed)?.rows_affected > 0)
    }

    async fn take(&mut self, code: &SecretHash) -> Result<bool, StoreError> {
        let allowed = Entity::delete_by_id(code.as_bytes().to_vec()).filter(Column::State.eq(ALLOWED));
        Ok(allowed.exec(self.write()).await.map_err(failed)?.rows_affected > 0)
    }

    async fn forget(&mut self, before: OffsetDateTime) -> Result<u64, StoreError> {
        let old = Condition::all().add(Column::ExpiresAt.lt(micros(before)));
        delete_all::<Entity>(self.write(), Column::CodeHash, old).await
    }
}

fn request(row: Model) -> Result<DeviceRequest, StoreError> {
    let hash = row.code_hash.try_into().map_err(|_| corrupt("a device code's hash of another length"))?;
    let address = |text: Option<String>| {
        text.map(|text| text.parse().map_err(|_| corrupt(format!("address {text:?}")))).transpose()
    };
    let resource = row.resource.as_deref().map(ResourceUri::parse).transpose();
    Ok(DeviceRequest {
        code: SecretHash::from_bytes(hash),
        user_code: UserCode::parse(&row.user_code).ok_or_else(|| corrupt("a user code"))?,
        client: client_id(&row.client_id)?,
        scope: ScopeSet::parse(&row.scope).map_err(|_| corrupt(format!("scope {:?}", row.scope)))?,
        resource: resource.map_err(|_| corrupt(format!("URI {:?}", row.resource)))?,
        device: Device { user_agent: row.user_agent, ip: address(row.ip)? },
        network: address(row.network)?,
        created_at: time(row.created_at)?,
        expires_at: time(row.expires_at)?,
        state: match (row.state.as_str(), row.user_id, row.browser_id, row.decided_at) {
            (PENDING, ..) => DeviceState::Pending,
            (DENIED, ..) => DeviceState::Denied,
            (ALLOWED, Some(user), Some(browser), Some(at)) => {
                let (user, browser, at) = (UserId(user), SessionId(browser), time(at)?);
                DeviceState::Allowed(Allowance { user, browser, at })
            }
            (state, ..) => return Err(corrupt(format!("state {state:?}"))),
        },
    })
}
