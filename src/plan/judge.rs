//! What a step still needs: every state of a step, with every verb, has one answer here.

use super::{LOOK_AGAIN_MS, Next, Plan, SUBMISSIONS_MAX, TURN_MAX_MS};
use crate::facts::Content;
use crate::facts::Ending;
use crate::facts::{Callback, Facts};
use crate::facts::{Code, Note, OurCode, Reason};
use crate::facts::{Evaluate, RefusedNumbers};
use crate::facts::{StepState, Time};
use crate::flow::{BundleId, BundleStatus, Key, Part, StepId, Verb};

impl Plan<'_> {
    /// What this step still needs, all its numbers included; `None` when it is done.
    pub(super) fn judge_step(&self, step: StepId, facts: &Facts, now: Time) -> Option<Next> {
        if self.is_to_look(step, facts) {
            return Some(Next::Read(step.into()));
        }
        if !matches!(step.verb, Verb::AssignNumbers) {
            return self.judge(step.into(), facts, now);
        }
        let mut refused = vec![];
        let mut done = 0;
        for key in self.keys(step, facts) {
            match self.judge(key, facts, now) {
                None => done += 1,
                // A refused number does not stop its siblings, so that all are named at once.
                Some(Next::Over(Ending::Refused(why))) => refused.extend(why),
                next => return next,
            }
        }
        if done > 0 {
            refused.retain(|(_, reason)| reason.code != Code::Ours(OurCode::NumberNotEligible));
        }
        let is_skipped = self.policy.refused_numbers == RefusedNumbers::Skip && done > 0;
        // Where everything is submitted, a number holds nothing back; the next run asks for it again.
        if is_skipped || (!refused.is_empty() && !self.is_work_left(step.bundle, facts)) {
            refused.clear();
        }
        match refused.is_empty() {
            true => self.take_off_leftovers(step.bundle, facts, now),
            false => Some(Next::Over(Ending::Refused(refused))),
        }
    }

    fn judge(&self, key: Key, facts: &Facts, now: Time) -> Option<Next> {
        let (verb, bundle) = (key.step.verb, key.step.bundle);
        let open = || facts.is_open(bundle);
        let changed = || self.changed_after_submission(key, facts);
        let refused = |reason: &Reason| Some(Next::Over(Ending::Refused(vec![(key, reason.clone())])));
        let state = match facts.state(key) {
            None | Some(StepState::Removed) => return self.judge_missing(key, facts),
            Some(state) => state,
        };
        match (state, verb) {
            (StepState::Refused { reason, .. }, _) => refused(reason),
            (StepState::Unsure { candidates }, _) => {
                Some(Next::Over(Ending::Unsure(key, candidates.clone())))
            }
            (StepState::Seen { status, .. }, _) => match (status, self.came_too_early(bundle, facts)) {
                (BundleStatus::TwilioApproved, _) => None,
                // It is submitted again when its profile is approved: until then it waits with it.
                (BundleStatus::TwilioRejected, Some(None)) => Some(Next::Over(Ending::Waiting(bundle))),
                (BundleStatus::TwilioRejected, _) => Some(Next::Over(Ending::Rejected(bundle))),
                _ => Some(Next::Over(Ending::Waiting(bundle))),
            },
            // The newest evaluation counts, so it is simply repeated.
            (StepState::Started { .. }, Verb::Evaluate) => open().then_some(Next::Send(key)),
            (StepState::Started { .. }, Verb::Submit) => Some(match facts.missed(key) {
                // A bundle that is read by its SID has no lag: draft means not submitted.
                Some(_) if facts.times_sent(key) >= SUBMISSIONS_MAX => Next::Over(Ending::Unfinished(key)),
                Some(_) => Next::Send(key),
                None => Next::Adopt(key),
            }),
            // An update. The same one may be sent again; another one only when the first cannot arrive any more.
            (StepState::Started { at, content, sid: Some(_) }, Verb::Create(_)) => match open() {
                false => changed(),
                true if content.is(self.content_of(key.step, facts)) => Some(Next::Update(key)),
                true => match self.certain(key, *at, facts) {
                    certain if now < certain => Some(Next::Wait(certain)),
                    _ => Some(Next::Update(key)),
                },
            },
            (StepState::Started { at, .. }, _) => match self.adopt_or_ask_again(key, *at, facts, now) {
                // It never came to be. Meanwhile its bundle may have been submitted by somebody else.
                Next::Send(_) => self.judge_missing(key, facts),
                next => Some(next),
            },
            (StepState::Done { .. }, Verb::Create(_))
                if open()
                    && key.step.creates_its_bundle()
                    && facts.callback(bundle) == Some(Callback::ToClear) =>
            {
                Some(Next::Update(key))
            }
            (StepState::Done { .. }, Verb::Submit)
                if self.came_too_early(bundle, facts) == Some(Some(BundleStatus::TwilioApproved))
                    && facts.times_sent(key) == 0 =>
            {
                Some(Next::Send(key))
            }
            (StepState::Done { sid: Some(sid), .. }, Verb::Create(_))
                if key.step.creates_its_bundle() && self.is_named_no_more(bundle, facts) =>
            {
                let column = Some(bundle.column.to_owned());
                let reason = Reason { fields: column, ..Reason::ours(OurCode::ChangedAfterSubmission) };
                refused(&reason.naming(sid.clone()))
            }
            // It came before its profile, and would do so again.
            (StepState::Done { content: Content::BeforeUs, .. }, Verb::Submit)
                if self
                    .came_too_early(bundle, facts)
                    .is_some_and(|profile| profile != Some(BundleStatus::TwilioApproved)) =>
            {
                None
            }
            // What a run has only warned of is judged again before a run that refuses submits it.
            (StepState::Done { note: Some(Note::Noncompliant), content, .. }, Verb::Evaluate)
                if self.policy.evaluate == Evaluate::Refuse
                    && open()
                    && !facts.submitted(bundle).is_some_and(|it| it.is(*content)) =>
            {
                Some(Next::Send(key))
            }
            (StepState::Done { content, .. }, verb) => match verb {
                // Whatever was judged then: it is asked before the digest, which takes most of the time.
                Verb::Evaluate | Verb::Submit if !open() => None,
                _ if content.is(self.content_of(key.step, facts)) => None,
                // Without the object there is nothing to compare.
                Verb::Assign(object) if self.object(object, facts).is_none() => None,
                Verb::Create(_) if open() => Some(Next::Update(key)),
                Verb::Assign(_) if open() && content.is_known() => Some(Next::Remove(key)),
                // Once it is submitted, what the numbers are counts, not how the sheet writes them.
                Verb::ResolveNumbers if !open() && self.knows_every_number(facts) => None,
                Verb::ResolveNumbers => Some(Next::Read(key)),
                Verb::CheckAddress if open() => Some(Next::Read(key)),
                Verb::Evaluate | Verb::Submit => Some(Next::Send(key)),
                Verb::Create(_) | Verb::Assign(_) | Verb::CheckAddress if content.is_known() => changed(),
                _ => None,
            },
            (StepState::Removed, _) => None,
        }
    }

    /// What is to be done about a step of which nothing is there.
    fn judge_missing(&self, key: Key, facts: &Facts) -> Option<Next> {
        match key.step.verb {
            // What we have submitted is read by its SID; nothing else of ours can be missing. What a
            // ledger knows only from a discovery is discovered again, because it may have been rejected.
            Verb::Discover if self.bundles.iter().all(|it| submitted_by_us(it, facts)) => None,
            verb if verb.only_reads() => Some(Next::Read(key)),
            Verb::AssignNumbers => self.assign(key, facts),
            _ if facts.is_open(key.step.bundle) => Some(Next::Send(key)),
            // What was submitted without an evaluation needs none any more.
            Verb::Evaluate => None,
            _ => self.changed_after_submission(key, facts),
        }
    }

    /// Whether the row has named this bundle, which is used as it is, and does so no more. What a bundle of ours
    /// says is known, or something of ours is in it; of this one nothing is.
    fn is_named_no_more(&self, bundle: BundleId, facts: &Facts) -> bool {
        let holds_ours = || {
            let is_made =
                |step: &&StepId| matches!(step.verb, Verb::Create(_)) && facts.state(**step).is_some();
            let is_known = matches!(
                facts.state(bundle.made_by()),
                Some(StepState::Done { content: Content::Known(_), .. })
            );
            is_known || bundle.steps.contents.iter().any(|step| is_made(&step))
        };
        facts.submitted(bundle) == Some(Content::BeforeUs)
            && !facts.is_open(bundle)
            && bundle.named_by(self.customer).is_none()
            && !holds_ours()
    }

    /// For a bundle that was rejected only because the one that it depends on was not approved yet, as
    /// happens with `--submit-product now`: how that one stands, as far as it is decided.
    fn came_too_early(&self, bundle: BundleId, facts: &Facts) -> Option<Option<BundleStatus>> {
        let dependency = bundle.depends_on.as_ref()?;
        let Some(StepState::Seen { status: BundleStatus::TwilioRejected, codes }) =
            facts.state(bundle.reviewed_by())
        else {
            return None;
        };
        let decided =
            |it: &BundleStatus| matches!(it, BundleStatus::TwilioApproved | BundleStatus::TwilioRejected);
        let too_early = codes.iter().any(|code| dependency.too_early.contains(code));
        too_early.then(|| facts.status(dependency.bundle).filter(decided))
    }

    /// A request that was never answered may still be on its way, so absence counts only after the
    /// call time-out and the visibility window; after a broken answer the window alone is enough.
    pub(super) fn adopt_or_ask_again(&self, key: Key, started: Time, facts: &Facts, now: Time) -> Next {
        let certain = self.certain(key, started, facts);
        match facts.missed(key) {
            Some(looked) if looked >= certain => Next::Send(key),
            Some(looked) if now < certain.min(looked + LOOK_AGAIN_MS) => {
                Next::Wait(certain.min(looked + LOOK_AGAIN_MS))
            }
            _ => Next::Adopt(key),
        }
    }

    /// When a request that shows nowhere is known not to have been carried out, and never to be.
    fn certain(&self, key: Key, started: Time, facts: &Facts) -> Time {
        let window = self.policy.visibility_window_ms;
        match facts.heard(key) {
            Some(heard) => heard + window,
            None => started + TURN_MAX_MS + self.policy.call_timeout_ms + window,
        }
    }

    /// A row that differs from what was submitted is refused where that blocks something which is still to be
    /// done. Where nothing is, the row stays what it is, and [`Plan::differing`] says where it differs.
    fn changed_after_submission(&self, key: Key, facts: &Facts) -> Option<Next> {
        self.is_work_left(key.step.bundle, facts).then(|| self.refused_as_changed(key, facts))
    }

    /// Whether a bundle that was submitted, or one that depends on it, is still to be worked on.
    fn is_work_left(&self, bundle: BundleId, facts: &Facts) -> bool {
        let depends = |it: &&BundleId| **it == bundle || it.depends_on() == Some(bundle);
        self.holds_every_change_against_the_row
            || self.bundles.iter().filter(depends).any(|it| facts.is_open(it))
    }

    /// The steps at which the row differs from what was submitted, and that nothing is refused for because
    /// nothing is left to be done.
    pub fn differing(&self, recorded: &Facts) -> Vec<Key> {
        let facts = recorded.clone().with_reads_done(self.flow);
        let strict = self.against_every_change();
        let changed = Code::Ours(OurCode::ChangedAfterSubmission);
        let refused = |step: &StepId| match strict.judge_step(step, &facts, 0) {
            Some(Next::Over(Ending::Refused(refused))) => refused,
            _ => vec![],
        };
        let all = self.steps.iter().flat_map(refused).filter(|it| it.1.code == changed).map(|it| it.0);
        let is_work_left = |key: &Key| self.is_work_left(key.step.bundle, &facts);
        all.filter(|key| !is_work_left(key) && key.part.sid().is_none_or(|_| facts.is_done(*key))).collect()
    }

    /// The bundles that the row names by another SID than the one in use.
    pub fn named_otherwise(&self, recorded: &Facts) -> Vec<BundleId> {
        let is_other = |bundle: &BundleId| {
            let used = recorded.sid(bundle.made_by());
            bundle.named_by(self.customer).is_some_and(|named| used.is_some_and(|used| used != named))
        };
        self.bundles.iter().copied().filter(is_other).collect()
    }

    /// What was submitted is refused as changed where the row differs. What was last known of its review may be
    /// out of date, so that is read first.
    fn refused_as_changed(&self, key: Key, facts: &Facts) -> Next {
        let review = key.step.bundle.reviewed_by();
        match facts.state(review) {
            None => Next::Read(review.into()),
            Some(_) => {
                let reason = Reason::ours(OurCode::ChangedAfterSubmission);
                Next::Over(Ending::Refused(vec![(key, reason)]))
            }
        }
    }

    /// What an earlier row asked for and this one does not: an assignment of a representative or a
    /// number is taken off a draft. A request whose end is not known is looked for first, because nothing may
    /// be submitted that the sheet does not say, and no SID be lost.
    fn take_off_leftovers(&self, bundle: BundleId, facts: &Facts, now: Time) -> Option<Next> {
        if facts.is_taken_as_is(bundle, bundle.named_by(self.customer)) {
            return None;
        }
        let wanted = self.numbers(facts);
        let is_left = |key: &Key| match key.step.verb {
            Verb::AssignNumbers => key.part.has_sid() && !wanted.contains(&key.part),
            Verb::Create(_) | Verb::Assign(_) => !(key.step.wanted_by)(self.customer),
            _ => false,
        };
        // Asked at every turn, and there is hardly ever any.
        if !facts.states().any(|(key, _)| key.step.bundle == bundle && is_left(&key)) {
            return None;
        }
        for step in bundle.all_steps() {
            for (key, state) in facts.shares(step).filter(|(key, _)| is_left(key)) {
                match (state, step.verb) {
                    // A resource that is connected with nothing does no harm, whatever it says.
                    (StepState::Started { sid: Some(_), .. }, _) => (),
                    (StepState::Started { at, .. }, _) => match self.adopt_or_ask_again(key, *at, facts, now)
                    {
                        // It never came to be, and nobody wants it any more.
                        Next::Send(_) => (),
                        next => return Some(next),
                    },
                    (_, Verb::Create(_)) => (),
                    (StepState::Done { .. }, _) if facts.is_open(bundle) => return Some(Next::Remove(key)),
                    // Numbers can go after the submission too, by rules of their own.
                    (StepState::Done { .. }, Verb::AssignNumbers) => (),
                    (StepState::Done { .. }, _) if self.is_work_left(bundle, facts) => {
                        return Some(self.refused_as_changed(key, facts));
                    }
                    _ => (),
                }
            }
        }
        None
    }

    /// The step itself, or its share for each number.
    pub(super) fn keys(&self, step: StepId, facts: &Facts) -> Vec<Key> {
        if !matches!(step.verb, Verb::AssignNumbers) {
            return vec![step.into()];
        }
        // Only the numbers that the profile has taken can be on a product.
        let can_be_on_it = |part: &Part| {
            step.bundle
                .depends_on()
                .is_none_or(|profile| facts.is_done(Key { step: profile.numbered_by(), part: *part }))
        };
        self.numbers(facts).into_iter().filter(can_be_on_it).map(|part| Key { step, part }).collect()
    }
}

/// Whether a bundle has been submitted, and with a content that we know.
fn submitted_by_us(bundle: BundleId, facts: &Facts) -> bool {
    facts.submitted(bundle).is_some_and(Content::is_known)
}
