//! Which lists a look reads: the engine reads them, and the preview counts them.

use super::Plan;
use crate::facts::Facts;
use crate::flow::{BundleId, Collection, Key, Part, StepId, Verb};

/// The collections of what a bundle holds, in the order in which they are listed: a document names an address.
pub const CONTENTS: [Collection; 3] =
    [Collection::Addresses, Collection::SupportingDocuments, Collection::EndUsers];

impl Plan<'_> {
    /// The bundles whose list a discovery reads: those on which something can still be done.
    pub fn bundles_to_discover(&self, facts: &Facts) -> Vec<BundleId> {
        self.bundles.iter().copied().filter(|bundle| !facts.is_stopped(bundle)).collect()
    }

    /// Whether a discovery lists a collection: something is to be in it whose SID is not known.
    pub fn has_to_discover(&self, collection: Collection, facts: &Facts) -> bool {
        let is_missing = |step: &&StepId| {
            let is_in_it = matches!(step.verb, Verb::Create(it) if it.collection == collection);
            is_in_it && facts.sid(**step).is_none() && !facts.is_stopped(step.bundle)
        };
        self.steps.iter().any(|step| is_missing(&step))
    }

    /// Whether a discovery lists the entities and the numbers on a bundle: not all of them are known.
    pub fn assignments_to_discover(&self, bundle: BundleId, facts: &Facts) -> (bool, bool) {
        let is_missing = |step: &StepId| {
            matches!(step.verb, Verb::Assign(_)) && step.bundle == bundle && !facts.is_done(*step)
        };
        let taken = facts.is_taken_as_is(bundle, bundle.named_by(self.customer));
        let wanted = self.numbers(facts);
        let on_it = |part: &Part| facts.is_done(Key { step: bundle.numbered_by(), part: *part });
        let unresolved = wanted.is_empty() || wanted.iter().any(|part| !part.has_sid());
        (!taken && self.steps.iter().any(is_missing), unresolved || !wanted.iter().all(on_it))
    }

    /// The bundles of a collection whose reviews are to be read: of several, one list shows all.
    pub fn reviews_to_read(&self, collection: Collection, facts: &Facts) -> Vec<BundleId> {
        let is_to_be_read = |it: &BundleId| {
            it.collection == collection
                && facts.submitted(it).is_some()
                && facts.state(it.reviewed_by()).is_none()
                && !facts.is_stopped(it)
        };
        self.bundles.iter().copied().filter(is_to_be_read).collect()
    }

    /// What of a bundle is in a collection and was not seen by this run.
    pub fn unproven_in(&self, collection: Collection, bundle: BundleId, facts: &Facts) -> Vec<Key> {
        let mut keys = self.unproven(bundle, facts);
        keys.retain(|key| matches!(key.step.verb, Verb::Create(it) if it.collection == collection));
        keys
    }
}
