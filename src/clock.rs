//! Time, passed in from outside, so that a test can wait an hour in no time.
#![expect(clippy::disallowed_methods, reason = "this is where time comes from")]

use crate::facts::Time;
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What the run asks about time.
pub trait Clock: Send + Sync {
    /// Unix milliseconds. They never go back within one process.
    fn now(&self) -> Time;

    /// Ends when that much time has passed.
    fn sleep(&self, wait_ms: u64) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// The machine's clock: the wall's time at the start and the steady clock from there, so that a
/// clock that is set in mid-run changes nothing.
///
/// The steady clock and every wait stand still while the machine sleeps (on Linux and macOS). That is
/// the safe side: a request that lies in the network stack of a sleeping machine goes out when it wakes, so
/// time that was slept through is no time in which something has not shown.
pub struct SystemClock {
    started_wall_ms: Time,
    started: Instant,
}

impl SystemClock {
    pub fn start() -> SystemClock {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        SystemClock { started_wall_ms: wall.as_millis() as Time, started: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Time {
        self.started_wall_ms + self.started.elapsed().as_millis() as Time
    }

    fn sleep(&self, wait_ms: u64) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep(Duration::from_millis(wait_ms)))
    }
}

/// tokio's time, which a test can stop.
#[cfg(test)]
pub struct TokioClock(tokio::time::Instant);

#[cfg(test)]
impl TokioClock {
    pub fn start() -> TokioClock {
        TokioClock(tokio::time::Instant::now())
    }
}

#[cfg(test)]
impl Clock for TokioClock {
    fn now(&self) -> Time {
        self.0.elapsed().as_millis() as Time
    }

    fn sleep(&self, wait_ms: u64) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep(Duration::from_millis(wait_ms)))
    }
}
