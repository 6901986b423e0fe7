//! One customer's run against the API in memory: what the engine does with each answer of the plan, and everything
//! that can go wrong in between.

use crate::api::{Api, Fate, Request, depends_on_row, place};
use crate::small::*;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use trusthub_onboard::facts::{Code, Content, Digest, Ending, Facts, OurCode, StepState, Time};
use trusthub_onboard::flow::BundleStatus;
use trusthub_onboard::flow::{BundleId, Key, Verb};
use trusthub_onboard::model::Sid;
use trusthub_onboard::plan::{Next, Plan};

/// The wait after a lost answer.
const PAUSE: Time = 400;

const DAY: Time = 86_400_000;

/// What an invariant says that does not hold.
pub type Wrong = String;

#[derive(Clone)]
pub struct World {
    api: Api,
    clock: Time,
    facts: Facts,
    ledger: BTreeMap<Key, StepState>,
    unsaved: Vec<(Key, StepState)>,
    /// What an answer has shown to this run, with the content of the row.
    shown: BTreeSet<Key>,
    /// A submission that was answered with yes: what is read after it is its effect.
    answered: Option<Key>,
    row: usize,
    faults_left: u32,
    corrected: bool,
    rejected: bool,
}

pub type Ways = Vec<(String, World)>;

impl World {
    pub fn new(faults: u32) -> World {
        World {
            api: Api::new(DAY),
            clock: DAY,
            facts: Facts::default().for_a_new_run(DAY),
            ledger: BTreeMap::new(),
            unsaved: vec![],
            shown: BTreeSet::new(),
            answered: None,
            row: 0,
            faults_left: faults,
            corrected: false,
            rejected: false,
        }
    }

    /// Every way in which it can go on from here; none at its end.
    pub fn next(&self, plans: &[Plan<'_>]) -> Result<Ways, Wrong> {
        let plan = &plans[self.row];
        let arrived = |(what, api)| (what, World { api, ..self.clone() });
        let mut ways: Ways = self.api.arrivals()?.into_iter().map(arrived).collect();
        let next = plan.next(&self.facts, self.clock);
        if !matches!(next, Next::Over(_)) {
            self.crash("before the turn", &mut ways, |world| world.save());
            if !self.unsaved.is_empty() {
                self.crash("before the answer is written down", &mut ways, |world| world.unsaved.clear());
            }
        }
        let mut world = self.clone();
        match next {
            Next::Send(key) => return self.send(plan, key, None, ways),
            Next::Update(key) => return self.send(plan, key, self.facts.sid(key).cloned(), ways),
            Next::Remove(key) => return Err(format!("takes {} off, which the row asks for", key.step)),
            Next::TakeOff(surplus) => return Err(format!("{:?} has something too much", surplus.bundle)),
            Next::Read(key) => {
                world.save();
                world.read(plan, key)?;
                ways.push((format!("read {}", key.step), world));
            }
            Next::Adopt(key) => {
                world.save();
                world.look_for(plan, key)?;
                ways.push((format!("look for {}", key.step), world));
            }
            Next::ReadBack(bundle) => {
                world.save();
                world.read_back(plan, bundle)?;
                ways.push((format!("read {bundle:?} back"), world));
            }
            Next::Wait(until) => {
                if until <= self.clock {
                    return Err("waits for the past".to_owned());
                }
                self.fault("a wait takes a day longer", &mut ways, |world| {
                    world.pass(until - world.clock + DAY)
                })?;
                world.pass(until - self.clock)?;
                ways.push((format!("wait {} ms", until - self.clock), world));
            }
            Next::Over(ending) => return self.over(ending, ways),
        }
        Ok(ways)
    }

    /// Writes *started* down and sends: every fate of the request and of its answer.
    fn send(&self, plan: &Plan<'_>, key: Key, updated: Option<Sid>, mut ways: Ways) -> Result<Ways, Wrong> {
        let verb = if updated.is_some() { "update" } else { "send" };
        let step = key.step;
        let content = plan.content_of(step, &self.facts);
        let mut world = self.clone();
        let at = world.clock;
        world.record(key, StepState::Started { at, content, sid: updated.clone() });
        world.save();
        if let Verb::Submit = step.verb {
            world.check_submission(plan, step.bundle)?;
        }
        let request = Request { key, updates: updated.is_some(), row: self.row, lag: 0 };
        world.crash(&format!("before {verb} {step}"), &mut ways, |_| ());
        let lags: &[Time] = if step.verb.creates() && updated.is_none() { &[0, WINDOW] } else { &[0] };
        for &lag in lags {
            let request = Request { lag, ..request };
            for fate in [Fate::CarriedOut, Fate::Late, Fate::Never] {
                if fate == Fate::Never && lag > 0 {
                    continue;
                }
                let name = format!("{verb} {step}, {}, lag {lag}", fate.word());
                if fate != Fate::Never {
                    let mut gone = world.clone();
                    gone.api.go_out(request, fate)?;
                    gone.crash(&format!("after {name}"), &mut ways, |_| ());
                }
                world.fault(&format!("{name}, answer lost"), &mut ways, |world| {
                    world.api.go_out(request, fate)?;
                    world.facts.restart(key, world.clock);
                    world.pass(PAUSE)
                })?;
                if fate != Fate::Late {
                    world.fault(&format!("{name}, answered with a 500"), &mut ways, |world| {
                        world.api.go_out(request, fate)?;
                        world.facts.hear(key, world.clock);
                        world.pass(PAUSE)
                    })?;
                }
            }
            let answered = |world: &mut World| {
                world.api.go_out(request, Fate::CarriedOut)?;
                world.facts.hear(key, world.clock);
                if let Verb::Submit = step.verb {
                    // It is settled by reading.
                    world.answered = Some(key);
                } else {
                    let sid = updated.clone().unwrap_or(made_by(step, 0));
                    world.record(key, StepState::Done { sid: Some(sid), content, note: None });
                    world.show(plan, key);
                }
                if step.creates_its_bundle() && updated.is_none() {
                    world.facts.note_whole(step.bundle);
                }
                Ok(())
            };
            if lag > 0 {
                world.fault(&format!("{verb} {step}, lag {lag}"), &mut ways, answered)?;
            } else {
                let mut world = world.clone();
                answered(&mut world)?;
                ways.push((format!("{verb} {step}"), world));
            }
        }
        Ok(ways)
    }

    /// A submission goes out: this run must have seen every step of the bundle, as the row says it.
    fn check_submission(&self, plan: &Plan<'_>, bundle: BundleId) -> Result<(), Wrong> {
        let of_it = plan.steps().iter().filter(|it| it.bundle == bundle && it.verb.creates());
        match of_it.copied().find(|it| !self.shown.contains(&key(it))) {
            Some(step) => Err(format!("{bundle:?} is submitted, and this run has not seen {step}")),
            None => Ok(()),
        }
    }

    fn pass(&mut self, time: Time) -> Result<(), Wrong> {
        self.clock += time;
        self.api.pass(time)
    }

    fn fault(
        &self,
        what: &str,
        ways: &mut Ways,
        happen: impl FnOnce(&mut World) -> Result<(), Wrong>,
    ) -> Result<(), Wrong> {
        if self.faults_left > 0 {
            let mut world = self.clone();
            world.faults_left -= 1;
            happen(&mut world).map_err(|wrong| format!("{wrong}, after: {what}"))?;
            ways.push((what.to_owned(), world));
        }
        Ok(())
    }

    /// The process dies, and another run goes on from the ledger: with the clock as it was or set forward, and
    /// with the same row or a corrected one.
    fn crash(&self, when: &str, ways: &mut Ways, durable: impl FnOnce(&mut World)) {
        if self.faults_left == 0 {
            return;
        }
        let mut world = self.clone();
        world.faults_left -= 1;
        durable(&mut world);
        world.begin_a_run();
        if world.faults_left > 0 {
            let mut jumped = world.clone();
            jumped.faults_left -= 1;
            jumped.clock += DAY;
            jumped.begin_a_run();
            ways.push((format!("crash {when}, and the clock is set forward"), jumped));
            ways.push((format!("crash {when}, and the row is corrected"), world.with_the_row_corrected()));
        }
        ways.push((format!("crash {when}"), world));
    }

    fn with_the_row_corrected(&self) -> World {
        let mut world = self.clone();
        world.faults_left -= 1;
        world.row = 1 - world.row;
        world.corrected = true;
        world
    }

    fn begin_a_run(&mut self) {
        self.facts = Facts::recorded(self.ledger.clone()).for_a_new_run(self.clock);
        self.unsaved.clear();
        self.shown.clear();
        self.answered = None;
    }

    fn record(&mut self, key: Key, state: StepState) {
        self.unsaved.push((key, state.clone()));
        self.facts.apply(key, state).expect("a step comes to no state that it cannot come to");
    }

    fn save(&mut self) {
        self.ledger.extend(self.unsaved.drain(..));
    }

    /// An answer shows what a step has made: its content goes into the facts, and proves it if it is the row's.
    fn show(&mut self, plan: &Plan<'_>, key: Key) {
        let Some(thing) = self.api.things.get(&key).and_then(|it| it.first()) else { return };
        let is_as_wanted = thing.row == self.row || !depends_on_row(key);
        let wanted = plan.content_of(key.step, &self.facts);
        let content =
            if is_as_wanted { wanted } else { Content::Known(Digest { version: 1, bytes: [1; 16] }) };
        match self.facts.state(key) {
            // An update that has no end yet may still overwrite it; where it is there, it has arrived.
            Some(StepState::Started { sid: Some(_), content: sent, .. })
                if !is_as_wanted || *sent != content =>
            {
                return;
            }
            Some(StepState::Done { content: before, .. }) if *before == content => (),
            _ => self.record(key, StepState::Done { sid: Some(made_by(key.step, 0)), content, note: None }),
        }
        if is_as_wanted {
            self.facts.prove(key);
            self.shown.insert(key);
        }
    }

    /// Takes in what a list shows of a step.
    fn take_in(&mut self, plan: &Plan<'_>, key: Key) -> Result<bool, Wrong> {
        let listed = self.api.things.get(&key).is_some_and(|it| it[0].listed_from <= self.api.real);
        // What is known is read by its SID where a list does not show it.
        let known = self.facts.sid(key).is_some();
        if known && !self.api.things.contains_key(&key) {
            return Err(format!("{} is on record and not there", key.step));
        }
        if listed || known {
            self.show(plan, key);
        }
        Ok(listed || known)
    }

    fn read(&mut self, plan: &Plan<'_>, read: Key) -> Result<(), Wrong> {
        match read.step.verb {
            Verb::Review => {
                self.take_in(plan, read.step.bundle.made_by().into())?;
                self.see(read.step.bundle);
            }
            Verb::Discover => {
                for bundle in FLOW.bundles() {
                    if self.take_in(plan, bundle.made_by().into())? {
                        self.note_status(bundle);
                    }
                }
                // A list is read where something is missing that it could show.
                for step in plan.steps().iter().filter(|it| it.verb.creates() && !it.creates_its_bundle()) {
                    if self.facts.sid(step.bundle.made_by()).is_some() && !self.facts.is_done(key(step)) {
                        self.take_in(plan, key(step))?;
                    }
                }
            }
            _ => (),
        }
        if !matches!(read.step.verb, Verb::Review) {
            self.record(read, StepState::Done { sid: None, content: Content::Nothing, note: None });
        }
        Ok(())
    }

    fn see(&mut self, bundle: BundleId) {
        let status = self.api.status(bundle);
        let codes = if self.api.too_early[place(bundle)] { vec![TOO_EARLY] } else { vec![] };
        self.record(bundle.reviewed_by().into(), StepState::Seen { status, codes });
    }

    /// A bundle beyond draft has been submitted.
    fn note_status(&mut self, bundle: BundleId) {
        let status = self.api.status(bundle);
        let submission = Key::from(bundle.submitted_by());
        if status == BundleStatus::Draft {
            return;
        }
        let content = match self.facts.state(submission) {
            Some(StepState::Done { .. }) => None,
            Some(StepState::Started { .. }) if status == BundleStatus::TwilioRejected => None,
            Some(StepState::Started { content, .. }) => Some(*content),
            _ => Some(Content::BeforeUs),
        };
        if let Some(content) = content {
            self.record(
                submission,
                StepState::Done { sid: Some(made_by(submission.step, 0)), content, note: None },
            );
        }
        self.see(bundle);
        if status == BundleStatus::TwilioRejected {
            self.facts.note_rejected_ours(bundle);
        }
    }

    fn look_for(&mut self, plan: &Plan<'_>, key: Key) -> Result<(), Wrong> {
        let bundle = key.step.bundle;
        if let Verb::Submit = key.step.verb {
            let was_rejected = self.facts.status(bundle) == Some(BundleStatus::TwilioRejected);
            let Some(StepState::Started { content, .. }) = self.facts.state(key).cloned() else {
                return Err("looks for a submission that was not started".to_owned());
            };
            match self.api.statuses[place(bundle)] {
                BundleStatus::Draft => self.facts.miss(key, self.clock),
                BundleStatus::TwilioRejected if was_rejected && self.answered != Some(key) => {
                    self.facts.miss(key, self.clock);
                }
                _ => {
                    let sid = Some(made_by(bundle.made_by(), 0));
                    self.record(key, StepState::Done { sid, content, note: None });
                    self.see(bundle);
                }
            }
        } else if !self.take_in(plan, key)? {
            self.facts.miss(key, self.clock);
        }
        Ok(())
    }

    fn read_back(&mut self, plan: &Plan<'_>, bundle: BundleId) -> Result<(), Wrong> {
        for step in plan.steps().iter().filter(|it| it.bundle == bundle && it.verb.creates()) {
            if self.facts.is_done(key(step)) || !self.facts.is_whole(bundle) {
                self.take_in(plan, key(step))?;
            }
        }
        self.note_status(bundle);
        self.facts.note_whole(bundle);
        Ok(())
    }

    /// The run is over: right or wrong, or to be gone on with when a review is decided.
    fn over(&self, ending: Ending, mut ways: Ways) -> Result<Ways, Wrong> {
        let mut world = self.clone();
        world.save();
        let in_review = |it: &BundleId| world.api.status(it) == BundleStatus::PendingReview;
        let reviewed: Vec<BundleId> = FLOW.bundles().filter(in_review).collect();
        match &ending {
            Ending::Waiting(_) if reviewed.is_empty() => return Err("waits for no review".to_owned()),
            Ending::Waiting(_) => {
                for &bundle in &reviewed {
                    world.fault(&format!("{bundle:?} is rejected"), &mut ways, |world| {
                        world.decide(&reviewed, Some(bundle));
                        Ok(())
                    })?;
                }
                world.decide(&reviewed, None);
                ways.push(("approved".to_owned(), world));
                return Ok(ways);
            }
            // Too many submissions in a row were not carried out.
            Ending::Unfinished(_) => {
                world.begin_a_run();
                ways.push(("another run".to_owned(), world));
                return Ok(ways);
            }
            Ending::Rejected(_) if self.rejected => (),
            Ending::Refused(all) if self.corrected => {
                let changed = Code::Ours(OurCode::ChangedAfterSubmission);
                if let Some((key, _)) = all.iter().find(|it| it.1.code != changed) {
                    return Err(format!("{} is refused", key.step));
                }
            }
            Ending::Done => {
                let approved = |it: &BundleStatus| *it == BundleStatus::TwilioApproved;
                if !world.api.statuses.iter().all(approved) {
                    return Err("done, and not everything is approved".to_owned());
                }
            }
            _ => return Err(format!("ends with {ending:?}")),
        }
        if self.faults_left > 0 && ending != Ending::Done {
            let mut corrected = world.with_the_row_corrected();
            corrected.begin_a_run();
            ways.push(("the row is corrected".to_owned(), corrected));
        }
        world.check_the_end(&ending)?;
        Ok(ways)
    }

    fn decide(&mut self, reviewed: &[BundleId], rejected: Option<BundleId>) {
        for &bundle in reviewed {
            self.api.statuses[place(bundle)] = match rejected == Some(bundle) {
                true => BundleStatus::TwilioRejected,
                false => BundleStatus::TwilioApproved,
            };
        }
        self.rejected |= rejected.is_some();
        self.begin_a_run();
    }

    /// Nothing twice, nothing lost, and no product held up by its sibling.
    fn check_the_end(&mut self, ending: &Ending) -> Result<(), Wrong> {
        self.pass(10 * DAY)?;
        for key in self.api.things.keys() {
            let made = made_by(key.step, 0);
            let recorded = self.ledger.get(key).cloned();
            // A row that is refused is not waited for: the ledger says what the next run has to look for.
            if *ending != Ending::Done && matches!(recorded, Some(StepState::Started { .. })) {
                continue;
            }
            if Facts::recorded(recorded.map(|it| (*key, it))).sid(*key) != Some(&made) {
                return Err(format!("the SID of {} is lost", key.step));
            }
        }
        if let Ending::Rejected(rejected) = ending
            && rejected.depends_on().is_some()
        {
            // The same submission may come a second time and reopen its own review.
            let mut siblings = FLOW.bundles().filter(|it| it != rejected);
            let sibling = siblings
                .find(|it| matches!(self.api.status(it), BundleStatus::Draft | BundleStatus::PendingReview));
            if let Some(sibling) = sibling {
                return Err(format!("{rejected:?} was rejected and holds up {sibling:?}"));
            }
        }
        Ok(())
    }

    /// The same for two worlds from which everything goes on in the same way: times count from now.
    pub fn fingerprint(&self) -> u64 {
        let mut to = DefaultHasher::new();
        let ago = |at: Time| self.clock as i64 - at as i64;
        self.api.hash_from_now(&mut to);
        let hash_mark = |state: &StepState, times: bool, to: &mut DefaultHasher| match state {
            StepState::Started { at, content, sid } => (0, times.then(|| ago(*at)), content, sid).hash(to),
            StepState::Done { sid, content, .. } => (1, sid, content).hash(to),
            StepState::Seen { status, codes } => (2, status.word(), codes).hash(to),
            StepState::Refused { kept, .. } => (3, kept).hash(to),
            StepState::Unsure { candidates } => (4, candidates).hash(to),
            StepState::Removed => 5.hash(to),
        };
        for (key, state) in self.facts.states() {
            key.hash(&mut to);
            hash_mark(state, true, &mut to);
            (self.facts.missed(key).map(ago), self.facts.heard(key).map(ago)).hash(&mut to);
            self.facts.is_proven(key).hash(&mut to);
            if let Verb::Submit = key.step.verb {
                self.facts.times_sent(key).hash(&mut to);
            }
        }
        for bundle in FLOW.bundles() {
            (self.facts.is_whole(bundle), self.facts.rejected_ours().contains(&bundle)).hash(&mut to);
        }
        // A new run counts from its own beginning.
        self.ledger.iter().for_each(|(key, state)| {
            key.hash(&mut to);
            hash_mark(state, false, &mut to);
        });
        self.unsaved.iter().for_each(|(key, state)| {
            key.hash(&mut to);
            hash_mark(state, false, &mut to);
        });
        (&self.shown, self.answered, self.row, self.faults_left, self.corrected, self.rejected).hash(&mut to);
        to.finish()
    }
}
