//! Rows of sessions, read.

use keyward_auth::{ScopeSet, Thumbprint};
use keyward_domain::model::sessions::{LiveSession, Session};
use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::ids::{SessionId, UserId};
use keyward_domain::values::origin::Device;
use keyward_domain::values::proof::{Methods, Proof};
use sea_orm::FromQueryResult;

use crate::database::columns::time;
use crate::database::error::corrupt;
use crate::entity::sessions::Model;
use crate::identity::account_row::role;
use crate::oauth::clients::client_id;

/// A session with its user's role.
#[derive(FromQueryResult)]
pub(super) struct LiveRow {
    #[sea_orm(nested)]
    session: Model,
    role: String,
}

/// A counter that fits its column, and whose successor does too.
pub(super) fn spendable(counter: u64) -> Option<i64> {
    i64::try_from(counter).ok().filter(|counter| *counter < i64::MAX)
}

pub(super) fn live(row: LiveRow) -> Result<LiveSession, StoreError> {
    Ok(LiveSession { role: role(&row.role)?, session: session(row.session)? })
}

pub(super) fn session(row: Model) -> Result<Session, StoreError> {
    let ip = row.ip.map(|ip| ip.parse().map_err(|_| corrupt(format!("address {ip:?}")))).transpose()?;
    Ok(Session {
        id: SessionId(row.id),
        user: UserId(row.user_id),
        scope: ScopeSet::parse(&row.scope).map_err(|_| corrupt(format!("scope {:?}", row.scope)))?,
        client: row.client_id.as_deref().map(client_id).transpose()?,
        parent: row.parent_id.map(SessionId),
        opened_in: row.opened_in.map(SessionId),
        audience: row.audience.iter().flat_map(|uris| uris.split_whitespace()).map(str::to_owned).collect(),
        device: Device { user_agent: row.user_agent, ip },
        created_at: time(row.created_at)?,
        last_seen_at: time(row.last_seen_at)?,
        proof: Proof {
            methods: Methods::parse(&row.amr),
            at: Some(time(row.auth_at.unwrap_or(row.created_at))?),
        },
        key: row
            .dpop_jkt
            .map(|text| Thumbprint::parse(&text).ok_or_else(|| corrupt("a thumbprint")))
            .transpose()?,
        counter: row.counter.try_into().map_err(|_| corrupt(format!("counter {}", row.counter)))?,
        salt: row.salt.try_into().map_err(|_| corrupt("a salt of another length"))?,
    })
}
