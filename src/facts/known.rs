//! What is known of one customer: the states that the ledger keeps, and what only this run knows.

use super::digest::Content;
use super::ending::Ending;
use super::reason::{Code, OurCode, Reason};
use super::state::{IllegalState, StepState, Time};
use crate::flow::{Assignments, BundleId, BundleStatus, Flow, Key, Part, StepId, Verb};
use crate::model::Sid;
use std::collections::{BTreeMap, BTreeSet};

/// All that `Plan::next` looks at.
#[derive(Clone, Default)]
pub struct Facts {
    states: BTreeMap<Key, StepState>,
    /// When the place where a started step would show was last read, and it was not there.
    missed: BTreeMap<Key, Time>,
    /// When an answer of the API's own to a started step came. A later run does not need to know: it counts
    /// from its own beginning.
    heard: BTreeMap<Key, Time>,
    /// How often this run has started each step.
    sent: BTreeMap<Key, u32>,
    /// Rejected bundles that this run has found to bear our tag.
    rejected_ours: Vec<BundleId>,
    /// The steps whose content this run has seen in an answer, and it was what the row says.
    proven: BTreeSet<Key>,
    /// The bundles of which this run knows everything that is assigned to them: it created them, or has
    /// read them whole.
    whole: Vec<BundleId>,
    /// Assignments that this run has found on a bundle of ours and that nothing asks for.
    surplus: Vec<Surplus>,
    /// The bundles that were seen with a status callback although the row has none.
    callbacks: Vec<(BundleId, Callback)>,
    /// The bundles on which this run can do nothing more, and why.
    stopped: Vec<(BundleId, Ending)>,
    /// The steps of numbers whose list this run has read after the submission, and what speaks against the list.
    looks: Vec<(StepId, Option<Reason>)>,
    /// Nothing is looked at: for a report.
    reads_are_done: bool,
}

/// An assignment that no step asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surplus {
    pub bundle: BundleId,
    pub collection: Assignments,
    pub sid: Sid,
}

impl Surplus {
    /// The step under which it is told and sent.
    pub fn step(&self) -> StepId {
        match self.collection {
            Assignments::ChannelEndpoints => self.bundle.numbered_by(),
            Assignments::Entities => self.bundle.submitted_by(),
        }
    }
}

/// What is done about the status callback of a bundle whose row has none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Callback {
    /// The next update clears it.
    ToClear,
    /// The API does not clear it: whether an empty one is taken is not documented.
    Stays,
}

impl Facts {
    /// What the ledger says, as it says it: for reports.
    pub fn recorded(records: impl IntoIterator<Item = (Key, StepState)>) -> Facts {
        Facts { states: records.into_iter().collect(), ..Facts::default() }
    }

    /// What a new run goes on from: a refusal, a doubt and a review that is not final are asked
    /// again by every run.
    ///
    /// A request of an earlier run counts as if it had gone out now: that run is over, and by how much
    /// nobody can say, because the clock may have been set and the machine may have slept since. What
    /// shows is found at the first look all the same, and only what does not costs the wait.
    pub fn for_a_new_run(mut self, now: Time) -> Facts {
        self.states.retain(|key, state| match state {
            _ if matches!(key.step.verb, Verb::CheckAccount | Verb::Discover) => false,
            StepState::Started { .. } | StepState::Done { .. } => true,
            StepState::Seen { status, .. } => *status == BundleStatus::TwilioApproved,
            // What a number is does not change.
            StepState::Refused { kept, .. } => kept.is_some() || is_left_off(state),
            StepState::Unsure { .. } | StepState::Removed => false,
        });
        for (key, state) in &mut self.states {
            match state {
                StepState::Started { at, .. } => *at = now,
                StepState::Refused { kept: kept @ Some(_), .. } => {
                    let content = Content::without_digest(key.step.verb);
                    *state = StepState::Done { sid: kept.take(), content, note: None };
                }
                _ => (),
            }
        }
        self
    }

    /// For a later look of the same run, which has read the account and perhaps surveyed it.
    pub fn with_the_account_read(
        mut self,
        flow: &Flow,
        discovered: bool,
        rejected_ours: Vec<BundleId>,
        proven: &[BundleId],
    ) -> Facts {
        let read = StepState::Done { sid: None, content: Content::Nothing, note: None };
        if discovered {
            self.states.insert(flow.discovery.into(), read.clone());
        }
        self.states.insert(flow.account.into(), read);
        self.rejected_ours = rejected_ours;
        let of_them = |key: &Key| proven.contains(&key.step.bundle);
        self.proven = self.states.keys().filter(|key| of_them(key)).copied().collect();
        self.whole = proven.to_vec();
        self
    }

    /// For a report, which reads nothing: the steps that every run repeats count as done unless they
    /// were refused.
    pub fn with_reads_done(mut self, flow: &Flow) -> Facts {
        self.reads_are_done = true;
        for step in [flow.account, flow.discovery] {
            self.states.entry(step.into()).or_insert(StepState::Done {
                sid: None,
                content: Content::Nothing,
                note: None,
            });
        }
        self
    }

    /// A step has come to another state.
    ///
    /// # Errors
    /// It cannot come to that one; nothing is changed.
    pub fn apply(&mut self, key: Key, state: StepState) -> Result<(), IllegalState> {
        let state = state.after(self.state(key), key.step.verb)?;
        self.missed.remove(&key);
        self.heard.remove(&key);
        self.proven.remove(&key);
        if let StepState::Started { .. } = state {
            *self.sent.entry(key).or_default() += 1;
        }
        self.states.insert(key, state);
        Ok(())
    }

    /// Notes that the request of a started step goes out once more, or ended only now without an answer, and
    /// says its new state: whatever was waited for is counted from here.
    pub fn restart(&mut self, key: Key, now: Time) -> Option<StepState> {
        self.missed.remove(&key);
        self.heard.remove(&key);
        match self.states.get_mut(&key) {
            Some(state @ StepState::Started { .. }) => {
                if let StepState::Started { at, .. } = state {
                    *at = now;
                }
                Some(state.clone())
            }
            _ => None,
        }
    }

    /// Notes that a started step did not show at `looked`.
    pub fn miss(&mut self, key: Key, looked: Time) {
        self.missed.insert(key, looked);
    }

    pub fn missed(&self, key: Key) -> Option<Time> {
        self.missed.get(&key).copied()
    }

    /// Notes that an answer of the API's own came.
    pub fn hear(&mut self, key: Key, at: Time) {
        self.heard.insert(key, at);
    }

    pub fn heard(&self, key: Key) -> Option<Time> {
        self.heard.get(&key).copied()
    }

    /// How often this run has started the step.
    pub fn times_sent(&self, key: Key) -> u32 {
        self.sent.get(&key).copied().unwrap_or(0)
    }

    pub fn state(&self, key: impl Into<Key>) -> Option<&StepState> {
        self.states.get(&key.into())
    }

    pub fn states(&self) -> impl Iterator<Item = (Key, &StepState)> {
        self.states.iter().map(|(key, state)| (*key, state))
    }

    /// What the last run was in doubt about, and `resolve` or another run has not cleared up.
    pub fn in_doubt(&self) -> Option<Ending> {
        self.states.iter().find_map(|(key, state)| match state {
            StepState::Unsure { candidates } => Some(Ending::Unsure(*key, candidates.clone())),
            _ => None,
        })
    }

    /// The shares of one step.
    pub fn shares(&self, step: StepId) -> impl Iterator<Item = (Key, &StepState)> {
        self.states
            .range(Key::from(step)..)
            .take_while(move |(key, _)| key.step == step)
            .map(|it| (*it.0, it.1))
    }

    /// Whether a person has said that this resource is not the one that we use.
    pub fn is_disowned(&self, step: StepId, sid: &Sid) -> bool {
        Part::disowned(sid).is_some_and(|part| self.states.contains_key(&Key { step, part }))
    }

    /// Whether nothing of the customer is there: it was never begun, or all of it was taken away again.
    pub fn is_empty(&self) -> bool {
        self.states.values().all(|state| *state == StepState::Removed)
    }

    /// Whether it was begun, and all of it was taken away again.
    pub fn is_taken_away(&self) -> bool {
        !self.states.is_empty() && self.is_empty()
    }

    pub fn is_done(&self, key: impl Into<Key>) -> bool {
        matches!(self.state(key), Some(StepState::Done { .. }))
    }

    /// Whether its request may have gone out and its end is not known.
    pub fn is_started(&self, key: impl Into<Key>) -> bool {
        matches!(self.state(key), Some(StepState::Started { .. }))
    }

    /// The SID that a step yielded.
    pub fn sid(&self, key: impl Into<Key>) -> Option<&Sid> {
        match self.state(key) {
            Some(StepState::Done { sid, .. }) => sid.as_ref(),
            Some(StepState::Refused { kept, .. }) => kept.as_ref(),
            Some(StepState::Started { sid, .. }) => sid.as_ref(),
            _ => None,
        }
    }

    /// Notes that this run has seen the content of a step, and that it is what the row says.
    pub fn prove(&mut self, key: Key) {
        self.proven.insert(key);
    }

    pub fn is_proven(&self, key: Key) -> bool {
        self.proven.contains(&key)
    }

    /// Notes that everything that is assigned to a bundle is known.
    pub fn note_whole(&mut self, bundle: BundleId) {
        if !self.whole.contains(&bundle) {
            self.whole.push(bundle);
        }
    }

    pub fn is_whole(&self, bundle: BundleId) -> bool {
        self.whole.contains(&bundle)
    }

    /// Notes an assignment that nothing asks for.
    pub fn note_surplus(&mut self, surplus: Surplus) {
        if !self.surplus.contains(&surplus) {
            self.surplus.push(surplus);
        }
    }

    /// Notes that it is off.
    pub fn forget_surplus(&mut self, surplus: &Surplus) {
        self.surplus.retain(|it| it != surplus);
    }

    pub fn surplus(&self, bundle: BundleId) -> Option<&Surplus> {
        self.surplus.iter().find(|it| it.bundle == bundle)
    }

    /// Notes that the list of a step of numbers was read, and what speaks against it.
    pub fn look(&mut self, step: StepId, doubt: Option<Reason>) {
        self.looks.retain(|it| it.0 != step);
        self.looks.push((step, doubt));
    }

    pub fn looks(&self) -> &[(StepId, Option<Reason>)] {
        &self.looks
    }

    pub fn has_looked(&self, step: StepId) -> bool {
        self.reads_are_done || self.looks.iter().any(|it| it.0 == step)
    }

    /// What the API has said no to about numbers, which one run asks once.
    pub fn refused_numbers(&self) -> impl Iterator<Item = (Key, &StepState)> {
        let of_numbers = |key: &Key| matches!(key.step.verb, Verb::AssignNumbers | Verb::ResolveNumbers);
        self.states().filter(move |(key, state)| {
            key.part != Part::Whole && of_numbers(key) && matches!(state, StepState::Refused { .. })
        })
    }

    /// For a later look of the same run: what it has found out about numbers.
    pub fn remember(&mut self, looks: Vec<(StepId, Option<Reason>)>, refused: Vec<(Key, StepState)>) {
        self.looks = looks;
        self.states.extend(refused);
    }

    /// Notes that this run can do nothing more on a bundle.
    pub fn stop(&mut self, bundle: BundleId, ending: Ending) {
        self.stopped.push((bundle, ending));
    }

    pub fn stopped(&self) -> &[(BundleId, Ending)] {
        &self.stopped
    }

    pub fn is_stopped(&self, bundle: BundleId) -> bool {
        self.stopped.iter().any(|it| it.0 == bundle)
    }

    /// What is known of the status callback of a bundle whose row has none.
    pub fn callback(&self, bundle: BundleId) -> Option<Callback> {
        self.callbacks.iter().find(|it| it.0 == bundle).map(|it| it.1)
    }

    pub fn note_callback(&mut self, bundle: BundleId, callback: Option<Callback>) {
        self.callbacks.retain(|it| it.0 != bundle);
        self.callbacks.extend(callback.map(|it| (bundle, it)));
    }

    /// The newest status of a bundle that is known.
    pub fn status(&self, bundle: BundleId) -> Option<BundleStatus> {
        match self.state(bundle.reviewed_by()) {
            Some(StepState::Seen { status, .. }) => Some(*status),
            _ if self.is_done(bundle.submitted_by()) => Some(BundleStatus::PendingReview),
            _ if self.sid(bundle.made_by()).is_some() => Some(BundleStatus::Draft),
            _ => None,
        }
    }

    /// What had been submitted; `None` where nothing was.
    pub fn submitted(&self, bundle: BundleId) -> Option<Content> {
        match self.state(bundle.submitted_by()) {
            Some(StepState::Done { content, .. }) => Some(*content),
            _ => None,
        }
    }

    /// Whether the content of a bundle may still be changed: before its submission, and again
    /// after a rejection if it is ours. It is if we know what had been rejected, or if it bears our tag:
    /// then all of it is brought to what the row says before it is submitted again.
    pub fn is_open(&self, bundle: BundleId) -> bool {
        match self.submitted(bundle) {
            None => true,
            Some(content) => {
                self.status(bundle) == Some(BundleStatus::TwilioRejected)
                    && (content.is_known() || self.rejected_ours.contains(&bundle))
            }
        }
    }

    /// Notes that a rejected bundle bears our tag. Only a discovery may say so, because it finds what
    /// hangs on the bundle too, and nothing of that is made twice.
    pub fn note_rejected_ours(&mut self, bundle: BundleId) {
        self.rejected_ours.push(bundle);
    }

    /// The rejected bundles that this run has found to bear our tag.
    pub fn rejected_ours(&self) -> &[BundleId] {
        &self.rejected_ours
    }

    /// Whether the row named a bundle that was under way before us: its content is not ours to
    /// make or to judge.
    pub fn is_taken_as_is(&self, bundle: BundleId, named: Option<&Sid>) -> bool {
        named.is_some()
            && self.sid(bundle.made_by()) == named
            && self.submitted(bundle) == Some(Content::BeforeUs)
            && !self.is_open(bundle)
    }
}

/// Whether a number is left off a product that does not take it.
fn is_left_off(state: &StepState) -> bool {
    matches!(state, StepState::Refused { reason, .. } if reason.code == Code::Ours(OurCode::NumberNotEligible))
}
