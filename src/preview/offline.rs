//! A run that asks nobody: a read is assumed to show what is recorded, numbers to be found, a review to go on.

use super::{Preview, made_up, made_up_for, pending};
use crate::facts::{Code, Content, Ending, Facts, OurCode, StepState, Time};
use crate::flow::BundleStatus;
use crate::flow::{BundleId, Key, Verb};
use crate::model::{Address, Sid, SidKind};
use crate::plan::{CONTENTS, Next, Plan};

/// More turns than any row takes: what would go round for ever ends there.
const TURNS_MAX: u32 = 100_000;

pub(super) struct Offline<'a> {
    pub plan: Plan<'a>,
    pub facts: Facts,
    /// What the runs before have left.
    pub recorded: Facts,
    pub now: Time,
    pub preview: Preview,
}

impl<'a> Offline<'a> {
    pub fn new(plan: Plan<'a>, facts: Facts, recorded: Facts, now: Time) -> Offline<'a> {
        Offline { plan, facts, recorded, now, preview: Preview::default() }
    }

    pub fn go(&mut self) -> Ending {
        for _ in 0..TURNS_MAX {
            match self.plan.next(&self.facts, self.now) {
                Next::Over(ending) => return ending,
                Next::Wait(until) => self.now = until.max(self.now + 1),
                Next::Read(key) => match key.step.verb {
                    Verb::Discover => self.discover(key),
                    _ => self.read(key),
                },
                Next::Adopt(key) => {
                    self.preview.calls += 1;
                    match self.facts.is_started(key) {
                        true => self.find(key),
                        false => self.facts.miss(key, self.now),
                    }
                }
                Next::ReadBack(bundle) => self.read_back(bundle),
                next => self.preview.write(&self.plan, &mut self.facts, &next, self.now),
            }
        }
        Ending::Unfinished(self.plan.flow().account.into())
    }

    fn read(&mut self, key: Key) {
        self.preview.calls += 1;
        if let Verb::Review = key.step.verb {
            // One list shows them all.
            let together = self.plan.reviews_to_read(key.step.bundle.collection, &self.facts);
            for bundle in together.into_iter().filter(|it| *it != key.step.bundle) {
                self.show_review(bundle.reviewed_by().into());
            }
            return self.show_review(key);
        }
        let state = match (key.step.verb, self.recorded.state(key)) {
            (Verb::CheckAccount, Some(refused @ StepState::Refused { .. })) => refused.clone(),
            (Verb::CheckAddress, _) => {
                let sid = match &self.plan.customer.address {
                    Address::Existing(sid) => Some(sid.clone()),
                    Address::New { .. } => None,
                };
                done(sid, self.plan.content_of(key.step, &self.facts))
            }
            (Verb::ResolveNumbers, _) => {
                self.resolve_numbers(key);
                done(None, self.plan.content_of(key.step, &self.facts))
            }
            (Verb::AssignNumbers, _) => return self.facts.look(key.step, None),
            _ => done(None, Content::Nothing),
        };
        if let Verb::ResolveNumbers = key.step.verb {
            self.facts.look(key.step, None);
        }
        self.preview.put(&mut self.facts, key, state);
    }

    fn show_review(&mut self, key: Key) {
        let state = match self.recorded.state(key) {
            Some(seen @ StepState::Seen { .. }) => seen.clone(),
            _ => pending(),
        };
        self.preview.put(&mut self.facts, key, state);
    }

    fn resolve_numbers(&mut self, key: Key) {
        let profile = self.plan.flow().profile;
        for part in self.plan.wanted_parts(&self.facts) {
            let (share, on_it) = (Key { step: key.step, part }, Key { step: profile.numbered_by(), part });
            let not_found = Code::Ours(OurCode::NumberNotFound);
            let missing = self
                .recorded
                .state(on_it)
                .filter(|it| matches!(it, StepState::Refused { reason, .. } if reason.code == not_found));
            match missing {
                _ if self.facts.sid(share).is_some() => (),
                Some(missing) => self.preview.put(&mut self.facts, on_it, missing.clone()),
                None => {
                    let sid = part.sid().unwrap_or_else(|| made_up(SidKind::PhoneNumber, 0, part));
                    self.preview.put(&mut self.facts, share, done(Some(sid), Content::Nothing));
                }
            }
        }
    }

    /// What the row names is assumed to be approved, because that takes least.
    fn discover(&mut self, key: Key) {
        for bundle in self.plan.bundles_to_discover(&self.facts) {
            self.preview.calls += 1;
            let (made, review) = (Key::from(bundle.made_by()), Key::from(bundle.reviewed_by()));
            let named = bundle.named_by(self.plan.customer).cloned();
            match (self.recorded.state(made), named) {
                (Some(StepState::Refused { reason, kept: None }), named)
                    if matches!(reason.code, Code::Ours(_)) && (named.is_none() || named == reason.sid) =>
                {
                    let refused = StepState::Refused { reason: reason.clone(), kept: None };
                    self.preview.put(&mut self.facts, made, refused);
                    self.stop(Ending::Refused(vec![(made, reason.clone())]));
                }
                (Some(unsure @ StepState::Unsure { candidates }), _) => {
                    self.preview.put(&mut self.facts, made, unsure.clone());
                    self.stop(Ending::Unsure(made, candidates.clone()));
                }
                (_, Some(named)) if self.facts.sid(made).is_none() => {
                    let submitted = done(Some(named.clone()), Content::BeforeUs);
                    self.preview.put(&mut self.facts, made, done(Some(named), Content::Unknown));
                    self.preview.put(&mut self.facts, bundle.submitted_by().into(), submitted);
                    let status = BundleStatus::TwilioApproved;
                    self.preview.put(&mut self.facts, review, StepState::Seen { status, codes: vec![] });
                }
                _ => self.show(made),
            }
            if self.facts.is_done(bundle.submitted_by()) && self.facts.state(review).is_none() {
                self.preview.calls -= 1;
                self.read(review);
                if self.facts.status(bundle) == Some(BundleStatus::TwilioRejected) {
                    self.facts.note_rejected_ours(bundle);
                }
            }
        }
        if self.facts.is_stopped(self.plan.flow().profile) {
            return;
        }
        self.plan = self.plan.anew(self.plan.primary(), &self.facts);
        for collection in CONTENTS {
            if self.plan.has_to_discover(collection, &self.facts) {
                self.list(self.plan.flow().created_in(collection).map(Key::from));
            }
        }
        for bundle in self.plan.bundles_to_discover(&self.facts) {
            if self.facts.sid(bundle.made_by()).is_some() {
                let (entities, numbers) = self.plan.assignments_to_discover(bundle, &self.facts);
                self.list_assignments(bundle, entities, numbers);
            }
        }
        self.preview.put(&mut self.facts, key, done(None, Content::Nothing));
    }

    /// As in a run; what ends the customer's work altogether, `next` sees by the state of its step.
    fn stop(&mut self, ending: Ending) {
        let _ = self.plan.stop(ending, &mut self.facts);
    }

    fn read_back(&mut self, bundle: BundleId) {
        if !self.facts.is_proven(bundle.made_by().into()) {
            self.list([bundle.made_by().into()]);
        }
        for collection in CONTENTS {
            if !self.plan.unproven_in(collection, bundle, &self.facts).is_empty() {
                self.list(self.plan.flow().created_in(collection).map(Key::from));
            }
        }
        if !self.facts.is_whole(bundle) {
            self.list_assignments(bundle, true, true);
        }
    }

    fn list_assignments(&mut self, bundle: BundleId, entities: bool, numbers: bool) {
        if entities {
            let steps = bundle.all_steps().filter(|it| matches!(it.verb, Verb::Assign(_)));
            self.list(steps.map(Key::from));
        }
        if numbers {
            let keys: Vec<Key> = self.facts.shares(bundle.numbered_by()).map(|it| it.0).collect();
            self.list(keys);
        }
        if entities && numbers {
            self.facts.note_whole(bundle);
        }
    }

    /// One list that shows these steps as they are recorded.
    fn list(&mut self, keys: impl IntoIterator<Item = Key>) {
        self.preview.calls += 1;
        for key in keys {
            match self.recorded.state(key) {
                Some(unsure @ StepState::Unsure { .. }) => {
                    self.preview.put(&mut self.facts, key, unsure.clone())
                }
                _ => self.show(key),
            }
        }
    }

    /// An answer shows what is recorded of a step. What was asked for and not answered is there.
    fn show(&mut self, key: Key) {
        match self.facts.state(key) {
            Some(StepState::Started { sid: None, .. }) => self.find(key),
            _ => self.prove(key),
        }
    }

    fn find(&mut self, key: Key) {
        let Some(StepState::Started { content, .. }) = self.facts.state(key) else { return };
        let content = *content;
        if let Verb::Submit = key.step.verb {
            let bundle = self.facts.sid(key.step.bundle.made_by()).cloned();
            self.preview.put(&mut self.facts, key, done(bundle, content));
            return self.preview.put(&mut self.facts, key.step.bundle.reviewed_by().into(), pending());
        }
        self.preview.put(&mut self.facts, key, done(Some(made_up_for(&self.plan, key)), content));
        self.prove(key);
    }

    /// What differs from the row is updated, and what the plan has no digest for cannot differ.
    fn prove(&mut self, key: Key) {
        let Some(StepState::Done { sid: Some(_), content, .. }) = self.facts.state(key) else { return };
        if !matches!(key.step.verb, Verb::Create(_))
            || content.is(self.plan.content_of(key.step, &self.facts))
        {
            self.facts.prove(key);
        }
    }
}

fn done(sid: Option<Sid>, content: Content) -> StepState {
    StepState::Done { sid, content, note: None }
}
