//! What a run would do, told by sheet and ledger alone: each kind of action, and what is counted.

use crate::small::*;
use trusthub_onboard::facts::{Code, Content, Ending, Facts, OurCode, Policy, Reason, StepState, Submission};
use trusthub_onboard::flow::BundleStatus;
use trusthub_onboard::flow::{Key, Verb};
use trusthub_onboard::model::{Customer, PhoneNumber, PhoneNumbers};
use trusthub_onboard::plan::Plan;
use trusthub_onboard::preview::{Preview, WriteKind};
use trusthub_onboard::report::{Action, RowPlan};

const NOW: u64 = 1_000_000;

fn row_of(customer: &Customer, policy: &Policy, recorded: &Facts) -> (RowPlan, Preview) {
    let key = digest_key();
    let plan = Plan::of(&FLOW, customer, policy, None, &key, recorded);
    let preview = Preview::offline(plan, recorded.clone(), NOW);
    let row = RowPlan::of(customer, &preview, recorded, false, |_| Some(1_800_000_000_000));
    (row, preview)
}

/// What an undisturbed run of this row has left when it has done its first so many steps that change something.
fn left_by_a_run(customer: &Customer, steps: usize) -> Facts {
    let (policy, digests) = (policy(), digest_key());
    let mut states: Vec<(Key, StepState)> = vec![];
    let plan = plan(customer, &policy, &digests);
    for &step in plan.steps() {
        let facts = Facts::recorded(states.clone());
        let changes = states.iter().filter(|it| !it.0.step.verb.only_reads()).count();
        if changes >= steps && !step.verb.only_reads() {
            break;
        }
        if let Verb::Review = step.verb {
            break;
        }
        let sid = (!step.verb.only_reads()).then(|| made_by(step, 1));
        states.push((key(step), StepState::Done { sid, content: plan.content_of(step, &facts), note: None }));
    }
    Facts::recorded(states)
}

/// A profile that is submitted, with products that wait for it.
fn submitted() -> Facts {
    let all = left_by_a_run(&customer(), usize::MAX);
    assert!(all.submitted(&PROFILE).is_some() && all.submitted(&CALLS).is_none());
    all
}

fn with(facts: &Facts, key: Key, state: StepState) -> Facts {
    let mut facts = facts.clone();
    facts.apply(key, state).expect("a legal state");
    facts
}

fn seen(facts: &Facts, status: BundleStatus, codes: &[u32]) -> Facts {
    with(facts, key(&PROFILE_REVIEW), StepState::Seen { status, codes: codes.to_vec() })
}

fn renamed() -> Customer {
    let mut row = customer();
    row.email = "other@reseller.com".to_owned();
    row
}

fn numbered(numbers: &[usize]) -> Customer {
    let numbers = numbers.iter().map(|it| PhoneNumber::Sid(sid("PN", *it))).collect();
    Customer { phone_numbers: PhoneNumbers::Listed(numbers), ..customer() }
}

#[test]
fn every_kind_of_action_is_told_by_sheet_and_ledger() {
    use Action::*;
    let nothing = Facts::default();
    let begun = left_by_a_run(&customer(), 3);
    let submitted = submitted();
    let approved = seen(&submitted, BundleStatus::TwilioApproved, &[]);
    let rejected = seen(&submitted, BundleStatus::TwilioRejected, &[18602]);
    let drafts = left_by_a_run(&customer(), 5);
    let suspended = with(
        &nothing,
        key(&ACCOUNT),
        StepState::Refused { reason: Reason::ours(OurCode::AccountNotActive), kept: None },
    );
    let cases: Vec<(&str, Customer, Facts, &[Action])> = vec![
        ("a new row", customer(), nothing.clone(), &[Create, AssignNumbers, Submit]),
        ("a row that was cut off", customer(), begun.clone(), &[Continue, AssignNumbers, Submit]),
        ("a draft with another content", renamed(), begun, &[Continue, Update, AssignNumbers, Submit]),
        ("a profile in review", customer(), submitted.clone(), &[Wait]),
        ("an approved profile", customer(), approved, &[Submit, Submit]),
        ("a rejected row as it was", customer(), rejected.clone(), &[Blocked]),
        ("a rejected row, corrected", renamed(), rejected.clone(), &[Update, SubmitAgain]),
        (
            "a rejected row with a number more",
            numbered(&[1, 2]),
            rejected.clone(),
            &[AssignNumbers, SubmitAgain],
        ),
        (
            "a rejected row with another number",
            numbered(&[2]),
            rejected,
            &[AssignNumbers, RemoveNumbers, SubmitAgain],
        ),
        ("a row that differs from what is in review", renamed(), submitted, &[Blocked]),
        ("a suspended account", customer(), suspended, &[Blocked]),
        ("drafts that were not submitted", customer(), drafts, &[Continue, AssignNumbers, Submit]),
    ];
    for (what, row, recorded, expected) in cases {
        let (plan, preview) = row_of(&row, &policy(), &recorded);
        let actions: Vec<Action> = plan.does.iter().filter_map(|it| it.action).collect();
        assert_eq!(actions, expected, "{what}: {:?}", preview.writes);
        assert_eq!(plan.action == Blocked, expected.contains(&Blocked), "{what}");
    }
}

#[test]
fn what_is_waited_for_since_when_and_why_a_row_is_blocked_is_told() {
    let (waits, _) = row_of(&customer(), &policy(), &submitted());
    assert_eq!(
        (waits.does[0].bundle, waits.does[0].since.as_deref()),
        (Some("profile"), Some("2027-01-15T08:00:00Z"))
    );
    let (blocked, _) = row_of(&renamed(), &policy(), &submitted());
    let does = &blocked.does[0];
    assert_eq!(does.code.as_deref(), Some("changed_after_submission"));
    assert!(does.columns.contains(&"email"), "{does:?}");
    assert!(does.hint.is_some() && does.message.is_some());
}

#[test]
fn an_update_names_the_columns_that_may_have_changed() {
    let rejected = seen(&submitted(), BundleStatus::TwilioRejected, &[]);
    let (plan, _) = row_of(&renamed(), &policy(), &rejected);
    let update = plan.does.iter().find(|it| it.action == Some(Action::Update)).expect("an update");
    for column in ["friendly_name", "email", "status_callback"] {
        assert!(update.columns.contains(&column), "{column}: {update:?}");
    }
    assert!(!update.columns.contains(&"city"), "{update:?}");
}

#[test]
fn a_row_that_is_done_or_was_only_to_be_drafted_has_nothing_left() {
    let never = Policy { submission: Submission::Never, ..policy() };
    let row = customer();
    let (_, first) = row_of(&row, &never, &Facts::default());
    assert!(first.writes.iter().all(|it| !matches!(it.kind, WriteKind::Submit | WriteKind::SubmitAgain)));
    assert_eq!(first.ending, Some(Ending::Done));
    assert_eq!(first.calls_after_approval, 0);
}

#[test]
fn a_number_that_was_not_found_stays_missing_and_one_that_was_corrected_does_not() {
    let digests = digest_key();
    let by_digits = |digits: &str| Customer {
        phone_numbers: PhoneNumbers::Listed(vec![PhoneNumber::E164(digits.to_owned())]),
        ..customer()
    };
    let row = by_digits("+16285550001");
    let policy = policy();
    let part = plan(&row, &policy, &digests).wanted_part("+16285550001");
    let reason = Reason::ours(OurCode::NumberNotFound);
    let missing = Facts::recorded([
        (key(&ACCOUNT), StepState::Done { sid: None, content: Content::Nothing, note: None }),
        (Key { step: &PROFILE_NUMBERS, part }, StepState::Refused { reason, kept: None }),
    ]);
    let (blocked, _) = row_of(&row, &policy, &missing);
    assert_eq!(blocked.action, Action::Blocked);
    assert_eq!(blocked.does.last().and_then(|it| it.code.clone()).as_deref(), Some("number_not_found"));
    let (corrected, _) = row_of(&by_digits("+16285550002"), &policy, &missing);
    assert_ne!(corrected.action, Action::Blocked, "{corrected:?}");
}

#[test]
fn what_a_customer_is_in_doubt_about_stays_in_doubt_until_a_run_has_looked() {
    let candidates = vec![made_by(&PROFILE_CREATION, 1), made_by(&PROFILE_CREATION, 2)];
    let doubt = Facts::recorded([(key(&PROFILE_CREATION), StepState::Unsure { candidates })]);
    let (row, preview) = row_of(&customer(), &policy(), &doubt);
    assert_eq!(row.action, Action::Blocked);
    assert_eq!(row.does[0].code.as_deref(), Some("unsure"));
    assert!(preview.writes.is_empty());
}

#[test]
fn somebodys_earlier_bundle_blocks_its_row_until_the_row_names_it() {
    let earlier = made_by(&PROFILE_CREATION, 9);
    let reason = Reason::ours(OurCode::ExistsAlready).naming(earlier);
    assert_eq!(reason.code, Code::Ours(OurCode::ExistsAlready));
    let found = Facts::recorded([(key(&PROFILE_CREATION), StepState::Refused { reason, kept: None })]);
    let (row, _) = row_of(&customer(), &policy(), &found);
    assert_eq!(row.action, Action::Blocked);
    assert_eq!(row.does[0].code.as_deref(), Some("exists_already"));
}

#[test]
fn two_previews_of_one_row_foretell_the_same_writes_and_another_content_is_seen() {
    let writes = |row: &Customer| row_of(row, &policy(), &Facts::default()).1.writes;
    assert_eq!(writes(&customer()), writes(&customer()));
    let differing: Vec<_> = writes(&customer())
        .into_iter()
        .zip(writes(&renamed()))
        .filter(|(one, other)| one.digest != other.digest)
        .map(|it| it.0.key.step.name)
        .collect();
    assert_eq!(differing, ["profile", "calls", "texts"]);
}
