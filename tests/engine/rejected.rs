//! Bundles with our tag that were rejected, and whose submission this ledger does not know.

use crate::checks::path_of;
use crate::checks::undisturbed;
use crate::fixture::{Fixture, customer};
use crate::watch::{Killer, Moment};
use trusthub_onboard::clock::Clock;
use trusthub_onboard::facts::Outcome;
use trusthub_onboard::flow::BundleId;
use trusthub_onboard::model::{Customer, Sid};
use trusthub_onboard::products::{FLOW, PROFILE, VOICE_INTEGRITY};
use trusthub_onboard::sandbox::{Edit, Kind, Method, Reviewer, Verdict};

fn corrected() -> Customer {
    let mut row = customer(1);
    row.business.name = "Brightwater Dental Group".to_owned();
    row.voice_integrity.use_case = "Customer Support".into();
    row
}

fn judged_by(fixture: &Fixture, reviewer: Option<Reviewer>) {
    let account = customer(1).subaccount.to_string();
    fixture.sandbox.edit(Edit::SetReviewer { account, reviewer }).expect("an edit");
}

/// A fixture whose profile, or whose product beside an approved profile, was rejected, and whose ledger is lost.
async fn rejected_and_forgotten(bundle: BundleId) -> Fixture {
    let mut fixture = Fixture::with(vec![customer(1)]);
    if bundle == &VOICE_INTEGRITY {
        fixture.wait_ms = 0;
        assert_eq!(fixture.outcome().await, Outcome::AwaitingProfileApproval);
        fixture.clock.set(fixture.clock.now() + 2_000);
        fixture.wait_ms = 600_000;
    }
    judged_by(&fixture, Some(Reviewer::RejectsAll(vec![18602])));
    assert_eq!(fixture.outcome().await, Outcome::Rejected);
    judged_by(&fixture, None);
    fixture.ledger = fixture.folder.path().join("another.db");
    fixture
}

/// What a row that is corrected as far as a rejection allows ends as.
fn correction(bundle: BundleId) -> Customer {
    match bundle.name {
        "customer_profile" => corrected(),
        _ => Customer { voice_integrity: corrected().voice_integrity, ..customer(1) },
    }
}

fn submissions(fixture: &Fixture, bundle: BundleId) -> usize {
    let kind = match bundle.name {
        "customer_profile" => Kind::CustomerProfile,
        _ => Kind::TrustProduct,
    };
    let sid = fixture.made().into_iter().find(|it| it.kind == kind).expect("a bundle").sid;
    let path = format!("{}/{sid}", path_of(bundle));
    let requests = fixture.sandbox.requests().latest;
    requests.iter().filter(|it| it.method == Method::Post && it.path == path).count()
}

#[tokio::test]
async fn a_corrected_row_is_submitted_again_in_place_although_its_ledger_is_lost() {
    for bundle in FLOW.bundles_of(&customer(1)) {
        let row = correction(bundle);
        let expected = undisturbed(std::slice::from_ref(&row)).await;
        let mut fixture = rejected_and_forgotten(bundle).await;
        fixture.customers = vec![row];
        assert_eq!(fixture.outcome().await, Outcome::Approved, "{bundle:?}");
        fixture.is_as(&expected, &format!("{bundle:?}"));
    }
}

#[tokio::test]
async fn a_ledger_that_was_lost_during_the_review_learns_of_the_rejection_and_goes_on_from_it() {
    for bundle in FLOW.bundles_of(&customer(1)) {
        let row = correction(bundle);
        let expected = undisturbed(std::slice::from_ref(&row)).await;
        let mut fixture = Fixture::with(vec![customer(1)]);
        fixture.wait_ms = 0;
        assert_eq!(fixture.outcome().await, Outcome::AwaitingProfileApproval);
        if bundle == &VOICE_INTEGRITY {
            fixture.clock.set(fixture.clock.now() + 2_000);
            judged_by(&fixture, Some(Reviewer::LeavesInReview));
            assert_eq!(fixture.outcome().await, Outcome::Submitted);
        }
        // The review goes on meanwhile.
        fixture.young_ledger = trusthub_onboard::engine::YoungLedger::LooksAtOnce;
        fixture.ledger = fixture.folder.path().join("another.db");
        let waiting = fixture.outcome().await;
        assert!(matches!(waiting, Outcome::AwaitingProfileApproval | Outcome::Submitted), "{waiting:?}");
        let kind = if bundle == &VOICE_INTEGRITY { Kind::TrustProduct } else { Kind::CustomerProfile };
        let sid = fixture.made().into_iter().find(|it| it.kind == kind).expect("a bundle").sid;
        let verdict = Verdict::Rejected(vec![18602]);
        fixture.sandbox.edit(Edit::Decide { bundle: sid, verdict }).expect("an edit");
        judged_by(&fixture, None);
        fixture.customers = vec![row];
        fixture.wait_ms = 600_000;
        assert_eq!(fixture.outcome().await, Outcome::Approved, "{bundle:?}");
        fixture.is_as(&expected, &format!("{bundle:?}"));
    }
}

#[tokio::test]
async fn an_unchanged_row_is_submitted_once_more_by_a_ledger_that_does_not_know_it_and_then_stays_rejected() {
    for bundle in FLOW.bundles_of(&customer(1)) {
        let fixture = rejected_and_forgotten(bundle).await;
        judged_by(&fixture, Some(Reviewer::RejectsAll(vec![18602])));
        let before = submissions(&fixture, bundle);
        assert_eq!(fixture.outcome().await, Outcome::Rejected);
        let after = submissions(&fixture, bundle);
        // What is there is what the row says, so that nothing is updated.
        assert_eq!(after - before, 1, "{bundle:?}");
        let calls = fixture.changing_calls();
        for _ in 0..2 {
            assert_eq!(fixture.outcome().await, Outcome::Rejected);
            assert_eq!(fixture.changing_calls(), calls, "{bundle:?}");
        }
    }
}

#[tokio::test]
async fn a_resubmission_without_the_ledger_that_is_cut_off_anywhere_makes_nothing_twice() {
    for bundle in FLOW.bundles_of(&customer(1)) {
        let row = correction(bundle);
        let expected = undisturbed(std::slice::from_ref(&row)).await;
        for moment in [Moment::Write, Moment::Sent] {
            for at in 2.. {
                let mut fixture = rejected_and_forgotten(bundle).await;
                fixture.customers = vec![row.clone()];
                let killer = Killer::at(moment, at);
                let _ = fixture.run_watched(killer.clone()).await;
                if !killer.has_struck() {
                    assert!(at > 15, "{bundle:?}: only {at}");
                    break;
                }
                let ended = fixture.run().await.expect("no fault");
                let context = format!("{bundle:?}, {moment:?} {at}");
                assert!(ended.customers.values().all(|end| end.outcome == Outcome::Approved), "{context}");
                fixture.is_as(&expected, &context);
            }
        }
    }
}

#[tokio::test]
async fn a_rejected_bundle_of_ours_that_the_row_names_is_ours_all_the_same() {
    let expected = undisturbed(&[corrected()]).await;
    let mut fixture = rejected_and_forgotten(&PROFILE).await;
    let profile =
        fixture.made().into_iter().find(|it| it.kind == Kind::CustomerProfile).expect("a profile").sid;
    fixture.customers = vec![Customer { customer_profile: Sid::parse(&profile), ..corrected() }];
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    fixture.is_as(&expected, "named");
}

#[tokio::test]
async fn a_bundle_of_ours_that_the_row_names_is_ours_when_it_is_rejected_after_its_ledger_was_lost() {
    let expected = undisturbed(&[corrected()]).await;
    let mut fixture = Fixture::with(vec![customer(1)]);
    fixture.wait_ms = 0;
    assert_eq!(fixture.outcome().await, Outcome::AwaitingProfileApproval);
    fixture.young_ledger = trusthub_onboard::engine::YoungLedger::LooksAtOnce;
    fixture.ledger = fixture.folder.path().join("another.db");
    let profile =
        fixture.made().into_iter().find(|it| it.kind == Kind::CustomerProfile).expect("a profile").sid;
    let named = |row: Customer| Customer { customer_profile: Sid::parse(&profile), ..row };
    fixture.customers = vec![named(customer(1))];
    assert_eq!(fixture.outcome().await, Outcome::AwaitingProfileApproval);
    let verdict = Verdict::Rejected(vec![18602]);
    fixture.sandbox.edit(Edit::Decide { bundle: profile.clone(), verdict }).expect("an edit");
    fixture.customers = vec![named(corrected())];
    fixture.wait_ms = 600_000;
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    fixture.is_as(&expected, "rejected later");
}
