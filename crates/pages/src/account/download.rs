//! A JSON object that is written while it is sent: members that are there already, and then lists, each read a page at a time.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;

use axum::body::{Body, Bytes};
use futures_util::stream;
use keyward_domain::identity::own_data::OwnList;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::ids::UserId;
use serde_json::{Map, Value};

/// Whether the session that asked stands.
pub(super) type Stands =
    Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<bool, StoreError>> + Send>> + Send + Sync>;

/// What is left to write.
struct Rest {
    user: UserId,
    stands: Stands,
    /// The beginning, until it is written.
    head: Option<Map<String, Value>>,
    lists: VecDeque<OwnList>,
    /// Where the first of them goes on; `None` before its first page.
    after: Option<String>,
    /// Whether the first of them has begun, and whether an item of it was written.
    begun: bool,
    filled: bool,
    done: bool,
}

/// The object with the members of `head` and these lists. Before each page `stands` says whether the session does that asked.
/// Where it has ended, or the database fails, the connection is cut: over HTTP/1.1 half a file does not pass for a whole one.
pub(super) fn body(user: UserId, head: Map<String, Value>, lists: Vec<OwnList>, stands: Stands) -> Body {
    let rest = Rest {
        user,
        stands,
        head: Some(head),
        lists: lists.into(),
        after: None,
        begun: false,
        filled: false,
        done: false,
    };
    Body::from_stream(stream::try_unfold(rest, |mut rest| async move {
        let chunk = rest.next().await.map_err(|error| {
            tracing::warn!(cause = ?error, "a download of one's data is cut short");
            io::Error::other(error)
        })?;
        Ok::<_, io::Error>(chunk.map(|chunk| (Bytes::from(chunk), rest)))
    }))
}

impl Rest {
    /// The next piece; `None` at the end.
    async fn next(&mut self) -> Result<Option<String>, StoreError> {
        if let Some(head) = self.head.take() {
            let mut text = format!("{:#}", Value::Object(head));
            // The object goes on.
            text.truncate(text.len() - "\n}".len());
            return Ok(Some(text));
        }
        let Some(list) = self.lists.front() else {
            let is_end = !std::mem::replace(&mut self.done, true);
            return Ok(is_end.then(|| "\n}\n".to_owned()));
        };
        if !(self.stands)().await? {
            return Err(StoreError::Dangling);
        }
        let page = list.source.page(self.user, self.after.take()).await?;
        let mut text = String::new();
        if !std::mem::replace(&mut self.begun, true) {
            text = format!(",\n  \"{}\": [", list.name);
        }
        for item in page.items {
            text.push_str(if std::mem::replace(&mut self.filled, true) { ",\n    " } else { "\n    " });
            text.push_str(&item);
        }
        self.after = page.next;
        if self.after.is_none() {
            text.push_str(if self.filled { "\n  ]" } else { "]" });
            self.lists.pop_front();
            (self.begun, self.filled) = (false, false);
        }
        Ok(Some(text))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;
    use keyward_domain::identity::own_data::{OwnDataSource, OwnPage};
    use keyward_domain::values::page::Slice;
    use serde_json::json;

    use super::*;

    /// Numbers below `end`, two a page; fails at `fails`.
    struct Numbers {
        end: i64,
        fails: Option<i64>,
    }

    #[async_trait]
    impl OwnDataSource for Numbers {
        async fn page(&self, _: UserId, after: Option<String>) -> Result<OwnPage, StoreError> {
            let from = after.map_or(0, |after| after.parse().unwrap());
            if self.fails == Some(from) {
                return Err(StoreError::Taken);
            }
            let to = (from + 2).min(self.end);
            let items = (from..to).map(|number| number.to_string()).collect();
            Ok(Slice { items, next: (to < self.end).then(|| to.to_string()) })
        }
    }

    fn list(name: &'static str, end: i64, fails: Option<i64>) -> OwnList {
        OwnList { name, source: Arc::new(Numbers { end, fails }) }
    }

    /// A session that stands for this number of looks.
    fn stands(looks: usize) -> Stands {
        let left = Arc::new(AtomicUsize::new(looks));
        Box::new(move || {
            let stands = left.fetch_sub(1, Ordering::Relaxed) > 0;
            Box::pin(async move { Ok(stands) })
        })
    }

    async fn read(lists: Vec<OwnList>) -> Result<Value, axum::Error> {
        let head = json!({ "account": { "id": 7 }, "none": [] }).as_object().unwrap().clone();
        let bytes =
            axum::body::to_bytes(body(UserId(7), head, lists, stands(usize::MAX)), usize::MAX).await?;
        Ok(serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{error}: {bytes:?}")))
    }

    #[tokio::test]
    async fn lists_follow_the_members_whole_however_many_pages_they_have() {
        let lists = vec![list("a", 0, None), list("b", 1, None), list("c", 2, None), list("d", 5, None)];
        let expected = json!({
            "account": { "id": 7 }, "none": [], "a": [], "b": [0], "c": [0, 1], "d": [0, 1, 2, 3, 4],
        });
        assert_eq!(read(lists).await.unwrap(), expected);
        assert_eq!(read(Vec::new()).await.unwrap(), json!({ "account": { "id": 7 }, "none": [] }));
    }

    #[tokio::test]
    async fn a_session_that_ends_meanwhile_reads_no_further() {
        for looks in [0, 1, 2] {
            let head = Map::from_iter([("account".to_owned(), json!(7))]);
            let body = body(UserId(7), head, vec![list("a", 5, None)], stands(looks));
            assert!(axum::body::to_bytes(body, usize::MAX).await.is_err(), "{looks}");
        }
    }

    #[tokio::test]
    async fn half_a_file_does_not_pass_for_a_whole_one() {
        for fails in [0, 2, 4] {
            assert!(read(vec![list("a", 5, Some(fails))]).await.is_err(), "{fails}");
        }
    }
}
