//! Lists of accounts. One condition finds ids through its index; all of them are then compared with the rows. A page reads a bounded
//! number of rows, so that no question reads every account.

use keyward_domain::model::store_error::StoreError;
use keyward_domain::model::users::{Name, User, UserFilter};
use keyward_domain::values::email::Email;
use keyward_domain::values::names::Username;
use keyward_domain::values::page::{Page, Slice};
use keyward_domain::values::scopes::Role;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, LikeExpr, Order, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, QueryFilter, QueryOrder, QuerySelect};

use super::account_row::user;
use super::deleted::accounts;
use crate::database::columns::{containing, fold};
use crate::database::connections::Connections;
use crate::database::db::Db;
use crate::database::error::failed;
use crate::database::search::Search;
use crate::entity::users::{Column, Entity};

/// How many accounts a page reads at most whose index does not know all that is asked for.
const WINDOW: u64 = 500;
/// To the letter, as the index of trigrams has it.
const NAMES: &str = "lower(email || ' ' || coalesce(username, '') || ' ' || coalesce(name, ''))";
const TRIGRAMS: &str = "users_search";

/// What finds ids.
enum Index {
    /// The trigrams of names, by SQLite's phrase.
    Phrase(String),
    /// The trigrams of names, by a pattern.
    Pattern(String),
    Administrators,
    Disabled,
    /// Every account.
    Ids,
}

/// One page of the accounts that fit.
pub(super) async fn search<C: Connections>(
    db: &Db<C>,
    filter: &UserFilter,
    page: Page,
) -> Result<Slice<User>, StoreError> {
    let sought = Search::parse(filter.search.as_deref(), Email::MAX);
    if matches!(sought, Search::Nothing) {
        return Ok(Slice::empty());
    }
    let fits = |user: &User| has_role(user, filter) && has_name(user, &sought, filter);
    if filter.email.is_some() || filter.username.is_some() {
        let mut named = accounts();
        if let Some(email) = &filter.email {
            named = named.filter(Column::Email.eq(email.as_str()));
        }
        if let Some(username) = &filter.username {
            named = named.filter(Column::Username.eq(username.as_str()));
        }
        let found = named.one(db.read()).await.map_err(failed)?.map(user).transpose()?;
        let items = found.into_iter().filter(|user| page.after.is_none_or(|after| user.id.0 > after));
        return Ok(Slice { items: items.filter(fits).collect(), next: None });
    }
    let (index, whole) = index(db.read().get_database_backend(), &sought, filter);
    let most = if whole { page.fetch() } else { WINDOW };
    let ids: Vec<i64> = db
        .read()
        .query_all(&index.ids(page.after, most))
        .await
        .map_err(failed)?
        .iter()
        .map(|row| row.try_get("", "id"))
        .collect::<Result<_, _>>()
        .map_err(failed)?;
    let last = ids.last().copied().filter(|_| ids.len() as u64 == most);
    if ids.is_empty() {
        return Ok(Slice::empty());
    }
    let rows = accounts().filter(Column::Id.is_in(ids)).order_by_asc(Column::Id).limit(most);
    let rows = rows.all(db.read()).await.map_err(failed)?;
    let mut items = rows.into_iter().map(user).collect::<Result<Vec<_>, _>>()?;
    items.retain(fits);
    let Slice { items, next } = Slice::cut(items, page, |user| user.id.0);
    Ok(Slice { items, next: next.or(last) })
}

/// What finds the fewest accounts, and whether it knows all that is asked for.
fn index(backend: DbBackend, search: &Search, filter: &UserFilter) -> (Index, bool) {
    let UserFilter { role, disabled, .. } = filter;
    let anything = matches!(search, Search::Anything);
    // Databases fold letters beyond ASCII in ways of their own, PostgreSQL by its locale: those are compared here alone.
    if let Search::Part(part) = search
        && part.is_ascii()
        && search.is_indexed(backend)
    {
        let phrase = search.phrase().filter(|_| backend == DbBackend::Sqlite);
        let index = phrase.map_or_else(|| Index::Pattern(containing(part)), Index::Phrase);
        return (index, role.is_none() && disabled.is_none());
    }
    match (role, disabled) {
        (_, Some(true)) => (Index::Disabled, anything && role.is_none()),
        (Some(Role::Admin), _) => (Index::Administrators, anything && disabled.is_none()),
        (None, None) => (Index::Ids, anything),
        _ => (Index::Ids, false),
    }
}

impl Index {
    /// The ids beyond `after`, ascending, `most` at most.
    fn ids(self, after: Option<i64>, most: u64) -> SelectStatement {
        let mut ids = Query::select();
        let id = match self {
            Self::Phrase(phrase) => {
                ids.from(Alias::new(TRIGRAMS));
                ids.and_where(Expr::cust_with_values(format!("{TRIGRAMS} MATCH ?"), [phrase]));
                Expr::col(Alias::new("rowid"))
            }
            other => {
                ids.from(Entity);
                match other {
                    Self::Pattern(pattern) => {
                        ids.and_where(Column::DeletedAt.is_null());
                        ids.and_where(Expr::cust(NAMES).like(LikeExpr::new(pattern).escape('\\')));
                    }
                    // To the letter, without a parameter: that is how both databases know their index again.
                    Self::Administrators => drop(ids.and_where(Expr::cust("role = 'admin'"))),
                    Self::Disabled => drop(ids.and_where(Expr::cust("disabled AND deleted_at IS NULL"))),
                    Self::Phrase(_) | Self::Ids => drop(ids.and_where(Column::DeletedAt.is_null())),
                }
                Expr::col(Column::Id)
            }
        };
        if let Some(after) = after {
            ids.and_where(id.clone().gt(after));
        }
        ids.expr_as(id.clone(), "id").order_by_expr(id, Order::Asc).limit(most).take()
    }
}

fn has_role(user: &User, filter: &UserFilter) -> bool {
    filter.role.is_none_or(|role| user.role == role)
        && filter.disabled.is_none_or(|disabled| user.disabled == disabled)
}

fn has_name(user: &User, search: &Search, filter: &UserFilter) -> bool {
    let (email, username) = (user.names.email(), user.names.username());
    let named = filter.email.as_ref().is_none_or(|wanted| email == Some(wanted))
        && filter.username.as_ref().is_none_or(|wanted| username == Some(wanted));
    let Search::Part(part) = search else { return named };
    let names =
        [email.map(Email::as_str), username.map(Username::as_str), user.name.as_ref().map(Name::as_str)];
    named && names.into_iter().flatten().any(|name| fold(name).contains(part))
}
