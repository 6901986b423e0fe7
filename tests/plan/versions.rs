//! A later release sends another field: who was submitted before stays as it is, and a draft is brought up to date.

use crate::small::{customer, digest_key, policy, sid};
use trusthub_onboard::facts::{Content, Digest, Ending, Facts, StepState};
use trusthub_onboard::flow::BundleStatus;
use trusthub_onboard::flow::{
    Bundle, BundleId, Collection, Flow, Form, Item, Key, Object, Resource, Step, StepId, Steps, Verb,
};
use trusthub_onboard::model::{Address, Customer, PhoneNumbers, Sid};
use trusthub_onboard::plan::{Next, Plan};

/// What the first release sends.
fn with_email(customer: &Customer, _: Option<&Sid>) -> Option<Form> {
    Some(vec![("Email", customer.email.clone())])
}

/// What a later one sends: one more field.
fn with_city(customer: &Customer, _: Option<&Sid>) -> Option<Form> {
    let Address::New { city, .. } = &customer.address else { return None };
    Some(vec![("Email", customer.email.clone()), ("City", city.clone())])
}

/// The same flow as a release has it: a profile with one thing in it.
macro_rules! release {
    ($release:ident, earlier: $earlier:expr, content: $content:expr) => {
        mod $release {
            use super::*;

            pub static FLOW: Flow = Flow {
                account: &ACCOUNT,
                discovery: &DISCOVERY,
                phone_numbers: &PHONE_NUMBERS,
                primary_link: &PRIMARY_LINK,
                profile: &PROFILE,
                products: &[],
            };
            static PROFILE: Bundle = Bundle {
                name: "profile",
                collection: Collection::CustomerProfiles,
                policy_sid: "RN00000000000000000000000000000001",
                product: None,
                usual_review_days: (1, 3),
                depends_on: None,
                column: "profile_sid",
                named_by: |_| None,
                steps: Steps {
                    before: &[],
                    creation: &CREATION,
                    contents: &[&INFORMATION, &ASSIGNMENT],
                    numbers: &NUMBERS,
                    evaluation: &EVALUATION,
                    submission: &SUBMISSION,
                    review: &REVIEW,
                },
            };
            const fn step(name: &'static str, verb: Verb) -> Step {
                Step { name, verb, bundle: &PROFILE, wanted_by: |_| true }
            }
            static ACCOUNT: Step = step("account", Verb::CheckAccount);
            static DISCOVERY: Step = step("discovery", Verb::Discover);
            static PHONE_NUMBERS: Step = step("phone_numbers", Verb::ResolveNumbers);
            static PRIMARY_LINK: Step = step("primary_link", Verb::Assign(Object::PrimaryProfile));
            static CREATION: Step = step("profile", Verb::Create(&OF_THE_PROFILE));
            static INFORMATION: Step = step("information", Verb::Create(&OF_THE_INFORMATION));
            static ASSIGNMENT: Step =
                step("information_assignment", Verb::Assign(Object::MadeBy(&INFORMATION)));
            static NUMBERS: Step = step("numbers", Verb::AssignNumbers);
            static EVALUATION: Step = step("evaluation", Verb::Evaluate);
            static SUBMISSION: Step = step("submission", Verb::Submit);
            static REVIEW: Step = step("review", Verb::Review);
            static OF_THE_PROFILE: Resource = Resource {
                collection: Collection::CustomerProfiles,
                tag: "profile",
                fixed: &[],
                names: &[],
                earlier: $earlier,
                content: $content,
            };
            static OF_THE_INFORMATION: Resource =
                Resource { collection: Collection::EndUsers, tag: "information", ..OF_THE_PROFILE };
        }
    };
}

release!(first, earlier: &[], content: with_email);
release!(later, earlier: &[with_email], content: with_city);

fn row() -> Customer {
    Customer { phone_numbers: PhoneNumbers::Listed(vec![]), products: vec![], ..customer() }
}

/// Has a release do everything, as far as a bundle that stands like this has come; `None` is a draft.
fn done_by(
    flow: &'static Flow,
    customer: &Customer,
    stands: Option<BundleStatus>,
) -> Vec<(String, StepState)> {
    let (policy, secret) = (policy(), digest_key());
    let plan = Plan::of(flow, customer, &policy, None, &secret, &Facts::default());
    let mut facts = Facts::default();
    for (n, step) in flow.steps().enumerate() {
        let state = match (step.verb, stands) {
            (Verb::AssignNumbers | Verb::ResolveNumbers, _) | (Verb::Submit | Verb::Review, None) => continue,
            (Verb::Review, Some(status)) => StepState::Seen { status, codes: vec![] },
            _ => {
                let kind = if step.creates_its_bundle() { "BU" } else { "IT" };
                let sid = Some(sid(kind, n)).filter(|_| !step.verb.only_reads());
                StepState::Done { sid, content: plan.content_of(step, &facts), note: None }
            }
        };
        facts.apply(step.into(), state).expect("a state that it can come to");
    }
    facts.states().map(|(key, state)| (key.step.name.to_owned(), state.clone())).collect()
}

/// What another release reads of it, and has seen in this run.
fn read_by(flow: &'static Flow, states: Vec<(String, StepState)>) -> Facts {
    let key = |name: &str| Key::from(flow.step(name).expect("a step"));
    let mut facts = Facts::recorded(states.into_iter().map(|(name, state)| (key(&name), state)));
    let keys: Vec<Key> = facts.states().map(|it| it.0).collect();
    keys.into_iter().for_each(|key| facts.prove(key));
    facts.note_whole(flow.profile);
    if facts.status(flow.profile) == Some(BundleStatus::TwilioRejected) {
        facts.note_rejected_ours(flow.profile);
    }
    facts
}

/// What the later release says to do for this row.
fn next(customer: &Customer, facts: &Facts) -> Next {
    let (policy, secret) = (policy(), digest_key());
    Plan::of(&later::FLOW, customer, &policy, None, &secret, facts).next(facts, 1_000_000)
}

/// The steps at which a row is said to differ from what was submitted.
fn differing(customer: &Customer, facts: &Facts) -> Vec<Key> {
    let (policy, secret) = (policy(), digest_key());
    Plan::of(&later::FLOW, customer, &policy, None, &secret, facts).differing(facts)
}

fn information() -> StepId {
    later::FLOW.step("information").expect("a step")
}

fn profile() -> BundleId {
    later::FLOW.profile
}

const SUBMITTED: [BundleStatus; 4] = [
    BundleStatus::PendingReview,
    BundleStatus::InReview,
    BundleStatus::TwilioApproved,
    BundleStatus::TwilioRejected,
];

#[test]
fn nothing_is_changed_updated_or_refused_of_what_was_submitted_without_the_new_field() {
    for status in SUBMITTED {
        let facts = read_by(&later::FLOW, done_by(&first::FLOW, &row(), Some(status)));
        let ending = match next(&row(), &facts) {
            Next::Over(ending) => ending,
            other => panic!("{status:?}: something is to be done at {:?}", other.key()),
        };
        let expected = match status {
            BundleStatus::TwilioApproved => Ending::Done,
            BundleStatus::TwilioRejected => Ending::Rejected(profile()),
            _ => Ending::Waiting(profile()),
        };
        assert_eq!(ending, expected, "{status:?}");
    }
}

#[test]
fn an_answer_that_lacks_the_new_field_is_what_was_submitted_also_for_a_new_ledger() {
    let (row, policy, secret) = (row(), policy(), digest_key());
    let item = Item {
        friendly_name: Some(trusthub_onboard::plan::friendly_name(
            "Brightwater",
            &row.subaccount,
            "information",
        )),
        email: Some(row.email.clone()),
        ..Item::default()
    };
    for content_is_known in [true, false] {
        let mut states = done_by(&first::FLOW, &row, Some(BundleStatus::InReview));
        for (_, state) in states.iter_mut().filter(|it| it.0 == "information" && !content_is_known) {
            let StepState::Done { content, .. } = state else { panic!("it is done") };
            *content = Content::Unknown;
        }
        let facts = read_by(&later::FLOW, states);
        let plan = Plan::of(&later::FLOW, &row, &policy, None, &secret, &facts);
        let shown = plan.shown(information(), &facts, &item).expect("it is shown");
        assert!(shown.is_as_wanted(), "{:?}", shown.fields());
        assert!(matches!(shown.content, Content::Known(Digest { version: 1, .. })));
        let other = Item { email: Some("other@reseller.com".to_owned()), ..item.clone() };
        assert!(!plan.shown(information(), &facts, &other).expect("it is shown").is_as_wanted());
    }
}

#[test]
fn a_row_that_was_changed_after_the_submission_is_told_so_by_a_later_release_too() {
    let facts = read_by(&later::FLOW, done_by(&first::FLOW, &row(), Some(BundleStatus::InReview)));
    let changed = Customer { email: "other@reseller.com".to_owned(), ..row() };
    assert_ne!(differing(&changed, &facts), []);
    // The field that was not sent then is no part of what was submitted.
    let Address::New { street, street_secondary, region, postal_code, iso_country, .. } = row().address
    else {
        panic!("the row has an address")
    };
    let city = "Oakland".to_owned();
    let address = Address::New { street, street_secondary, city, region, postal_code, iso_country };
    assert_eq!(differing(&Customer { address, ..row() }, &facts), []);
}

#[test]
fn a_draft_of_the_first_release_is_brought_up_to_date_before_it_is_submitted() {
    let mut states = done_by(&first::FLOW, &row(), None);
    let facts = read_by(&later::FLOW, states.clone());
    assert_eq!(next(&row(), &facts).key(), Some(later::FLOW.profile.made_by().into()));
    assert!(matches!(next(&row(), &facts), Next::Update(_)));
    // What the later release has sent says so.
    let sent = done_by(&later::FLOW, &row(), None);
    let is_later = |it: &&(String, StepState)| {
        matches!(it.1, StepState::Done { content: Content::Known(Digest { version: 2, .. }), .. })
    };
    assert_eq!(sent.iter().filter(is_later).count(), 2, "the profile and the information");
    states.retain(|it| it.0 != "profile");
    states.extend(sent.into_iter().filter(|it| it.0 == "profile"));
    assert_eq!(next(&row(), &read_by(&later::FLOW, states)).key(), Some(information().into()));
}
