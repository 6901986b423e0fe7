//! What is to be done next for one customer: pure, and the whole policy.
//!
//! `Plan::next` looks at the row, at the facts and at the time, and says one thing to do. Whoever
//! does it applies the result to the facts and asks again. The first run, a resume after a crash
//! and a rerun after a correction are the same loop: there is no recovery code.

mod call;
mod content;
mod digests;
mod judge;
mod looks;
mod numbers;
mod order;
mod ours;
mod removal;
mod standing;
mod tag;

pub use content::Shown;
pub use looks::CONTENTS;
pub use removal::is_somebody_elses;
pub use tag::{bears_tag, friendly_name, tag, without_tag};

use crate::facts::{DigestKey, Ending, Ends, Facts, Outcome, Policy, StepState, Submission, Surplus, Time};
use crate::flow::{BundleId, BundleStatus, Flow, Key, StepId, Verb};
use crate::model::{Customer, PhoneNumbers, Sid};
use numbers::Wanted;
use standing::worst;

/// How often a place is read again while something that may exist does not show, in milliseconds.
/// Four looks in the default visibility window: lists usually show a thing within a second or two.
const LOOK_AGAIN_MS: Time = 2_500;

/// A submission that stays `draft` is sent again this often at most: one public report of a silent
/// no-op is known, and a third one in a row would not be an accident.
const SUBMISSIONS_MAX: u32 = 3;

/// How long a request may wait for its turn before it is written down once more that it goes out: the wait for a
/// lost one is counted from what was written. A second is little beside the call time-out, and at rates that
/// matter a turn comes sooner, so that hardly a request is written down twice.
pub const TURN_MAX_MS: Time = 1_000;

/// What to do next.
pub enum Next {
    /// Read something; nothing changes at the API.
    Read(Key),
    /// Write *started* down, then send.
    Send(Key),
    /// It was started and has no end: look whether it is there.
    Adopt(Key),
    /// It exists, and the row says something else now: update it in place.
    Update(Key),
    /// An assignment that the row no longer asks for: take it off.
    Remove(Key),
    /// Read all of a bundle that this run has not seen, and hold it against the row.
    ReadBack(BundleId),
    /// Take off an assignment that no step knows.
    TakeOff(Surplus),
    /// Nothing before this moment.
    Wait(Time),
    Over(Ending),
}

impl Next {
    /// Whether it changes something at the API.
    pub fn writes(&self) -> bool {
        matches!(self, Next::Send(_) | Next::Update(_) | Next::Remove(_) | Next::TakeOff(_))
    }

    /// The step that it is about.
    pub fn key(&self) -> Option<Key> {
        match self {
            Next::Read(key) | Next::Send(key) | Next::Adopt(key) | Next::Update(key) | Next::Remove(key) => {
                Some(*key)
            }
            Next::ReadBack(bundle) => Some(bundle.submitted_by().into()),
            Next::TakeOff(surplus) => Some(surplus.step().into()),
            Next::Wait(_) | Next::Over(_) => None,
        }
    }
}

/// The plan of one customer.
pub struct Plan<'a> {
    flow: &'static Flow,
    /// What the row asks for: the profile, then its products.
    bundles: Vec<BundleId>,
    pub customer: &'a Customer,
    policy: &'a Policy,
    /// `None` for a report, which has not looked it up.
    primary: Option<&'a Sid>,
    steps: Vec<StepId>,
    key: &'a DigestKey,
    /// The sheet's numbers, each with the share under which its SID is kept; empty for `all`.
    wanted: Vec<Wanted>,
    /// The name of each resource that the row asks for, with our tag.
    names: Vec<(StepId, String)>,
    digests: digests::Digests,
    /// Whether a change after the submission counts also where nothing is left to be done.
    holds_every_change_against_the_row: bool,
}

impl<'a> Plan<'a> {
    /// The plan for this row. It depends on the facts in two points only: a bundle that the row
    /// names and that was submitted before us is used as it is, and a run that submits nothing reads the
    /// reviews of what has been submitted.
    pub fn of(
        flow: &'static Flow,
        customer: &'a Customer,
        policy: &'a Policy,
        primary: Option<&'a Sid>,
        key: &'a DigestKey,
        facts: &Facts,
    ) -> Plan<'a> {
        let wanted = match &customer.phone_numbers {
            PhoneNumbers::All => vec![],
            PhoneNumbers::Listed(numbers) => numbers.iter().map(|it| Wanted::of(it, key)).collect(),
        };
        let bundles = flow.bundles_of(customer);
        let steps = order::steps(flow, &bundles, customer, policy, facts);
        let names = digests::names(&steps, customer);
        Plan {
            flow,
            bundles,
            customer,
            policy,
            primary,
            steps,
            key,
            wanted,
            names,
            digests: digests::Digests::default(),
            holds_every_change_against_the_row: false,
        }
    }

    /// The plan from here on, where the facts have changed it.
    pub fn anew(&self, primary: Option<&'a Sid>, facts: &Facts) -> Plan<'a> {
        Plan::of(self.flow, self.customer, self.policy, primary, self.key, facts)
    }

    /// The whole policy. The first step that is not done decides; what has come to an end on one bundle stops
    /// that bundle and those that depend on it, and no other.
    pub fn next(&self, facts: &Facts, now: Time) -> Next {
        match self.ends(facts, now) {
            Ok(ends) => Next::Over(ends.worst()),
            Err(next) => next,
        }
    }

    /// How the work on each bundle has come to its end; what is to be done next, where something is.
    pub fn ends(&self, facts: &Facts, now: Time) -> Result<Ends, Next> {
        if let Some(next) = self.submissions_on_their_way(facts, now) {
            return Err(next);
        }
        let mut ends = Ends::stopped(facts);
        for &step in &self.steps {
            if ends.block(step, facts) {
                continue;
            }
            match self.judge_step(step, facts, now) {
                None => (),
                Some(Next::Over(ending)) => ends.add(step.bundle, ending),
                Some(Next::Send(key)) => return Err(self.prove_first(key, facts).unwrap_or(Next::Send(key))),
                Some(next) => return Err(next),
            }
        }
        match self.take_off_numbers(&ends, facts) {
            None => (),
            Some(Next::Over(ending)) => ends.add(self.flow.profile, ending),
            Some(next) => return Err(next),
        }
        Ok(ends)
    }

    /// A submission of another content that may still arrive would send in what the row does not say: it
    /// is awaited before anything on its bundle is changed.
    fn submissions_on_their_way(&self, facts: &Facts, now: Time) -> Option<Next> {
        for &step in self.steps.iter().filter(|step| matches!(step.verb, Verb::Submit)) {
            let Some(StepState::Started { at, content, .. }) = facts.state(step) else { continue };
            // By the time the account has been read there is a token to look with.
            let can_look = facts.is_done(self.flow.account) && facts.sid(step.bundle.made_by()).is_some();
            if !can_look || content.is(self.content_of(step, facts)) {
                continue;
            }
            match self.adopt_or_ask_again(step.into(), *at, facts, now) {
                Next::Send(_) => (),
                next => return Some(next),
            }
        }
        None
    }

    /// What has to be read before a bundle is judged or submitted: everything on it that this run has not
    /// seen. `None` where its content is proven.
    fn prove_first(&self, key: Key, facts: &Facts) -> Option<Next> {
        let bundle = key.step.bundle;
        if !matches!(key.step.verb, Verb::Evaluate | Verb::Submit)
            || self.policy.submission == Submission::Never
        {
            return None;
        }
        if !self.is_proven(bundle, facts) {
            return Some(Next::ReadBack(bundle));
        }
        facts.surplus(bundle).map(|it| Next::TakeOff(it.clone()))
    }

    /// Whether this run has seen everything of a bundle, and it is what the row says.
    pub fn is_proven(&self, bundle: BundleId, facts: &Facts) -> bool {
        facts.is_whole(bundle) && self.unproven(bundle, facts).is_empty()
    }

    /// What is done on a bundle and was not seen by this run.
    pub fn unproven(&self, bundle: BundleId, facts: &Facts) -> Vec<Key> {
        let of_it = self.steps.iter().filter(|step| step.bundle == bundle && step.verb.creates());
        let keys = of_it.flat_map(|step| self.keys(step, facts));
        keys.filter(|key| facts.is_done(*key) && !facts.is_proven(*key)).collect()
    }

    /// Notes what a run can do nothing more about. What stops one product stops no other; where none is left before
    /// the account was looked at, nothing is begun for it either. Gives an ending that is the whole customer's.
    pub fn stop(&self, ending: Ending, facts: &mut Facts) -> Option<Ending> {
        let Some(product) = ending.bundle().filter(|it| it.depends_on().is_some()) else {
            return Some(ending);
        };
        facts.stop(product, ending.clone());
        if !facts.is_done(self.flow.discovery) && self.products().iter().all(|it| facts.is_stopped(it)) {
            facts.stop(self.flow.profile, ending);
        }
        None
    }

    /// How a customer stands by what is recorded, for reports: the worst of its bundles.
    pub fn standing(&self, recorded: &Facts) -> Outcome {
        if recorded.is_empty() {
            return Outcome::NotAttempted;
        }
        match worst(self.standings(recorded).into_iter().map(|it| it.1)) {
            // The customer as a whole has been begun.
            Outcome::NotAttempted => Outcome::Unfinished,
            outcome => outcome,
        }
    }

    /// The plan of the same row under another policy.
    pub fn under<'b>(&'b self, policy: &'b Policy, facts: &Facts) -> Plan<'b> {
        Plan::of(self.flow, self.customer, policy, self.primary, self.key, facts)
    }

    /// The same plan, to which every difference from what was submitted counts.
    fn against_every_change(&self) -> Plan<'_> {
        Plan {
            bundles: self.bundles.clone(),
            steps: self.steps.clone(),
            wanted: self.wanted.clone(),
            names: self.names.clone(),
            digests: self.digests.clone(),
            holds_every_change_against_the_row: true,
            ..*self
        }
    }

    /// What has held a customer back, by what is recorded: a run looks at what is there already before it
    /// begins, so that a later step can be refused or in doubt before an earlier one has had its turn.
    pub fn held_back(&self, recorded: &Facts) -> Option<Ending> {
        let steps = self.steps.iter().filter(|step| step.verb.can_hold_back());
        steps.flat_map(|step| self.keys(step, recorded)).find_map(|key| match recorded.state(key)? {
            StepState::Refused { reason, .. } => Some(Ending::Refused(vec![(key, reason.clone())])),
            StepState::Unsure { candidates } => Some(Ending::Unsure(key, candidates.clone())),
            _ => None,
        })
    }

    /// Whether nothing at all is left to do or to wait for, by what is recorded. What was refused is asked again.
    pub fn is_finished(&self, recorded: &Facts) -> bool {
        let facts = recorded.clone().for_a_new_run(0).with_reads_done(self.flow);
        !recorded.is_empty()
            && self.recorded_objection(recorded).is_none()
            && matches!(self.next(&facts, 0), Next::Over(Ending::Done))
    }

    /// Whether lists of numbers are read also where nothing is left to do.
    pub fn looks_at_numbers(&self, recorded: &Facts) -> bool {
        self.steps.iter().any(|step| self.is_to_look(step, recorded))
    }

    /// The word for an ending.
    pub fn outcome(&self, ending: &Ending, facts: &Facts) -> Outcome {
        let approved = |bundle: &BundleId| facts.status(bundle) == Some(BundleStatus::TwilioApproved);
        let submitted = |bundle: &BundleId| facts.submitted(bundle).is_some();
        match ending {
            Ending::Done if self.policy.submission != Submission::Never => Outcome::Approved,
            Ending::Done if self.bundles.iter().all(approved) => Outcome::Approved,
            Ending::Done if approved(&self.flow.profile) => Outcome::ProfileApproved,
            Ending::Done => Outcome::Drafted,
            Ending::Waiting(_) if self.products().iter().all(submitted) => Outcome::Submitted,
            Ending::Waiting(_) => Outcome::AwaitingProfileApproval,
            Ending::Rejected(_) => Outcome::Rejected,
            Ending::Refused(_) => Outcome::Refused,
            Ending::Unsure(..) => Outcome::Unsure,
            Ending::Unfinished(_) => Outcome::Unfinished,
        }
    }

    /// The steps of this row, in their order.
    pub fn steps(&self) -> &[StepId] {
        &self.steps
    }

    /// The bundles that the row asks for, the profile first.
    pub fn bundles(&self) -> &[BundleId] {
        &self.bundles
    }

    /// The products that the row asks for.
    pub fn products(&self) -> &[BundleId] {
        self.bundles.get(1..).unwrap_or_default()
    }

    pub fn flow(&self) -> &'static Flow {
        self.flow
    }

    pub fn policy(&self) -> &Policy {
        self.policy
    }

    pub fn primary(&self) -> Option<&'a Sid> {
        self.primary
    }
}
