//! What a run keeps of customers whose reviews it waits for, from one look to the next.

use super::CustomerEnd;
use crate::facts::{Ending, Facts, Reason, StepState};
use crate::flow::{BundleId, Key, StepId};
use crate::model::Sid;
use crate::plan::Plan;
use crate::twilio::Token;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

/// Of each customer who waits: about two hundred bytes, in memory only, until it is looked at again.
/// The token is read and the account surveyed once a run, however long its reviews take.
#[derive(Default)]
pub(super) struct Waiting(Mutex<HashMap<Sid, Kept>>);

/// What the ledger does not hold and another look would have to read again.
pub(super) struct Kept {
    pub token: Token,
    pub discovered: bool,
    pub rejected_ours: Vec<BundleId>,
    /// The bundles whose content this run has proven. Nobody else holds the ledger meanwhile.
    pub proven: Vec<BundleId>,
    /// What the run has to say of it at its end.
    pub remarks: Vec<String>,
    pub messages: Vec<(Key, String)>,
    /// What this run has found out about numbers, and what was refused: both are asked once a run.
    pub looks: Vec<(StepId, Option<Reason>)>,
    pub refused_numbers: Vec<(Key, StepState)>,
    /// The products that this run can do nothing more on, while others are in review.
    pub over: Vec<(BundleId, Ending)>,
}

impl Kept {
    /// What is worth keeping, where there is a token.
    pub fn of(
        token: Option<Token>,
        plan: &Plan<'_>,
        facts: &Facts,
        over: Vec<(BundleId, Ending)>,
        end: &CustomerEnd,
    ) -> Option<Kept> {
        let rejected_ours = facts.rejected_ours().to_vec();
        let flow = plan.flow();
        let proven = plan.bundles().iter().copied().filter(|it| plan.is_proven(it, facts)).collect();
        Some(Kept {
            token: token?,
            discovered: facts.is_done(flow.discovery),
            rejected_ours,
            proven,
            remarks: end.remarks.clone(),
            messages: end.messages.clone(),
            looks: facts.looks().to_vec(),
            refused_numbers: facts.refused_numbers().map(|(key, state)| (key, state.clone())).collect(),
            over,
        })
    }
}

impl Waiting {
    pub fn keep(&self, customer: Sid, kept: Kept) {
        self.lock().insert(customer, kept);
    }

    pub fn take(&self, customer: &Sid) -> Option<Kept> {
        self.lock().remove(customer)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Sid, Kept>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
