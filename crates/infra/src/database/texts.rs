//! Texts of statements that are asked for all the time: to build one takes longer than to run it.

use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::{DbBackend, Statement, StatementBuilder, Value};

/// The texts of statements of one kind, each built once for its shape: what its text depends on, beside the database. A kind
/// has few shapes.
#[derive(Debug)]
pub struct Texts<S>(Mutex<Vec<Text<S>>>);

/// A text, and what it was built for.
#[derive(Debug)]
struct Text<S> {
    backend: DbBackend,
    shape: S,
    sql: Arc<str>,
}

impl<S: PartialEq> Texts<S> {
    /// No text yet.
    pub const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// The statement of this shape, as `build` builds it. `values` are what it binds, in the order of its text; where it binds
    /// others, its text is not kept.
    pub fn statement<B: StatementBuilder>(
        &self,
        backend: DbBackend,
        shape: S,
        values: Vec<Value>,
        build: impl FnOnce() -> B,
    ) -> Statement {
        if let Some(sql) = self.find(backend, &shape) {
            return Statement::from_sql_and_values(backend, &*sql, values);
        }
        let built = build().build(&backend);
        if built.values.as_ref().is_some_and(|built| built.0 == values) {
            let sql = built.sql.as_str().into();
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Text { backend, shape, sql });
        }
        built
    }

    fn find(&self, backend: DbBackend, shape: &S) -> Option<Arc<str>> {
        let texts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = texts.iter().find(|text| text.backend == backend && text.shape == *shape);
        found.map(|text| Arc::clone(&text.sql))
    }

    /// Whether the statement of this shape is built no more.
    pub fn keeps(&self, backend: DbBackend, shape: &S) -> bool {
        self.find(backend, shape).is_some()
    }
}

impl<S: PartialEq> Default for Texts<S> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};

    use super::*;

    fn ids(after: i64, limit: u64) -> SelectStatement {
        Query::select().column("id").from("t").and_where(Expr::col("id").gt(after)).limit(limit).take()
    }

    #[test]
    fn a_kept_text_gives_the_statement_that_would_be_built() {
        for backend in [DbBackend::Sqlite, DbBackend::Postgres] {
            let texts = Texts::new();
            for (after, limit) in [(7_i64, 3_u64), (8, 4), (8, 4)] {
                let values = vec![after.into(), limit.into()];
                let given = texts.statement(backend, "after", values, || ids(after, limit));
                assert_eq!(given, backend.build(&ids(after, limit)));
                assert!(texts.keeps(backend, &"after") && !texts.keeps(backend, &"first"));
            }
        }
    }

    #[test]
    fn a_text_with_other_values_is_not_kept() {
        let texts = Texts::new();
        for values in [vec![3_u64.into(), 7_i64.into()], vec![7_i64.into()], vec![7_i64.into(), 3_i64.into()]]
        {
            let given = texts.statement(DbBackend::Sqlite, (), values, || ids(7, 3));
            assert_eq!(given, DbBackend::Sqlite.build(&ids(7, 3)));
            assert!(!texts.keeps(DbBackend::Sqlite, &()));
        }
    }
}
