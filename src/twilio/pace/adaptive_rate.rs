//! One rate that learns: slow start, less after a 429, a little more after each clean second.

use crate::facts::Time;

/// The rate of one lane. It is never above its cap, and it knows no clock.
#[derive(Clone, Debug)]
pub struct AdaptiveRate {
    cap: f64,
    rate: f64,
    stage: Stage,
    /// The rate that was refused last.
    ceiling: f64,
    /// When the rate was changed, or found to be enough, and what went out since.
    since: Time,
    sent: u32,
    /// A 429 to something that went out before this is of the round that was counted already.
    counts_from: Time,
    refused_at: Time,
}

/// What happened in the last second: requests sent, and requests taken.
#[derive(Clone, Copy, Debug)]
pub struct Lately {
    pub sent: f64,
    pub taken: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// No 429 yet: the rate doubles with every round trip, up to the cap.
    SlowStart,
    /// There is a limit near by.
    Careful,
}

/// The first rate: what a run does by default, and six doublings below a thousand a second.
const START: f64 = 20.0;

/// The slowest rate: less would learn nothing any more.
const LEAST: f64 = 0.5;

/// After a 429. Halving would leave the API idle for half a minute; the second is for a rate that
/// was far beyond what is taken.
const SLOWER: f64 = 0.85;
const SLOWER_MIN: f64 = 0.7;

/// A lower rate is felt when every sender has had two turns; that is waited for no longer than this.
const TURNS_MAX_MS: Time = 1_000;

/// In each clean second, as a share of the rate; and where the limit was met last, from this share of
/// it to that one, because there the next 429 is near.
const FASTER: f64 = 0.02;
const FASTER_NEAR_CEILING: f64 = 0.0025;
const NEAR_CEILING: std::ops::Range<f64> = 0.95..1.05;

/// At a limit that does not change, the next 429 comes within half a minute. After this long the
/// limit has surely been raised, and the growth doubles every ten seconds.
const CALM_MS: Time = 40_000;
const CALM_DOUBLING_MS: f64 = 10_000.0;
const FASTER_MAX: f64 = 1.0;

/// The rate is doubled at most this often, however quick the answers are.
const DOUBLING_MS: Time = 100;

/// In the careful stage the rate grows in steps of this.
const STEP_MS: Time = 100;

/// A second without a 429 is a clean one.
const CLEAN_MS: Time = 1_000;

/// A rate is proven by use only: if less than this share of it went out, it stays as it is, so that
/// it never runs far ahead of what the API was seen to take.
const USED: f64 = 0.7;

impl AdaptiveRate {
    /// Starts slowly. With an infinite cap it is as fast as can be until the first 429.
    pub fn starting(cap: f64, now: Time) -> AdaptiveRate {
        let rate = if cap.is_finite() { START.min(cap) } else { cap };
        let (stage, ceiling) = (Stage::SlowStart, f64::INFINITY);
        AdaptiveRate { cap, rate, stage, ceiling, since: now, sent: 0, counts_from: now, refused_at: now }
    }

    /// Starts just below a rate that was refused.
    pub fn slowed(refused_rate: f64, now: Time) -> AdaptiveRate {
        let mut learner = AdaptiveRate { rate: refused_rate, ..AdaptiveRate::starting(f64::INFINITY, now) };
        learner.slow_down(refused_rate * SLOWER, 0, now);
        learner
    }

    /// Requests a second; infinite where there is neither a cap nor a limit.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// The number of those who share a limit has changed. What was learned of a limit is what each of
    /// them can have: whether it is one on each or one on all shows only when their number changes,
    /// and then a limit on all answers the try with a 429, while one on each would be left unused.
    pub fn share_out(&mut self, factor: f64) {
        if self.stage == Stage::Careful {
            self.rate = (self.rate * factor).max(LEAST).min(self.cap);
            self.ceiling *= factor;
        }
    }

    /// Something went out.
    pub fn sent(&mut self) {
        self.sent += 1;
    }

    /// Something that went out at `sent_at` was taken.
    pub fn welcome(&mut self, sent_at: Time, now: Time) {
        let passed = now.saturating_sub(self.since);
        match self.stage {
            // A round trip has passed when something that went out after the last change is answered.
            Stage::SlowStart if passed >= DOUBLING_MS && sent_at >= self.since => self.grow(1.0, passed, now),
            Stage::Careful if passed >= STEP_MS => {
                let calm = now.saturating_sub(self.refused_at);
                let growth = if calm < CLEAN_MS { 0.0 } else { self.growth(calm) };
                self.grow(growth * passed.min(CLEAN_MS) as f64 / 1_000.0, passed, now);
            }
            _ => (),
        }
    }

    /// Something that went out at `sent_at` was answered with 429. `senders` share this rate: a lower one is felt by each of them only
    /// when all have had their turn.
    pub fn too_many(&mut self, sent_at: Time, Lately { sent, taken }: Lately, senders: usize, now: Time) {
        self.refused_at = now;
        let counted = self.stage == Stage::Careful && sent_at <= self.counts_from;
        if !counted {
            // What was taken lately is the limit itself where far too much was sent, and less than
            // it where little was: so it counts within bounds.
            let rate = match self.stage {
                _ if self.rate.is_infinite() => sent * SLOWER,
                Stage::SlowStart => taken.clamp(self.rate / 4.0, self.rate / 2.0),
                Stage::Careful => taken.clamp(self.rate * SLOWER_MIN, self.rate * SLOWER),
            };
            let turns_ms = (2.0 * senders as f64 / self.rate * 1_000.0) as Time;
            self.slow_down(rate, turns_ms.min(TURNS_MAX_MS), now);
        }
    }

    fn slow_down(&mut self, rate: f64, settles_ms: Time, now: Time) {
        // Where the slow start ended says little about where the limit is.
        self.ceiling = if self.stage == Stage::Careful { self.rate } else { f64::INFINITY };
        self.rate = rate.max(LEAST).min(self.cap);
        self.stage = Stage::Careful;
        (self.counts_from, self.refused_at) = (now + settles_ms, now);
        (self.since, self.sent) = (now, 0);
    }

    fn grow(&mut self, share: f64, passed: Time, now: Time) {
        let used = f64::from(self.sent) >= USED * self.rate * passed as f64 / 1_000.0;
        if used {
            self.rate = (self.rate * (1.0 + share)).min(self.cap);
        }
        (self.since, self.sent) = (now, 0);
    }

    /// How much faster in a second, after so long without a 429.
    fn growth(&self, calm_ms: Time) -> f64 {
        if calm_ms > CALM_MS {
            let beyond = (calm_ms - CALM_MS) as f64 / CALM_DOUBLING_MS;
            return (FASTER * beyond.exp2()).min(FASTER_MAX);
        }
        match NEAR_CEILING.contains(&(self.rate / self.ceiling)) {
            true => FASTER_NEAR_CEILING,
            false => FASTER,
        }
    }
}
