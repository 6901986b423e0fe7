//! What is to be done next for one customer: pure, and the whole policy.
//!
//! `Plan::next` looks at the row, at the facts and at the time, and says one thing to do. Whoever
//! does it applies the result to the facts and asks again. The first run, a resume after a crash
//! and a rerun after a correction are the same loop: there is no recovery code.

mod call;
mod content;
mod digest;
mod ending;
mod facts;
mod mark;
mod policy;
mod step;

pub use call::{Call, Form, Host, Item, Method, account_path};
pub use content::Shown;
pub use digest::{DigestKey, Hasher};
pub use ending::{Ending, Outcome};
pub use facts::{
    BundleStatus, Callback, Code, Digest, Facts, Mark, Note, OurCode, Reason, Surplus, Time, UNKNOWN,
};
pub use mark::{bears_mark, friendly_name, mark};
pub use policy::{Evaluate, Existing, Policy, RefusedNumbers, Submission};
pub use step::{Assignments, Bundle, Key, Object, Part, Step, StepId, Verb, from_hex, to_hex};

use crate::model::{Customer, PhoneNumber, PhoneNumbers, Sid};
use crate::products;

/// How often a place is read again while something that may exist does not show, in milliseconds.
/// Four looks in the default visibility window: lists usually show a thing within a second or two.
const LOOK_AGAIN_MS: Time = 2_500;

/// A submission that stays `draft` is sent again this often at most: one public report of a silent
/// no-op is known, and a third one in a row would not be an accident.
const SUBMISSIONS_MAX: u32 = 3;

/// "Voice Integrity rejected because the linked business profile is not approved" [docs].
const PROFILE_NOT_APPROVED: u32 = 11005;

/// How long a request may wait for its turn before it is written down once more that it goes out: the wait for a
/// lost one is counted from what was written. A second is little beside the call time-out, and at rates that
/// matter a turn comes sooner, so that hardly a request is written down twice.
pub const TURN_MAX_MS: Time = 1_000;

/// One thing to do.
#[derive(Clone, Copy)]
pub struct Task {
    pub key: Key,
    pub verb: Verb,
    pub bundle: Bundle,
}

/// What to do next.
pub enum Next {
    /// Read something; nothing changes at the API.
    Read(Task),
    /// Write *started* down, then send.
    Send(Task),
    /// It was started and has no end: look whether it is there.
    Adopt(Task),
    /// It exists, and the row says something else now: update it in place.
    Amend(Task),
    /// An assignment that the row no longer asks for: take it off.
    Remove(Task),
    /// Read all of a bundle that this run has not seen, and hold it against the row.
    ReadBack(Bundle),
    /// Take off an assignment that no step knows.
    TakeOff(Surplus),
    /// Nothing before this moment.
    Wait(Time),
    Over(Ending),
}

/// The plan of one customer.
pub struct Plan<'a> {
    pub customer: &'a Customer,
    policy: &'a Policy,
    /// `None` for a report, which has not looked it up.
    primary: Option<&'a Sid>,
    steps: Vec<Step>,
    key: &'a DigestKey,
    /// The sheet's numbers, each with the share under which its SID is kept; empty for `all`.
    wanted: Vec<Wanted>,
    /// The digests of all resources that are created from the row alone.
    made: Vec<(StepId, Digest)>,
}

/// A number of the sheet.
enum Wanted {
    Known(Part),
    ToResolve(Part),
}

impl<'a> Plan<'a> {
    /// The plan for this row. It depends on the facts in two points only: a bundle that the row
    /// names and that was submitted before us is used as it is, and a run that submits nothing reads the
    /// reviews of what has been submitted.
    pub fn of(
        customer: &'a Customer,
        policy: &'a Policy,
        primary: Option<&'a Sid>,
        key: &'a DigestKey,
        facts: &Facts,
    ) -> Plan<'a> {
        let wanted = match &customer.phone_numbers {
            PhoneNumbers::All => vec![],
            PhoneNumbers::Listed(numbers) => numbers.iter().map(|it| wanted(it, key)).collect(),
        };
        let steps = products::steps(customer, policy, facts);
        let mut plan = Plan { customer, policy, primary, steps, key, wanted, made: vec![] };
        plan.made = plan.digests_from_the_row();
        plan
    }

    /// The whole policy: the first step that is not done decides.
    pub fn next(&self, facts: &Facts, now: Time) -> Next {
        if let Some(next) = self.submissions_on_their_way(facts, now) {
            return next;
        }
        let mut reviews: Vec<Ending> = vec![];
        for step in &self.steps {
            let mut refused = vec![];
            let mut done = 0;
            for task in self.tasks(step, facts) {
                match self.judge(task, facts, now) {
                    None => done += 1,
                    // A refused number does not stop its siblings, so that all are named at once.
                    Some(Next::Over(Ending::Refused(why))) => refused.extend(why),
                    // Reviews that follow one another are all read: the worse of both counts.
                    Some(Next::Over(ending @ (Ending::Waiting(_) | Ending::Rejected(_)))) => {
                        reviews.push(ending)
                    }
                    // Behind a review that is not over there is nothing to do but to read the other.
                    Some(_) if !reviews.is_empty() && !matches!(step.verb, Verb::Review(_)) => {
                        return Next::Over(worst(reviews));
                    }
                    Some(Next::Send(task)) => {
                        return self.prove_first(task, facts).unwrap_or(Next::Send(task));
                    }
                    Some(next) => return next,
                }
            }
            let skip = matches!(step.verb, Verb::AssignNumbers(_))
                && self.policy.refused_numbers == RefusedNumbers::Skip
                && done > 0;
            if skip {
                // Nobody has refused a number that was added after the submission: it is our no.
                let changed = Code::Ours(OurCode::ChangedAfterSubmission);
                refused.retain(|(_, reason): &(Key, Reason)| reason.code == changed);
            }
            if !refused.is_empty() {
                return Next::Over(Ending::Refused(refused));
            }
            if let Verb::AssignNumbers(bundle) = step.verb
                && let Some(next) = self.take_off_leftovers(bundle, facts, now)
            {
                return next;
            }
        }
        Next::Over(worst(reviews))
    }

    /// A submission of another content that may still arrive would send in what the row does not say: it
    /// is awaited before anything on its bundle is changed.
    fn submissions_on_their_way(&self, facts: &Facts, now: Time) -> Option<Next> {
        for step in &self.steps {
            let Verb::Submit(bundle) = step.verb else { continue };
            let Some(Mark::Started { at, digest, .. }) = facts.mark(step.id) else { continue };
            if *digest == self.digest(step.id, facts) || facts.sid(bundle.made_by()).is_none() {
                continue;
            }
            // By the time the account has been read there is a token to look with.
            if !facts.is_done(StepId::Account) {
                continue;
            }
            let task = Task { key: step.id.into(), verb: step.verb, bundle };
            match self.adopt_or_ask_again(task, *at, facts, now) {
                Next::Send(_) => (),
                next => return Some(next),
            }
        }
        None
    }

    /// What has to be read before a bundle is judged or submitted: everything on it that this run has not
    /// seen. `None` where its content is proven.
    fn prove_first(&self, task: Task, facts: &Facts) -> Option<Next> {
        let (Verb::Evaluate(bundle) | Verb::Submit(bundle)) = task.verb else { return None };
        if self.policy.submission == Submission::Never {
            return None;
        }
        if !self.is_proven(bundle, facts) {
            return Some(Next::ReadBack(bundle));
        }
        facts.surplus(bundle).map(|it| Next::TakeOff(it.clone()))
    }

    /// Whether this run has seen everything of a bundle, and it is what the row says.
    pub fn is_proven(&self, bundle: Bundle, facts: &Facts) -> bool {
        facts.is_whole(bundle) && self.unproven(bundle, facts).is_empty()
    }

    /// What is done on a bundle and was not seen by this run.
    pub fn unproven(&self, bundle: Bundle, facts: &Facts) -> Vec<Task> {
        let of_it = self.steps.iter().filter(|step| step.bundle == bundle);
        let tasks = of_it
            .filter(|step| matches!(step.verb, Verb::Make(_) | Verb::Attach(..) | Verb::AssignNumbers(_)))
            .flat_map(|step| self.tasks(step, facts));
        tasks.filter(|task| facts.is_done(task.key) && !facts.is_proven(task.key)).collect()
    }

    /// How a customer stands by what is recorded, for reports.
    pub fn standing(&self, recorded: &Facts) -> Outcome {
        if recorded.is_empty() {
            return Outcome::NotAttempted;
        }
        match self.next(&recorded.clone().with_reads_done(), 0) {
            Next::Over(ending) => self.outcome(&ending, recorded),
            _ if let Some(ending) = self.held_back(recorded) => self.outcome(&ending, recorded),
            // Everything is there, and only what `--no-submit` leaves out has not been asked for.
            Next::Send(Task { verb: Verb::Evaluate(bundle) | Verb::Submit(bundle), .. })
            | Next::ReadBack(bundle)
                if recorded.status(bundle) == Some(BundleStatus::Draft)
                    && Bundle::BOTH.into_iter().all(|it| recorded.is_done(it.made_by())) =>
            {
                Outcome::Drafted
            }
            _ => Outcome::Unfinished,
        }
    }

    /// What has held a customer back, by what is recorded: a run looks at what is there already before it
    /// begins, so that a later step can be refused or in doubt before an earlier one has had its turn.
    pub fn held_back(&self, recorded: &Facts) -> Option<Ending> {
        let steps = self.steps.iter().filter(|step| step.verb.can_hold_back());
        steps.flat_map(|step| self.tasks(step, recorded)).find_map(|task| match recorded.mark(task.key)? {
            Mark::Refused { reason, .. } => Some(Ending::Refused(vec![(task.key, reason.clone())])),
            Mark::Unsure { candidates } => Some(Ending::Unsure(task.key, candidates.clone())),
            _ => None,
        })
    }

    /// Whether nothing at all is left to do or to wait for.
    pub fn is_finished(&self, recorded: &Facts) -> bool {
        !recorded.is_empty()
            && matches!(self.next(&recorded.clone().with_reads_done(), 0), Next::Over(Ending::Done))
    }

    /// What this task still needs; `None` when it is done. All transitions stand here.
    fn judge(&self, task: Task, facts: &Facts, now: Time) -> Option<Next> {
        let open = facts.is_open(task.bundle);
        let changed = || self.changed_after_submission(task, facts);
        let mark = match facts.mark(task.key) {
            None | Some(Mark::Removed) => {
                return match task.verb {
                    // What we have submitted is read by its SID; nothing else of ours can be missing. What a
                    // ledger knows only from a survey is surveyed again, because it may have been rejected.
                    Verb::Survey
                        if Bundle::BOTH
                            .into_iter()
                            .all(|it| facts.submitted(it).is_some_and(|digest| digest != UNKNOWN)) =>
                    {
                        None
                    }
                    Verb::ResolveNumbers => Some(self.resolve(facts)),
                    verb if verb.only_reads() => Some(Next::Read(task)),
                    Verb::AssignNumbers(bundle) => Some(self.assign(task, bundle, facts)),
                    _ if open => Some(Next::Send(task)),
                    // What was submitted without an evaluation needs none any more.
                    Verb::Evaluate(_) => None,
                    _ => Some(changed()),
                };
            }
            Some(mark) => mark,
        };
        match (mark, task.verb) {
            (Mark::Refused { reason, .. }, _) => {
                Some(Next::Over(Ending::Refused(vec![(task.key, reason.clone())])))
            }
            (Mark::Unsure { candidates }, _) => {
                Some(Next::Over(Ending::Unsure(task.key, candidates.clone())))
            }
            (Mark::Seen { status, .. }, _) => match status {
                BundleStatus::TwilioApproved => None,
                // It is submitted again when its profile is approved: until then it waits with it.
                BundleStatus::TwilioRejected if self.came_too_early(task.bundle, facts) => {
                    match facts.status(Bundle::CustomerProfile) {
                        Some(BundleStatus::TwilioApproved | BundleStatus::TwilioRejected) => {
                            Some(Next::Over(Ending::Rejected(task.bundle)))
                        }
                        _ => Some(Next::Over(Ending::Waiting(task.bundle))),
                    }
                }
                BundleStatus::TwilioRejected => Some(Next::Over(Ending::Rejected(task.bundle))),
                _ => Some(Next::Over(Ending::Waiting(task.bundle))),
            },
            // The newest evaluation counts, so it is simply repeated.
            (Mark::Started { .. }, Verb::Evaluate(_)) => open.then_some(Next::Send(task)),
            (Mark::Started { .. }, Verb::Submit(_)) => Some(match facts.missed(task.key) {
                // A bundle that is read by its SID has no lag: draft means not submitted.
                Some(_) if facts.times_sent(task.key) >= SUBMISSIONS_MAX => {
                    Next::Over(Ending::Unfinished(task.key))
                }
                Some(_) => Next::Send(task),
                None => Next::Adopt(task),
            }),
            // An update. The same one may be sent again; another one only when the first cannot arrive any more.
            (Mark::Started { at, digest, sid: Some(_) }, Verb::Make(_)) => match open {
                false => Some(changed()),
                true if *digest == self.digest(task.key.step, facts) => Some(Next::Amend(task)),
                true => match self.certain(task.key, *at, facts) {
                    certain if now < certain => Some(Next::Wait(certain)),
                    _ => Some(Next::Amend(task)),
                },
            },
            (Mark::Started { at, .. }, _) => Some(self.adopt_or_ask_again(task, *at, facts, now)),
            (Mark::Done { .. }, Verb::Make(resource))
                if open
                    && resource
                        .place
                        .bundle()
                        .is_some_and(|it| facts.callback(it) == Some(Callback::ToClear)) =>
            {
                Some(Next::Amend(task))
            }
            (Mark::Done { .. }, Verb::Submit(bundle))
                if self.came_too_early(bundle, facts)
                    && facts.status(Bundle::CustomerProfile) == Some(BundleStatus::TwilioApproved)
                    && facts.times_sent(task.key) == 0 =>
            {
                Some(Next::Send(task))
            }
            (Mark::Done { sid: Some(sid), .. }, Verb::Make(resource))
                if resource.place.bundle().is_some_and(|it| self.is_named_no_more(it, facts)) =>
            {
                let column = Some(task.bundle.column().to_owned());
                let reason = Reason { fields: column, ..Reason::ours(OurCode::ChangedAfterSubmission) };
                Some(Next::Over(Ending::Refused(vec![(task.key, reason.naming(sid.clone()))])))
            }
            // It came before its profile, and would do so again.
            (Mark::Done { digest: UNKNOWN, .. }, Verb::Submit(bundle))
                if self.came_too_early(bundle, facts)
                    && facts.status(Bundle::CustomerProfile) != Some(BundleStatus::TwilioApproved) =>
            {
                None
            }
            // What a run has only warned of is judged again before a run that refuses submits it.
            (Mark::Done { note: Some(Note::Noncompliant), digest, .. }, Verb::Evaluate(bundle))
                if self.policy.evaluate == Evaluate::Refuse
                    && open
                    && facts.submitted(bundle) != Some(*digest) =>
            {
                Some(Next::Send(task))
            }
            (Mark::Done { digest, .. }, verb) => match verb {
                _ if *digest == self.digest(task.key.step, facts) => None,
                // Without the object there is nothing to compare.
                Verb::Attach(object, _) if self.object(object, facts).is_none() => None,
                Verb::Make(_) if open => Some(Next::Amend(task)),
                Verb::Attach(..) if open && *digest != UNKNOWN => Some(Next::Remove(task)),
                // Once it is submitted, what the numbers are counts, not how the sheet writes them.
                Verb::ResolveNumbers if !open && self.knows_every_number(facts) => None,
                Verb::ResolveNumbers => Some(self.resolve(facts)),
                Verb::CheckAddress if open => Some(Next::Read(task)),
                Verb::Evaluate(_) | Verb::Submit(_) if open => Some(Next::Send(task)),
                Verb::Make(_) | Verb::Attach(..) | Verb::CheckAddress if *digest != UNKNOWN => {
                    Some(changed())
                }
                _ => None,
            },
            (Mark::Removed, _) => None,
        }
    }

    /// Whether the row has named this bundle, which is used as it is, and does so no more. A bundle of ours
    /// has something of ours in it at the latest when it is submitted; this one has nothing.
    fn is_named_no_more(&self, bundle: Bundle, facts: &Facts) -> bool {
        let holds_ours = || {
            let mut made = self.steps.iter().filter(|step| step.bundle == bundle);
            made.any(|step| {
                matches!(step.verb, Verb::Make(resource) if resource.place.bundle().is_none())
                    && facts.mark(step.id).is_some()
            })
        };
        facts.submitted(bundle) == Some(UNKNOWN)
            && !facts.is_open(bundle)
            && bundle.named_by(self.customer).is_none()
            && !holds_ours()
    }

    /// Whether a product was rejected only because its profile was not approved yet, which happens with
    /// `--submit-product now`.
    fn came_too_early(&self, bundle: Bundle, facts: &Facts) -> bool {
        bundle == Bundle::TrustProduct
            && matches!(facts.mark(bundle.reviewed_by()), Some(Mark::Seen { status, codes })
                if *status == BundleStatus::TwilioRejected && codes.contains(&PROFILE_NOT_APPROVED))
    }

    /// A request that was never answered may still be on its way, so absence counts only after the
    /// call time-out and the visibility window; after an answer of the API's own, such as a 500, the window
    /// alone is enough. A gateway's answer counts as none.
    fn adopt_or_ask_again(&self, task: Task, started: Time, facts: &Facts, now: Time) -> Next {
        let certain = self.certain(task.key, started, facts);
        match facts.missed(task.key) {
            Some(looked) if looked >= certain => Next::Send(task),
            Some(looked) if now < certain.min(looked + LOOK_AGAIN_MS) => {
                Next::Wait(certain.min(looked + LOOK_AGAIN_MS))
            }
            _ => Next::Adopt(task),
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

    /// Whether this bundle has been submitted and nothing may be added to it: one that was rejected is
    /// open again, and one that is used as it is takes numbers.
    pub fn is_closed(&self, bundle: Bundle, facts: &Facts) -> bool {
        !facts.is_open(bundle) && !facts.is_taken_as_is(bundle, bundle.named_by(self.customer))
    }

    /// What is to be done about a number that has no mark.
    fn assign(&self, task: Task, bundle: Bundle, facts: &Facts) -> Next {
        match facts.left_out(task.key) {
            // It was refused before the submission, which went without it: the bundle cannot be asked again.
            Some(reason) if self.is_closed(bundle, facts) => {
                let refused = Ending::Refused(vec![(task.key, reason.clone())]);
                self.after_a_look(bundle, facts, Next::Over(refused))
            }
            // A number that was not found is looked up again by every run.
            _ if task.key.part.sid().is_none() => self.resolve(facts),
            _ if self.is_closed(bundle, facts) => self.changed_after_submission(task, facts),
            _ => Next::Send(task),
        }
    }

    /// Looks the row's numbers up. What a number that is not there means depends on whether the profile
    /// may still be changed.
    fn resolve(&self, facts: &Facts) -> Next {
        let bundle = Bundle::CustomerProfile;
        let read = Next::Read(Task { key: StepId::PhoneNumbers.into(), verb: Verb::ResolveNumbers, bundle });
        match self.is_closed(bundle, facts) {
            true => self.after_a_look(bundle, facts, read),
            false => read,
        }
    }

    /// Whether there is nothing to look up: each number has a SID, or was refused.
    fn knows_every_number(&self, facts: &Facts) -> bool {
        let known = |part| {
            let key = Key { step: StepId::CustomerProfileNumbers, part };
            facts.sid(Key { step: StepId::PhoneNumbers, part }).is_some()
                || facts.left_out(key).is_some()
                || matches!(facts.mark(key), Some(Mark::Refused { .. }))
        };
        !self.wanted.is_empty()
            && self.wanted.iter().all(|it| match it {
                Wanted::Known(_) => true,
                Wanted::ToResolve(part) => known(*part),
            })
    }

    /// A row that differs from what was submitted is refused, unless the bundle was rejected.
    fn changed_after_submission(&self, task: Task, facts: &Facts) -> Next {
        let reason = Reason::ours(OurCode::ChangedAfterSubmission);
        let refused = Ending::Refused(vec![(task.key, reason)]);
        self.after_a_look(task.bundle, facts, Next::Over(refused))
    }

    /// What follows from a bundle being closed. What was last known of its review may be out of date, so
    /// that is read first.
    fn after_a_look(&self, bundle: Bundle, facts: &Facts, next: Next) -> Next {
        let key = Key::from(bundle.reviewed_by());
        match facts.mark(key) {
            None => Next::Read(Task { key, verb: Verb::Review(bundle), bundle }),
            Some(_) => next,
        }
    }

    /// What an earlier row asked for and this one does not: an assignment of a representative or a
    /// number is taken off. A request whose end is not known is looked for first, because nothing may
    /// be submitted that the sheet does not say, and no SID be lost.
    fn take_off_leftovers(&self, bundle: Bundle, facts: &Facts, now: Time) -> Option<Next> {
        if facts.is_taken_as_is(bundle, bundle.named_by(self.customer)) {
            return None;
        }
        let wanted = self.numbers(facts);
        for (key, mark) in facts.marks() {
            let Some(step) = products::step(key.step).filter(|it| it.bundle == bundle) else { continue };
            let is_left = match step.verb {
                Verb::AssignNumbers(_) => key.part.sid().is_some() && !wanted.contains(&key.part),
                Verb::Make(_) | Verb::Attach(..) => !(step.wanted_by)(self.customer),
                _ => false,
            };
            let task = Task { key, verb: step.verb, bundle };
            match (mark, step.verb) {
                _ if !is_left => (),
                // A resource that is connected with nothing does no harm, whatever it says.
                (Mark::Started { sid: Some(_), .. }, _) => (),
                (Mark::Started { at, .. }, _) => match self.adopt_or_ask_again(task, *at, facts, now) {
                    // It never came to be, and nobody wants it any more.
                    Next::Send(_) => (),
                    next => return Some(next),
                },
                // A resource that is connected with nothing does no harm.
                (_, Verb::Make(_)) => (),
                (Mark::Done { .. }, _) if facts.is_open(bundle) => return Some(Next::Remove(task)),
                (Mark::Done { .. }, _) => return Some(self.changed_after_submission(task, facts)),
                _ => (),
            }
        }
        None
    }

    /// The step itself, or one task per number.
    fn tasks(&self, step: &Step, facts: &Facts) -> Vec<Task> {
        let task = |part| Task { key: Key { step: step.id, part }, verb: step.verb, bundle: step.bundle };
        match step.verb {
            Verb::AssignNumbers(Bundle::CustomerProfile) => {
                self.numbers(facts).into_iter().map(task).collect()
            }
            // Only the numbers that the profile has taken can be on the product.
            Verb::AssignNumbers(Bundle::TrustProduct) => self
                .numbers(facts)
                .into_iter()
                .filter(|part| facts.is_done(Key { step: StepId::CustomerProfileNumbers, part: *part }))
                .map(task)
                .collect(),
            _ => vec![task(Part::Whole)],
        }
    }

    /// The shares of the row's numbers: with a SID where one is known.
    pub fn numbers(&self, facts: &Facts) -> Vec<Part> {
        let resolved = |part: Part| facts.sid(Key { step: StepId::PhoneNumbers, part }).map(Part::number);
        match &self.customer.phone_numbers {
            PhoneNumbers::All => {
                let parts = facts.shares(StepId::PhoneNumbers).map(|(part, _)| part);
                parts.filter(|part| matches!(part, Part::Number(_))).collect()
            }
            PhoneNumbers::Listed(_) => {
                let mut parts = Vec::with_capacity(self.wanted.len());
                for wanted in &self.wanted {
                    let part = match wanted {
                        Wanted::Known(part) => *part,
                        Wanted::ToResolve(part) => resolved(*part).unwrap_or(*part),
                    };
                    // A row may name one number twice, once by its SID and once by its digits.
                    if !parts.contains(&part) {
                        parts.push(part);
                    }
                }
                parts
            }
        }
    }

    /// The share under which the SID of a number of the sheet is kept.
    pub fn wanted_part(&self, e164: &str) -> Part {
        Part::Wanted(self.key.digest(&[e164]))
    }

    /// The steps of this row, in their order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The word for an ending.
    pub fn outcome(&self, ending: &Ending, facts: &Facts) -> Outcome {
        match ending {
            Ending::Done if self.policy.submission == Submission::Never => {
                let approved = |bundle| facts.status(bundle) == Some(BundleStatus::TwilioApproved);
                match Bundle::BOTH.into_iter().all(approved) {
                    true => Outcome::Approved,
                    false => Outcome::Drafted,
                }
            }
            Ending::Done => Outcome::Approved,
            Ending::Waiting(_) if facts.submitted(Bundle::TrustProduct).is_some() => Outcome::Submitted,
            Ending::Waiting(_) => Outcome::AwaitingProfileApproval,
            Ending::Rejected(_) => Outcome::Rejected,
            Ending::Refused(_) => Outcome::Refused,
            Ending::Unsure(..) => Outcome::Unsure,
            Ending::Unfinished(_) => Outcome::Unfinished,
        }
    }

    pub fn policy(&self) -> &Policy {
        self.policy
    }

    pub fn primary(&self) -> Option<&Sid> {
        self.primary
    }
}

/// A rejection counts more than a review that goes on; nothing at all means that all is done.
fn worst(mut reviews: Vec<Ending>) -> Ending {
    let rejected = reviews.iter().position(|it| matches!(it, Ending::Rejected(_))).unwrap_or(0);
    if reviews.is_empty() { Ending::Done } else { reviews.swap_remove(rejected) }
}

fn wanted(number: &PhoneNumber, key: &DigestKey) -> Wanted {
    match number {
        PhoneNumber::Sid(sid) => Wanted::Known(Part::number(sid)),
        PhoneNumber::E164(digits) => Wanted::ToResolve(Part::Wanted(key.digest(&[digits]))),
    }
}
