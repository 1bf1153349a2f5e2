//! Guesses that are counted before their answer is known.

use super::{Guess, Throttle};
use crate::limits::waits::ThrottleError;
use crate::model::events::Event;
use crate::model::store_error::StoreError;
use crate::ports::store::Repositories;

/// A guess that was counted at its account before its answer is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ahead {
    guess: Guess,
    /// Whether a wait began with it.
    began: bool,
}

impl Throttle {
    /// Counts a guess at an account before its answer is known: of any number at once, no more get an answer than the budget allows.
    /// A wrong one is [kept](Self::keep), and any other is [taken back](Self::take_back).
    pub(crate) async fn ahead(
        &self,
        repositories: &mut (impl Repositories + ?Sized),
        guess: Guess,
    ) -> Result<Ahead, ThrottleError> {
        let began = match (self.budgets, guess.account) {
            (Some(budgets), Some(key)) => self.begins(repositories, key, budgets.account).await?,
            _ => false,
        };
        Ok(Ahead { guess, began })
    }

    /// Keeps the count of a guess that was wrong, records `event` if a wait began with it, and counts it at its address.
    pub(crate) async fn keep(
        &self,
        repositories: &mut (impl Repositories + ?Sized),
        ahead: Ahead,
        event: Event,
    ) -> Result<(), ThrottleError> {
        if ahead.began {
            let event = event.clone().saying("guesses at an account");
            repositories.events().append(&event).await?;
        }
        self.wrong(repositories, Guess { account: None, ..ahead.guess }, event).await
    }

    /// Takes back the count of a guess that was not wrong. The wrong ones before it stay counted: between them, right ones of one's own
    /// give no further guesses.
    pub(crate) async fn take_back(
        &self,
        repositories: &mut (impl Repositories + ?Sized),
        ahead: Ahead,
    ) -> Result<(), StoreError> {
        match (self.budgets, ahead.guess.account) {
            (Some(budgets), Some(key)) => repositories.attempts().take_back(key, budgets.account).await,
            _ => Ok(()),
        }
    }
}
