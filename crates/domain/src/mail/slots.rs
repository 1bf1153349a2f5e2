//! Which deliveries may be under way at once: what a person waits for is never behind what can wait, and one slow
//! receiver never takes every connection.

use crate::model::mail::Lane;
use crate::values::email::Email;

/// Deliveries under way at once in one process.
const ALL: usize = 32;
/// Deliveries under way at once to recipients of one domain.
const OF_ONE_DOMAIN: usize = 4;

/// Deliveries of `lane`, and of those after it, that may be under way at once. The rest is kept free for the lanes before.
fn share(lane: Lane) -> usize {
    match lane {
        Lane::Code => ALL,
        Lane::Notice => 20,
        Lane::Other => 12,
    }
}

/// The deliveries under way in one process.
#[derive(Debug, Default)]
pub struct Slots(Vec<Slot>);

/// One delivery under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    lane: Lane,
    domain: String,
}

impl Slots {
    /// Takes a slot for a mail of this lane to this recipient.
    pub(super) fn take(&mut self, lane: Lane, recipient: &Email) -> Slot {
        let slot = Slot { lane, domain: recipient.domain().to_owned() };
        self.0.push(slot.clone());
        slot
    }

    /// Gives a slot back, after any outcome of its delivery.
    pub fn give_back(&mut self, slot: &Slot) {
        if let Some(index) = self.0.iter().position(|taken| taken == slot) {
            self.0.swap_remove(index);
        }
    }

    /// The lanes that have a slot left, the most urgent first.
    pub(super) fn free(&self) -> impl Iterator<Item = Lane> {
        let has_room = |lane: &Lane| self.count(|slot| slot.lane >= *lane) < share(*lane);
        let full = self.0.len() >= ALL;
        Lane::ALL.into_iter().filter(move |lane| !full && has_room(lane))
    }

    /// The domains to which no further delivery may begin.
    pub(super) fn full_domains(&self) -> Vec<String> {
        let mut domains: Vec<String> = self.0.iter().map(|slot| slot.domain.clone()).collect();
        domains.sort_unstable();
        domains.dedup();
        domains.retain(|domain| self.count(|slot| slot.domain == *domain) >= OF_ONE_DOMAIN);
        domains
    }

    fn count(&self, matches: impl Fn(&Slot) -> bool) -> usize {
        self.0.iter().filter(|slot| matches(slot)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(slots: &mut Slots, lane: Lane, domain: usize) -> Slot {
        slots.take(lane, &Email::from_stored(format!("ana@{domain}.example")))
    }

    fn free(slots: &Slots) -> Vec<Lane> {
        slots.free().collect()
    }

    #[test]
    fn what_can_wait_never_takes_the_slots_of_what_a_person_waits_for() {
        let mut slots = Slots::default();
        for number in 0..12 {
            assert_eq!(free(&slots), Lane::ALL);
            take(&mut slots, Lane::Other, number);
        }
        assert_eq!(free(&slots), [Lane::Code, Lane::Notice]);
        let notice = take(&mut slots, Lane::Notice, 12);
        for number in 13..20 {
            take(&mut slots, Lane::Notice, number);
        }
        assert_eq!(free(&slots), [Lane::Code]);
        for number in 20..32 {
            take(&mut slots, Lane::Code, number);
        }
        assert!(free(&slots).is_empty());
        slots.give_back(&notice);
        assert_eq!(free(&slots), [Lane::Code, Lane::Notice]);
    }

    #[test]
    fn one_domain_gets_four_of_the_slots_at_most() {
        let mut slots = Slots::default();
        let first = take(&mut slots, Lane::Code, 1);
        for _ in 0..3 {
            assert!(slots.full_domains().is_empty());
            take(&mut slots, Lane::Code, 1);
        }
        take(&mut slots, Lane::Code, 2);
        assert_eq!(slots.full_domains(), ["1.example"]);
        slots.give_back(&first);
        assert!(slots.full_domains().is_empty());
    }
}
