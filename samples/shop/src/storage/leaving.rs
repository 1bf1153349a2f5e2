//! What becomes of an account's orders when it is deleted. Those under way are called off, and their pieces are back in stock
//! in the same transaction. Those that were shipped stay, without address, as [`NOBODY`](keyward_infra::identity::deleted)'s.
//! The others are removed with the account's rows.

use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::ids::UserId;
use keyward_infra::database::db::{Db, LeavingStep, Open};
use keyward_infra::identity::deleted::ensure_nobody;

use crate::domain::order::OrderStatus;
use crate::domain::store::ShopTransaction;

/// Calls off the account's orders that were not shipped, and gives up those that were.
pub fn leaving(db: &mut Db<Open>, user: UserId) -> LeavingStep<'_> {
    Box::pin(async move {
        put_back(db, user).await?;
        if db.orders().count_of(user, Some(OrderStatus::Shipped)).await? > 0 {
            let nobody = ensure_nobody(db).await?;
            db.orders().give_up(user, nobody).await?;
        }
        Ok(())
    })
}

/// Calls off orders that were placed while the account was deleted.
pub fn removing(db: &mut Db<Open>, user: UserId) -> LeavingStep<'_> {
    Box::pin(put_back(db, user))
}

async fn put_back(db: &mut Db<Open>, user: UserId) -> Result<(), StoreError> {
    for (product, pieces) in db.orders().call_off(user).await? {
        // In the order of products, as everywhere: two transactions never wait for each other in a circle.
        db.catalog().put_back(product, pieces).await?;
    }
    Ok(())
}
