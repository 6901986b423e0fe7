//! The numbers of what was submitted follow the sheet.

use crate::fixture::{Fixture, customer};
use crate::watch::{Killer, Moment};
use std::collections::BTreeSet;
use trusthub_onboard::engine::{Only, YoungLedger};
use trusthub_onboard::facts::{Most, Numbers, Outcome, Removal, Submission};
use trusthub_onboard::model::{Customer, PhoneNumber, PhoneNumbers, Sid};
use trusthub_onboard::report::NumberState;
use trusthub_onboard::sandbox::{
    Among, BundleKind, Edit, Fault, Faults, Kind, Lag, Method, Reviewer, Rule, Seed, Settings, Stance,
    Undocumented, Verdict, When,
};

/// The numbers that the subaccount of the first customer has.
pub const OWNED: u32 = 12;

pub fn pn(n: u32) -> Sid {
    Sid::parse(&format!("PN{n:032x}")).expect("a SID")
}

pub fn digits(n: u32) -> String {
    format!("+1628555{n:04}")
}

/// The first customer with these numbers.
pub fn row(numbers: impl IntoIterator<Item = u32>) -> Customer {
    let numbers = numbers.into_iter().map(|n| PhoneNumber::Sid(pn(n))).collect();
    Customer { phone_numbers: PhoneNumbers::Listed(numbers), ..customer(1) }
}

pub fn by_digits(numbers: impl IntoIterator<Item = u32>) -> Customer {
    let numbers = numbers.into_iter().map(|n| PhoneNumber::E164(digits(n))).collect();
    Customer { phone_numbers: PhoneNumbers::Listed(numbers), ..customer(1) }
}

pub fn all() -> Customer {
    Customer { phone_numbers: PhoneNumbers::All, ..customer(1) }
}

/// A world in which the subaccount has its numbers, and a second one has none.
fn seed() -> Seed {
    let mut seed = crate::fixture::seed(&[
        row([]),
        Customer { phone_numbers: PhoneNumbers::Listed(vec![]), ..customer(2) },
    ]);
    seed.accounts[0].phone_numbers = (1..=OWNED).map(|n| (pn(n).to_string(), digits(n))).collect();
    seed
}

pub fn stage(row: Customer, settings: Settings) -> Fixture {
    let mut fixture = Fixture::seeded(vec![row], settings, seed());
    fixture.young_ledger = YoungLedger::LooksAtOnce;
    fixture
}

/// The row, approved.
pub async fn approved(row: Customer) -> Fixture {
    let fixture = stage(row, Settings::default());
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    fixture
}

/// What `--remove-numbers` says.
pub fn removing(most: Most) -> Numbers {
    Numbers { removal: Some(Removal { most, last: false }), alone: false }
}

/// `--only numbers`
pub fn alone(fixture: &mut Fixture) {
    fixture.only = Only::Numbers;
    fixture.policy.numbers.alone = true;
}

/// The numbers on the bundle of that kind, each as often as it is on it.
pub fn on(fixture: &Fixture, kind: Kind) -> Vec<u32> {
    let all = fixture.sandbox.resources();
    let bundles: BTreeSet<&str> = all.iter().filter(|it| it.kind == kind).map(|it| it.sid.as_str()).collect();
    let of_it = all.iter().filter(|it| it.kind == Kind::ChannelEndpointAssignment);
    let of_it = of_it.filter(|it| it.bundle_sid.as_deref().is_some_and(|sid| bundles.contains(sid)));
    let number = |sid: &str| u32::from_str_radix(&sid[2..], 16).expect("a number of the test");
    let mut numbers: Vec<u32> = of_it.filter_map(|it| it.object_sid.as_deref().map(number)).collect();
    numbers.sort_unstable();
    numbers
}

#[track_caller]
pub fn both_have(fixture: &Fixture, numbers: impl IntoIterator<Item = u32>, context: &str) {
    let numbers: Vec<u32> = numbers.into_iter().collect();
    assert_eq!(on(fixture, Kind::CustomerProfile), numbers, "the profile, {context}");
    assert_eq!(on(fixture, Kind::TrustProduct), numbers, "the product, {context}");
}

/// The SID of the bundle of that kind.
pub fn bundle(fixture: &Fixture, kind: Kind) -> String {
    fixture.made().into_iter().find(|it| it.kind == kind).expect("a bundle").sid
}

/// What was sent since, looks apart: method and path.
fn sent_since(fixture: &Fixture, before: u64) -> Vec<(Method, String)> {
    let new = fixture.sandbox.requests().latest.into_iter().skip(before as usize);
    new.filter(|it| it.method != Method::Get).map(|it| (it.method, it.path)).collect()
}

fn remark(fixture: &Fixture, code: &str) -> Option<String> {
    fixture.report().remarks.into_iter().find(|it| it.code == code).map(|it| it.message)
}

#[tokio::test]
async fn a_number_that_was_added_is_put_on_approved_bundles_at_once_the_profile_first() {
    for (added, how) in [(row([1, 2, 3, 4]), "by SID"), (by_digits([1, 2, 3, 4]), "by digits")] {
        let mut fixture = approved(row([1, 2])).await;
        let before = fixture.sandbox.requests().count;
        fixture.customers = vec![added];
        assert_eq!(fixture.outcome().await, Outcome::Approved, "{how}");
        both_have(&fixture, [1, 2, 3, 4], how);
        let sent = sent_since(&fixture, before);
        let places: Vec<bool> = sent.iter().map(|it| it.1.contains("/CustomerProfiles/")).collect();
        assert_eq!(places, [true, true, false, false], "{how}: {sent:?}");
        assert!(sent.iter().all(|it| it.0 == Method::Post && it.1.ends_with("/ChannelEndpointAssignments")));
        fixture.has_every_sid(how);
        let before = fixture.sandbox.requests().count;
        assert_eq!(fixture.outcome().await, Outcome::Approved, "{how}");
        assert_eq!(fixture.sandbox.requests().count, before + 1, "{how}: only the primary profile is read");
    }
}

#[tokio::test]
async fn a_number_that_was_added_in_review_waits_for_the_decision_whether_or_not_the_api_would_take_it() {
    for numbers_in_review in [Stance::Accepted, Stance::Refused] {
        for submission in [Submission::ProductAfterApproval, Submission::ProductNow] {
            let undocumented = Undocumented { numbers_in_review, ..Undocumented::default() };
            let mut fixture = stage(row([1]), Settings { undocumented, ..Settings::default() });
            let context = format!("{numbers_in_review:?}, {submission:?}");
            fixture.policy.submission = submission;
            fixture.wait_ms = 0;
            let waiting = fixture.outcome().await;
            for added in [row([1, 2]), by_digits([1, 2])] {
                let calls = fixture.changing_calls();
                fixture.customers = vec![added];
                assert_eq!(fixture.outcome().await, waiting, "{context}");
                assert_eq!(fixture.changing_calls(), calls, "{context}: nothing is sent in review");
                let report = fixture.report();
                assert_eq!((report.outcome, report.phone_numbers_refused), (waiting, 0), "{context}");
            }
            fixture.wait_ms = 600_000;
            // What comes before its profile is rejected and submitted again.
            assert_eq!(fixture.outcome().await, Outcome::Approved, "{context}");
            both_have(&fixture, [1, 2], &context);
        }
    }
}

#[tokio::test]
async fn a_rejected_bundle_takes_the_new_number_before_it_is_submitted_again() {
    let mut fixture = stage(row([1]), Settings::default());
    let account = customer(1).subaccount.to_string();
    let edit = Edit::SetReviewer { account, reviewer: Some(Reviewer::Next(Verdict::Rejected(vec![18602]))) };
    fixture.sandbox.edit(edit).expect("an edit");
    assert_eq!(fixture.outcome().await, Outcome::Rejected);
    fixture.customers = vec![row([2])];
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    both_have(&fixture, [2], "what a draft of ours holds follows the row without a flag");
}

#[tokio::test]
async fn a_row_with_all_numbers_follows_those_of_the_account() {
    let mut fixture = approved(all()).await;
    both_have(&fixture, 1..=OWNED, "in the beginning");
    let account = customer(1).subaccount.to_string();
    let edit = Edit::AddNumber { account: account.clone(), number: pn(20).to_string(), e164: digits(20) };
    fixture.sandbox.edit(edit).expect("an edit");
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    both_have(&fixture, (1..=OWNED).chain([20]), "one was bought");
    // One that is moved away stays on the bundles, and the row says so.
    let edit = Edit::MoveNumber { number: pn(3).to_string(), account: customer(2).subaccount.to_string() };
    fixture.sandbox.edit(edit).expect("an edit");
    let calls = fixture.changing_calls();
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    assert_eq!(fixture.changing_calls(), calls);
    let said = remark(&fixture, "numbers_not_in_row").expect("it is said");
    assert!(said.contains(pn(3).as_str()), "{said}");
    fixture.policy.numbers = removing(Most::Percent(20));
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    both_have(&fixture, (1..=OWNED).chain([20]).filter(|n| *n != 3), "and goes with the flag");
    assert_eq!(remark(&fixture, "numbers_not_in_row"), None);
    // And one that comes back is put on again.
    fixture.policy.numbers = Numbers::default();
    fixture.sandbox.edit(Edit::MoveNumber { number: pn(3).to_string(), account }).expect("an edit");
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    both_have(&fixture, (1..=OWNED).chain([20]), "it came back");
    assert!(fixture.report().phone_numbers.iter().all(|it| it.state == NumberState::Assigned));
}

#[tokio::test]
async fn a_number_that_dropped_off_a_bundle_is_found_and_put_on_again_where_only_numbers_are_asked_for() {
    for kind in [Kind::CustomerProfile, Kind::TrustProduct] {
        let mut fixture = approved(row([1, 2, 3])).await;
        let of = bundle(&fixture, kind);
        let lost = fixture.made().into_iter().find(|it| {
            it.bundle_sid.as_deref() == Some(&of) && it.object_sid.as_deref() == Some(pn(2).as_str())
        });
        fixture.remove(&lost.expect("it is there").sid).await;
        alone(&mut fixture);
        assert_eq!(fixture.outcome().await, Outcome::Approved, "{kind:?}");
        both_have(&fixture, [1, 2, 3], &format!("{kind:?}"));
        fixture.has_every_sid("put on again");
    }
}

#[tokio::test]
async fn the_apis_no_is_said_of_the_number_and_stops_nothing_else_and_the_next_run_asks_again() {
    let mut fixture = approved(row([1])).await;
    let account = customer(1).subaccount.to_string();
    // Another bundle of the account has number 2, and nobody takes number 3.
    let (kind, friendly_name) = (BundleKind::CustomerProfile, "By hand".to_owned());
    let other = fixture.sandbox.edit(Edit::AddBundle { account, kind, friendly_name }).expect("an edit");
    fixture
        .sandbox
        .edit(Edit::AssignNumber { bundle: other.clone(), number: pn(2).to_string() })
        .expect("an edit");
    fixture.sandbox.edit(Edit::ForbidNumber { number: pn(3).to_string() }).expect("an edit");
    fixture.customers = vec![row([1, 2, 3, 4])];
    fixture.customers[0].phone_numbers = match row([1, 2, 3, 4]).phone_numbers {
        PhoneNumbers::Listed(mut numbers) => {
            numbers.push(PhoneNumber::E164(digits(99)));
            PhoneNumbers::Listed(numbers)
        }
        PhoneNumbers::All => PhoneNumbers::All,
    };
    for _ in 0..2 {
        assert_eq!(fixture.outcome().await, Outcome::Approved);
        assert_eq!(on(&fixture, Kind::TrustProduct), [1, 4]);
        let report = fixture.report();
        assert_eq!(
            (report.outcome, report.phone_numbers_refused, report.phone_numbers_assigned),
            (Outcome::Approved, 3, 2)
        );
        let code = |n: usize| (report.phone_numbers[n].state, report.phone_numbers[n].code.clone());
        assert_eq!(code(1), (NumberState::Refused, Some("number_elsewhere".to_owned())));
        assert_eq!(code(2).0, NumberState::Refused);
        assert_eq!(code(4), (NumberState::Refused, Some("number_not_found".to_owned())));
        let said = remark(&fixture, "numbers_refused").expect("it is said");
        assert!(said.contains("3 phone numbers"), "{said}");
    }
    fixture.sandbox.edit(Edit::Remove { sid: other }).expect("an edit");
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    assert_eq!(on(&fixture, Kind::TrustProduct), [1, 2, 4], "it is free now");
    assert_eq!(fixture.report().phone_numbers_refused, 2);
}

#[tokio::test]
async fn what_the_bundles_have_and_the_row_lacks_is_said_and_goes_with_the_flag_products_first() {
    let mut fixture = approved(row(1..=6)).await;
    fixture.customers = vec![row(1..=5)];
    let (calls, requests) = (fixture.changing_calls(), fixture.sandbox.requests().count);
    for _ in 0..2 {
        assert_eq!(fixture.outcome().await, Outcome::Approved);
        let report = fixture.report();
        let said = report.remarks.iter().find(|it| it.code == "numbers_not_in_row").expect("it is said");
        assert!(said.message.contains(pn(6).as_str()), "{said:?}");
        assert!(report.hint().contains("--remove-numbers"), "{report:?}");
        let extra = report.phone_numbers.iter().find(|it| it.state == NumberState::NotInRow).expect("a line");
        assert_eq!(extra.sid.as_deref(), Some(pn(6).as_str()));
        assert_eq!((report.phone_numbers_assigned, report.phone_numbers_refused), (5, 0));
    }
    assert_eq!(fixture.changing_calls(), calls, "nothing is taken off without the flag");
    assert_eq!(fixture.sandbox.requests().count, requests + 2, "a finished row costs nothing");
    let before = fixture.sandbox.requests().count;
    fixture.policy.numbers = removing(Most::Percent(20));
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    both_have(&fixture, 1..=5, "with the flag");
    let sent = sent_since(&fixture, before);
    let places: Vec<bool> = sent.iter().map(|it| it.1.contains("/TrustProducts/")).collect();
    assert_eq!(places, [true, false], "{sent:?}");
    assert!(sent.iter().all(|it| it.0 == Method::Delete));
    let report = fixture.report();
    assert!(report.remarks.is_empty(), "{:?}", report.remarks);
    assert_eq!(report.phone_numbers.len(), 5);
}

#[tokio::test]
async fn a_number_that_is_on_a_bundle_twice_or_no_longer_the_accounts_is_pruned_with_the_flag_only() {
    let undocumented = Undocumented { duplicate_number: Stance::Accepted, ..Undocumented::default() };
    let mut fixture = stage(row(1..=6), Settings { undocumented, ..Settings::default() });
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    for kind in [Kind::CustomerProfile, Kind::TrustProduct] {
        let edit = Edit::AssignNumber { bundle: bundle(&fixture, kind), number: pn(2).to_string() };
        fixture.sandbox.edit(edit).expect("an edit");
    }
    let edit = Edit::MoveNumber { number: pn(6).to_string(), account: customer(2).subaccount.to_string() };
    fixture.sandbox.edit(edit).expect("an edit");
    let calls = fixture.changing_calls();
    alone(&mut fixture);
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    assert_eq!(fixture.changing_calls(), calls, "nothing is taken off without the flag");
    both_have(&fixture, [1, 2, 2, 3, 4, 5, 6], "without the flag");
    fixture.policy.numbers.removal = removing(Most::Percent(20)).removal;
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    both_have(&fixture, 1..=5, "with the flag");
    fixture.has_every_sid("what stays is on record");
    // The row still has it, and the account has not.
    let report = fixture.report();
    assert_eq!(report.phone_numbers[5].code.as_deref(), Some("number_not_found"), "{report:?}");
    let calls = fixture.changing_calls();
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    assert_eq!(fixture.changing_calls(), calls, "what the account does not have is not asked for");
    // A run that does not look at the account asks the API, which says no to that number alone.
    (fixture.policy.numbers, fixture.only) = (Numbers::default(), Only::Everyone);
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    both_have(&fixture, 1..=5, "the API does not take it");
    let number = fixture.report().phone_numbers.remove(5);
    assert_eq!((number.state, number.code.as_deref()), (NumberState::Refused, Some("20404")));
}

#[tokio::test]
async fn more_than_may_go_or_the_last_one_stays_and_the_row_is_refused_with_the_counts() {
    // (before, now, the flags, how many stay beyond the row's, the code, what is said)
    let most = |most| removing(most);
    let last = Numbers { removal: Some(Removal { most: Most::Percent(100), last: true }), alone: false };
    let forbidden = 12;
    type Refusal = Option<(&'static str, &'static str)>;
    let cases: Vec<(Vec<u32>, Vec<u32>, Numbers, Refusal)> = vec![
        ((1..=10).collect(), (3..=10).collect(), most(Most::Percent(20)), None),
        (
            (1..=10).collect(),
            (4..=10).collect(),
            most(Most::Percent(20)),
            Some(("too_many_numbers_to_remove", "3 of 10 would go, at most 2 may")),
        ),
        ((1..=10).collect(), (4..=10).collect(), most(Most::Count(3)), None),
        (
            (1..=10).collect(),
            (2..=10).collect(),
            most(Most::Count(0)),
            Some(("too_many_numbers_to_remove", "1 of 10 would go, at most 0 may")),
        ),
        (vec![1, 2], vec![1], most(Most::Percent(20)), None),
        (
            vec![1, 2, 3],
            vec![1],
            most(Most::Percent(20)),
            Some(("too_many_numbers_to_remove", "2 of 3 would go, at most 1 may")),
        ),
        (vec![1], vec![2], most(Most::Percent(20)), None),
        (
            vec![1],
            vec![forbidden],
            most(Most::Percent(100)),
            Some(("last_number_to_remove", "customer_profile")),
        ),
        (vec![1], vec![forbidden], last, None),
    ];
    for (before, now, numbers, refusal) in cases {
        let context = format!("{before:?} to {now:?}, {numbers:?}");
        let mut fixture = approved(row(before.clone())).await;
        fixture.sandbox.edit(Edit::ForbidNumber { number: pn(forbidden).to_string() }).expect("an edit");
        fixture.customers = vec![row(now.clone())];
        fixture.policy.numbers = numbers;
        let expected: Vec<u32> = now.iter().copied().filter(|n| *n != forbidden).collect();
        let Some((code, words)) = refusal else {
            assert_eq!(fixture.outcome().await, Outcome::Approved, "{context}");
            both_have(&fixture, expected, &context);
            continue;
        };
        for _ in 0..2 {
            let calls = fixture.changing_calls();
            assert_eq!(fixture.outcome().await, Outcome::Refused, "{context}");
            let report = fixture.report();
            let cause = report.cause.clone().expect("a cause");
            assert_eq!(cause.code.as_deref(), Some(code), "{context}");
            assert!(
                cause.message.contains(words) && cause.hint.contains("--remove-"),
                "{context}: {cause:?}"
            );
            let asked_again = fixture.sandbox.requests().latest.into_iter().skip(calls);
            assert_eq!(asked_again.filter(|it| it.method == Method::Delete).count(), 0, "{context}");
            both_have(&fixture, before.clone(), &context);
        }
        // Without the flag it is no longer refused, and says what it has too much.
        fixture.policy.numbers = Numbers::default();
        assert_eq!(fixture.outcome().await, Outcome::Approved, "{context}");
        assert_eq!(fixture.report().outcome, Outcome::Approved, "{context}");
        assert!(remark(&fixture, "numbers_not_in_row").is_some(), "{context}");
        // And with leave it goes.
        let most = if code.starts_with("too") { Most::Percent(100) } else { Most::Percent(20) };
        fixture.policy.numbers.removal = Some(Removal { most, last: true });
        assert_eq!(fixture.outcome().await, Outcome::Approved, "{context}");
        both_have(&fixture, expected, &context);
    }
}

#[tokio::test]
async fn a_number_that_moves_to_another_subaccount_is_on_its_bundles_in_the_end_and_on_no_others() {
    let mut fixture = stage(row(1..=6), Settings::default());
    let mut second = customer(2);
    second.phone_numbers = PhoneNumbers::Listed(vec![PhoneNumber::Sid(pn(40))]);
    let account = second.subaccount.to_string();
    let edit = Edit::AddNumber { account: account.clone(), number: pn(40).to_string(), e164: digits(40) };
    fixture.sandbox.edit(edit).expect("an edit");
    fixture.customers.push(second);
    let ended = fixture.run().await.expect("no fault");
    assert!(ended.customers.values().all(|end| end.outcome == Outcome::Approved));
    fixture.sandbox.edit(Edit::MoveNumber { number: pn(3).to_string(), account }).expect("an edit");
    fixture.customers[0].phone_numbers = row([1, 2, 4, 5, 6]).phone_numbers;
    let moved = [pn(40), pn(3)].map(PhoneNumber::Sid).to_vec();
    fixture.customers[1].phone_numbers = PhoneNumbers::Listed(moved);
    fixture.policy.numbers = removing(Most::Percent(20));
    // The one that has it and the one that gets it are worked on side by side.
    for _ in 0..2 {
        let ended = fixture.run().await.expect("no fault");
        assert!(ended.customers.values().all(|end| end.outcome == Outcome::Approved));
    }
    both_have(&fixture, [1, 2, 3, 4, 5, 6, 40], "each on one profile and one product");
    fixture.has_every_sid("moved");
}

/// A row whose content differs, whose product is a draft, and that has a number more and one less.
#[tokio::test]
async fn only_numbers_does_nothing_but_numbers() {
    let mut fixture = stage(row(1..=6), Settings::default());
    fixture.wait_ms = 0;
    assert_eq!(fixture.outcome().await, Outcome::AwaitingProfileApproval);
    fixture.clock.set(trusthub_onboard::clock::Clock::now(fixture.clock.as_ref()) + 100_000);
    let mut changed = row([2, 3, 4, 5, 6, 7]);
    changed.voice_integrity.use_case = "Customer Support".into();
    changed.business.name = "Another name".to_owned();
    fixture.customers = vec![changed.clone()];
    fixture.policy.numbers = removing(Most::Percent(20));
    alone(&mut fixture);
    let before = fixture.sandbox.requests().count;
    fixture.end().await;
    let sent = sent_since(&fixture, before);
    assert!(
        !sent.is_empty() && sent.iter().all(|it| it.1.contains("/ChannelEndpointAssignments")),
        "{sent:?}"
    );
    assert_eq!(on(&fixture, Kind::TrustProduct), [1, 2, 3, 4, 5, 6], "a draft is made by a whole run");
    assert_eq!(
        on(&fixture, Kind::CustomerProfile),
        [1, 2, 3, 4, 5, 6, 7],
        "what is on a product is on its profile"
    );
    assert!(remark(&fixture, "numbers_not_in_row").is_some());
    // A customer who was never begun, and drafts, are left alone.
    for submission in [None, Some(Submission::Never)] {
        let mut fixture = stage(row([1]), Settings::default());
        if let Some(submission) = submission {
            fixture.policy.submission = submission;
            fixture.run().await.expect("no fault");
        }
        alone(&mut fixture);
        fixture.customers = vec![row([1, 2])];
        let requests = fixture.sandbox.requests().count;
        assert!(fixture.run().await.expect("no fault").customers.is_empty());
        assert_eq!(fixture.sandbox.requests().count, requests + 1, "only the primary profile is read");
    }
}

#[tokio::test]
async fn a_bundle_that_the_row_names_keeps_what_somebody_else_has_put_there() {
    for first in [row([1, 2]), by_digits([1, 2])] {
        let made = approved(row([1, 2, 3])).await;
        let (profile, product) = (bundle(&made, Kind::CustomerProfile), bundle(&made, Kind::TrustProduct));
        let mut fixture = made;
        fixture.ledger = fixture.folder.path().join("another.db");
        let named = |row: Customer| Customer {
            customer_profile: Sid::parse(&profile),
            trust_product: Sid::parse(&product),
            ..row
        };
        fixture.customers = vec![named(first.clone())];
        assert_eq!(fixture.outcome().await, Outcome::Approved);
        assert!(remark(&fixture, "numbers_of_others").is_some_and(|it| it.contains(pn(3).as_str())));
        // What the row had goes, what it never had stays.
        fixture.customers = vec![named(row([1, 4]))];
        fixture.policy.numbers = removing(Most::Percent(50));
        assert_eq!(fixture.outcome().await, Outcome::Approved);
        both_have(&fixture, [1, 3, 4], "named");
    }
}

/// A run that puts two numbers on and takes one off.
async fn to_follow() -> Fixture {
    let mut fixture = approved(row(1..=6)).await;
    fixture.customers = vec![row((2..=6).chain([7, 8]))];
    fixture.policy.numbers = removing(Most::Percent(20));
    fixture
}

async fn followed() -> Vec<String> {
    let fixture = to_follow().await;
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    both_have(&fixture, 2..=8, "undisturbed");
    // What the row says is what a new customer would have.
    let fresh = stage(row(2..=8), Settings::default());
    assert_eq!(fresh.outcome().await, Outcome::Approved);
    assert_eq!(fixture.world(), fresh.world());
    fixture.world()
}

#[tokio::test]
async fn numbers_that_follow_are_cut_off_at_every_moment_and_are_what_the_sheet_says_in_the_end() {
    let expected = followed().await;
    for (moment, again) in
        [(Moment::Write, 0), (Moment::Sending, 0), (Moment::Sent, 0), (Moment::Write, 3), (Moment::Sent, 2)]
    {
        for at in 2.. {
            let context = format!("{moment:?} {at}, then {again}");
            let fixture = to_follow().await;
            let killer = Killer::at(moment, at);
            let _ = fixture.run_watched(killer.clone()).await;
            if !killer.has_struck() {
                assert!(at > 10, "{moment:?}: only {at} points");
                break;
            }
            assert_eq!(killer.sent_after(), 0, "{context}");
            if again > 0 {
                let _ = fixture.run_watched(Killer::at(moment, again)).await;
            }
            fixture.run().await.unwrap_or_else(|fault| panic!("{context}: {fault}"));
            assert_eq!(fixture.report().outcome, Outcome::Approved, "{context}");
            fixture.is_as(&expected, &context);
        }
    }
}

#[tokio::test]
async fn a_reply_that_is_lost_while_numbers_follow_makes_and_loses_nothing() {
    let expected = followed().await;
    let faults = [
        Fault::LoseReply,
        Fault::DropRequest,
        Fault::FailBefore(500),
        Fault::FailAfter(500),
        Fault::FailBefore(409),
        Fault::FailAfter(404),
        Fault::CutJson,
        Fault::Throttle(Some(3)),
        Fault::HtmlAfter(404),
    ];
    for (turn, fault) in faults.into_iter().enumerate() {
        for n in (1 + turn as u64 % 2..).step_by(2) {
            // Every other one of them where lists and objects lag.
            let lags = (n / 2 + turn as u64) % 2 == 1;
            let lag = match lags {
                true => Lag { lists_ms: 9_000, objects_ms: 1_000, ..Lag::default() },
                false => Lag::default(),
            };
            let context = format!("{fault:?} at request {n}, {lag:?}");
            let fixture = to_follow().await;
            let before = fixture.sandbox.requests().count;
            let rule = Rule { fault: fault.clone(), among: Among::All, when: When::Nth(n) };
            fixture.sandbox.misbehave(Faults { rules: vec![rule], lag, ..Faults::default() });
            let _ = fixture.run().await;
            let is_over = fixture.sandbox.requests().count - before < n;
            fixture.sandbox.misbehave(Faults { lag, ..Faults::default() });
            for _ in 0..2 {
                fixture.run().await.unwrap_or_else(|fault| panic!("{context}: {fault}"));
            }
            assert_eq!(fixture.report().outcome, Outcome::Approved, "{context}");
            fixture.is_as(&expected, &context);
            if is_over {
                assert!(n > 10, "{context}: only {n} requests");
                break;
            }
        }
    }
}

#[tokio::test]
async fn numbers_that_are_put_on_under_a_lost_ledger_are_put_on_once_also_where_twice_would_be_taken() {
    let undocumented = Undocumented { duplicate_number: Stance::Accepted, ..Undocumented::default() };
    let mut fixture = stage(row([1, 2]), Settings { undocumented, ..Settings::default() });
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    // Somebody has put number 3 on both by hand.
    for kind in [Kind::CustomerProfile, Kind::TrustProduct] {
        let edit = Edit::AssignNumber { bundle: bundle(&fixture, kind), number: pn(3).to_string() };
        fixture.sandbox.edit(edit).expect("an edit");
    }
    fixture.customers = vec![row([1, 2, 3])];
    for ledger in ["ledger.db", "another.db"] {
        fixture.ledger = fixture.folder.path().join(ledger);
        assert_eq!(fixture.outcome().await, Outcome::Approved);
        both_have(&fixture, [1, 2, 3], ledger);
        assert_eq!(fixture.report().phone_numbers_assigned, 3, "{ledger}");
    }
}
