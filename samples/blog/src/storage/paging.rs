//! The statements of a page of posts.

use keyward_domain::values::ids::UserId;
use keyward_domain::values::page::{PAGE_BYTES, Page};
use keyward_infra::database::columns::octets;
use keyward_infra::database::search::{Search, Searched, either};
use keyward_infra::database::texts::Texts;
use keyward_infra::identity::deleted::{NOBODY, deleted};
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, Order, Query, SelectStatement, WindowStatement};
use sea_orm::{ColumnTrait, Condition, DbBackend, JoinType, Statement, Value};

use super::entity::{Column, Entity};
use super::rows::with_owners;

pub(super) const POSTS: Searched<Column> =
    Searched { id: Column::Id, folded: Column::TitleFolded, trigrams: "posts_search" };

/// Published posts, or drafts, of `owner` or of all users.
pub(super) fn of(owner: Option<UserId>, published: bool) -> Condition {
    // A literal rather than a bound value, so that PostgreSQL can use its index of published posts.
    let word = Expr::cust(if published { "TRUE" } else { "FALSE" });
    let all = Condition::all().add(Column::Published.into_expr().eq(word));
    match owner {
        Some(owner) => all.add(Column::OwnerId.eq(owner.0)),
        // Those of deleted accounts are still being removed.
        None => all.add(Column::OwnerId.not_in_subquery(deleted())),
    }
}

/// The ids of the posts on a page, in any order: published ones of `owner` or of all, and the drafts of `reader`. With
/// `horizon` none beyond it.
pub(super) fn ids(
    backend: DbBackend,
    owner: Option<UserId>,
    reader: Option<UserId>,
    search: &Search,
    page: Page,
    horizon: Option<i64>,
) -> SelectStatement {
    let among = |owner, published| match horizon {
        Some(last) => of(owner, published).add(Column::Id.lte(last)),
        None => of(owner, published),
    };
    let published = match owner {
        Some(_) => POSTS.among::<Entity>(among(owner, true), search, page),
        None => POSTS.everywhere::<Entity>(backend, of(None, true), search, page),
    };
    // The reader's drafts come from another index than published posts: one query for both would read past all
    // drafts of all users.
    match reader {
        Some(_) => either(POSTS.among::<Entity>(among(reader, false), search, page), published),
        None => published,
    }
}

/// What the text of [`page_of_short`] depends on where nothing is searched for: whether there is an owner, a reader and an id
/// before the page.
type Shape = (bool, bool, bool);

static PAGES: Texts<Shape> = Texts::new();

/// [`page_of_short`] for lists in which nothing is searched for.
pub(super) fn usual_page(
    backend: DbBackend,
    owner: Option<UserId>,
    reader: Option<UserId>,
    page: Page,
) -> Statement {
    let list = |of: Value| [Some(of), page.after.map(Value::from), Some(page.fetch().into())];
    let drafts = reader.map(|reader| list(reader.0.into())).into_iter().flatten();
    let published = list(owner.unwrap_or(NOBODY).0.into());
    let values = [Some(short(page).into())].into_iter().chain(drafts).chain(published);
    let values = values.flatten().chain([page.fetch().into()]).collect();
    let shape = (owner.is_some(), reader.is_some(), page.after.is_some());
    let build = || page_of_short(ids(backend, owner, reader, &Search::Anything, page, None), page);
    PAGES.statement(backend, shape, values, build)
}

/// The bytes of a content with which any page has room for all of its posts.
fn short(page: Page) -> i64 {
    (PAGE_BYTES / page.fetch()).cast_signed()
}

/// The posts with these ids and one more, in any order, each with its owner and, if it is [`short`], its content: both databases
/// know the length of one without reading it.
pub(super) fn page_of_short(ids: SelectStatement, page: Page) -> SelectStatement {
    let is_short = octets((Entity, Column::Content)).lte(short(page));
    let content = CaseStatement::new().case(is_short, Expr::col((Entity, Column::Content)));
    let mut first = Query::select();
    first.column("id").from_subquery(ids, "ids").order_by("id", Order::Asc).limit(page.fetch());
    let on_page = Expr::col((Entity, Column::Id)).equals(("page", "id"));
    with_owners(content.into()).join_subquery(JoinType::InnerJoin, first.take(), "page", on_page).take()
}

/// The same for contents of any length: as many as a page may have bytes.
pub(super) fn within_page(ids: SelectStatement, page: Page) -> SelectStatement {
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
    with_owners(content.into())
        .join_subquery(
            JoinType::InnerJoin,
            sized.take(),
            "sized",
            Expr::col((Entity, Column::Id)).equals(("sized", "id")),
        )
        .take()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_every_usual_page_is_built_once() {
        let (some, backends) = (Some(UserId(7)), [DbBackend::Sqlite, DbBackend::Postgres]);
        for (owner, reader) in [(None, None), (None, some), (some, None), (some, some)] {
            for (after, backend) in
                [None, Some(9)].into_iter().flat_map(|after| backends.map(|all| (after, all)))
            {
                let page = Page { limit: 20, after };
                usual_page(backend, owner, reader, page);
                assert!(PAGES.keeps(backend, &(owner.is_some(), reader.is_some(), after.is_some())));
            }
        }
    }
}
