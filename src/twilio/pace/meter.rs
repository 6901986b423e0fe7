//! How many requests a second went out lately.

use crate::facts::Time;

/// Counts over the last second, smoothly, in two numbers.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    first: Option<Time>,
    /// When the present second began.
    began: Time,
    present: u32,
    previous: u32,
}

const SECOND_MS: Time = 1_000;

/// A rate over less time than this says nothing.
const LEAST_MS: Time = 100;

impl Meter {
    pub fn count(&mut self, now: Time) {
        self.first.get_or_insert_with(|| {
            self.began = now;
            now
        });
        self.turn_over(now);
        self.present += 1;
    }

    /// Requests a second.
    pub fn per_second(&mut self, now: Time) -> f64 {
        self.turn_over(now);
        let Some(first) = self.first else { return 0.0 };
        let age = now.saturating_sub(first);
        if age < SECOND_MS {
            return f64::from(self.present) * 1_000.0 / age.max(LEAST_MS) as f64;
        }
        let into = now.saturating_sub(self.began) as f64 / SECOND_MS as f64;
        f64::from(self.previous) * (1.0 - into) + f64::from(self.present)
    }

    fn turn_over(&mut self, now: Time) {
        let passed = now.saturating_sub(self.began) / SECOND_MS;
        if passed > 0 {
            self.previous = if passed == 1 { self.present } else { 0 };
            self.present = 0;
            self.began += passed * SECOND_MS;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_rate_is_read_at_any_moment_and_fades_when_it_ends() {
        let mut meter = Meter::default();
        for now in (5_000..8_000).step_by(20) {
            meter.count(now);
            if now >= 5_400 {
                assert!((meter.per_second(now) - 50.0).abs() < 3.0, "{} at {now}", meter.per_second(now));
            }
        }
        assert!(meter.per_second(8_500) < 30.0);
        assert_eq!(meter.per_second(10_000), 0.0);
    }
}
