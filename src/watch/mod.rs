//! When a review is looked at again, while a run waits for it.
//!
//! What was submitted a minute ago may be decided in the next one, and somebody may sit there; what has been in review
//! for two days will not be decided because it is asked for every minute. So the time between two looks grows with the
//! age of the wait: whoever hears of a decision hears of it at most a tenth later than it was possible. Three days
//! of one review are some seventy looks and not four thousand.

use crate::facts::Time;
use crate::model::Sid;
use std::collections::{HashMap, HashSet};

/// A look comes after this share of the age of a wait.
const SHARE_OF_AGE: u64 = 10;

/// However old a wait is, it is looked at this often: results that are looked at in the morning know of the evening
/// before, and what somebody at Twilio has taken in hand after a ticket shows on the same day.
const RAREST_MS: u64 = 4 * 60 * 60 * 1_000;

/// How long after a look the next one comes, for a review that has been waited for so long. `shortest_ms` is the
/// least, also where the age asks for less. `jitter`, from 0 to 1, makes what the age asks for shorter by up to a
/// quarter, so that those who were submitted together are not all asked for in the same minute.
pub fn next_look_ms(waited_ms: u64, shortest_ms: u64, jitter: f64) -> u64 {
    let by_age = (waited_ms / SHARE_OF_AGE).min(RAREST_MS);
    let earlier = (by_age as f64 / 4.0 * jitter.clamp(0.0, 1.0)) as u64;
    (by_age - earlier).max(shortest_ms)
}

/// When each customer who waits is looked at next.
pub struct Looks {
    shortest_ms: u64,
    due: HashMap<Sid, Time>,
}

impl Looks {
    /// `shortest_ms` is how often the youngest wait is looked at.
    pub fn new(shortest_ms: u64) -> Looks {
        Looks { shortest_ms, due: HashMap::new() }
    }

    /// A customer was just looked at and waits: since then, as far as is known.
    pub fn waits(&mut self, customer: Sid, since: Time, now: Time) {
        let jitter = spread(&customer, now);
        let wait_ms = next_look_ms(now.saturating_sub(since), self.shortest_ms, jitter);
        self.due.insert(customer, now + wait_ms);
    }

    /// A customer waits no more.
    pub fn is_over(&mut self, customer: &Sid) {
        self.due.remove(customer);
    }

    pub fn waiting(&self) -> usize {
        self.due.len()
    }

    /// How long it is until the next look, at most until the end. Looks that are due soon after one another are made
    /// together.
    pub fn wait_ms(&self, now: Time, end: Time) -> u64 {
        let first = self.due.values().min().copied().unwrap_or(end);
        first.max(now + self.shortest_ms).min(end).saturating_sub(now)
    }

    /// Who is to be looked at now; everyone when the time is up.
    pub fn due(&self, now: Time, end: Time) -> HashSet<Sid> {
        let is_due = |due: Time| due <= now || now >= end;
        self.due.iter().filter(|it| is_due(*it.1)).map(|it| it.0.clone()).collect()
    }
}

/// A number from 0 to 1 that follows from customer and time, so that a run can be repeated exactly.
fn spread(customer: &Sid, now: Time) -> f64 {
    let start = now ^ 0x9e37_79b9_7f4a_7c15;
    let mix = |sum: u64, byte: u8| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let sum = customer.as_str().bytes().fold(start, mix);
    // Mixed once more: SIDs that differ in their last letter only come far apart.
    let sum = (sum ^ (sum >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (sum >> 32) as f64 / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60_000;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;

    fn customer(n: u64) -> Sid {
        Sid::parse(&format!("AC{n:032x}")).expect("a SID")
    }

    #[test]
    fn the_older_a_wait_the_rarer_it_is_looked_at_and_never_later_than_a_tenth_of_its_age() {
        let ages = [0, MINUTE, HOUR, 6 * HOUR, DAY, 2 * DAY, 30 * DAY];
        for jitter in [0.0, 0.5, 1.0] {
            let waits = ages.map(|it| next_look_ms(it, MINUTE, jitter));
            assert!(waits.is_sorted() && waits[0] == MINUTE && waits[1] == MINUTE, "{waits:?}");
            for (age, wait) in ages.into_iter().zip(waits) {
                assert!((MINUTE..=MINUTE.max(age / 10).min(4 * HOUR)).contains(&wait), "{age}: {wait}");
            }
        }
        assert_eq!(next_look_ms(HOUR, MINUTE, 0.0), 6 * MINUTE);
        assert_eq!(next_look_ms(30 * DAY, 12 * HOUR, 0.0), 12 * HOUR, "never more often than asked for");
    }

    #[test]
    fn three_days_of_one_review_are_some_seventy_looks() {
        let (mut at, mut looks) = (0, 0);
        while at < 3 * DAY {
            at += next_look_ms(at, MINUTE, 0.5);
            looks += 1;
        }
        assert!((50..100).contains(&looks), "{looks}");
    }

    #[test]
    fn those_who_were_submitted_together_are_spread_and_everyone_is_due_when_the_time_is_up() {
        let mut looks = Looks::new(MINUTE);
        for n in 0..1_000 {
            looks.waits(customer(n), 0, DAY);
        }
        let minutes: HashSet<Time> = looks.due.values().map(|it| it / MINUTE).collect();
        assert!(minutes.len() > 30, "{} minutes", minutes.len());
        let end = DAY + 30 * MINUTE;
        assert_eq!(looks.wait_ms(DAY, end), 30 * MINUTE, "the end comes before the first look");
        assert_eq!((looks.due(DAY, end).len(), looks.due(end, end).len()), (0, 1_000));
        looks.is_over(&customer(0));
        assert_eq!(looks.waiting(), 999);
    }
}
