//! Every state of a step, with every verb, on a bundle that is open or closed: what is to be done next.
//!
//! Some never meet: a read is not started, and nothing but a review is seen. They have their lines all the same, so
//! that whatever a ledger says has an answer that is known.

use crate::small::{self, *};
use std::collections::{BTreeMap, BTreeSet};
use trusthub_onboard::facts::{Code, Content, Digest, Ending, Facts, OurCode, Reason, StepState, Time};
use trusthub_onboard::flow::BundleStatus;
use trusthub_onboard::flow::{Key, StepId, Verb};
use trusthub_onboard::model::{Address, Customer, PhoneNumber, PhoneNumbers};
use trusthub_onboard::plan::{Next, Plan};

const NOW: Time = 1_000_000;
const OTHER: Content = Content::Known(Digest { version: 1, bytes: [9; 16] });
const NUMBER: &str = "+16285550001";

/// How the bundle stands: the columns of the table.
const STANDS: [(&str, Option<BundleStatus>); 4] = [
    ("draft", None),
    ("in review", Some(BundleStatus::InReview)),
    ("approved", Some(BundleStatus::TwilioApproved)),
    ("rejected and ours", Some(BundleStatus::TwilioRejected)),
];

/// The verbs, each by a step that has it; the creation of the bundle itself is a case of its own.
pub static VERBS: [(&str, StepId); 11] = [
    ("check the account", &ACCOUNT),
    ("discover", &DISCOVERY),
    ("resolve the numbers", &PHONE_NUMBERS),
    ("check the address", &EXISTING_ADDRESS),
    ("create the bundle", &PROFILE_CREATION),
    ("create a resource", &INFORMATION),
    ("assign", &INFORMATION_ASSIGNMENT),
    ("assign a number", &PROFILE_NUMBERS),
    ("evaluate", &PROFILE_EVALUATION),
    ("submit", &PROFILE_SUBMISSION),
    ("review", &PROFILE_REVIEW),
];

/// A verb or a state that is added to the program does not compile here before it has its lines in the table.
fn place_of_verb(verb: Verb) -> usize {
    match verb {
        Verb::CheckAccount => 0,
        Verb::Discover => 1,
        Verb::ResolveNumbers => 2,
        Verb::CheckAddress => 3,
        Verb::Create(_) => 4,
        Verb::Assign(_) => 5,
        Verb::AssignNumbers => 6,
        Verb::Evaluate => 7,
        Verb::Submit => 8,
        Verb::Review => 9,
    }
}

fn place_of_mark(state: Option<&StepState>) -> usize {
    match state {
        None => 0,
        Some(StepState::Started { sid: None, .. }) => 1,
        Some(StepState::Started { sid: Some(_), .. }) => 2,
        Some(StepState::Done { .. }) => 3,
        Some(StepState::Seen { .. }) => 4,
        Some(StepState::Refused { kept: None, .. }) => 5,
        Some(StepState::Refused { kept: Some(_), .. }) => 6,
        Some(StepState::Unsure { .. }) => 7,
        Some(StepState::Removed) => 8,
    }
}

#[test]
fn the_table_has_every_verb_and_every_mark() {
    let verbs: BTreeSet<usize> = VERBS.iter().map(|it| place_of_verb(it.1.verb)).collect();
    assert!(verbs.into_iter().eq(0..10));
    let states = states(&INFORMATION, Content::Nothing);
    let states: BTreeSet<usize> = states.iter().map(|it| place_of_mark(it.1.as_ref())).collect();
    assert!(states.into_iter().eq(0..9));
}

/// The states of a step: the state, and when the place was last read where a started request would show.
fn states(step: StepId, own: Content) -> Vec<(&'static str, Option<StepState>, Option<Time>)> {
    let made = made_by(step, 0);
    let certain = 1_000 + CALL_TIMEOUT + WINDOW;
    let started = |at, content| Some(StepState::Started { at, content, sid: None });
    let update = |at, content| Some(StepState::Started { at, content, sid: Some(made.clone()) });
    let done = |content| Some(StepState::Done { sid: Some(made.clone()), content, note: None });
    let reason = Reason { code: Code::Twilio(20001), ..Reason::ours(OurCode::Noncompliant) };
    let refused = |kept| Some(StepState::Refused { reason: reason.clone(), kept });
    let mut states = vec![
        ("nothing", None, None),
        ("removed", Some(StepState::Removed), None),
        ("started", started(NOW, own), None),
        ("started, content of an earlier row", started(NOW, OTHER), None),
        ("started, looked for a moment ago", started(NOW - 1_000, own), Some(NOW)),
        ("started, looked for a while ago", started(NOW - 9_000, own), Some(NOW - 8_000)),
        ("started, cannot come any more", started(NOW - certain, own), Some(NOW)),
        ("update started", update(NOW, own), None),
        ("update of an earlier row started", update(NOW, OTHER), None),
        ("update of an earlier row cannot come", update(NOW - certain, OTHER), None),
        ("done as the row says", done(own), None),
        ("done with another content", done(OTHER), None),
        ("done, content unknown", done(Content::without_digest(step.verb)), None),
        ("refused", refused(None), None),
        ("update refused", refused(Some(made.clone())), None),
        ("unsure", Some(StepState::Unsure { candidates: vec![made.clone(), made_by(step, 1)] }), None),
    ];
    states.extend(BundleStatus::ALL.map(|status| {
        let name = match status {
            BundleStatus::Draft => "seen draft",
            BundleStatus::PendingReview => "seen pending review",
            BundleStatus::InReview => "seen in review",
            BundleStatus::TwilioRejected => "seen rejected",
            BundleStatus::TwilioApproved => "seen approved",
        };
        (name, Some(StepState::Seen { status, codes: vec![] }), None)
    }));
    states
}

/// A row that asks for every step.
fn customer() -> Customer {
    Customer {
        address: Address::Existing(made_by(&EXISTING_ADDRESS, 0)),
        phone_numbers: PhoneNumbers::Listed(vec![PhoneNumber::E164(NUMBER.to_owned())]),
        ..small::customer()
    }
}

/// Everything is done as the row says and was seen by this run, with the profile and the product as they stand.
fn all_done(plan: &Plan<'_>, stands: Option<BundleStatus>, product: Option<BundleStatus>) -> Facts {
    let mut facts = Facts::default();
    facts
        .apply(
            Key { step: &PHONE_NUMBERS, part: plan.wanted_part(NUMBER) },
            StepState::Done { sid: Some(number()), content: Content::Nothing, note: None },
        )
        .expect("a state that it can come to");
    for step in FLOW.steps() {
        let status = if step.bundle == &PROFILE { stands } else { product };
        let state = match (step.verb, status) {
            (Verb::Submit | Verb::Review, None) => continue,
            (Verb::Review, Some(status)) => StepState::Seen { status, codes: vec![] },
            _ => {
                let sid =
                    Some(made_by(step, 0)).filter(|_| !step.verb.only_reads() || step == &EXISTING_ADDRESS);
                StepState::Done { sid, content: plan.content_of(step, &facts), note: None }
            }
        };
        facts.apply(key(step), state).expect("a state that it can come to");
        facts.prove(key(step));
    }
    FLOW.bundles().for_each(|bundle| facts.note_whole(bundle));
    if stands == Some(BundleStatus::TwilioRejected) {
        facts.note_rejected_ours(&PROFILE);
    }
    facts
}

/// What is next, in a word. `on` is anything that is no longer about this step.
fn word(next: &Next, step: StepId) -> String {
    let about_it = |key: &Key| key.step == step;
    let word = match next {
        Next::Read(key) if about_it(key) => "read",
        Next::Read(key) if *key.step == PROFILE_REVIEW => "look at the review",
        Next::Send(key) if about_it(key) => "send",
        Next::Adopt(key) if about_it(key) => "look for it",
        Next::Update(key) if about_it(key) => "update",
        Next::Remove(key) if about_it(key) => "take off",
        Next::Wait(_) => "wait",
        Next::Over(Ending::Refused(all)) => match all.iter().find(|it| about_it(&it.0)) {
            Some((_, reason)) if reason.code == Code::Ours(OurCode::ChangedAfterSubmission) => "changed",
            Some(_) => "refused",
            None => "on",
        },
        Next::Over(Ending::Unsure(key, _)) if about_it(key) => "unsure",
        Next::Over(Ending::Waiting(_)) if matches!(step.verb, Verb::Review) => "in review",
        Next::Over(Ending::Rejected(_)) if matches!(step.verb, Verb::Review) => "rejected",
        _ => "on",
    };
    word.to_owned()
}

/// Of each verb and each state: what is next, for each way in which a bundle stands.
type Table = BTreeMap<(String, String), Vec<String>>;

/// The table as the program has it.
fn as_it_is(product: Option<BundleStatus>) -> Table {
    let (customer, policy, secret) = (customer(), policy(), digest_key());
    let plan = small::plan(&customer, &policy, &secret);
    let mut said = Table::new();
    for (verb, step) in VERBS {
        // Nothing is discovered where everything was submitted.
        let product =
            if matches!(step.verb, Verb::Discover) { Some(BundleStatus::TwilioApproved) } else { product };
        let complete = all_done(&plan, Some(BundleStatus::TwilioApproved), product);
        let own = plan.content_of(step, &complete);
        for (name, state, looked) in states(step, own) {
            let cell = |(_, stands): &(&str, Option<BundleStatus>)| {
                let facts = all_done(&plan, *stands, product);
                let states = facts.states().filter(|it| it.0.step != step || it.0.part != key(step).part);
                let states: Vec<(Key, StepState)> = states.map(|it| (it.0, it.1.clone())).collect();
                let proven: Vec<Key> = states.iter().map(|it| it.0).collect();
                let mut facts =
                    Facts::recorded(states.into_iter().chain(state.clone().map(|it| (key(step), it))));
                proven.into_iter().chain([key(step)]).for_each(|key| facts.prove(key));
                FLOW.bundles().for_each(|bundle| facts.note_whole(bundle));
                if *stands == Some(BundleStatus::TwilioRejected) {
                    facts.note_rejected_ours(&PROFILE);
                }
                if let Some(looked) = looked {
                    facts.miss(key(step), looked);
                }
                word(&plan.next(&facts, NOW), step)
            };
            let cells: Vec<String> = STANDS.iter().map(cell).collect();
            said.insert((verb.to_owned(), name.to_owned()), cells);
        }
    }
    said
}

/// What it should be. A line that begins at the margin is a verb; under it stands each state of a step.
const NEXT: &str = include_str!("next.txt");

fn as_it_should_be() -> Table {
    let cells = |line: &str| line.split('|').map(|it| it.trim().to_owned()).collect::<Vec<_>>();
    let mut lines = NEXT.lines();
    let stands: Vec<&str> = STANDS.iter().map(|it| it.0).collect();
    assert_eq!(cells(lines.next().expect("a head"))[1..], stands, "the columns");
    let (mut table, mut verb) = (Table::new(), String::new());
    for line in lines.filter(|it| !it.is_empty()) {
        if !line.starts_with(' ') {
            verb = line.to_owned();
            continue;
        }
        let mut cells = cells(line);
        let state = cells.remove(0);
        assert_eq!(cells.len(), STANDS.len(), "{verb}, {state}");
        assert!(table.insert((verb.clone(), state.clone()), cells).is_none(), "{verb}, {state} stands twice");
    }
    table
}

#[test]
fn every_state_of_a_step_with_every_verb_on_an_open_and_a_closed_bundle_has_its_answer() {
    // The product is a draft: what blocks the profile blocks work that is left.
    let (is, should_be) = (as_it_is(None), as_it_should_be());
    let mut wrong = vec![];
    for (line @ (verb, state), cells) in &is {
        match should_be.get(line) {
            None => wrong.push(format!("{verb}, {state}: no line in the table; it says {cells:?}")),
            Some(wanted) => {
                for ((stands, _), (wanted, is)) in STANDS.iter().zip(wanted.iter().zip(cells)) {
                    if wanted != is {
                        wrong.push(format!("{verb}, {state}, {stands}: it says {is}, not {wanted}"));
                    }
                }
            }
        }
    }
    let unknown = should_be.keys().filter(|it| !is.contains_key(it));
    wrong.extend(unknown.map(|it| format!("{it:?}: there is no such case")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn where_every_bundle_is_submitted_a_change_of_the_row_keeps_nothing_back() {
    let (with_work_left, without) = (as_it_is(None), as_it_is(Some(BundleStatus::TwilioApproved)));
    let mut changes = 0;
    for (line, cells) in &with_work_left {
        for (cell, without) in cells.iter().zip(&without[line]).filter(|(cell, _)| *cell == "changed") {
            changes += 1;
            assert_ne!(without, cell, "{line:?}");
        }
    }
    assert!(changes > 10, "{changes}");
}
