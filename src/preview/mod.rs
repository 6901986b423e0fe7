//! What would be written for one customer, if every write succeeded.
//!
//! A write is assumed to be answered with a made-up SID, and to show what was sent. With that `next` is run forward to
//! its end: by `offline`, which asks nobody, or by a run that reads for itself and writes nothing.

mod offline;

use crate::facts::{Callback, Content, Ending, Facts, IllegalState, StepState, Time};
use crate::flow::BundleStatus;
use crate::flow::{Call, Key, Method, Object, Part, Verb};
use crate::model::{Fault, Sid, SidKind};
use crate::plan::{Next, Plan};
use offline::Offline;
use std::collections::HashSet;

/// What a run would do for one customer.
#[derive(Default)]
pub struct Preview {
    /// What it would write, in this order.
    pub writes: Vec<Write>,
    /// Its requests, reads and looks included.
    pub calls: u64,
    /// Its further requests where every review ends with an approval, looks at reviews apart.
    pub calls_after_approval: u64,
    /// `None` until the end is known.
    pub ending: Option<Ending>,
    /// By how much waiting would have moved the clock.
    pub ahead_ms: Time,
    assumed: HashSet<Key>,
    off: HashSet<Sid>,
    /// A step was assumed to come to a state that it cannot come to.
    illegal: Option<(Key, IllegalState)>,
}

/// One request that changes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    pub key: Key,
    pub kind: WriteKind,
    pub method: Method,
    /// With the name of its step in braces in place of a bundle that is yet to be created.
    pub path: String,
    /// A keyed digest of what it sends.
    pub digest: [u8; 16],
    /// Whether its bundle is approved by then.
    pub on_approved: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteKind {
    Create,
    Update,
    Assign,
    TakeOff,
    Evaluate,
    Submit,
    SubmitAgain,
}

impl Preview {
    /// What a new run would do, by what is recorded, without asking anybody.
    pub fn offline(plan: Plan<'_>, recorded: Facts, now: Time) -> Preview {
        let facts = recorded.clone().for_a_new_run(now);
        // Which profile that is, nobody was asked; where it is linked already, there is nothing to compare.
        let made_up = made_up(SidKind::Bundle, 0, Part::Whole);
        let is_linked = facts.state(plan.flow().primary_link).is_some();
        let primary = plan.primary().or(Some(&made_up).filter(|_| !is_linked));
        let mut run = Offline::new(plan.anew(primary, &facts), facts, recorded, now);
        let ending = run.go();
        let Offline { plan, facts, now, mut preview, .. } = run;
        preview.end(ending, plan, facts, now);
        preview
    }

    /// Nothing is done.
    pub fn ended(ending: Ending) -> Preview {
        Preview { ending: Some(ending), ..Preview::default() }
    }

    /// The run has come to this end; what follows the reviews is counted.
    pub fn end(&mut self, ending: Ending, plan: Plan<'_>, facts: Facts, now: Time) {
        let mut later = Offline::new(plan, facts, Facts::default(), now);
        let mut end = ending.clone();
        while let Ending::Waiting(bundle) = end {
            let approved = StepState::Seen { status: BundleStatus::TwilioApproved, codes: vec![] };
            if later.facts.state(bundle.reviewed_by()) == Some(&approved) {
                break;
            }
            later.preview.put(&mut later.facts, bundle.reviewed_by().into(), approved);
            end = later.go();
        }
        self.illegal = self.illegal.or(later.preview.illegal);
        self.calls_after_approval = later.preview.calls;
        self.ending = Some(ending);
    }

    /// Whether this step was assumed to be written: no answer shows it.
    pub fn assumes(&self, key: Key) -> bool {
        self.assumed.contains(&key)
    }

    /// Whether this assignment was assumed to be taken off.
    pub fn is_off(&self, sid: &Sid) -> bool {
        self.off.contains(sid)
    }

    /// What is foretold is not to be trusted: a mistake in the program, which a run would meet as well.
    pub fn fault(&self, subaccount: &Sid) -> Option<Fault> {
        let (key, IllegalState { before, now }) = self.illegal?;
        let what = format!(
            "What a run would do for {subaccount} cannot be told: the step {} is `{before}` and would be `{now}`, a mistake \
             in the program",
            key.step
        );
        Some(Fault::new(
            what,
            "Nothing was sent for it. Please report this; the other rows can be run without that one.",
        ))
    }

    /// Takes an assumed state in.
    fn put(&mut self, facts: &mut Facts, key: Key, state: StepState) {
        if let Err(why) = facts.apply(key, state) {
            self.illegal.get_or_insert((key, why));
        }
    }

    /// Assumes that a write succeeds.
    pub fn write(&mut self, plan: &Plan<'_>, facts: &mut Facts, next: &Next, now: Time) {
        let (Some(key), Some((kind, call))) = (next.key(), request(plan, next, facts)) else { return };
        let write = self.written(plan, facts, key, kind, call);
        self.writes.push(write);
        self.calls += 1;
        if let Next::TakeOff(surplus) = next {
            self.off.insert(surplus.sid.clone());
            return facts.forget_surplus(surplus);
        }
        self.assumed.insert(key);
        let (step, known) = (key.step, facts.sid(key).cloned());
        let content = plan.content_of(step, facts);
        if let Next::Send(_) = next {
            self.put(facts, key, StepState::Started { at: now, content, sid: None });
        }
        let sid = match (kind, step.verb) {
            (WriteKind::TakeOff, _) => {
                self.off.extend(known);
                return self.put(facts, key, StepState::Removed);
            }
            (WriteKind::Update, _) => known,
            (_, Verb::Evaluate) => None,
            (_, Verb::Submit) => facts.sid(step.bundle.made_by()).cloned(),
            _ => Some(made_up_for(plan, key)),
        };
        self.put(facts, key, StepState::Done { sid, content, note: None });
        match step.verb {
            // It is read after its submission.
            Verb::Submit => {
                self.calls += 1;
                self.put(facts, step.bundle.reviewed_by().into(), pending());
            }
            Verb::Evaluate => (),
            _ => facts.prove(key),
        }
        if step.creates_its_bundle() {
            facts.note_callback(step.bundle, facts.callback(step.bundle).filter(|it| *it == Callback::Stays));
            if kind == WriteKind::Create {
                facts.note_whole(step.bundle);
            }
        }
    }

    fn written(&self, plan: &Plan<'_>, facts: &Facts, key: Key, kind: WriteKind, call: Call) -> Write {
        let mut path = call.path;
        for made_by in plan.flow().bundles().map(|it| it.made_by()) {
            if let Some(sid) = facts.sid(made_by).filter(|sid| sid.as_str()[2..].starts_with(MADE_UP)) {
                path = path.replace(sid.as_str(), &format!("{{{made_by}}}"));
            }
        }
        let digest = match (key.step.verb, plan.content_of(plan.flow().phone_numbers, facts)) {
            // By the row's numbers: the SID of one that was not looked up is made up.
            (Verb::AssignNumbers, Content::Known(numbers)) => numbers.bytes,
            // The default one is no content of the row.
            (Verb::Assign(Object::PrimaryProfile), _) if plan.customer.primary_profile.is_none() => [0; 16],
            _ if call.form.is_empty() => plan.digest_of(&vec![("", path.clone())]),
            _ => plan.digest_of(&call.form),
        };
        let on_approved = facts.status(key.step.bundle) == Some(BundleStatus::TwilioApproved);
        Write { key, kind, method: call.method, path, digest, on_approved }
    }
}

/// What is written, and the request that does it.
fn request(plan: &Plan<'_>, next: &Next, facts: &Facts) -> Option<(WriteKind, Call)> {
    Some(match next {
        Next::Send(key) => {
            let kind = match key.step.verb {
                Verb::Create(_) => WriteKind::Create,
                Verb::Evaluate => WriteKind::Evaluate,
                Verb::Submit if facts.submitted(key.step.bundle).is_some() => WriteKind::SubmitAgain,
                Verb::Submit => WriteKind::Submit,
                _ => WriteKind::Assign,
            };
            (kind, plan.request(*key, facts)?)
        }
        Next::Update(key) => (WriteKind::Update, plan.update(*key, facts)?),
        Next::Remove(key) => (WriteKind::TakeOff, plan.removal(*key, facts)?),
        Next::TakeOff(surplus) => (WriteKind::TakeOff, plan.taking_off(surplus, facts)?),
        _ => return None,
    })
}

fn pending() -> StepState {
    StepState::Seen { status: BundleStatus::PendingReview, codes: vec![] }
}

/// The SID that a step is assumed to yield: always the same.
fn made_up_for(plan: &Plan<'_>, key: Key) -> Sid {
    let kind = match key.step.verb {
        Verb::Create(resource) => resource.collection.sid_kind(),
        Verb::AssignNumbers => SidKind::ChannelEndpointAssignment,
        _ => SidKind::EntityAssignment,
    };
    let at = plan.flow().steps().position(|step| step == key.step).unwrap_or_default();
    made_up(kind, at + 1, key.part)
}

/// What a made-up SID begins with: no real one has eight times the last digit there by accident.
const MADE_UP: &str = "ffffffff";

fn made_up(kind: SidKind, at: usize, part: Part) -> Sid {
    let of_part = match part {
        Part::Number(digits) | Part::Wanted(digits) | Part::Disowned(digits) => digits,
        Part::Whole => [0; 16],
    };
    let half = of_part.iter().take(8).fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    let sid = Sid::parse(&format!("{}{MADE_UP}{at:08x}{half:016x}", kind.prefix()));
    sid.unwrap_or_else(|| unreachable!("two letters and 32 digits"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::products::FLOW;

    #[test]
    fn a_state_that_cannot_come_is_told_and_the_first_one_of_all() {
        let mut preview = Preview::default();
        let (mut facts, account) = (Facts::default(), Key::from(FLOW.account));
        let subaccount = Sid::parse("AC00000000000000000000000000000001").expect("a SID");
        let done = || StepState::Done { sid: None, content: Content::Nothing, note: None };
        preview.put(&mut facts, account, done());
        assert!(preview.fault(&subaccount).is_none());
        preview.put(&mut facts, Key::from(FLOW.profile.reviewed_by()), done());
        preview.put(&mut facts, account, pending());
        let fault = preview.fault(&subaccount).expect("a fault");
        assert!(fault.what().contains(FLOW.profile.reviewed_by().name), "{fault}");
        assert!(fault.what().contains(subaccount.as_str()), "{fault}");
    }
}
