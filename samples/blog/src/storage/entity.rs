//! The table `posts`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, DeriveEntityModel)]
#[sea_orm(table_name = "posts")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub owner_id: i64,
    pub title: String,
    /// The title without letter case, for searches.
    pub title_folded: String,
    pub content: String,
    pub published: bool,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {
    #[sea_orm(
        belongs_to = "keyward_infra::entity::users::Entity",
        from = "Column::OwnerId",
        to = "keyward_infra::entity::users::Column::Id"
    )]
    Owner,
}

impl ActiveModelBehavior for ActiveModel {}
