//! How a run ends for a customer, and the word for it.

use super::known::Facts;
use super::reason::Reason;
use crate::flow::{BundleId, Key, StepId, Verb};
use crate::model::Sid;
use serde::{Serialize, Serializer};

/// How a run ends for one customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Every step of the plan is done.
    Done,
    /// A review is under way.
    Waiting(BundleId),
    Rejected(BundleId),
    Refused(Vec<(Key, Reason)>),
    Unsure(Key, Vec<Sid>),
    /// Too many answers were lost or refused for load. The next run goes on from here.
    Unfinished(Key),
}

/// How the work on each bundle came to its end, as far as it has.
#[derive(Default)]
pub struct Ends(Vec<(BundleId, Ending)>);

impl Ends {
    /// Those that this run has stopped already.
    pub fn stopped(facts: &Facts) -> Ends {
        Ends(facts.stopped().to_vec())
    }

    pub fn add(&mut self, bundle: BundleId, ending: Ending) {
        self.0.push((bundle, ending));
    }

    fn of(&self, bundle: BundleId) -> Option<&Ending> {
        self.0.iter().find(|it| it.0 == bundle).map(|it| &it.1)
    }

    /// Whether a review is under way, whatever has become of the other bundles.
    pub fn waits(&self) -> bool {
        self.0.iter().any(|it| matches!(it.1, Ending::Waiting(_)))
    }

    /// Whether the work on a bundle was refused, is in doubt or was broken off.
    pub fn is_stuck(&self, bundle: BundleId) -> bool {
        matches!(self.of(bundle), Some(Ending::Refused(_) | Ending::Unsure(..) | Ending::Unfinished(_)))
    }

    /// The products on which nothing is left to wait for, and why.
    pub fn over(self) -> Vec<(BundleId, Ending)> {
        let is_over =
            |it: &(BundleId, Ending)| it.0.depends_on().is_some() && !matches!(it.1, Ending::Waiting(_));
        self.0.into_iter().filter(is_over).collect()
    }

    /// Whether this step is not to be done now: its own bundle has come to an end, or the one that it depends
    /// on. While that is in review, or is rejected, the review of what was submitted all the same goes on.
    pub fn block(&self, step: StepId, facts: &Facts) -> bool {
        if self.of(step.bundle).is_some() {
            return true;
        }
        let is_review = matches!(step.verb, Verb::Review) && facts.submitted(step.bundle).is_some();
        match step.bundle.depends_on().and_then(|it| self.of(it)) {
            None | Some(Ending::Done) => false,
            Some(Ending::Waiting(_) | Ending::Rejected(_)) => !is_review,
            Some(Ending::Refused(_) | Ending::Unsure(..) | Ending::Unfinished(_)) => true,
        }
    }

    /// The ending that needs a person most; every refusal is named. Nothing at all means that all is done.
    pub fn worst(self) -> Ending {
        let mut worst = Ending::Done;
        for (_, ending) in self.0 {
            worst = match (worst, ending) {
                (Ending::Refused(mut all), Ending::Refused(more)) => {
                    all.extend(more);
                    Ending::Refused(all)
                }
                (worst, ending) if ending.severity() > worst.severity() => ending,
                (worst, _) => worst,
            };
        }
        worst
    }
}

impl Ending {
    /// The bundle on which it was met: of several refusals, the first one's.
    pub fn bundle(&self) -> Option<BundleId> {
        match self {
            Ending::Waiting(bundle) | Ending::Rejected(bundle) => Some(bundle),
            Ending::Refused(refused) => refused.first().map(|it| it.0.step.bundle),
            Ending::Unsure(key, _) => Some(key.step.bundle),
            // Too many answers were lost: the next step would fare no better.
            Ending::Done | Ending::Unfinished(_) => None,
        }
    }

    /// What needs a person counts more than what passes by itself.
    fn severity(&self) -> u8 {
        match self {
            Ending::Done => 0,
            Ending::Waiting(_) => 1,
            Ending::Unfinished(_) => 2,
            Ending::Rejected(_) => 3,
            Ending::Refused(_) => 4,
            Ending::Unsure(..) => 5,
        }
    }
}

/// One word for how a customer stands. Public: the results file and the exit code rest on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    Approved,
    Submitted,
    AwaitingProfileApproval,
    /// The profile is approved, and a product is ready to be submitted.
    ProfileApproved,
    Drafted,
    Rejected,
    Refused,
    Unsure,
    Unfinished,
    Invalid,
    NotAttempted,
}

impl Outcome {
    pub const ALL: [Outcome; 11] = [
        Outcome::Approved,
        Outcome::Submitted,
        Outcome::AwaitingProfileApproval,
        Outcome::ProfileApproved,
        Outcome::Drafted,
        Outcome::Rejected,
        Outcome::Refused,
        Outcome::Unsure,
        Outcome::Unfinished,
        Outcome::Invalid,
        Outcome::NotAttempted,
    ];

    /// How much it needs a person: of several bundles the worst one decides.
    pub fn severity(self) -> u8 {
        match self {
            Outcome::Approved => 0,
            Outcome::Submitted => 1,
            Outcome::AwaitingProfileApproval => 2,
            Outcome::ProfileApproved => 3,
            Outcome::Drafted => 4,
            Outcome::NotAttempted => 5,
            Outcome::Unfinished => 6,
            Outcome::Rejected => 7,
            Outcome::Refused => 8,
            Outcome::Unsure => 9,
            Outcome::Invalid => 10,
        }
    }

    /// The word in the results file.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Approved => "approved",
            Outcome::Submitted => "submitted",
            Outcome::AwaitingProfileApproval => "awaiting_profile_approval",
            Outcome::ProfileApproved => "profile_approved",
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

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}
