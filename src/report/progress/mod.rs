//! The progress of a run, on standard error: at a terminal one line that is drawn anew, elsewhere a line from time to
//! time.

mod line;
mod screen;
mod state;
#[cfg(test)]
mod tests;

use crate::clock::Clock;
use crate::events::{Event, Observer};
use crate::model::redacted;
use line::line;
use screen::{Screen, StandardError};
use state::State;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// How often the line is drawn anew at a terminal.
const DRAWN_MS: u64 = 250;

/// How often a line is printed where there is no terminal, such as in the log of a nightly job.
const PRINTED_MS: u64 = 30_000;

/// How much is told of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Only that the API is away or back.
    Nothing,
    Progress,
    /// Each customer as it ends, too.
    Customers,
    /// Each call, too.
    Calls,
}

/// Watches a run and shows how far it has come.
pub struct Progress {
    state: Mutex<State>,
    clock: Arc<dyn Clock>,
    screen: Box<dyn Screen>,
    detail: Detail,
    /// The rate that may not be exceeded, in words.
    cap: String,
}

impl Progress {
    /// On standard error. `customers` and `calls` are what the run is expected to take, 0 where that is not known;
    /// `cap` is the rate that may not be exceeded, in words.
    pub fn new(customers: u64, calls: u64, cap: String, detail: Detail, clock: Arc<dyn Clock>) -> Progress {
        Progress::on_screen(Box::new(StandardError::new()), customers, calls, cap, detail, clock)
    }

    fn on_screen(
        screen: Box<dyn Screen>,
        customers: u64,
        calls: u64,
        cap: String,
        detail: Detail,
        clock: Arc<dyn Clock>,
    ) -> Progress {
        let state = Mutex::new(State::new(clock.now(), customers, calls));
        Progress { state, clock, screen, detail, cap }
    }

    /// Shows how far the run has come, for as long as this is waited for.
    pub async fn keep_showing(&self) -> Infallible {
        loop {
            let is_drawn = self.screen.width().is_some();
            self.clock.sleep(if is_drawn { DRAWN_MS } else { PRINTED_MS }).await;
            self.show();
        }
    }

    fn show(&self) {
        let shown = self.lock().shown(self.clock.now());
        match self.screen.width() {
            _ if self.detail == Detail::Nothing => (),
            Some(width) => self.screen.draw(&line(&shown, &self.cap, width, true)),
            None => self.screen.say(&line(&shown, &self.cap, usize::MAX, false)),
        }
    }

    /// Takes the line away.
    pub fn finish(&self) {
        self.screen.clear();
    }

    /// Calls made so far, and how long the run has taken.
    pub fn totals(&self) -> (u64, Duration) {
        let (calls, took_ms) = self.lock().totals(self.clock.now());
        (calls, Duration::from_millis(took_ms))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// What is said of an event, for good.
    fn told(&self, event: &Event<'_>) -> Option<String> {
        match event {
            Event::ApiIsAway { reason } => {
                Some(format!("The API does not answer ({reason}). All customers pause until it does."))
            }
            Event::ApiIsBack { away_ms } => {
                Some(format!("The API answers again, after {} s. All go on.", away_ms.div_ceil(1_000)))
            }
            Event::CustomerEnds { row, subaccount, outcome, failed_step }
                if self.detail >= Detail::Customers =>
            {
                let at = failed_step.map_or(String::new(), |step| format!(" at {}", step.name));
                Some(format!("row {row}, {subaccount}: {}{at}", outcome.word()))
            }
            Event::Sent(request, response) if self.detail >= Detail::Calls => {
                let status = response.status.map_or("no answer".to_owned(), |it| it.to_string());
                // The path of a further page is what the API says.
                let (method, path) = (request.method.name(), redacted(request.path, &[]));
                Some(format!("{method} {path}: {status} after {} ms", response.elapsed_ms))
            }
            _ => None,
        }
    }
}

impl Observer for Progress {
    fn on(&self, event: &Event<'_>) {
        self.lock().on(event, self.clock.now());
        if let Some(told) = self.told(event) {
            self.screen.say(&told);
        }
    }
}
