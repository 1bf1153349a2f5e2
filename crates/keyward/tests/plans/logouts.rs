//! Calls of the logouts that wait.

use keyward_domain::model::logouts::LogoutId;
use keyward_domain::model::outbox::Recipients;
use keyward_domain::ports::store::Repositories;
use time::Duration;

use crate::Inspector;
use crate::accounts::after;

pub(crate) async fn all(inspector: &mut Inspector) {
    let (now, until) = (after(9), after(9) + Duration::minutes(1));
    // As the data has it.
    let (waiting, due) = (LogoutId(100), after(0) + Duration::microseconds(100));
    inspector
        .of("logouts.claim", async |db| {
            let slow = vec!["slow.example".to_owned()];
            let (others, these) = (Recipients::AllBut(slow.clone()), Recipients::Only(slow));
            assert!(db.logouts().claim(&others, now, until).await.unwrap().is_some());
            assert!(db.logouts().claim(&these, now, until).await.unwrap().is_none());
            assert!(db.logouts().claim(&Recipients::ANY, now, until).await.unwrap().is_some());
            // Past all those of a receiver that does not answer.
            let dead = Recipients::AllBut(vec!["app.example.com".to_owned()]);
            let claimed = db.logouts().claim(&dead, now, until).await.unwrap().unwrap();
            assert!(claimed.receiver.starts_with("other"), "{}", claimed.receiver);
        })
        .await;
    inspector
        .of("logouts.settle", async |db| assert!(db.logouts().settle(waiting, due).await.unwrap()))
        .await;
    inspector
        .of("logouts.postpone", async |db| {
            assert!(db.logouts().postpone(waiting, due, until, "no answer").await.unwrap());
        })
        .await;
    inspector
        .of("logouts.backlog", async |db| assert!(db.logouts().backlog().await.unwrap().waiting > 0))
        .await;
}
