//! The numbers of a row that has been submitted: which of them may still be written otherwise.

use crate::fixture::{Fixture, customer};
use trusthub_onboard::facts::{Outcome, RefusedNumbers};
use trusthub_onboard::model::{Customer, PhoneNumber, PhoneNumbers, Sid};
use trusthub_onboard::sandbox::{Edit, Kind, Method};

fn pn(n: u32) -> PhoneNumber {
    PhoneNumber::Sid(sid(n))
}

fn sid(n: u32) -> Sid {
    Sid::parse(&format!("PN{n:032x}")).expect("a SID")
}

fn digits(n: u32) -> String {
    format!("+1628555{n:04}")
}

fn e164(n: u32) -> PhoneNumber {
    PhoneNumber::E164(digits(n))
}

fn row(numbers: Vec<PhoneNumber>) -> Customer {
    Customer { phone_numbers: PhoneNumbers::Listed(numbers), ..customer(1) }
}

/// A subaccount with the numbers 1 to 4 by SID and by digits, and a row with some of them.
fn stage_of(numbers: Vec<PhoneNumber>) -> Fixture {
    let mut fixture = Fixture::with(vec![row(vec![])]);
    for n in 1..=4 {
        has_number(&fixture, n);
    }
    fixture.customers = vec![row(numbers)];
    fixture
}

fn has_number(fixture: &Fixture, n: u32) {
    let account = customer(1).subaccount.to_string();
    let edit = Edit::AddNumber { account, number: sid(n).to_string(), e164: digits(n) };
    fixture.sandbox.edit(edit).expect("an edit");
}

fn forbid(fixture: &Fixture, n: u32) {
    fixture.sandbox.edit(Edit::ForbidNumber { number: sid(n).to_string() }).expect("an edit");
}

fn assigned(fixture: &Fixture) -> usize {
    fixture.made().iter().filter(|it| it.kind == Kind::ChannelEndpointAssignment).count()
}

#[tokio::test]
async fn a_number_that_was_refused_before_the_submission_is_skipped_and_asked_for_after_the_approval() {
    // One that no bundle takes, and one that the subaccount does not have in the beginning.
    for (left_out, which, taken) in [(pn(2), "no bundle takes it", 2), (e164(9), "it is not there yet", 4)] {
        let mut fixture = stage_of(vec![pn(1), left_out]);
        forbid(&fixture, 2);
        fixture.policy.refused_numbers = RefusedNumbers::Skip;
        fixture.wait_ms = 0;
        assert_eq!(fixture.outcome().await, Outcome::AwaitingProfileApproval);
        has_number(&fixture, 9);
        for _ in 0..2 {
            assert_eq!(fixture.outcome().await, Outcome::AwaitingProfileApproval, "{which}");
        }
        fixture.wait_ms = 600_000;
        assert_eq!(fixture.outcome().await, Outcome::Approved, "{which}");
        assert_eq!(assigned(&fixture), taken, "{which}");
    }
}

#[tokio::test]
async fn the_order_and_the_spelling_of_the_numbers_mean_nothing_after_the_submission() {
    let first = || vec![pn(1), e164(2), e164(3)];
    let others = [
        vec![e164(3), pn(1), e164(2)],
        vec![pn(1), pn(2), e164(3)],
        vec![e164(3), e164(2), e164(1)],
        vec![pn(3), pn(2), pn(1)],
        vec![pn(1), e164(1), e164(2), e164(3)],
    ];
    for (case, other) in others.into_iter().enumerate() {
        let mut fixture = stage_of(first());
        fixture.wait_ms = 0;
        assert_eq!(fixture.outcome().await, Outcome::AwaitingProfileApproval);
        let calls = fixture.changing_calls();
        fixture.customers = vec![row(other)];
        assert_eq!(fixture.outcome().await, Outcome::AwaitingProfileApproval, "case {case}");
        assert_eq!(fixture.changing_calls(), calls);
        fixture.wait_ms = 600_000;
        assert_eq!(fixture.outcome().await, Outcome::Approved, "case {case}");
        assert_eq!(assigned(&fixture), 6, "case {case}");
        // And once more when all is over.
        fixture.customers = vec![row(first())];
        let ended = fixture.run().await.expect("no fault");
        assert!(ended.customers.values().all(|end| end.outcome == Outcome::Approved), "case {case}");
    }
}

/// Earlier versions kept a digest of the numbers as the sheet had them, in the sheet's order.
#[tokio::test]
async fn a_digest_that_an_earlier_version_kept_does_not_make_a_row_a_changed_one() {
    let mut fixture = stage_of(vec![pn(1), e164(2), e164(3)]);
    fixture.wait_ms = 0;
    assert_eq!(fixture.outcome().await, Outcome::AwaitingProfileApproval);
    let ledger = rusqlite::Connection::open(&fixture.ledger).expect("a ledger");
    let older = "UPDATE steps SET digest = x'0123456789abcdef0123456789abcdef' WHERE step = 'phone_numbers' AND part = ''";
    assert_eq!(ledger.execute(older, []).expect("an older digest"), 1);
    drop(ledger);
    fixture.wait_ms = 600_000;
    let lists = |fixture: &Fixture| {
        let requests = fixture.sandbox.requests().latest;
        requests.iter().filter(|it| it.path.ends_with("IncomingPhoneNumbers.json")).count()
    };
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    assert_eq!(lists(&fixture), 1, "the numbers are known by their SIDs");
}

#[tokio::test]
async fn a_number_that_the_subaccount_does_not_have_is_asked_for_once() {
    let mut fixture = stage_of(vec![pn(1), pn(7)]);
    fixture.young_ledger = trusthub_onboard::engine::YoungLedger::LooksAtOnce;
    let began = trusthub_onboard::clock::Clock::now(fixture.clock.as_ref());
    assert_eq!(fixture.outcome().await, Outcome::Refused);
    let requests = fixture.sandbox.requests().latest;
    let assignments = requests
        .iter()
        .filter(|it| it.method == Method::Post && it.path.ends_with("ChannelEndpointAssignments"));
    assert_eq!(assignments.count(), 2, "one for each number");
    assert_eq!(trusthub_onboard::clock::Clock::now(fixture.clock.as_ref()), began, "nothing is waited for");
}
