//! `logouts`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, DeriveEntityModel)]
#[sea_orm(table_name = "logouts")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub session_id: Uuid,
    /// Without a reference: a logout outlives its account.
    pub user_id: i64,
    pub client_id: String,
    /// Host and port.
    pub receiver: String,
    /// When the session ended.
    pub created_at: i64,
    /// When it is due.
    pub at: i64,
    pub attempts: i64,
    pub last_error: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
