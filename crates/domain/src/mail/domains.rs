//! Which domains answered promptly and which slowly, as far as one process remembers.

use std::collections::HashMap;

use time::{Duration, OffsetDateTime};

/// How many domains of either kind are remembered: a statement names them all.
const REMEMBERED: usize = 64;
/// How long a domain is slow after a slow delivery.
const SLOW_FOR: Duration = Duration::minutes(10);

/// The domains that deliveries were made to lately, by when.
#[derive(Debug, Default)]
pub(super) struct Domains {
    prompt: HashMap<String, OffsetDateTime>,
    slow: HashMap<String, OffsetDateTime>,
}

impl Domains {
    /// Notes that a delivery to this domain was prompt, or slow.
    pub(super) fn note(&mut self, domain: String, prompt: bool, now: OffsetDateTime) {
        let (kind, other) =
            if prompt { (&mut self.prompt, &mut self.slow) } else { (&mut self.slow, &mut self.prompt) };
        other.remove(&domain);
        kind.insert(domain, now);
        if kind.len() > REMEMBERED
            && let Some(oldest) = kind.iter().min_by_key(|(_, at)| **at).map(|(domain, _)| domain.clone())
        {
            kind.remove(&oldest);
        }
    }

    /// Those that answered promptly, in the order of their names.
    pub(super) fn prompt(&self) -> Vec<String> {
        sorted(self.prompt.keys())
    }

    /// Those that were slow lately, in the order of their names.
    pub(super) fn slow(&self, now: OffsetDateTime) -> Vec<String> {
        let lately = self.slow.iter().filter(|(_, at)| now - **at < SLOW_FOR);
        sorted(lately.map(|(domain, _)| domain))
    }
}

fn sorted<'a>(domains: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut domains: Vec<String> = domains.cloned().collect();
    domains.sort_unstable();
    domains
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bounded_number_of_domains_is_remembered_and_slowness_for_a_while() {
        let (mut domains, start) = (Domains::default(), OffsetDateTime::UNIX_EPOCH);
        for number in 0..100 {
            domains.note(format!("{number}.example"), number % 2 == 0, start + Duration::seconds(number));
            domains.note("often.example".to_owned(), true, start + Duration::seconds(number));
        }
        assert_eq!((domains.prompt().len(), domains.slow(start).len()), (51, 50));
        for number in 100..200 {
            domains.note(format!("{number}.example"), false, start + Duration::seconds(number));
        }
        let slow = domains.slow(start + Duration::seconds(200));
        assert_eq!((slow.len(), slow.contains(&"99.example".to_owned())), (REMEMBERED, false));
        domains.note("often.example".to_owned(), false, start + Duration::seconds(200));
        assert!(!domains.prompt().contains(&"often.example".to_owned()));
        assert_eq!(domains.slow(start + Duration::minutes(20)).len(), 0);
    }
}
