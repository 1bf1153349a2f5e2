//! Why a use case of orders failed.

use keyward_auth::ErrorCode;
use keyward_domain::limits::waits::Throttled;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::ports::letters::LetterError;
use keyward_domain::values::codes;
use keyward_domain::values::failure::{Failure, Kind};

use super::carts::OUT_OF_STOCK;
use super::ids::OrderId;
use super::order::OrderStatus;

/// The cart is empty.
pub const CART_EMPTY: ErrorCode = ErrorCode::new("cart_empty");
/// The `Idempotency-Key` was used with another body.
pub const IDEMPOTENCY_KEY_REUSED: ErrorCode = ErrorCode::new("idempotency_key_reused");
/// The order cannot get this status from the one it has.
pub const IMPOSSIBLE_STATUS: ErrorCode = ErrorCode::new("impossible_status");

/// Why a use case of orders failed.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// There is nothing to order.
    #[error("No Items found in Cart !")]
    EmptyCart,
    /// There are fewer pieces left than wanted.
    #[error("Item Out of Stock !")]
    OutOfStock,
    /// The account has as many orders as it may have, or as may wait to be shipped.
    #[error("You have as many orders as an account may have.")]
    Full,
    /// The account orders too fast.
    #[error(transparent)]
    TooFast(#[from] Throttled),
    /// There is no such order that the caller may know of.
    #[error("order with id: {0} was not found")]
    NotFound(OrderId),
    /// The key was used for another order.
    #[error("the key was used with another body")]
    KeyReused,
    /// An order cannot go from here to there.
    #[error("an order that is {from} cannot become {to}")]
    NoWay {
        /// The status it has.
        from: OrderStatus,
        /// The status it was to get.
        to: OrderStatus,
    },
    /// The sum is more than can be counted, which the bounds of prices and carts rule out.
    #[error("The order is too large.")]
    TooLarge,
    /// The confirmation could not be worded.
    #[error(transparent)]
    Letter(#[from] LetterError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure for OrderError {
    fn kind(&self) -> Kind {
        match self {
            Self::EmptyCart | Self::NotFound(_) => Kind::NotFound,
            Self::OutOfStock | Self::Full | Self::NoWay { .. } => Kind::Conflict,
            Self::KeyReused => Kind::Unprocessable,
            Self::TooFast(_) => Kind::Throttled,
            Self::TooLarge => Kind::Internal,
            Self::Letter(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> ErrorCode {
        match self {
            Self::EmptyCart => CART_EMPTY,
            Self::NotFound(_) => codes::NOT_FOUND,
            Self::OutOfStock => OUT_OF_STOCK,
            Self::Full => codes::ACCOUNT_FULL,
            Self::TooFast(_) => codes::TOO_MANY_ATTEMPTS,
            Self::KeyReused => IDEMPOTENCY_KEY_REUSED,
            Self::NoWay { .. } => IMPOSSIBLE_STATUS,
            Self::TooLarge => codes::INTERNAL,
            Self::Letter(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::TooFast(Throttled { seconds }) => Some(*seconds),
            _ => None,
        }
    }

    fn field(&self) -> Option<[&'static str; 2]> {
        matches!(self, Self::KeyReused).then_some(["header", "Idempotency-Key"])
    }
}

keyward_domain::cases! {
    /// The cart is empty.
    EmptyCart => OrderError::EmptyCart;
    /// Fewer pieces are left.
    SoldOut => OrderError::OutOfStock;
    /// The account has as many orders as it may have.
    NoRoom => OrderError::Full;
    /// The account orders too fast: try again after `Retry-After` seconds.
    TooFast => OrderError::TooFast(Throttled { seconds: 1 });
    /// No such order.
    NoOrder => OrderError::NotFound(OrderId(9));
    /// The `Idempotency-Key` was used with another body.
    KeyReused => OrderError::KeyReused;
    /// The order cannot get this status from the one it has.
    ImpossibleStatus => OrderError::NoWay { from: OrderStatus::Shipped, to: OrderStatus::Cancelled };
}
