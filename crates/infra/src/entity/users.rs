//! `users`. Public, since what belongs to a user is joined with it.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub email: String,
    /// The name that others see.
    pub name: Option<String>,
    /// The name of the role.
    pub role: String,
    /// The password hash, a PHC string; for an account without a password, one that no password has.
    pub password_hash: String,
    /// Whether the account is disabled.
    pub disabled: bool,
    /// Whether the e-mail address is verified.
    pub email_verified: bool,
    /// When the account was made, in microseconds since 1970.
    pub created_at: i64,
    /// When the account was deleted, if its rows are still being removed.
    pub deleted_at: Option<i64>,
}

/// Relations to other tables: none of its own.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
