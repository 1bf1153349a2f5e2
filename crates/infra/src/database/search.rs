//! Pages of ids, for lists that can be searched. The rows are then looked up by id, so that what a page costs depends
//! neither on where it lies nor on how many rows do not belong to it.
//!
//! A part of three characters or more is looked up in an index of trigrams: on SQLite a table of its own, which triggers
//! keep in step; on PostgreSQL an index that the planner takes by itself, and that knows letters and digits alone. What it
//! finds is compared in full all the same. A part that no index finds is looked for in a bounded number of rows, which the
//! page then ends with.

use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::page::Page;
use sea_orm::sea_query::{
    Alias, Asterisk, Expr, ExprTrait, LikeExpr, Order, Query, SelectStatement, UnionType,
};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait};

use crate::database::columns::{containing, fold};
use crate::database::error::failed;

/// Shorter parts have no trigram.
const TRIGRAM: usize = 3;
/// How many rows a page reads at most where no index finds the part.
const WINDOW: u64 = 1_000;

/// What is looked for.
pub enum Search {
    Anything,
    /// Texts that hold this part, which is folded as they are.
    Part(String),
    /// What no text can hold.
    Nothing,
}

impl Search {
    /// A part of texts that have at most `longest` characters. Folding makes at most three of one.
    pub fn parse(text: Option<&str>, longest: usize) -> Self {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return Self::Anything };
        let part = fold(text);
        // PostgreSQL and SQLite would call such a pattern an error.
        if part.contains('\0') || part.chars().count() > 3 * longest {
            Self::Nothing
        } else {
            Self::Part(part)
        }
    }

    /// Whether an index of trigrams finds the part. PostgreSQL's has those of letters and digits.
    pub(crate) fn is_indexed(&self, backend: DbBackend) -> bool {
        let Self::Part(part) = self else { return true };
        match backend {
            DbBackend::Sqlite => self.phrase().is_some(),
            _ => part.split(|c: char| !c.is_alphanumeric()).any(|word| word.chars().count() >= TRIGRAM),
        }
    }

    /// The part as a phrase of SQLite's full-text search, if it is long enough.
    pub(crate) fn phrase(&self) -> Option<String> {
        let Self::Part(part) = self else { return None };
        (part.chars().count() >= TRIGRAM).then(|| format!("\"{}\"", part.replace('"', "\"\"")))
    }
}

/// A table whose rows can be searched.
pub struct Searched<C> {
    pub id: C,
    /// The folded text that is searched.
    pub folded: C,
    /// SQLite's table of trigrams.
    pub trigrams: &'static str,
}

impl<C: ColumnTrait> Searched<C> {
    /// The ids, ascending, of a page of the rows that fit `condition` and `search`, in the order of an index that
    /// `condition` has.
    pub fn among<E: EntityTrait>(
        &self,
        condition: Condition,
        search: &Search,
        page: Page,
    ) -> SelectStatement {
        let mut ids = Query::select();
        ids.expr_as(Expr::col(self.id.as_column_ref()), "id")
            .from(E::default())
            .cond_where(self.fitting(condition, search))
            .limit(page.fetch());
        if let Some(after) = page.after {
            ids.and_where(self.id.gt(after));
        }
        ids.order_by(self.id.as_column_ref(), Order::Asc).take()
    }

    /// The same, by way of the trigrams, where they serve: they know the rows that fit `condition`, and no others. Where no
    /// index finds the part, of the rows up to [`Searched::horizon`].
    pub fn everywhere<E: EntityTrait>(
        &self,
        backend: DbBackend,
        condition: Condition,
        search: &Search,
        page: Page,
    ) -> SelectStatement {
        if !search.is_indexed(backend) {
            return self.within_window::<E>(condition, search, page);
        }
        let phrase = search.phrase().filter(|_| backend == DbBackend::Sqlite);
        let Some(phrase) = phrase else { return self.among::<E>(condition, search, page) };
        let row = (Alias::new(self.trigrams), Alias::new("rowid"));
        let mut ids = Query::select();
        // A cross join, because SQLite then goes from the left to the right.
        ids.expr_as(Expr::col(self.id.as_column_ref()), "id")
            .from(Alias::new(self.trigrams))
            .cross_join(E::default())
            .cond_where(self.fitting(condition, search))
            .and_where(Expr::col(self.id.as_column_ref()).equals(row.clone()))
            .and_where(Expr::cust_with_values(format!("{} MATCH ?", self.trigrams), [phrase]))
            .limit(page.fetch());
        if let Some(after) = page.after {
            ids.and_where(Expr::col(row.clone()).gt(after));
        }
        ids.order_by(row, Order::Asc).take()
    }

    /// Where a page ends at the latest: the id of the last row that it may read of those that fit `condition`. `None`
    /// where an index finds what is searched for; the query finds no row where fewer are left.
    pub fn horizon<E: EntityTrait>(
        &self,
        backend: DbBackend,
        condition: Condition,
        search: &Search,
        page: Page,
    ) -> Option<SelectStatement> {
        if search.is_indexed(backend) {
            return None;
        }
        let mut row = self.among::<E>(condition, &Search::Anything, page);
        Some(row.reset_limit().limit(1).offset(WINDOW - 1).take())
    }

    /// The ids among the first rows that fit `condition`. These are a query of their own, so that no plan reads others.
    fn within_window<E: EntityTrait>(
        &self,
        condition: Condition,
        search: &Search,
        page: Page,
    ) -> SelectStatement {
        let mut window = self.among::<E>(condition, &Search::Anything, page);
        window.expr_as(Expr::col(self.folded.as_column_ref()), "folded").reset_limit().limit(WINDOW);
        let mut ids = Query::select();
        ids.column("id").from_subquery(window.take(), "page");
        if let Search::Part(part) = search {
            ids.and_where(Expr::col("folded").like(LikeExpr::new(containing(part)).escape('\\')));
        }
        ids.order_by("id", Order::Asc).limit(page.fetch()).take()
    }

    fn fitting(&self, condition: Condition, search: &Search) -> Condition {
        match search {
            Search::Anything => condition,
            Search::Part(part) => {
                condition.add(self.folded.like(LikeExpr::new(containing(part)).escape('\\')))
            }
            Search::Nothing => condition.add(Expr::cust("FALSE")),
        }
    }
}

/// The id of the row that a [`Searched::horizon`] is, if there is one.
///
/// # Errors
/// What the database answered.
pub async fn last_row(
    connection: &impl ConnectionTrait,
    horizon: Option<SelectStatement>,
) -> Result<Option<i64>, StoreError> {
    let Some(horizon) = horizon else { return Ok(None) };
    let row = connection.query_one(&horizon).await.map_err(failed)?;
    row.map(|row| row.try_get("", "id").map_err(failed)).transpose()
}

/// Every id of one page of ids and of another.
pub fn either(one: SelectStatement, other: SelectStatement) -> SelectStatement {
    let all = |ids: SelectStatement, name: &'static str| {
        Query::select().column(Asterisk).from_subquery(ids, name).take()
    };
    all(one, "one").union(UnionType::All, all(other, "other")).take()
}
