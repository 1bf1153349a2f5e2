//! Which deliveries may be under way at once: what a person waits for is never behind what can wait, and slow receivers,
//! one or many, never take every connection.
//!
//! A delivery has an ordinary slot at first. One that lasts longer than three seconds gets one of the slots for slow
//! deliveries, where one is free, and its domain is slow from then on: one delivery to it is under way at a time, in a slot
//! for slow deliveries. The last ordinary slots are kept for domains that answered lately.

use time::{Duration, OffsetDateTime};

use super::domains::Domains;
use crate::model::mail::Lane;
use crate::model::outbox::Recipients;

/// Ordinary deliveries under way at once in one process.
const ORDINARY: usize = 32;
/// How many of them are kept for domains that answered lately.
const KEPT: usize = 8;
/// Slow deliveries under way at once in one process.
const SLOW: usize = 16;
/// Deliveries under way at once to recipients of one domain.
const OF_ONE_DOMAIN: usize = 4;
/// How long a delivery takes as a rule, at most.
const PROMPT: Duration = Duration::seconds(3);

/// Slots of `all` that deliveries of `lane`, and of those after it, may have. The rest is kept free for the lanes before.
fn share(lane: Lane, all: usize) -> usize {
    match lane {
        Lane::Code => all,
        Lane::Notice => all * 5 / 8,
        Lane::Other => all * 3 / 8,
    }
}

/// The deliveries under way in one process, and what is known of domains.
#[derive(Debug, Default)]
pub struct Slots {
    taken: Vec<Taken>,
    last: u64,
    domains: Domains,
}

/// Names one delivery under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot(u64);

#[derive(Debug)]
struct Taken {
    slot: Slot,
    lane: Lane,
    domain: String,
    since: OffsetDateTime,
    slow: bool,
}

/// What a free slot may be used for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) lane: Lane,
    pub(crate) recipients: Recipients,
    /// Whether the slot is one for slow deliveries.
    slow: bool,
}

impl Slots {
    /// Takes a slot for a delivery to this domain.
    pub(crate) fn take(&mut self, offer: &Offer, domain: &str, now: OffsetDateTime) -> Slot {
        self.last += 1;
        let (slot, domain) = (Slot(self.last), domain.to_owned());
        self.taken.push(Taken { slot, lane: offer.lane, domain, since: now, slow: offer.slow });
        slot
    }

    /// Gives a slot back, after any outcome of its delivery.
    pub fn give_back(&mut self, slot: Slot, now: OffsetDateTime) {
        let Some(index) = self.taken.iter().position(|taken| taken.slot == slot) else { return };
        let taken = self.taken.swap_remove(index);
        self.domains.note(taken.domain, now - taken.since <= PROMPT, now);
    }

    /// What may begin now, the most urgent first.
    pub(crate) fn offers(&mut self, now: OffsetDateTime) -> Vec<Offer> {
        self.pass(now);
        let (slow, ordinary) = (self.taken(true, Lane::Code), self.taken(false, Lane::Code));
        let mut offers = Vec::new();
        for lane in Lane::ALL {
            if ordinary < ORDINARY && self.taken(false, lane) < share(lane, ORDINARY) {
                let recipients = self.ordinary_recipients(ordinary >= ORDINARY - KEPT, now);
                offers.push(Offer { lane, recipients, slow: false });
            }
            if slow < SLOW && self.taken(true, lane) < share(lane, SLOW) {
                let idle = |domain: &String| self.of(domain) == 0;
                let recipients = Recipients::Only(self.domains.slow(now).into_iter().filter(idle).collect());
                offers.push(Offer { lane, recipients, slow: true });
            }
        }
        offers.retain(|offer| offer.recipients != Recipients::Only(Vec::new()));
        offers
    }

    /// Notes which deliveries have become slow.
    fn pass(&mut self, now: OffsetDateTime) {
        let mut slow = self.taken(true, Lane::Code);
        for taken in self.taken.iter_mut().filter(|taken| !taken.slow && now - taken.since > PROMPT) {
            self.domains.note(taken.domain.clone(), false, now);
            if slow < SLOW {
                taken.slow = true;
                slow += 1;
            }
        }
    }

    /// To whom an ordinary delivery may begin; with `kept`, in a slot that is kept for domains that answered lately.
    fn ordinary_recipients(&self, kept: bool, now: OffsetDateTime) -> Recipients {
        let full = |domain: &String| self.of(domain) >= OF_ONE_DOMAIN;
        if kept {
            let prompt = self.domains.prompt().into_iter();
            return Recipients::Only(prompt.filter(|domain| !full(domain)).collect());
        }
        let under_way = self.taken.iter().map(|taken| taken.domain.clone()).filter(full);
        let mut others: Vec<String> = under_way.chain(self.domains.slow(now)).collect();
        others.sort_unstable();
        others.dedup();
        Recipients::AllBut(others)
    }

    /// The number of slow or of ordinary deliveries of this lane and those after it.
    fn taken(&self, slow: bool, lane: Lane) -> usize {
        self.taken.iter().filter(|taken| taken.slow == slow && taken.lane >= lane).count()
    }

    /// The number of deliveries to this domain.
    fn of(&self, domain: &str) -> usize {
        self.taken.iter().filter(|taken| taken.domain == domain).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn at(seconds: i64) -> OffsetDateTime {
        START + Duration::seconds(seconds)
    }

    /// Takes the slot that this lane is offered first.
    fn take(slots: &mut Slots, lane: Lane, domain: &str, now: OffsetDateTime) -> Slot {
        let offer = slots.offers(now).into_iter().find(|offer| offer.lane == lane).unwrap();
        slots.take(&offer, domain, now)
    }

    fn free(slots: &mut Slots, now: OffsetDateTime) -> Vec<Lane> {
        slots.offers(now).into_iter().filter(|offer| !offer.slow).map(|offer| offer.lane).collect()
    }

    /// The recipients of the first offer of this kind.
    fn offered(slots: &mut Slots, slow: bool, now: OffsetDateTime) -> Option<Recipients> {
        slots.offers(now).into_iter().find(|offer| offer.slow == slow).map(|offer| offer.recipients)
    }

    #[test]
    fn what_can_wait_never_takes_the_slots_of_what_a_person_waits_for() {
        let mut slots = Slots::default();
        for number in 0..12 {
            assert_eq!(free(&mut slots, START), Lane::ALL);
            take(&mut slots, Lane::Other, &format!("{number}.example"), START);
        }
        assert_eq!(free(&mut slots, START), [Lane::Code, Lane::Notice]);
        let notice = take(&mut slots, Lane::Notice, "12.example", START);
        for number in 13..20 {
            take(&mut slots, Lane::Notice, &format!("{number}.example"), START);
        }
        assert_eq!(free(&mut slots, START), [Lane::Code]);
        for number in 20..24 {
            take(&mut slots, Lane::Code, &format!("{number}.example"), START);
        }
        assert!(free(&mut slots, START).is_empty(), "the rest is kept for domains that answered");
        slots.give_back(notice, START);
        assert_eq!(free(&mut slots, START), [Lane::Code, Lane::Notice]);
    }

    #[test]
    fn one_domain_gets_four_of_the_slots_at_most() {
        let mut slots = Slots::default();
        let first = take(&mut slots, Lane::Code, "one.example", START);
        for _ in 0..3 {
            assert_eq!(offered(&mut slots, false, START), Some(Recipients::AllBut(vec![])));
            take(&mut slots, Lane::Code, "one.example", START);
        }
        take(&mut slots, Lane::Code, "two.example", START);
        let others = Recipients::AllBut(vec!["one.example".to_owned()]);
        assert_eq!(offered(&mut slots, false, START), Some(others));
        slots.give_back(first, START);
        assert_eq!(offered(&mut slots, false, START), Some(Recipients::AllBut(vec![])));
    }

    #[test]
    fn many_slow_domains_leave_slots_to_others() {
        let mut slots = Slots::default();
        let quick = take(&mut slots, Lane::Code, "quick.example", START);
        slots.give_back(quick, START);
        for number in 0..24 {
            take(&mut slots, Lane::Code, &format!("slow{number}.example"), START);
        }
        let quick = Recipients::Only(vec!["quick.example".to_owned()]);
        assert_eq!(offered(&mut slots, false, at(3)), Some(quick), "what answered lately goes on");
        let Some(Recipients::AllBut(slow)) = offered(&mut slots, false, at(4)) else {
            panic!("slots are free")
        };
        assert_eq!(slow.len(), 24, "others too, once the slow ones are known");
        for number in 24..40 {
            take(&mut slots, Lane::Code, &format!("slow{number}.example"), at(4));
        }
        assert!(free(&mut slots, at(60)).len() == 3, "a domain that answered has slots beside slow ones");
        assert_eq!(offered(&mut slots, true, at(60)), None, "slow deliveries are bounded too");
    }

    #[test]
    fn a_slow_domain_gets_one_delivery_at_a_time_until_it_answers_promptly_again() {
        let mut slots = Slots::default();
        let first = take(&mut slots, Lane::Code, "slow.example", START);
        assert_eq!(offered(&mut slots, true, at(4)), None, "while one is under way");
        slots.give_back(first, at(50));
        let slow = vec!["slow.example".to_owned()];
        assert_eq!(offered(&mut slots, false, at(50)), Some(Recipients::AllBut(slow.clone())));
        let offers = slots.offers(at(50));
        let offer = offers.iter().find(|offer| offer.slow).unwrap();
        assert_eq!(offer.recipients, Recipients::Only(slow));
        let second = slots.take(offer, "slow.example", at(50));
        assert_eq!(offered(&mut slots, true, at(50)), None);
        slots.give_back(second, at(51));
        assert_eq!(offered(&mut slots, false, at(51)), Some(Recipients::AllBut(vec![])));
        assert_eq!(offered(&mut slots, true, at(51)), None);
    }
}
