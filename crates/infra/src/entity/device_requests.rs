//! `device_requests`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, DeriveEntityModel)]
#[sea_orm(table_name = "device_requests")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub code_hash: Vec<u8>,
    pub user_code: String,
    pub client_id: String,
    pub scope: String,
    pub resource: Option<String>,
    pub user_agent: Option<String>,
    pub ip: Option<String>,
    pub network: Option<String>,
    pub created_at: i64,
    pub expires_at: i64,
    /// In microseconds.
    pub interval: i64,
    pub asked_at: Option<i64>,
    pub state: String,
    pub user_id: Option<i64>,
    pub browser_id: Option<Uuid>,
    pub decided_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
