//! `sessions`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: i64,
    pub scope: String,
    pub client_id: Option<String>,
    pub counter: i64,
    pub salt: Vec<u8>,
    pub user_agent: Option<String>,
    pub ip: Option<String>,
    pub created_at: i64,
    pub last_seen_at: i64,
    pub revoked_at: Option<i64>,
    pub end_reason: Option<String>,
    pub amr: String,
    /// `None`: at the login.
    pub auth_at: Option<i64>,
    pub parent_id: Option<Uuid>,
    /// The browser session that a session with `offline_access` was opened in.
    pub opened_in: Option<Uuid>,
    /// URIs, separated by spaces.
    pub audience: Option<String>,
    /// The thumbprint of the key that its refresh tokens are bound to.
    pub dpop_jkt: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {
    #[sea_orm(belongs_to = "super::users::Entity", from = "Column::UserId", to = "super::users::Column::Id")]
    User,
}

impl ActiveModelBehavior for ActiveModel {}
