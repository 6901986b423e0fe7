//! How a run ends for a customer, and the word for it.

use super::facts::Reason;
use super::step::{Bundle, Key};
use crate::model::Sid;

/// How a run ends for one customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Every step of the plan is done.
    Done,
    /// A review is under way.
    Waiting(Bundle),
    Rejected(Bundle),
    Refused(Vec<(Key, Reason)>),
    Unsure(Key, Vec<Sid>),
    /// Too many answers were lost or refused for load. The next run goes on from here.
    Unfinished(Key),
}

/// One word for how a customer stands. Public: the results file and the exit code rest on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    Approved,
    Submitted,
    AwaitingProfileApproval,
    Drafted,
    Rejected,
    Refused,
    Unsure,
    Unfinished,
    Invalid,
    NotAttempted,
}

impl Outcome {
    pub const ALL: [Outcome; 10] = [
        Outcome::Approved,
        Outcome::Submitted,
        Outcome::AwaitingProfileApproval,
        Outcome::Drafted,
        Outcome::Rejected,
        Outcome::Refused,
        Outcome::Unsure,
        Outcome::Unfinished,
        Outcome::Invalid,
        Outcome::NotAttempted,
    ];

    /// The word in the results file.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Approved => "approved",
            Outcome::Submitted => "submitted",
            Outcome::AwaitingProfileApproval => "awaiting_profile_approval",
            Outcome::Drafted => "drafted",
            Outcome::Rejected => "rejected",
            Outcome::Refused => "refused",
            Outcome::Unsure => "unsure",
            Outcome::Unfinished => "unfinished",
            Outcome::Invalid => "invalid",
            Outcome::NotAttempted => "not_attempted",
        }
    }
}
