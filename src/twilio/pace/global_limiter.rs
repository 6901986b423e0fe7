//! Holds requests back: governor behind one queue.

use super::Speed;
use crate::clock::Clock;
use governor::clock::Reference;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use std::num::NonZeroU32;
use std::ops::Add;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// Lets requests through one by one, in the order of their arrival, at a rate that may change at
/// any moment.
///
/// governor's quota is fixed when it is built, so it hands out *time*: a cell is a tenth of a
/// microsecond, and a request at 50 a second costs 20 milliseconds of cells.
pub struct GlobalLimiter {
    limiter: RateLimiter<NotKeyed, InMemoryState, GateClock, NoOpMiddleware<Millis>>,
    /// The most that is asked for at once, in cells: half of what may be saved up, so that what
    /// a timer is late is not lost.
    part_max: NonZeroU32,
    /// One waiter at a time asks the limiter. Without the queue, all of them wake together and race.
    queue: Mutex<()>,
    clock: Arc<dyn Clock>,
}

const CELL: Duration = Duration::from_nanos(100);
const CELLS_PER_SECOND: f64 = 1e7;

/// A burst of exactly one request loses time to timers of 1 ms, and governor's default, a whole
/// second of the rate, lets almost twice the rate through in the first second. Ten milliseconds of
/// the rate, and at least 1.1 requests, keep the rate to the call.
const BURST_SECONDS: f64 = 0.01;
const BURST_CALLS: f64 = 1.1;

impl GlobalLimiter {
    /// A limiter that never lets more than `cap` requests a second through, and as many as that lie in
    /// its burst at once.
    pub fn new(cap: f64, clock: Arc<dyn Clock>) -> GlobalLimiter {
        let burst = cells(BURST_SECONDS.max(BURST_CALLS / cap) * CELLS_PER_SECOND);
        let quota = Quota::with_period(CELL).unwrap_or(Quota::per_second(NonZeroU32::MAX)).allow_burst(burst);
        let limiter = RateLimiter::direct_with_clock(quota, GateClock(clock.clone()));
        let part_max = cells(f64::from(burst.get()) / 2.0);
        GlobalLimiter { limiter, part_max, queue: Mutex::new(()), clock }
    }

    /// Waits for its turn. `speed` is asked again at every step, so that a change counts at once,
    /// for those too who wait already.
    pub async fn pass(&self, speed: impl Fn() -> Speed) {
        let _first_in_line = self.queue.lock().await;
        // The share of the price that is not paid yet. A request that costs more than the burst holds
        // is paid in parts.
        let mut unpaid = 1.0;
        while unpaid > 0.0 {
            match speed() {
                Speed::Unlimited => return,
                Speed::PausedUntil(until) => {
                    self.clock.sleep(until.saturating_sub(self.clock.now()).max(1)).await;
                }
                Speed::PerSecond(rate) => {
                    let price = CELLS_PER_SECOND / rate;
                    let part = cells((unpaid * price).ceil()).min(self.part_max);
                    match self.limiter.check_n(part) {
                        Ok(Ok(())) => unpaid -= f64::from(part.get()) / price,
                        Ok(Err(not_until)) => {
                            let wait = not_until.wait_time_from(Millis(self.clock.now()));
                            self.clock.sleep(millis_up(wait).max(1)).await;
                        }
                        // The part is more than the burst, which it never is.
                        Err(_) => return,
                    }
                }
            }
        }
    }
}

fn cells(count: f64) -> NonZeroU32 {
    NonZeroU32::new(count.round().clamp(1.0, f64::from(u32::MAX)) as u32).unwrap_or(NonZeroU32::MIN)
}

fn millis_up(duration: Duration) -> u64 {
    duration.as_nanos().div_ceil(1_000_000) as u64
}

/// The run's clock, as governor asks for it. Its milliseconds are as fine as the timers.
#[derive(Clone)]
struct GateClock(Arc<dyn Clock>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Millis(u64);

impl governor::clock::Clock for GateClock {
    type Instant = Millis;

    fn now(&self) -> Millis {
        Millis(self.0.now())
    }
}

impl Reference for Millis {
    fn duration_since(&self, earlier: Self) -> Nanos {
        Duration::from_millis(self.0.saturating_sub(earlier.0)).into()
    }

    fn saturating_sub(&self, duration: Nanos) -> Self {
        Millis(self.0.saturating_sub(Duration::from(duration).as_millis() as u64))
    }
}

impl Add<Nanos> for Millis {
    type Output = Millis;

    fn add(self, duration: Nanos) -> Millis {
        // Rounded up: whoever waits until then has waited long enough.
        Millis(self.0 + millis_up(duration.into()))
    }
}
