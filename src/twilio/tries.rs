//! How often a request that was surely not carried out goes out again, and after which wait.

use super::answer::Obstacle;
use crate::facts::Time;
use crate::model::Sid;

/// Nothing but 429 for this long means that going on is pointless for now.
const TOO_MANY_MAX_MS: Time = 15 * 60 * 1_000;

/// The wait after the first 429; it doubles each time up to the second constant. Twilio's own
/// guidance is exponential back-off; half a second is one call at the pace of most public scripts.
const TOO_MANY_FIRST_WAIT_MS: u64 = 500;
const TOO_MANY_WAIT_MAX_MS: u64 = 30_000;

/// A server that asks for a longer pause than this is asked again after it all the same.
const RETRY_AFTER_MAX_MS: u64 = 5 * 60 * 1_000;

/// A request that could not be sent is tried this often: about a minute with the waits below,
/// enough for a router that restarts.
const CONNECTIONS_MAX: u32 = 8;
const CONNECTION_FIRST_WAIT_MS: u64 = 250;
const CONNECTION_WAIT_MAX_MS: u64 = 16_000;

/// A request that meets a conflicting update is sent this often: about a minute with the waits below, for an
/// update that takes milliseconds. The dictionary asks for exponential back-off [docs, 20162].
const CONFLICTS_MAX: u32 = 8;
const CONFLICT_FIRST_WAIT_MS: u64 = 500;
const CONFLICT_WAIT_MAX_MS: u64 = 16_000;

/// One lost answer is common; five in a row mean that going on is pointless for now.
const LOST_MAX: u32 = 5;

/// The wait after a lost answer, doubled with each further one.
const LOST_FIRST_WAIT_MS: u64 = 200;

/// How many answers in a row said nothing: they were lost, or nothing of them could be read.
#[derive(Clone, Copy, Default)]
pub struct Lost(u32);

impl Lost {
    /// Another one. How long to wait before the next request; `None`: there should be no more.
    pub fn another(&mut self) -> Option<u64> {
        self.0 += 1;
        (self.0 < LOST_MAX).then(|| self.wait_ms())
    }

    /// How long to wait after one that does not count.
    pub fn wait_ms(self) -> u64 {
        LOST_FIRST_WAIT_MS << self.0
    }

    /// An answer said something.
    pub fn forget(&mut self) {
        self.0 = 0;
    }
}

/// What a request that is repeated has been through.
#[derive(Default)]
pub struct Tries {
    count: u32,
    refused_since: Option<Time>,
    connections: u32,
    conflicts: u32,
    /// Whether the API is waited for while it is away for everyone.
    waits_for_the_api: bool,
}

impl Tries {
    /// `waits_for_the_api`: while the API is away for everyone, tries are not counted.
    pub fn new(waits_for_the_api: bool) -> Tries {
        Tries { waits_for_the_api, ..Tries::default() }
    }

    /// How often it was sent.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// It is sent once more: the how manieth time this is.
    pub(super) fn begin(&mut self) -> u32 {
        self.count += 1;
        self.count
    }

    /// How long to wait before it goes out again; `None`: not any more. `pause_ms` is what the server asked for.
    /// `all_wait`: the API is away for everyone, and nothing goes out anyway before it is back.
    pub(super) fn wait_ms(
        &mut self,
        obstacle: &Obstacle,
        pause_ms: Option<u64>,
        account: &Sid,
        now: Time,
        all_wait: bool,
    ) -> Option<u64> {
        let pause_ms = pause_ms.unwrap_or(0).min(RETRY_AFTER_MAX_MS);
        match obstacle {
            Obstacle::TooMany => {
                let since = *self.refused_since.get_or_insert(now);
                let back_off = doubled(TOO_MANY_FIRST_WAIT_MS, self.count, TOO_MANY_WAIT_MAX_MS);
                (now.saturating_sub(since) < TOO_MANY_MAX_MS)
                    .then(|| spread(back_off, account, self.count).max(pause_ms))
            }
            Obstacle::UpdateInProgress => {
                self.conflicts += 1;
                let back_off = doubled(CONFLICT_FIRST_WAIT_MS, self.conflicts, CONFLICT_WAIT_MAX_MS);
                (self.conflicts < CONFLICTS_MAX)
                    .then(|| spread(back_off, account, self.conflicts).max(pause_ms))
            }
            Obstacle::NoConnection { lasting: false, .. } if all_wait && self.waits_for_the_api => Some(0),
            Obstacle::NoConnection { lasting: false, .. } => {
                self.connections += 1;
                let back_off = doubled(CONNECTION_FIRST_WAIT_MS, self.connections, CONNECTION_WAIT_MAX_MS);
                (self.connections < CONNECTIONS_MAX).then_some(back_off)
            }
            Obstacle::NoConnection { lasting: true, .. } | Obstacle::Stopped | Obstacle::Away(_) => None,
        }
    }
}

fn doubled(first_ms: u64, attempt: u32, most_ms: u64) -> u64 {
    first_ms.saturating_mul(1 << attempt.saturating_sub(1).min(20)).min(most_ms)
}

/// Between half and the whole of a wait: customers that were refused together do not come back
/// together. The spread follows from account and attempt, so that a run can be repeated exactly.
fn spread(wait_ms: u64, account: &Sid, attempt: u32) -> u64 {
    let sum: u64 = account.as_str().bytes().map(u64::from).sum::<u64>() * 31 + u64::from(attempt) * 17;
    wait_ms / 2 + (wait_ms / 2) * (sum % 101) / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_their_bound_and_spread_within_it() {
        let account = Sid::parse("AC0123456789abcdef0123456789abcdef").unwrap();
        let waits: Vec<u64> = (1..=9).map(|it| doubled(500, it, 30_000)).collect();
        assert_eq!(waits, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
        for (attempt, wait) in (1..).zip(waits) {
            assert!((wait / 2..=wait).contains(&spread(wait, &account, attempt)));
        }
    }
}
