//! What is known of one customer, and the words in which the ledger keeps it: where each step stands and how it may
//! get there, why one was refused, what was sent, as a digest, and under which policy.
//!
//! `plan` decides by it, `ledger` keeps it, `report` tells it; nobody needs the deciding to read what was decided.

mod digest;
mod ending;
mod known;
mod policy;
mod reason;
mod state;

pub use digest::{Content, Digest, DigestKey, Hasher};
pub use ending::{Ending, Ends, Outcome};
pub use known::{Callback, Facts, Surplus};
pub use policy::{Evaluate, Existing, Most, Numbers, Policy, RefusedNumbers, Removal, Submission};
pub use reason::{Code, Note, OurCode, Reason};
pub use state::{IllegalState, StepState, Time};
