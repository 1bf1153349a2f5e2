//! Devices that ask for a login.

use std::net::IpAddr;

use async_trait::async_trait;
use keyward_auth::{ScopeSet, SecretHash};
use keyward_domain::model::devices::{Allowance, DeviceCounts, DeviceRepository, DeviceRequest, DeviceState};
use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::ids::{ClientId, SessionId, UserId};
use keyward_domain::values::origin::Device;
use keyward_domain::values::resource_uri::ResourceUri;
use keyward_domain::values::user_code::UserCode;
use sea_orm::sea_query::{
    CaseStatement, Expr, ExprTrait, LockBehavior, LockType, Order, Query, SelectStatement,
};
use sea_orm::{
    ActiveValue, ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    Select,
};
use time::{Duration, OffsetDateTime};

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
const USED: &str = "used";

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
            interval: ActiveValue::Set(micros_of(request.interval)),
            asked_at: ActiveValue::Set(request.asked_at.map(micros)),
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
        let all = || Entity::find().filter(Column::ExpiresAt.gt(micros(now)));
        let waiting = || all().filter(Column::State.eq(PENDING));
        let count = async |rows: Select<Entity>| rows.count(self.read()).await.map_err(failed);
        let mut counts = DeviceCounts {
            all: count(waiting()).await?,
            of_client: count(waiting().filter(Column::ClientId.eq(client.as_str()))).await?,
            ..DeviceCounts::default()
        };
        if let Some(network) = network {
            let of_network = Column::Network.eq(network.to_string());
            counts.of_network = count(waiting().filter(of_network.clone())).await?;
            counts.decided = count(all().filter(Column::State.ne(PENDING)).filter(of_network)).await?;
        }
        Ok(counts)
    }

    async fn make_room(
        &mut self,
        client: Option<&ClientId>,
        idle: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let mut idle_ones = waiting(client, now);
        idle_ones.and_where(Column::CreatedAt.lt(micros(idle)));
        let silent = Condition::any().add(Column::AskedAt.is_null()).add(Column::AskedAt.lt(micros(idle)));
        idle_ones.cond_where(silent).order_by_expr(Column::AskedAt.is_not_null(), Order::Asc);
        remove_first(self, idle_ones).await
    }

    async fn thin(
        &mut self,
        client: Option<&ClientId>,
        least: u64,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let mut most = Entity::find()
            .select_only()
            .column(Column::Network)
            .filter(Column::State.eq(PENDING))
            .filter(Column::ExpiresAt.gt(micros(now)))
            .filter(Column::Network.is_not_null());
        if let Some(client) = client {
            most = most.filter(Column::ClientId.eq(client.as_str()));
        }
        let count = || Expr::col(Column::CodeHash).count();
        let most = most
            .group_by(Column::Network)
            .having(count().gte(i64::try_from(least).unwrap_or(i64::MAX)))
            .order_by_desc(count())
            .limit(1);
        let network: Option<String> = most.into_tuple().one(self.read()).await.map_err(failed)?;
        let Some(network) = network else { return Ok(false) };
        let mut oldest = waiting(client, now);
        oldest.and_where(Column::Network.eq(network));
        remove_first(self, oldest).await
    }

    async fn pace(
        &mut self,
        code: &SecretHash,
        now: OffsetDateTime,
        slack: Duration,
    ) -> Result<bool, StoreError> {
        // Where replicas' clocks differ, it never goes back.
        let noted = CaseStatement::new().case(due().gt(micros(now)), due()).finally(micros(now));
        let in_time = Condition::any().add(Column::AskedAt.is_null()).add(due().lte(micros(now + slack)));
        let update = Entity::update_many()
            .col_expr(Column::AskedAt, noted.into())
            .filter(Column::CodeHash.eq(code.as_bytes().to_vec()))
            .filter(Column::State.eq(PENDING))
            .filter(in_time);
        Ok(update.exec(self.write()).await.map_err(failed)?.rows_affected > 0)
    }

    async fn slow(&mut self, code: &SecretHash, by: Duration, most: Duration) -> Result<(), StoreError> {
        let update = Entity::update_many()
            .col_expr(Column::Interval, Expr::col(Column::Interval).add(micros_of(by)))
            .filter(Column::CodeHash.eq(code.as_bytes().to_vec()))
            .filter(Column::State.eq(PENDING))
            .filter(Column::Interval.lt(micros_of(most)));
        update.exec(self.write()).await.map(drop).map_err(failed)
    }

    async fn decide(
        &mut self,
        code: &SecretHash,
        allowed: Option<(&Allowance, &ScopeSet)>,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let mut update = Entity::update_many()
            .col_expr(Column::State, Expr::value(if allowed.is_some() { ALLOWED } else { DENIED }))
            .filter(Column::CodeHash.eq(code.as_bytes().to_vec()))
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
        let update = Entity::update_many()
            .col_expr(Column::State, Expr::value(USED))
            .filter(Column::CodeHash.eq(code.as_bytes().to_vec()))
            .filter(Column::State.eq(ALLOWED));
        Ok(update.exec(self.write()).await.map_err(failed)?.rows_affected > 0)
    }

    async fn disallow(&mut self, user: UserId, client: Option<&ClientId>) -> Result<u64, StoreError> {
        let mut removal =
            Entity::delete_many().filter(Column::UserId.eq(user.0)).filter(Column::State.eq(ALLOWED));
        if let Some(client) = client {
            removal = removal.filter(Column::ClientId.eq(client.as_str()));
        }
        Ok(removal.exec(self.write()).await.map_err(failed)?.rows_affected)
    }

    async fn forget(&mut self, before: OffsetDateTime) -> Result<u64, StoreError> {
        let old = Condition::all().add(Column::ExpiresAt.lt(micros(before)));
        delete_all::<Entity>(self.write(), Column::CodeHash, old).await
    }
}

/// The codes of the requests that wait, of one client or of all.
fn waiting(client: Option<&ClientId>, now: OffsetDateTime) -> SelectStatement {
    let mut codes = Query::select().column(Column::CodeHash).from(Entity).take();
    codes.and_where(Column::State.eq(PENDING)).and_where(Column::ExpiresAt.gt(micros(now)));
    if let Some(client) = client {
        codes.and_where(Column::ClientId.eq(client.as_str()));
    }
    codes
}

/// Removes the first of these requests, and of equal ones the oldest. Two callers at once remove one each.
async fn remove_first<C: Connections>(
    db: &mut Db<C>,
    mut codes: SelectStatement,
) -> Result<bool, StoreError> {
    codes.order_by(Column::ExpiresAt, Order::Asc).limit(1);
    codes.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    let removal = Entity::delete_many().filter(Column::CodeHash.in_subquery(codes));
    Ok(removal.exec(db.write()).await.map_err(failed)?.rows_affected > 0)
}

/// When the next poll of a device is due; null before the first.
fn due() -> Expr {
    Expr::col(Column::AskedAt).add(Expr::col(Column::Interval))
}

fn micros_of(duration: Duration) -> i64 {
    i64::try_from(duration.whole_microseconds()).unwrap_or(i64::MAX)
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
        interval: Duration::microseconds(row.interval),
        asked_at: row.asked_at.map(time).transpose()?,
        state: match (row.state.as_str(), row.user_id, row.browser_id, row.decided_at) {
            (PENDING, ..) => DeviceState::Pending,
            (DENIED, ..) => DeviceState::Denied,
            (state @ (ALLOWED | USED), Some(user), Some(browser), Some(at)) => {
                let allowance = Allowance { user: UserId(user), browser: SessionId(browser), at: time(at)? };
                if state == USED { DeviceState::Used(allowance) } else { DeviceState::Allowed(allowance) }
            }
            (state, ..) => return Err(corrupt(format!("state {state:?}"))),
        },
    })
}
