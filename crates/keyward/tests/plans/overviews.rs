//! Calls of what administrators see of accounts.

use keyward_domain::ports::store::Repositories;
use keyward_domain::values::ids::UserId;

use crate::Inspector;
use crate::accounts::after;

pub(crate) async fn all(inspector: &mut Inspector) {
    let rows = inspector.rows;
    for at in [after(60), after(-60)] {
        inspector
            .of("overviews.note_login", async |db| {
                db.overviews().note_login(UserId(rows / 3), at).await.unwrap();
            })
            .await;
    }
    let page = |from: i64| (from..from + 200).map(UserId).collect::<Vec<_>>();
    let (near, far) = (page(1), page(rows - 300));
    let first = inspector
        .costs("overviews.of", async |db| assert_eq!(db.overviews().of(&near).await.unwrap().len(), 200))
        .await;
    assert_eq!(first.len(), 1, "one statement for any number of accounts");
    let deep = inspector
        .costs("overviews.of", async |db| assert_eq!(db.overviews().of(&far).await.unwrap().len(), 200))
        .await;
    inspector.pages("overviews.of", "a page of accounts", first, deep);
}
