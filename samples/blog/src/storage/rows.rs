//! Rows of `posts` with the names of their owners.

use keyward_domain::model::store_error::StoreError;
use keyward_domain::model::users::Name;
use keyward_domain::values::ids::UserId;
use keyward_infra::database::columns::time;
use keyward_infra::database::error::{corrupt, failed};
use keyward_infra::entity::users;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{DbErr, QueryResult, TryGetableMany};

use super::entity::{Column, Entity};
use crate::domain::post::{Content, Owner, Post, PostId, Title};

/// A row of `posts` with the name of its owner.
pub(super) struct PostRow {
    pub id: i64,
    owner_id: i64,
    owner_name: Option<String>,
    title: String,
    /// `None` where it was not read, because the page may be full before this post.
    pub content: Option<String>,
    published: bool,
    created_at: i64,
    updated_at: i64,
}

/// What is read of a post, before its content and the name of its owner.
const COLUMNS: [Column; 6] =
    [Column::Id, Column::OwnerId, Column::Title, Column::Published, Column::CreatedAt, Column::UpdatedAt];

impl PostRow {
    /// Of a row of [`COLUMNS`], content and name. By their places: each look-up by name would make a text of it.
    pub(super) fn of(row: &QueryResult) -> Result<Self, DbErr> {
        let (id, owner_id, title, published, created_at, updated_at, content, owner_name) =
            TryGetableMany::try_get_many_by_index(row)?;
        Ok(Self { id, owner_id, owner_name, title, content, published, created_at, updated_at })
    }

    /// Of rows in any order, which are taken one by one: a page is long, and is not held twice.
    pub(super) fn all(rows: Vec<QueryResult>) -> Result<Vec<Self>, StoreError> {
        let rows: Result<Vec<_>, _> = rows.into_iter().map(|row| Self::of(&row)).collect();
        let mut rows = rows.map_err(failed)?;
        // Here, for SQLite would copy every content to sort them.
        rows.sort_unstable_by_key(|row| row.id);
        Ok(rows)
    }

    pub(super) fn read(self) -> Result<Post, StoreError> {
        Ok(Post {
            id: PostId(self.id),
            title: Title::from_stored(self.title),
            content: Content::from_stored(self.content.ok_or_else(|| corrupt("a post without a content"))?),
            published: self.published,
            created_at: time(self.created_at)?,
            updated_at: time(self.updated_at)?,
            owner: Owner { id: UserId(self.owner_id), name: self.owner_name.map(Name::from_stored) },
        })
    }
}

/// Posts of owners who were not deleted, as [`PostRow::of`] reads them.
pub(super) fn with_owners(content: Expr) -> SelectStatement {
    Query::select()
        .columns(COLUMNS.map(|column| (Entity, column)))
        .expr_as(content, "content")
        .expr_as(Expr::col((users::Entity, users::Column::Name)), "owner_name")
        .from(Entity)
        .inner_join(
            users::Entity,
            Expr::col((users::Entity, users::Column::Id)).equals((Entity, Column::OwnerId)),
        )
        .and_where(Expr::col((users::Entity, users::Column::DeletedAt)).is_null())
        .take()
}
