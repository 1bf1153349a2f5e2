//! The repository of posts. `PostRepository` in `domain/post.rs` says what each method promises.

use async_trait::async_trait;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::model::users::Name;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::page::{PAGE_BYTES, Page, Slice};
use keyward_infra::database::columns::{fold, micros, octets, time};
use keyward_infra::database::connections::Connections;
use keyward_infra::database::db::Db;
use keyward_infra::database::error::{corrupt, failed};
use keyward_infra::database::search::{Search, Searched, either, last_row};
use keyward_infra::entity::users;
use keyward_infra::identity::deleted::deleted;
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, Order, Query, SelectStatement, WindowStatement};
use sea_orm::{
    ActiveValue, ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, JoinType,
    PaginatorTrait, QueryFilter, QuerySelect, RelationTrait, Select,
};
use time::OffsetDateTime;

use super::entity::{ActiveModel, Column, Entity, Relation};
use crate::domain::post::{Content, Draft, Owner, Post, PostFilter, PostId, PostRepository, Title};

/// A row of `posts` with the name of its owner.
#[derive(FromQueryResult)]
struct PostRow {
    id: i64,
    owner_id: i64,
    owner_name: Option<String>,
    title: String,
    /// `None` where the page is full before this post.
    content: Option<String>,
    published: bool,
    created_at: i64,
    updated_at: i64,
}

impl PostRow {
    fn read(self) -> Result<Post, StoreError> {
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
        let found = with_owners().filter(Column::Id.eq(id.0)).into_model::<PostRow>();
        found.one(self.read()).await.map_err(failed)?.map(PostRow::read).transpose()
    }

    async fn list(&mut self, filter: &PostFilter, page: Page) -> Result<Slice<Post>, StoreError> {
        let search = Search::parse(filter.search.as_deref(), Title::MAX);
        if matches!(search, Search::Nothing) {
            return Ok(Slice::empty());
        }
        let backend = self.read().get_database_backend();
        let horizon = POSTS.horizon::<Entity>(backend, of(filter.owner, true), &search, page);
        let horizon = last_row(self.read(), horizon).await?;
        let among = |owner, published| match horizon {
            Some(last) => of(owner, published).add(Column::Id.lte(last)),
            None => of(owner, published),
        };
        let mut ids = match filter.owner {
            Some(_) => POSTS.among::<Entity>(among(filter.owner, true), &search, page),
            None => POSTS.everywhere::<Entity>(backend, of(None, true), &search, page),
        };
        // The reader's drafts come from another index than published posts: one query for both would read past all
        // drafts of all users.
        let reader = filter.visible_to.filter(|reader| filter.owner.is_none_or(|owner| owner == *reader));
        if let Some(reader) = reader {
            ids = either(POSTS.among::<Entity>(among(Some(reader), false), &search, page), ids);
        }
        let rows = self.read().query_all(&within_page(ids, page)).await.map_err(failed)?;
        // By value: a page is long, and is not held twice.
        let rows: Result<Vec<_>, _> =
            rows.into_iter().map(|row| PostRow::from_query_result(&row, "")).collect();
        let mut rows = rows.map_err(failed)?;
        // Here, for SQLite would copy every content to sort them.
        rows.sort_unstable_by_key(|row| row.id);
        let page = Slice::cut(rows, page, |row| row.id);
        let unread = |row: &PostRow| if row.content.is_some() { 0 } else { u64::MAX };
        let Slice { items, next } = page.weighing(PAGE_BYTES, unread, |row| row.id);
        let page = Slice { items, next: next.or(horizon) }.try_map(PostRow::read)?;
        // In JSON they have more bytes than in the database.
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

/// The posts with these ids and one more, in any order, each with its owner. Contents are read as far as a page may have bytes:
/// both databases know the length of one without reading it.
fn within_page(ids: SelectStatement, page: Page) -> SelectStatement {
    // By itself: beside a window SQLite would copy each content along.
    let mut sizes = Query::select();
    sizes
        .column((Entity, Column::Id))
        .expr_as(octets((Entity, Column::Content)), "bytes")
        .from(Entity)
        .and_where(Expr::col((Entity, Column::Id)).in_subquery(ids))
        .order_by((Entity, Column::Id), Order::Asc)
        .limit(page.fetch());
    let mut sized = Query::select();
    sized
        .columns([("sizes", "id"), ("sizes", "bytes")])
        .expr_window_as(
            Expr::col(("sizes", "bytes")).sum(),
            WindowStatement::new().order_by(("sizes", "id"), Order::Asc).take(),
            "total",
        )
        .from_subquery(sizes.take(), "sizes");
    let total = || Expr::col(("sized", "total"));
    let fits = total().lte(PAGE_BYTES.cast_signed()).or(total().equals(("sized", "bytes")));
    let content = CaseStatement::new().case(fits, Expr::col((Entity, Column::Content)));
    let others =
        [Column::Id, Column::OwnerId, Column::Title, Column::Published, Column::CreatedAt, Column::UpdatedAt];
    Query::select()
        .columns(others.map(|column| (Entity, column)))
        .expr_as(content, "content")
        .expr_as(Expr::col((users::Entity, users::Column::Name)), "owner_name")
        .from_subquery(sized.take(), "sized")
        .inner_join(Entity, Expr::col((Entity, Column::Id)).equals(("sized", "id")))
        .inner_join(
            users::Entity,
            Expr::col((users::Entity, users::Column::Id)).equals((Entity, Column::OwnerId)),
        )
        .and_where(Expr::col((users::Entity, users::Column::DeletedAt)).is_null())
        .take()
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
        .filter(users::Column::DeletedAt.is_null())
}

const POSTS: Searched<Column> =
    Searched { id: Column::Id, folded: Column::TitleFolded, trigrams: "posts_search" };

/// Published posts, or drafts, of `owner` or of all users.
fn of(owner: Option<UserId>, published: bool) -> Condition {
    // A literal rather than a bound value, so that PostgreSQL can use its index of published posts.
    let word = Expr::cust(if published { "TRUE" } else { "FALSE" });
    let all = Condition::all().add(Column::Published.into_expr().eq(word));
    match owner {
        Some(owner) => all.add(Column::OwnerId.eq(owner.0)),
        // Those of deleted accounts are still being removed.
        None => all.add(Column::OwnerId.not_in_subquery(deleted())),
    }
}
