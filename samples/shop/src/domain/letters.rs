//! The letters port of the shop.

use keyward_domain::model::mail::Letter;
use keyward_domain::ports::letters::{LetterError, Reader};

use super::order::Order;

/// Words the shop's letters. Pure: it does not wait, so that it can be called within a transaction.
pub trait ShopLetters: Send + Sync {
    /// Confirms an order, and lists what it holds.
    ///
    /// # Errors
    /// [`LetterError`] when the template is faulty.
    fn order_confirmation(&self, reader: Reader<'_>, order: &Order) -> Result<Letter, LetterError>;
}
