//! What happens in a run, told to whoever watches: the progress line, a log, a test.

use crate::facts::{Code, Outcome, Time};
use crate::flow::{Method, StepId};
use crate::model::Sid;

/// Watches a run. It is told from any thread, and while it is told the teller waits: an observer
/// that blocks holds up that customer, and one that dies takes the run with it.
pub trait Observer: Send + Sync {
    fn on(&self, event: &Event<'_>);
}

/// Watches nothing.
pub struct Nobody;

impl Observer for Nobody {
    fn on(&self, _: &Event<'_>) {}
}

/// Something that has just happened or is just about to. It holds no personal data and no secret.
pub enum Event<'a> {
    /// How many customers there are to go through, where that is known.
    RunBegins {
        customers: u64,
    },
    CustomerBegins {
        row: u64,
        subaccount: &'a Sid,
    },
    /// A request is about to go out.
    Sending(&'a Request<'a>),
    /// A request was answered, or will not be.
    Sent(&'a Request<'a>, &'a Response),
    /// The ledger is about to commit.
    LedgerWrites,
    /// The commit is over.
    LedgerWrote,
    /// A reply was lost: the customer waits until what it may have made shows, or is known not to be there.
    CustomerWaits {
        subaccount: &'a Sid,
        /// By the run's clock.
        until: Time,
    },
    CustomerEnds {
        row: u64,
        subaccount: &'a Sid,
        outcome: Outcome,
        failed_step: Option<StepId>,
    },
    /// Nobody gets an answer of the API; all customers pause until it is back.
    ApiIsAway {
        /// In the words of the network, or what was answered instead.
        reason: &'a str,
    },
    /// The API answers again; all go on.
    ApiIsBack {
        away_ms: u64,
    },
    /// Reviews are under way; the run looks again after this many milliseconds.
    Polls {
        waiting: u64,
        wait_ms: u64,
    },
}

/// A request as it may be logged.
pub struct Request<'a> {
    /// The account whose credentials it bears.
    pub account: &'a Sid,
    /// The customer whom it is for: the row's subaccount. `None` for what belongs to no customer.
    pub customer: Option<&'a Sid>,
    /// `None` for what belongs to no customer.
    pub step: Option<StepId>,
    pub method: Method,
    /// Path and query: SIDs only, because no filter by name or number is used.
    pub path: &'a str,
    /// 1 for the first try.
    pub attempt: u32,
}

/// How a request ended.
pub struct Response {
    /// `None` where no answer came.
    pub status: Option<u16>,
    pub code: Code,
    pub request_id: Option<String>,
    pub elapsed_ms: u64,
}
