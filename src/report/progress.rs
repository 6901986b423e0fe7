//! The progress line of a run, on standard error.
#![expect(
    clippy::disallowed_methods,
    reason = "what is shown of a rate is of the moment, and decides nothing"
)]

use crate::events::{Event, Observer};
use crate::model::shown_in_line;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Customers done, calls a second, the share of calls that were refused for load, the time left.
/// Where standard error is no terminal, nothing is drawn.
pub struct Progress {
    bar: ProgressBar,
    started: Instant,
    calls: AtomicU64,
    too_many: AtomicU64,
    /// The first round is over: customers under review come round again.
    polls: AtomicBool,
    /// The calls a second over the last second, and when it was worked out.
    speed: Mutex<Speed>,
    cap: String,
}

struct Speed {
    since: Instant,
    calls: u64,
    per_second: f64,
}

/// How often the line is drawn anew while nothing ends.
const TICK: Duration = Duration::from_millis(250);

impl Progress {
    /// `cap` is the rate that may not be exceeded, in words.
    pub fn new(customers: u64, cap: String) -> Progress {
        let bar = ProgressBar::with_draw_target(Some(customers), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{bar:24} {pos}/{len} customers · {msg} · {eta} left");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        bar.enable_steady_tick(TICK);
        let started = Instant::now();
        let speed = Mutex::new(Speed { since: started, calls: 0, per_second: 0.0 });
        Progress {
            bar,
            started,
            calls: AtomicU64::new(0),
            too_many: AtomicU64::new(0),
            polls: AtomicBool::new(false),
            speed,
            cap,
        }
    }

    /// Takes the line away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// Calls made so far, and how long the run has taken.
    pub fn totals(&self) -> (u64, Duration) {
        (self.calls.load(Ordering::Relaxed), self.started.elapsed())
    }

    fn draw(&self) {
        let calls = self.calls.load(Ordering::Relaxed);
        let mut speed = self.speed.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let passed = speed.since.elapsed();
        if passed < Duration::from_secs(1) {
            return;
        }
        speed.per_second = (calls - speed.calls) as f64 / passed.as_secs_f64();
        speed.since = Instant::now();
        speed.calls = calls;
        let share = 100.0 * self.too_many.load(Ordering::Relaxed) as f64 / calls.max(1) as f64;
        self.bar.set_message(format!("{:.0} calls/s of {} · 429: {share:.1}%", speed.per_second, self.cap));
    }
}

/// Says something that is to stay, on standard error.
fn tell(line: &str) {
    // Where it is closed, there is nobody to tell.
    let _ = writeln!(anstream::stderr(), "{}", shown_in_line(line));
}

impl Observer for Progress {
    fn on(&self, event: &Event<'_>) {
        match event {
            Event::Sent(_, response) => {
                self.calls.fetch_add(1, Ordering::Relaxed);
                if response.status == Some(429) {
                    self.too_many.fetch_add(1, Ordering::Relaxed);
                }
                self.draw();
            }
            // Whoever ends in a later round has been counted in the first one.
            Event::CustomerEnds { .. } if self.polls.load(Ordering::Relaxed) => (),
            Event::CustomerEnds { .. } => self.bar.inc(1),
            Event::ApiIsAway { reason } => self.bar.suspend(|| {
                tell(&format!("The API does not answer ({reason}). All customers pause until it does."));
            }),
            Event::ApiIsBack { away_ms } => self.bar.suspend(|| {
                tell(&format!("The API answers again, after {} s. All go on.", away_ms.div_ceil(1_000)));
            }),
            Event::Polls { waiting, wait_ms } => {
                self.polls.store(true, Ordering::Relaxed);
                self.bar.set_message(format!(
                    "{waiting} under review, looking again in {} s",
                    wait_ms.div_ceil(1_000)
                ));
            }
            _ => (),
        }
    }
}
