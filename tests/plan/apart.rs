//! What stops one bundle and what it does not: products are independent of one another and depend on the profile.

use crate::small::*;
use trusthub_onboard::facts::{Code, Ending, Facts, OurCode, Policy, Reason, StepState, Submission, Surplus};
use trusthub_onboard::flow::BundleStatus;
use trusthub_onboard::flow::{Assignments, BundleId, StepId, Verb};
use trusthub_onboard::plan::{Next, Plan};

/// In a word: what is next, and about which step.
fn told(next: &Next) -> String {
    let what = match next {
        Next::Read(_) => "read",
        Next::Send(_) => "send",
        Next::Adopt(_) => "look for",
        Next::Update(_) => "update",
        Next::Remove(_) => "take off",
        Next::ReadBack(_) => "read back for",
        Next::TakeOff(_) => "take off before",
        Next::Wait(_) => return "wait".to_owned(),
        Next::Over(ending) => return format!("{ending:?}"),
    };
    format!("{what} {}", next.key().expect("a step").step)
}

/// Does these steps as the row says, each seen by this run; every bundle that is reviewed is approved.
fn do_all(plan: &Plan<'_>, facts: &mut Facts, steps: impl Iterator<Item = StepId>) {
    for step in steps {
        let state = match step.verb {
            Verb::Review => StepState::Seen { status: BundleStatus::TwilioApproved, codes: vec![] },
            verb => {
                let sid = Some(made_by(step, 0)).filter(|_| !verb.only_reads());
                StepState::Done { sid, content: plan.content_of(step, facts), note: None }
            }
        };
        facts.apply(key(step), state).expect("a state that it can come to");
        facts.prove(key(step));
        facts.note_whole(step.bundle);
    }
}

fn of(plan: &Plan<'_>, bundle: BundleId) -> Vec<StepId> {
    plan.steps().iter().copied().filter(|it| it.bundle == bundle).collect()
}

fn refusal() -> Reason {
    Reason { code: Code::Twilio(20001), ..Reason::ours(OurCode::Noncompliant) }
}

/// Everything that can stop a bundle: where, and how it then ends.
fn stops(plan: &Plan<'_>, bundle: BundleId) -> Vec<(String, Facts, Ending)> {
    let steps = of(plan, bundle);
    let mut stops = vec![];
    for (at, &step) in steps.iter().enumerate() {
        let mut before = Facts::default();
        do_all(plan, &mut before, of(plan, &PROFILE).into_iter().chain(steps[..at].iter().copied()));
        let mut add = |how: &str, state: StepState, ending: Ending| {
            let mut facts = before.clone();
            facts.apply(key(step), state).expect("a state that it can come to");
            stops.push((format!("{step} {how}"), facts, ending));
        };
        let kept = before.sid(key(step)).cloned();
        let refused = StepState::Refused { reason: refusal(), kept };
        add("refused", refused, Ending::Refused(vec![(key(step), refusal())]));
        if step.verb.creates() {
            let candidates = vec![made_by(step, 0), made_by(step, 1)];
            let unsure = Ending::Unsure(key(step), candidates.clone());
            add("unsure", StepState::Unsure { candidates }, unsure);
        }
        if let Verb::Review = step.verb {
            let seen = |status| StepState::Seen { status, codes: vec![] };
            add("rejected", seen(BundleStatus::TwilioRejected), Ending::Rejected(bundle));
            add("in review", seen(BundleStatus::InReview), Ending::Waiting(bundle));
        }
        // What a run finds out on the way stops the bundle for this run.
        let unsure = Ending::Unsure(key(step), vec![]);
        let mut facts = before.clone();
        facts.stop(bundle, unsure.clone());
        stops.push((format!("stopped by the run at {step}"), facts, unsure));
    }
    stops
}

fn severity(ending: &Ending) -> u8 {
    match ending {
        Ending::Done => 0,
        Ending::Waiting(_) => 1,
        Ending::Unfinished(_) => 2,
        Ending::Rejected(_) => 3,
        Ending::Refused(_) => 4,
        Ending::Unsure(..) => 5,
    }
}

#[test]
fn what_stops_one_product_stops_neither_the_other_nor_its_review() {
    let (customer, secret) = (customer(), digest_key());
    for submission in [Submission::ProductAfterApproval, Submission::ProductNow] {
        let policy = Policy { submission, ..policy() };
        let plan = plan(&customer, &policy, &secret);
        for (stopped, other) in [(&CALLS, &TEXTS), (&TEXTS, &CALLS)] {
            for (how, facts, ending) in stops(&plan, stopped) {
                let steps = of(&plan, other);
                for (at, step) in steps.iter().enumerate() {
                    let mut facts = facts.clone();
                    do_all(&plan, &mut facts, steps[..at].iter().copied());
                    let next = plan.next(&facts, 0);
                    assert_eq!(next.key(), Some(key(step)), "{how}: {} instead of {step}", told(&next));
                }
                let mut facts = facts.clone();
                do_all(&plan, &mut facts, steps.into_iter());
                assert_eq!(
                    told(&plan.next(&facts, 0)),
                    format!("{ending:?}"),
                    "{how}, and the other is done"
                );
            }
        }
    }
}

#[test]
fn the_ending_of_the_row_is_the_worst_of_its_bundles_and_names_every_refusal() {
    let (customer, policy, secret) = (customer(), policy(), digest_key());
    let plan = plan(&customer, &policy, &secret);
    for (one, calls, first) in stops(&plan, &CALLS) {
        for (two, texts, second) in stops(&plan, &TEXTS) {
            let mut facts = calls.clone();
            texts.states().filter(|it| it.0.step.bundle == &TEXTS).for_each(|(key, state)| {
                facts.apply(key, state.clone()).expect("a state that it can come to");
                facts.prove(key);
            });
            facts.note_whole(&TEXTS);
            texts.stopped().iter().for_each(|(bundle, ending)| facts.stop(bundle, ending.clone()));
            let Next::Over(worst) = plan.next(&facts, 0) else { panic!("{one}, {two}: goes on") };
            match (&first, &second) {
                (Ending::Refused(a), Ending::Refused(b)) => {
                    let both: Vec<_> = a.iter().chain(b).cloned().collect();
                    assert!(
                        matches!(&worst, Ending::Refused(all) if both.iter().all(|it| all.contains(it)) && all.len() == 2),
                        "{one}, {two}: {worst:?}"
                    );
                }
                _ => {
                    let wanted = severity(&first).max(severity(&second));
                    assert_eq!(severity(&worst), wanted, "{one}, {two}: {worst:?}");
                    assert!(worst == first || worst == second, "{one}, {two}: {worst:?}");
                }
            }
        }
    }
}

#[test]
fn a_profile_that_is_refused_or_in_doubt_stops_every_product_and_one_in_review_only_what_must_wait() {
    let (customer, policy, secret) = (customer(), policy(), digest_key());
    let plan = plan(&customer, &policy, &secret);
    let surveyed = |facts: &mut Facts| do_all(&plan, facts, [&ACCOUNT, &DISCOVERY].into_iter());
    for (how, mut facts, ending) in stops(&plan, &PROFILE) {
        if how.contains("account") || how.contains("discovery") {
            continue;
        }
        surveyed(&mut facts);
        // Calls was submitted earlier; of texts nothing is there.
        let steps = of(&plan, &CALLS);
        do_all(&plan, &mut facts, steps.iter().copied().filter(|it| !matches!(it.verb, Verb::Review)));
        let next = told(&plan.next(&facts, 0));
        // Products are made before the review of the profile has its end, whatever that is.
        match how.starts_with("profile_review") {
            true => assert_eq!(next, "send texts", "{how}"),
            false => assert_eq!(next, format!("{ending:?}"), "{how}"),
        }
        // With both made, only what was submitted is looked at.
        let made = of(&plan, &TEXTS).into_iter().filter(|it| it.verb.creates());
        do_all(&plan, &mut facts, made);
        let next = told(&plan.next(&facts, 0));
        match &ending {
            Ending::Waiting(_) | Ending::Rejected(_) => assert_eq!(next, "read calls_review", "{how}"),
            _ => assert_eq!(next, format!("{ending:?}"), "{how}"),
        }
    }
}

#[test]
fn nothing_is_judged_or_submitted_before_this_run_has_seen_the_whole_bundle() {
    let (customer, secret) = (customer(), digest_key());
    let policy = policy();
    let plan = plan(&customer, &policy, &secret);
    for bundle in FLOW.bundles() {
        for judged in [bundle.steps.evaluation, bundle.steps.submission] {
            let all: Vec<StepId> = plan.steps().to_vec();
            let at = all.iter().position(|it| *it == judged).expect("a step of the row");
            let mut seen = Facts::default();
            do_all(&plan, &mut seen, all[..at].iter().copied());
            assert_eq!(told(&plan.next(&seen, 0)), format!("send {judged}"));
            let read_back = format!("read back for {}", bundle.submitted_by());
            for unseen in all[..at].iter().filter(|it| it.bundle == bundle && it.verb.creates()) {
                let mut facts = seen.clone();
                let state = facts.state(key(unseen)).cloned().expect("a state");
                facts.apply(key(unseen), state).expect("a state that it can come to");
                assert_eq!(told(&plan.next(&facts, 0)), read_back, "{unseen} was not seen before {judged}");
            }
            let mut surplus = seen.clone();
            let sid = sid("BV", 999);
            surplus.note_surplus(Surplus { bundle, collection: Assignments::Entities, sid });
            let take_off = format!("take off before {}", bundle.submitted_by());
            assert_eq!(told(&plan.next(&surplus, 0)), take_off, "{judged}");
            // A run that goes on from a ledger has seen nothing.
            let recorded = seen.states().map(|it| (it.0, it.1.clone()));
            let recorded = Facts::recorded(recorded.collect::<Vec<_>>());
            assert_eq!(told(&plan.next(&recorded, 0)), read_back, "{judged}");
        }
    }
}
