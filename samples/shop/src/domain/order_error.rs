//! Why a use case of orders failed.

use keyward_domain::model::store_error::StoreError;
use keyward_domain::ports::letters::LetterError;
use keyward_domain::values::failure::{Failure, Kind};

use super::ids::OrderId;
use super::order::OrderStatus;

/// Why a use case of orders failed.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// There is nothing to order.
    #[error("No Items found in Cart !")]
    EmptyCart,
    /// There are fewer pieces left than wanted.
    #[error("Item Out of Stock !")]
    OutOfStock,
    /// There is no such order that the caller may know of.
    #[error("order with id: {0} was not found")]
    NotFound(OrderId),
    /// The key was used for another order.
    #[error("This Idempotency-Key was used with another body.")]
    KeyReused,
    /// An order cannot go from here to there.
    #[error("an order that is {from} cannot become {to}")]
    NoWay {
        /// The status it has.
        from: OrderStatus,
        /// The status it was to get.
        to: OrderStatus,
    },
    /// The sum is more than can be counted.
    #[error("The order is too large.")]
    TooLarge,
    /// The confirmation could not be worded.
    #[error(transparent)]
    Letter(#[from] LetterError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure for OrderError {
    fn kind(&self) -> Kind {
        match self {
            Self::EmptyCart | Self::NotFound(_) => Kind::NotFound,
            Self::OutOfStock | Self::NoWay { .. } => Kind::Conflict,
            Self::KeyReused => Kind::Unprocessable,
            Self::TooLarge => Kind::Invalid,
            Self::Letter(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }
}
