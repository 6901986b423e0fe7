//! Numbers that are on approved bundles and not to be there: which may go, and in which order.
//!
//! To take a number off a bundle is to have its calls labelled again. So it is done on demand only, never on the word
//! of a list that is in doubt, and never for more numbers than a slip in the sheet could mean.

use super::numbers::is_approved;
use super::{Next, Plan};
use crate::facts::Ends;
use crate::facts::Facts;
use crate::facts::Removal;
use crate::facts::StepState;
use crate::facts::{Content, Ending, Surplus};
use crate::facts::{OurCode, Reason};
use crate::flow::{Assignments, BundleId, Key, Part, Verb};
use std::collections::BTreeSet;

impl Plan<'_> {
    /// The numbers on submitted bundles that the row does not have, or the account no longer: the products' first,
    /// because what is on a product must be on its profile.
    pub fn leftover_numbers(&self, facts: &Facts) -> Vec<Key> {
        let wanted = self.numbers(facts);
        // As long as no number of the row is known, nothing is known to be too much.
        if wanted.iter().all(|part| !part.has_sid()) {
            return vec![];
        }
        let is_left = |key: &Key| !wanted.contains(&key.part) || self.is_gone(key.part, facts);
        let submitted = self.bundles.iter().rev().filter(|it| !facts.is_open(it));
        submitted.flat_map(|it| numbers_on(it, facts)).filter(is_left).collect()
    }

    /// What of them is to be taken off next, once nothing else is to be done, or why none is.
    pub(super) fn take_off_numbers(&self, ends: &Ends, facts: &Facts) -> Option<Next> {
        let refused = |key: Key, reason: Reason| Some(Next::Over(Ending::Refused(vec![(key, reason)])));
        // What is recorded of a run is what it has said.
        if let Some((key, reason)) = self.recorded_objection(facts) {
            return refused(key, reason.clone());
        }
        let rules = self.policy.numbers.removal.filter(|_| !ends.is_stuck(self.flow.profile))?;
        let mut leftover = self.leftover_numbers(facts);
        leftover.retain(|key| !is_somebody_elses(*key, facts));
        let next = self.next_to_go(&leftover, facts)?;
        let key = Key::from(next.key()?.step.bundle.numbered_by());
        match self.objection(rules, &leftover, facts) {
            Some(reason) => refused(key, reason),
            None => Some(next),
        }
    }

    /// What the last run had against taking numbers off.
    pub(super) fn recorded_objection<'f>(&self, recorded: &'f Facts) -> Option<(Key, &'f Reason)> {
        let keys = self.bundles.iter().map(|it| Key::from(it.numbered_by()));
        keys.into_iter().find_map(|key| match recorded.state(key)? {
            StepState::Refused { reason, .. } => Some((key, reason)),
            _ => None,
        })
    }

    fn next_to_go(&self, leftover: &[Key], facts: &Facts) -> Option<Next> {
        let approved = || self.bundles.iter().filter(|it| is_approved(it, facts));
        let twice = |it: &&Surplus| it.collection == Assignments::ChannelEndpoints;
        if let Some(surplus) = approved().find_map(|it| facts.surplus(it).filter(twice)) {
            return Some(Next::TakeOff(surplus.clone()));
        }
        let holds =
            |bundle: BundleId, part: Part| facts.sid(Key { step: bundle.numbered_by(), part }).is_some();
        let can_go = |key: &&Key| {
            let bundle = key.step.bundle;
            let mut others = self.flow.bundles().filter(|it| it.depends_on() == Some(bundle));
            facts.is_done(**key) && is_approved(bundle, facts) && !others.any(|it| holds(it, key.part))
        };
        leftover.iter().find(can_go).map(|key| Next::Remove(*key))
    }

    /// What speaks against taking these numbers off.
    fn objection(&self, rules: Removal, leftover: &[Key], facts: &Facts) -> Option<Reason> {
        if let Some(doubt) = facts.looks().iter().find_map(|it| it.1.clone()) {
            return Some(doubt);
        }
        let because = |code, fields| Some(Reason { fields: Some(fields), ..Reason::ours(code) });
        let distinct =
            |keys: &mut dyn Iterator<Item = Key>| keys.map(|it| it.part).collect::<BTreeSet<_>>().len();
        let submitted = || self.bundles.iter().copied().filter(|it| !facts.is_open(it));
        let all = distinct(&mut submitted().flat_map(|it| numbers_on(it, facts)));
        let (go, most) = (distinct(&mut leftover.iter().copied()), rules.most.of(all));
        if go > most {
            return because(OurCode::TooManyToRemove, format!("{go} of {all} would go, at most {most} may"));
        }
        let loses_all = |bundle: &BundleId| {
            let on_it = numbers_on(bundle, facts);
            !on_it.is_empty() && on_it.iter().all(|it| leftover.contains(it))
        };
        match submitted().find(loses_all).filter(|_| !rules.last) {
            Some(bundle) => because(
                OurCode::LastToRemove,
                format!("{} would keep none, {go} of {all} would go", bundle.name),
            ),
            None => None,
        }
    }
}

/// The numbers that are on a bundle, those that the API would not take off included.
fn numbers_on(bundle: BundleId, facts: &Facts) -> Vec<Key> {
    let shares = facts.shares(bundle.numbered_by());
    let on_it = |key: &Key| matches!((key.step.verb, key.part), (Verb::AssignNumbers, Part::Number(_)));
    let is_there = |state: &StepState| {
        matches!(state, StepState::Done { .. } | StepState::Refused { kept: Some(_), .. })
    };
    shares.filter(|(key, state)| on_it(key) && is_there(state)).map(|it| it.0).collect()
}

/// Whether a number was put on a bundle that the row names by somebody else, and the row never had it.
pub fn is_somebody_elses(key: Key, facts: &Facts) -> bool {
    matches!(facts.state(key), Some(StepState::Done { content: Content::BeforeUs, .. }))
}
