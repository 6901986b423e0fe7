//! The requests of one account that is slower than the rest, one after the other.

use super::Speed;
use crate::clock::Clock;
use crate::facts::Time;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Lets the requests of one account through in the order of their arrival, a distance apart.
///
/// A request pays with the time after it, not before it: a customer sends its next request only when the
/// last one is answered, and the wait in the common queue behind the limiter and for that answer counts towards
/// the distance. Otherwise the waits would add up, and an account would get half of what it may have.
pub struct AccountLimiter {
    /// One waiter at a time looks at the distance.
    spacing: Mutex<Spacing>,
    clock: Arc<dyn Clock>,
}

/// When the next request may go.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spacing {
    /// Milliseconds from the start of the clock.
    free_at: f64,
}

/// What a timer is late is made up for, up to this.
const LATE_MS: f64 = 10.0;

impl AccountLimiter {
    pub fn new(clock: Arc<dyn Clock>) -> AccountLimiter {
        AccountLimiter { spacing: Mutex::default(), clock }
    }

    /// Waits for its turn. `speed` is asked again after every wait.
    pub async fn pass(&self, speed: impl Fn() -> Speed) {
        let mut spacing = self.spacing.lock().await;
        loop {
            let now = self.clock.now();
            match spacing.opens_at(speed(), now as f64) {
                opens_at if opens_at > now as f64 => {
                    self.clock.sleep((opens_at.ceil() as Time).saturating_sub(now).max(1)).await;
                }
                _ => return,
            }
        }
    }
}

impl Spacing {
    /// Lets a request through now, or says when to ask again; in milliseconds.
    pub fn opens_at(&mut self, speed: Speed, now: f64) -> f64 {
        match speed {
            Speed::PausedUntil(until) => until as f64,
            Speed::PerSecond(_) if self.free_at > now => self.free_at,
            Speed::PerSecond(rate) => {
                self.free_at = self.free_at.max(now - LATE_MS) + 1_000.0 / rate;
                now
            }
            Speed::Unlimited => now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_that_a_request_is_on_its_way_counts_towards_the_distance_to_the_next() {
        let mut spacing = Spacing::default();
        let mut now = 5_000.0;
        for _ in 0..20 {
            assert_eq!(spacing.opens_at(Speed::PerSecond(2.0), now), now);
            // Almost half a second in the common queue and until the answer, and then the rest here.
            now = spacing.opens_at(Speed::PerSecond(2.0), now + 480.0);
        }
        assert!((14_950.0..=15_000.0).contains(&now), "{now}");
    }

    #[test]
    fn an_idle_account_saves_nothing_up() {
        let mut spacing = Spacing::default();
        assert_eq!(spacing.opens_at(Speed::PerSecond(2.0), 60_000.0), 60_000.0);
        let next = spacing.opens_at(Speed::PerSecond(2.0), 60_000.0);
        assert!(next >= 60_000.0 + 490.0, "{next}");
    }
}
