//! The repository of posts. `PostRepository` in `domain/post.rs` says what each method promises.

use async_trait::async_trait;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::page::{PAGE_BYTES, Page, Slice};
use keyward_infra::database::columns::{fold, micros};
use keyward_infra::database::connections::Connections;
use keyward_infra::database::db::Db;
use keyward_infra::database::error::failed;
use keyward_infra::database::search::{Search, last_row};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter};
use time::OffsetDateTime;

use super::entity::{ActiveModel, Column, Entity};
use super::paging::{POSTS, ids, of, page_of_short, usual_page, within_page};
use super::rows::{PostRow, with_owners};
use crate::domain::post::{Draft, Post, PostFilter, PostId, PostRepository, Title};

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
        // Only the deletion of its owner can have removed it in between.
        PostRepository::find(self, PostId(done.last_insert_id)).await?.ok_or(StoreError::Dangling)
    }

    async fn find(&mut self, id: PostId) -> Result<Option<Post>, StoreError> {
        let found = with_owners(Expr::col((Entity, Column::Content))).and_where(Column::Id.eq(id.0)).take();
        let found = self.read().query_one(&found).await.map_err(failed)?;
        found.map(|row| PostRow::of(&row).map_err(failed)?.read()).transpose()
    }

    async fn list(&mut self, filter: &PostFilter, page: Page) -> Result<Slice<Post>, StoreError> {
        let search = Search::parse(filter.search.as_deref(), Title::MAX);
        if matches!(search, Search::Nothing) {
            return Ok(Slice::empty());
        }
        let backend = self.read().get_database_backend();
        let horizon = POSTS.horizon::<Entity>(backend, of(filter.owner, true), &search, page);
        let horizon = last_row(self.read(), horizon).await?;
        let reader = filter.visible_to.filter(|reader| filter.owner.is_none_or(|owner| owner == *reader));
        let ids = || ids(backend, filter.owner, reader, &search, page, horizon);
        let first = match search {
            Search::Anything => usual_page(backend, filter.owner, reader, page),
            _ => backend.build(&page_of_short(ids(), page)),
        };
        let rows = PostRow::all(self.read().query_all_raw(first).await.map_err(failed)?)?;
        let mut found = Slice::cut(rows, page, |row| row.id);
        if found.items.iter().any(|row| row.content.is_none()) {
            drop(found);
            let rows = self.read().query_all(&within_page(ids(), page)).await.map_err(failed)?;
            found = Slice::cut(PostRow::all(rows)?, page, |row| row.id);
        }
        let unread = |row: &PostRow| if row.content.is_some() { 0 } else { u64::MAX };
        let Slice { items, next } = found.weighing(PAGE_BYTES, unread, |row| row.id);
        let page = Slice { items, next: next.or(horizon) }.try_map(PostRow::read)?;
        // In JSON they have more bytes than in the database: six times as many at most.
        let bytes: u64 = page.items.iter().map(Post::bytes).sum();
        if bytes * 6 <= PAGE_BYTES {
            return Ok(page);
        }
        Ok(page.weighing(PAGE_BYTES, Post::json_bytes, |post| post.id.0))
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

    async fn count_of(&mut self, owner: UserId) -> Result<u64, StoreError> {
        Entity::find().filter(Column::OwnerId.eq(owner.0)).count(self.read()).await.map_err(failed)
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
