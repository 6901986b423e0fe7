//! Observers that count, and observers that die.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use trusthub_onboard::events::{Event, Observer};

/// Watches with a function.
pub fn watching(on: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Arc<dyn Observer> {
    Arc::new(Watching(on))
}

struct Watching<F>(F);

impl<F: Fn(&Event<'_>) + Send + Sync> Observer for Watching<F> {
    fn on(&self, event: &Event<'_>) {
        (self.0)(event);
    }
}

/// The thread that tells of an event ends there and then, and no hook prints.
pub fn die() {
    std::panic::resume_unwind(Box::new(()));
}

/// The moments at which a process can be cut off so that it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Right before or right after a commit of the ledger, whichever comes first.
    Write,
    /// Right before a request goes out.
    Sending,
    /// Right after a request was answered, before anything is written down.
    Sent,
}

impl Moment {
    fn is(self, event: &Event<'_>) -> bool {
        match event {
            Event::LedgerWrites | Event::LedgerWrote => self == Moment::Write,
            Event::Sending(_) => self == Moment::Sending,
            Event::Sent(..) => self == Moment::Sent,
            _ => false,
        }
    }
}

/// Dies at the nth moment of a kind, counted from 1, and counts what is sent after it.
pub struct Killer {
    moment: Moment,
    at: u64,
    seen: AtomicU64,
    dead: AtomicBool,
    sent_after: AtomicU64,
}

impl Killer {
    pub fn at(moment: Moment, at: u64) -> Arc<Killer> {
        Arc::new(Killer {
            moment,
            at,
            seen: AtomicU64::new(0),
            dead: AtomicBool::new(false),
            sent_after: AtomicU64::new(0),
        })
    }

    /// Whether the moment came.
    pub fn has_struck(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    /// Requests that went out after the death.
    pub fn sent_after(&self) -> u64 {
        self.sent_after.load(Ordering::SeqCst)
    }
}

impl Observer for Killer {
    fn on(&self, event: &Event<'_>) {
        if self.has_struck() {
            if let Event::Sending(_) = event {
                self.sent_after.fetch_add(1, Ordering::SeqCst);
            }
        } else if self.moment.is(event) && self.seen.fetch_add(1, Ordering::SeqCst) + 1 == self.at {
            self.dead.store(true, Ordering::SeqCst);
            die();
        }
    }
}
