//! How a customer stands is the same to the run that has just ended, to `results` and to `status`.

use crate::fixture::{Fixture, cell, customer, with_every_product};
use crate::follow::{approved, removing, row};
use crate::proxy::Proxy;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use trusthub_onboard::check::Entry;
use trusthub_onboard::clock::Clock;
use trusthub_onboard::engine::{Ended, Interrupted, Only};
use trusthub_onboard::events::Nobody;
use trusthub_onboard::facts::{Existing, Most, OurCode, Outcome, Submission};
use trusthub_onboard::ledger::Ledger;
use trusthub_onboard::model::{Address, Customer, PhoneNumber, PhoneNumbers, Sid};
use trusthub_onboard::plan::friendly_name;
use trusthub_onboard::products::FLOW;
use trusthub_onboard::report::Reporter;
use trusthub_onboard::sandbox::{
    Among, ApprovalAsked, BundleKind, Edit, Fault, Faults, Method, Reviewer, Rule, Settings, Undocumented,
    When,
};

fn sid(text: &str) -> Sid {
    Sid::parse(text).expect("a SID")
}

fn number(n: u32) -> Sid {
    sid(&format!("PN{n:032x}"))
}

/// Outcome, step, code and hint of the first customer, as the results say them.
fn said(fixture: &Fixture, ended: Option<&Ended>) -> [String; 4] {
    let ledger = Ledger::open_for_reading(&fixture.ledger, &FLOW, &fixture.sandbox.id()).expect("a ledger");
    let results = Reporter::new(&FLOW, Some(&ledger), &fixture.policy, ended);
    let line = results.row(&Entry::Valid(Box::new(fixture.customers[0].clone()))).expect("a line");
    ["outcome", "failed_step", "error_code", "hint"].map(|column| cell(&line, column))
}

/// Stages on which a run ends with this code for the first customer: one for each way to it that matters.
async fn fixtures(code: OurCode) -> Vec<Fixture> {
    let account = customer(1).subaccount.to_string();
    let one = |change: &dyn Fn(&mut Customer)| {
        let mut row = customer(1);
        change(&mut row);
        Fixture::with(vec![row])
    };
    // The sheet says something else than what the sandbox was set up for.
    let differing = |change: &dyn Fn(&mut Customer)| {
        let mut fixture = Fixture::with(vec![customer(1)]);
        change(&mut fixture.customers[0]);
        fixture
    };
    let by_hand = |fixture: &Fixture, kind| {
        let friendly_name = "By hand".to_owned();
        fixture
            .sandbox
            .edit(Edit::AddBundle { account: account.clone(), kind, friendly_name })
            .expect("an edit")
    };
    let kinds = [BundleKind::CustomerProfile, BundleKind::TrustProduct];
    match code {
        OurCode::ChangedAfterSubmission => {
            let mut fixture = one(&|_| ());
            fixture.wait_ms = 0;
            fixture.run().await.expect("no fault");
            fixture.customers[0].business.name = "Another name".to_owned();
            vec![fixture]
        }
        OurCode::ExistsAlready => kinds
            .map(|kind| {
                let fixture = one(&|_| ());
                by_hand(&fixture, kind);
                fixture
            })
            .into(),
        OurCode::UnknownToTheLedger => {
            let mut fixture = one(&|_| ());
            fixture.policy.submission = Submission::Never;
            fixture.run().await.expect("no fault");
            fixture.ledger = fixture.folder.path().join("another.db");
            fixture.policy.existing = Existing::Refuse;
            vec![fixture]
        }
        OurCode::OtherBundleBegun => {
            let mut fixtures = vec![];
            for kind in kinds {
                let mut fixture = one(&|_| ());
                fixture.policy.submission = Submission::Never;
                fixture.run().await.expect("no fault");
                fixture.policy.submission = Submission::ProductAfterApproval;
                let other = Some(sid(&by_hand(&fixture, kind)));
                match kind {
                    BundleKind::CustomerProfile => fixture.customers[0].customer_profile = other,
                    BundleKind::TrustProduct => fixture.customers[0].trust_product = other,
                }
                fixtures.push(fixture);
            }
            fixtures
        }
        OurCode::NotSuchABundle => {
            let named = Some(sid("BU0000000000000000000000000000dead"));
            vec![
                differing(&|row| row.customer_profile = named.clone()),
                differing(&|row| row.trust_product = named.clone()),
            ]
        }
        OurCode::NotASubaccount => {
            vec![differing(&|row| row.subaccount = sid("AC0000000000000000000000000000dead"))]
        }
        OurCode::HoldsWhatIsNotOurs => kinds
            .map(|kind| {
                let mut fixture = one(&|_| ());
                let bundle = by_hand(&fixture, kind);
                let object_type = match kind {
                    BundleKind::CustomerProfile => "authorized_representative_1",
                    BundleKind::TrustProduct => "voice_integrity_information",
                };
                let object = Edit::AddObject {
                    account: account.clone(),
                    object_type: object_type.to_owned(),
                    friendly_name: "By hand".to_owned(),
                    attributes: "{}".to_owned(),
                };
                let object = fixture.sandbox.edit(object).expect("an edit");
                fixture.sandbox.edit(Edit::AssignEntity { bundle: bundle.clone(), object }).expect("an edit");
                match kind {
                    BundleKind::CustomerProfile => fixture.customers[0].customer_profile = Some(sid(&bundle)),
                    BundleKind::TrustProduct => fixture.customers[0].trust_product = Some(sid(&bundle)),
                }
                fixture
            })
            .into(),
        OurCode::NumberNotEligible => vec![one(&|row| {
            let toll_free = PhoneNumber::E164("+18005550123".to_owned());
            *row = Customer { phone_numbers: PhoneNumbers::Listed(vec![toll_free]), ..with_every_product(1) };
        })],
        OurCode::AccountNotActive => {
            let mut fixtures = vec![];
            for (status, in_review) in [("suspended", false), ("closed", false), ("suspended", true)] {
                let mut fixture = one(&|_| ());
                fixture.wait_ms = 0;
                if in_review {
                    fixture.run().await.expect("no fault");
                }
                let status = status.to_owned();
                let edit = Edit::SetAccountStatus { account: account.clone(), status };
                fixture.sandbox.edit(edit).expect("an edit");
                fixtures.push(fixture);
            }
            fixtures
        }
        OurCode::Unauthorized => [Among::Account(account.clone()), Among::Posts]
            .map(|among| {
                let fixture = one(&|_| ());
                let rule = Rule { fault: Fault::RotateToken, among, when: When::Always };
                fixture.sandbox.misbehave(Faults { rules: vec![rule], ..Faults::default() });
                fixture
            })
            .into(),
        OurCode::PrimaryProfile => {
            vec![differing(&|row| row.primary_profile = Some(sid("BU0000000000000000000000000000dead")))]
        }
        OurCode::AddressNotUsable => {
            let address = Address::Existing(sid("AD0000000000000000000000000000dead"));
            vec![differing(&|row| row.address = address.clone())]
        }
        OurCode::NoNumbers => {
            let mut fixture = one(&|row| row.phone_numbers = PhoneNumbers::Listed(vec![]));
            fixture.customers[0].phone_numbers = PhoneNumbers::All;
            vec![fixture]
        }
        OurCode::NumberNotFound => {
            let numbers = vec![PhoneNumber::Sid(number(1)), PhoneNumber::E164("+16285559999".to_owned())];
            vec![differing(&|row| row.phone_numbers = PhoneNumbers::Listed(numbers.clone()))]
        }
        OurCode::NumberElsewhere => {
            let mut fixture = one(&|_| ());
            let [ours, theirs] = [0, 1].map(|_| by_hand(&fixture, BundleKind::CustomerProfile));
            fixture.customers[0].customer_profile = Some(sid(&ours));
            let assign = Edit::AssignNumber { bundle: theirs, number: number(1).to_string() };
            fixture.sandbox.edit(assign).expect("an edit");
            vec![fixture]
        }
        OurCode::ContentNotTaken => {
            let mut fixture = one(&|_| ());
            fixture.policy.submission = Submission::Never;
            fixture.run().await.expect("no fault");
            fixture.policy.submission = Submission::ProductAfterApproval;
            if let Address::New { street, .. } = &mut fixture.customers[0].address {
                *street = "202 Spear Street".to_owned();
            }
            let before = |at: &str, json: &mut serde_json::Value| {
                if at.contains("/Addresses/") && json.get("street").is_some() {
                    json["street"] = "101 Spear Street".into();
                }
            };
            fixture.elsewhere = Some(Proxy::before(&fixture, None, before).await);
            vec![fixture]
        }
        OurCode::TooManyToRemove => {
            let mut fixture = approved(row(1..=6)).await;
            (fixture.customers, fixture.policy.numbers) = (vec![row([1, 2])], removing(Most::Percent(20)));
            vec![fixture]
        }
        OurCode::LastToRemove => {
            let mut fixture = approved(row([1])).await;
            fixture.sandbox.edit(Edit::ForbidNumber { number: number(2).to_string() }).expect("an edit");
            (fixture.customers, fixture.policy.numbers) = (vec![row([2])], removing(Most::Count(5)));
            vec![fixture]
        }
        OurCode::NumbersNotListed => {
            let mut fixture = approved(row(1..=6)).await;
            (fixture.customers, fixture.policy.numbers) = (vec![row(1..=5)], removing(Most::Percent(20)));
            let empty = |at: &str, json: &mut serde_json::Value| {
                if at.ends_with("IncomingPhoneNumbers.json") {
                    json["incoming_phone_numbers"] = serde_json::json!([]);
                }
            };
            fixture.elsewhere = Some(Proxy::before(&fixture, None, empty).await);
            vec![fixture]
        }
        OurCode::Noncompliant => vec![one(&|row| row.business.industry = "NOT_ONE_OF_THEM".into())],
    }
}

#[tokio::test]
async fn every_refusal_of_ours_reads_the_same_in_the_run_in_results_and_in_status() {
    for code in OurCode::ALL {
        for (way, mut fixture) in fixtures(*code).await.into_iter().enumerate() {
            let context = format!("{}, way {way}", code.name());
            let run = fixture.run_whatever_happens(Arc::new(Nobody), CancellationToken::new());
            let ended = run.await.unwrap_or_else(|fault| panic!("{context}: {fault}"));
            let by_the_run = said(&fixture, Some(&ended));
            assert_eq!(by_the_run[0], "refused", "{context}");
            assert_eq!(by_the_run[2], code.name(), "{context}");
            assert!(by_the_run[3].ends_with('.'), "{context}: a hint");
            assert_eq!(said(&fixture, None), by_the_run, "{context}: results");
            fixture.only = Only::ToLookAt;
            let mut looked = fixture.run().await.unwrap_or_else(|fault| panic!("{context}: {fault}"));
            looked.customers.retain(|_, end| end.failed.is_some());
            assert_eq!(said(&fixture, Some(&looked)), by_the_run, "{context}: status");
        }
    }
}

#[tokio::test]
async fn what_held_a_customer_back_is_not_said_any_more_once_a_run_has_found_it_gone() {
    let mut fixture = Fixture::with(vec![customer(1)]);
    let account = customer(1).subaccount.to_string();
    let (kind, friendly_name) = (BundleKind::TrustProduct, "By hand".to_owned());
    let bundle = fixture.sandbox.edit(Edit::AddBundle { account, kind, friendly_name }).expect("an edit");
    fixture.run().await.expect("no fault");
    assert_eq!(said(&fixture, None)[2], "exists_already");
    fixture.sandbox.edit(Edit::Remove { sid: bundle }).expect("an edit");
    // The customer gets no further than its first creation.
    let among = Among::Matching(Method::Post, "/v1/CustomerProfiles".to_owned());
    let rule = Rule { fault: Fault::FailBefore(500), among, when: When::Always };
    fixture.sandbox.misbehave(Faults { rules: vec![rule], ..Faults::default() });
    let ended = fixture.run().await.expect("no fault");
    assert_eq!(said(&fixture, Some(&ended))[0], Outcome::Unfinished.word());
    assert_eq!(said(&fixture, None)[0], Outcome::Unfinished.word());
    fixture.only = Only::ToLookAt;
    assert_eq!(fixture.run().await.expect("no fault").interrupted, Interrupted::No);
}

/// A run that ends like this for the only customer.
fn ending_in(outcome: Outcome) -> Fixture {
    let undocumented =
        Undocumented { profile_approval_asked: ApprovalAsked::AtReview, ..Undocumented::default() };
    let settings = Settings { undocumented, ..Settings::default() };
    let mut row = customer(1);
    if outcome == Outcome::Refused {
        row.business.industry = "NOT_ONE_OF_THEM".into();
    }
    let mut fixture = Fixture::set(vec![row], settings);
    let account = customer(1).subaccount.to_string();
    let reviewed = |fixture: &Fixture, reviewer| {
        let edit = Edit::SetReviewer { account: account.clone(), reviewer: Some(reviewer) };
        fixture.sandbox.edit(edit).expect("an edit");
    };
    fixture.wait_ms = 10_000;
    match outcome {
        Outcome::Approved | Outcome::Refused | Outcome::Invalid => (),
        Outcome::Submitted => {
            fixture.policy.submission = Submission::ProductNow;
            reviewed(&fixture, Reviewer::LeavesInReview);
        }
        Outcome::AwaitingProfileApproval => fixture.wait_ms = 0,
        Outcome::Drafted | Outcome::ProfileApproved => fixture.policy.submission = Submission::Never,
        Outcome::Rejected => reviewed(&fixture, Reviewer::RejectsAll(vec![18602])),
        Outcome::Unsure => {
            for _ in 0..2 {
                let friendly_name = friendly_name("Brightwater", &customer(1).subaccount, "profile");
                let (account, kind) = (account.clone(), BundleKind::CustomerProfile);
                fixture.sandbox.edit(Edit::AddBundle { account, kind, friendly_name }).expect("an edit");
            }
        }
        Outcome::Unfinished => {
            let among = Among::Matching(Method::Post, "/v1/CustomerProfiles".to_owned());
            let rule = Rule { fault: Fault::FailBefore(500), among, when: When::Always };
            fixture.sandbox.misbehave(Faults { rules: vec![rule], ..Faults::default() });
        }
        Outcome::NotAttempted => fixture.limit = Some(0),
    }
    fixture
}

#[tokio::test]
async fn every_outcome_reads_the_same_in_the_run_in_results_and_in_status() {
    // An invalid row is no customer of a run; the tests of the binary have it.
    for outcome in Outcome::ALL.into_iter().filter(|it| *it != Outcome::Invalid) {
        let mut fixture = ending_in(outcome);
        if outcome == Outcome::ProfileApproved {
            fixture.policy.submission = Submission::ProductAfterApproval;
            fixture.wait_ms = 0;
            fixture.run().await.expect("no fault");
            fixture.clock.set(fixture.clock.now() + 60_000);
            fixture.policy.submission = Submission::Never;
        }
        let ended = fixture.run().await.unwrap_or_else(|fault| panic!("{outcome:?}: {fault}"));
        let by_the_run = said(&fixture, Some(&ended));
        assert_eq!(by_the_run[0], outcome.word());
        // Whoever asks need not say again which flags the run had.
        fixture.policy = crate::fixture::policy();
        assert_eq!(said(&fixture, None), by_the_run, "{outcome:?}: results");
        if outcome != Outcome::AwaitingProfileApproval {
            fixture.only = Only::ToLookAt;
            let mut looked = fixture.run().await.unwrap_or_else(|fault| panic!("{outcome:?}: {fault}"));
            looked.customers.retain(|_, end| end.failed.is_some());
            assert_eq!(said(&fixture, Some(&looked)), by_the_run, "{outcome:?}: status");
        }
    }
}

#[tokio::test]
async fn an_earlier_refusal_is_not_said_of_a_run_that_asked_again_and_was_not_through() {
    let mut fixture = ending_in(Outcome::Refused);
    fixture.run().await.expect("no fault");
    assert_eq!(said(&fixture, None)[0], "refused");
    fixture.customers = vec![customer(1)];
    let rule = Rule { fault: Fault::FailBefore(500), among: Among::All, when: When::Between(6, u64::MAX) };
    fixture.sandbox.misbehave(Faults { rules: vec![rule], ..Faults::default() });
    let ended = fixture.run().await.expect("no fault");
    let by_the_run = said(&fixture, Some(&ended));
    assert_eq!(by_the_run[0], "unfinished");
    assert_eq!(said(&fixture, None), by_the_run);
}

#[tokio::test]
async fn a_refusal_of_the_primary_profile_is_said_also_where_a_request_is_still_to_be_looked_for() {
    let mut fixture = Fixture::with(vec![customer(1)]);
    // The link to the primary profile never comes through.
    let among = Among::Matching(Method::Post, "/EntityAssignments".to_owned());
    let rule = Rule { fault: Fault::DropRequest, among, when: When::Always };
    fixture.sandbox.misbehave(Faults { rules: vec![rule], ..Faults::default() });
    fixture.run().await.expect("no fault");
    fixture.sandbox.misbehave(Faults::default());
    fixture.customers[0].primary_profile = Some(sid("BU0000000000000000000000000000dead"));
    let ended = fixture.run().await.expect("no fault");
    let by_the_run = said(&fixture, Some(&ended));
    assert_eq!((by_the_run[0].as_str(), by_the_run[2].as_str()), ("refused", "primary_profile_not_usable"));
    assert!(by_the_run[3].contains("primary_profile_sid"), "{by_the_run:?}");
    assert_eq!(said(&fixture, None), by_the_run);
}

#[tokio::test]
async fn a_404_for_something_just_made_is_unfinished_and_passes() {
    let fixture = Fixture::with(vec![customer(1)]);
    let among = Among::Matching(Method::Post, "/EntityAssignments".to_owned());
    let rule = Rule { fault: Fault::FailBefore(404), among, when: When::Always };
    fixture.sandbox.misbehave(Faults { rules: vec![rule], ..Faults::default() });
    let ended = fixture.run().await.expect("no fault");
    let by_the_run = said(&fixture, Some(&ended));
    assert_eq!(
        (by_the_run[0].as_str(), by_the_run[1].as_str()),
        ("unfinished", "primary_profile_assignment")
    );
    assert_eq!(said(&fixture, None), by_the_run);
    fixture.sandbox.misbehave(Faults::default());
    let ended = fixture.run().await.expect("no fault");
    assert_eq!(said(&fixture, Some(&ended))[0], "approved");
}
