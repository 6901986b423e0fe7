//! How each bundle of a customer stands, by what is recorded: for reports, which read and send nothing.

use super::{Next, Plan};
use crate::facts::Ends;
use crate::facts::Facts;
use crate::facts::Reason;
use crate::facts::Submission;
use crate::facts::{Ending, Outcome};
use crate::flow::{BundleId, BundleStatus, Key, Verb};

/// What is left to be done on a bundle.
enum Left {
    /// It came to an end of some kind.
    Ended(Ending),
    /// All of it is there; it is to be read, evaluated or submitted.
    ToSubmit,
    /// Something else is to be done.
    More,
}

impl Plan<'_> {
    /// How each bundle stands, in the order of the flow: those that the row asks for.
    pub fn standings(&self, recorded: &Facts) -> Vec<(BundleId, Outcome)> {
        let facts = recorded.clone().with_reads_done(self.flow);
        let left = self.left(recorded, &facts);
        let of = |bundle: BundleId| left.iter().find(|it| it.0 == bundle).map(|it| &it.1);
        let bundles = self.bundles.iter().copied();
        bundles.map(|bundle| (bundle, self.stands(bundle, &facts, of(bundle), &of))).collect()
    }

    /// What is left on each bundle: the plan's own walk through the steps, which does not stop at the first thing
    /// to be done. What has to be done on a bundle is in the way of those that depend on it.
    fn left(&self, recorded: &Facts, facts: &Facts) -> Vec<(BundleId, Left)> {
        let mut ends = Ends::stopped(facts);
        let mut left: Vec<(BundleId, Left)> = vec![];
        let held_back = recorded.in_doubt().into_iter().chain(self.held_back(recorded));
        for ending in held_back {
            if let Some(bundle) = ending.bundle().filter(|it| left.iter().all(|known| known.0 != *it)) {
                ends.add(bundle, ending.clone());
                left.push((bundle, Left::Ended(ending)));
            }
        }
        for &step in &self.steps {
            let bundle = step.bundle;
            let is_in_the_way = |it: &BundleId| {
                left.iter().any(|(known, what)| known == it && !matches!(what, Left::Ended(_)))
            };
            let blocked = ends.block(step, facts)
                || is_in_the_way(&bundle)
                || bundle.depends_on().as_ref().is_some_and(is_in_the_way);
            if blocked {
                continue;
            }
            match self.judge_step(step, facts, 0) {
                None => (),
                Some(Next::Over(ending)) => {
                    ends.add(bundle, ending.clone());
                    left.push((bundle, Left::Ended(ending)));
                }
                Some(Next::Send(key)) if matches!(key.step.verb, Verb::Evaluate | Verb::Submit) => {
                    left.push((bundle, Left::ToSubmit));
                }
                Some(_) => left.push((bundle, Left::More)),
            }
        }
        if let Some(Next::Over(ending)) = self.take_off_numbers(&ends, facts) {
            left.push((self.flow.profile, Left::Ended(ending)));
        }
        left
    }

    fn stands<'a>(
        &self,
        bundle: BundleId,
        facts: &Facts,
        left: Option<&Left>,
        of: &impl Fn(BundleId) -> Option<&'a Left>,
    ) -> Outcome {
        let status = facts.status(bundle);
        match left {
            Some(Left::Ended(Ending::Refused(_))) => return Outcome::Refused,
            Some(Left::Ended(Ending::Rejected(_))) => return Outcome::Rejected,
            Some(Left::Ended(Ending::Unsure(..))) => return Outcome::Unsure,
            Some(Left::Ended(Ending::Unfinished(_))) | Some(Left::More) => return Outcome::Unfinished,
            Some(Left::ToSubmit) if facts.submitted(bundle).is_some() => return Outcome::Unfinished,
            Some(Left::ToSubmit) => return self.ready(bundle, facts),
            Some(Left::Ended(Ending::Waiting(_) | Ending::Done)) | None => (),
        }
        match (facts.submitted(bundle), status) {
            (Some(_), Some(BundleStatus::TwilioApproved)) => return Outcome::Approved,
            // One that came before its profile was approved waits with it.
            (Some(_), Some(BundleStatus::TwilioRejected)) if left.is_none() => return Outcome::Rejected,
            (Some(_), _) => return Outcome::Submitted,
            (None, _) => (),
        }
        match bundle.depends_on().and_then(of) {
            // It was not judged: what it depends on has come to an end, or is to be worked on first.
            Some(Left::Ended(Ending::Waiting(_))) => Outcome::AwaitingProfileApproval,
            Some(Left::More | Left::ToSubmit) if facts.sid(bundle.made_by()).is_none() => {
                Outcome::NotAttempted
            }
            Some(Left::ToSubmit) => Outcome::Drafted,
            Some(_) => self.blocked(bundle, facts),
            None if self.policy.submission == Submission::Never => self.ready(bundle, facts),
            None => Outcome::Unfinished,
        }
    }

    /// A bundle of which everything is there, and that is not submitted.
    fn ready(&self, bundle: BundleId, facts: &Facts) -> Outcome {
        let profile = bundle.depends_on().map(|it| facts.status(it));
        match profile {
            Some(Some(BundleStatus::TwilioApproved)) => Outcome::ProfileApproved,
            _ if self.policy.submission == Submission::Never => Outcome::Drafted,
            _ => Outcome::Unfinished,
        }
    }

    /// A bundle that is not worked on because of the one that it depends on.
    fn blocked(&self, bundle: BundleId, facts: &Facts) -> Outcome {
        match facts.sid(bundle.made_by()) {
            Some(_) => Outcome::Drafted,
            None => Outcome::NotAttempted,
        }
    }

    /// Every refusal, by what is recorded, of whichever bundle.
    pub fn refusals(&self, recorded: &Facts) -> Vec<(Key, Reason)> {
        let left = self.left(recorded, &recorded.clone().with_reads_done(self.flow));
        let refused = left.into_iter().filter_map(|(_, left)| match left {
            Left::Ended(Ending::Refused(refused)) => Some(refused),
            _ => None,
        });
        refused.flatten().collect()
    }

    /// The first bundle that a review has rejected, by what is recorded.
    pub fn rejection(&self, recorded: &Facts) -> Option<BundleId> {
        let left = self.left(recorded, &recorded.clone().with_reads_done(self.flow));
        left.into_iter()
            .find_map(|(bundle, left)| matches!(left, Left::Ended(Ending::Rejected(_))).then_some(bundle))
    }

    /// The step at which a customer stands: the next one to be done, by what is recorded.
    pub fn stands_at(&self, recorded: &Facts) -> Option<Key> {
        match self.next(&recorded.clone().with_reads_done(self.flow), 0) {
            Next::Over(Ending::Unfinished(key)) => Some(key),
            next => next.key(),
        }
    }
}

/// The outcome that needs a person most.
pub fn worst(outcomes: impl Iterator<Item = Outcome>) -> Outcome {
    outcomes.max_by_key(|it| it.severity()).unwrap_or(Outcome::Unfinished)
}
