//! Posts.

use async_trait::async_trait;
use keyward_domain::page::Page;
use keyward_domain::posts::{Content, Draft, Owner, Post, PostFilter, PostId, PostRepository, Title};
use keyward_domain::store::StoreError;
use keyward_domain::users::{Name, UserId};
use sea_orm::sea_query::LikeExpr;
use sea_orm::{
    ActiveValue, ColumnTrait, Condition, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder,
    QuerySelect, RelationTrait, Select,
};
use time::OffsetDateTime;

use crate::columns::{containing, fold, micros, time};
use crate::entity::posts::{ActiveModel, Column, Entity, Relation};
use crate::entity::users;
use crate::error::failed;
use crate::store::{Connections, Db};

/// A post with the name of its owner.
#[derive(FromQueryResult)]
struct PostRow {
    id: i64,
    owner_id: i64,
    owner_name: Option<String>,
    title: String,
    content: String,
    published: bool,
    created_at: i64,
    updated_at: i64,
}

#[async_trait]
impl<C: Connections> PostRepository for Db<C> {
    async fn insert(
        &mut self,
        owner: UserId,
        draft: &Draft,
        now: OffsetDateTime,
    ) -> Result<Post, StoreError> {
        let row = ActiveModel {
            owner_id: ActiveValue::Set(owner.0),
            created_at: ActiveValue::Set(micros(now)),
            ..written(draft, now)
        };
        let done = Entity::insert(row).exec(self.write()).await.map_err(failed)?;
        // Only its owner's removal can have taken it away again.
        PostRepository::find(self, PostId(done.last_insert_id)).await?.ok_or(StoreError::Dangling)
    }

    async fn find(&mut self, id: PostId) -> Result<Option<Post>, StoreError> {
        let found = with_owners().filter(Column::Id.eq(id.0)).into_model::<PostRow>();
        found.one(self.read()).await.map_err(failed)?.map(post).transpose()
    }

    async fn list(&mut self, filter: &PostFilter, page: Page) -> Result<Vec<Post>, StoreError> {
        let Some(condition) = matching(filter) else { return Ok(Vec::new()) };
        let mut rows = with_owners().filter(condition).order_by_asc(Column::Id).limit(page.fetch());
        if let Some(after) = page.after {
            rows = rows.filter(Column::Id.gt(after));
        }
        let rows = rows.into_model::<PostRow>().all(self.read()).await.map_err(failed)?;
        rows.into_iter().map(post).collect()
    }

    async fn replace(
        &mut self,
        id: PostId,
        owner: UserId,
        draft: &Draft,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let update = Entity::update_many()
            .set(written(draft, now))
            .filter(Column::Id.eq(id.0))
            .filter(Column::OwnerId.eq(owner.0));
        let done = update.exec(self.write()).await.map_err(failed)?;
        Ok(done.rows_affected > 0)
    }

    async fn delete(&mut self, id: PostId, owner: UserId) -> Result<bool, StoreError> {
        let own = Entity::delete_many().filter(Column::Id.eq(id.0)).filter(Column::OwnerId.eq(owner.0));
        let done = own.exec(self.write()).await.map_err(failed)?;
        Ok(done.rows_affected > 0)
    }
}

/// The columns a draft fills.
fn written(draft: &Draft, now: OffsetDateTime) -> ActiveModel {
    ActiveModel {
        title: ActiveValue::Set(draft.title.to_string()),
        title_folded: ActiveValue::Set(fold(draft.title.as_str())),
        content: ActiveValue::Set(draft.content.to_string()),
        published: ActiveValue::Set(draft.published),
        updated_at: ActiveValue::Set(micros(now)),
        ..Default::default()
    }
}

fn with_owners() -> Select<Entity> {
    let columns =
        [Column::Id, Column::OwnerId, Column::Title, Column::Content, Column::Published, Column::CreatedAt];
    Entity::find()
        .select_only()
        .columns(columns)
        .column(Column::UpdatedAt)
        .column_as(users::Column::Name, "owner_name")
        .join(JoinType::InnerJoin, Relation::Owner.def())
}

/// What a post must be to fit `filter`; `None` when no post can.
fn matching(filter: &PostFilter) -> Option<Condition> {
    let mut visible = Condition::any().add(Column::Published.eq(true));
    if let Some(reader) = filter.visible_to {
        visible = visible.add(Column::OwnerId.eq(reader.0));
    }
    let mut all = Condition::all().add(visible);
    if let Some(owner) = filter.owner {
        all = all.add(Column::OwnerId.eq(owner.0));
    }
    if let Some(part) = filter.search.as_deref().filter(|part| !part.is_empty()) {
        let part = fold(part);
        // No title holds a NUL or is longer; PostgreSQL and SQLite would call such a pattern an error.
        if part.contains('\0') || part.chars().count() > LONGEST_FOLDED {
            return None;
        }
        all = all.add(Column::TitleFolded.like(LikeExpr::new(containing(&part)).escape('\\')));
    }
    Some(all)
}

/// The most characters a folded title can have: folding makes at most three of one.
const LONGEST_FOLDED: usize = 3 * Title::MAX;

fn post(row: PostRow) -> Result<Post, StoreError> {
    Ok(Post {
        id: PostId(row.id),
        title: Title::from_stored(row.title),
        content: Content::from_stored(row.content),
        published: row.published,
        created_at: time(row.created_at)?,
        updated_at: time(row.updated_at)?,
        owner: Owner { id: UserId(row.owner_id), name: row.owner_name.map(Name::from_stored) },
    })
}
