//! What a user may choose about the flow.

use super::state::Time;
use crate::flow::BundleId;
use crate::model::Sid;

/// The choices, the same for every customer of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub submission: Submission,
    pub evaluate: Evaluate,
    pub refused_numbers: RefusedNumbers,
    pub existing: Existing,
    pub numbers: Numbers,
    /// How long a created resource may stay out of the lists, in milliseconds.
    pub visibility_window_ms: Time,
    /// How long a request may be on its way, in milliseconds.
    pub call_timeout_ms: Time,
    /// The policies that take the place of the flow's own.
    pub policy_sids: Vec<(BundleId, Sid)>,
}

impl Policy {
    /// Lists usually show a thing within a second or two.
    pub const VISIBILITY_WINDOW_MS: Time = 10_000;
    /// Twilio answers within seconds, or after a minute not at all.
    pub const CALL_TIMEOUT_MS: Time = 60_000;

    /// The policy that a bundle is made under.
    pub fn policy_sid(&self, bundle: BundleId) -> &str {
        let own = self.policy_sids.iter().find(|it| it.0 == bundle);
        own.map_or(bundle.policy_sid, |it| it.1.as_str())
    }
}

/// What is submitted, and when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Submission {
    /// The trust product waits for the approval of its profile, because a product whose profile is
    /// not approved is rejected (error 11005).
    ProductAfterApproval,
    /// Both in one run, in the literal order of Twilio's guide.
    ProductNow,
    /// Nothing: all drafts.
    Never,
}

/// What an evaluation is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Evaluate {
    /// A noncompliant bundle is refused and not submitted.
    Refuse,
    /// A noncompliant bundle is submitted all the same, and that is said.
    Warn,
    Off,
}

/// What a refused number does to its bundle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RefusedNumbers {
    /// The bundle is not submitted.
    Refuse,
    /// The bundle is submitted without it if one number remains.
    Skip,
}

/// What is done about a bundle with our tag that this ledger knows nothing of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Existing {
    /// It is taken over: this is how a lost ledger is made up for.
    Adopt,
    /// Its row is refused: another ledger may be at work.
    Refuse,
}

/// What is done about the numbers of bundles that were submitted. Those that the row has and a bundle lacks are
/// always put on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Numbers {
    /// `None`: what a bundle has and the row lacks stays there, and the row says so.
    pub removal: Option<Removal>,
    /// Nothing else is worked on, and nothing that was not submitted.
    pub alone: bool,
}

/// How far numbers may be taken off bundles that were submitted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Removal {
    /// How many of a customer's numbers may go in one run. Where more would, none does.
    pub most: Most,
    /// Whether a bundle may lose its last number.
    pub last: bool,
}

/// A part of a customer's numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Most {
    Count(usize),
    /// So many in a hundred, rounded down, and always one.
    Percent(u8),
}

impl Most {
    /// How many that is of so many.
    pub fn of(self, numbers: usize) -> usize {
        match self {
            Most::Count(count) => count,
            Most::Percent(percent) => (numbers * usize::from(percent) / 100).max(1),
        }
    }
}
