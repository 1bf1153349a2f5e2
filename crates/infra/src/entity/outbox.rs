//! `outbox`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub reference: Uuid,
    pub recipient: String,
    pub subject: String,
    pub text_part: Vec<u8>,
    pub html_part: Vec<u8>,
    pub created_at: i64,
    pub state: String,
    /// When it is due, or when it came to its last state.
    pub at: i64,
    pub attempts: i64,
    pub last_error: Option<String>,
    /// The number of its lane.
    pub lane: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
