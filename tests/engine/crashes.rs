//! The run cut off at every moment that matters, resumed, and cut off again in the resume.

use crate::checks::undisturbed;
use crate::fixture::{Fixture, with_every_product};
use crate::watch::{Killer, Moment};

/// Runs up to the nth moment of that kind. `None`: the run was over before.
async fn cut_off(fixture: &Fixture, moment: Moment, at: u64) -> Option<u64> {
    let killer = Killer::at(moment, at);
    let ended = fixture.run_watched(killer.clone()).await;
    if !killer.has_struck() {
        return None;
    }
    // The very last commit is over when the writer dies after it, and nobody waits for it any more.
    assert!(ended.is_err(), "a run without its ledger, or without a customer's work, ends in a fault");
    Some(killer.sent_after())
}

async fn cut_off_everywhere(moment: Moment, again: &[u64]) {
    let customers = vec![with_every_product(1)];
    let undisturbed = undisturbed(&customers).await;
    // The first request looks up the primary profile, before there is anything to cut off.
    let first = if moment == Moment::Write { 1 } else { 2 };
    for (points, at) in (first..).enumerate() {
        for second in again {
            let context = format!("{moment:?} {at}, then {second}");
            let fixture = Fixture::with(customers.clone());
            let Some(sent_after) = cut_off(&fixture, moment, at).await else {
                assert!(points > 30, "only {points} points");
                return;
            };
            assert_eq!(sent_after, 0, "{context}: something was sent after the end");
            if *second > 0 {
                cut_off(&fixture, moment, first + *second - 1).await;
            }
            let ended = fixture.run().await.expect("no fault");
            assert!(ended.customers.len() <= 1);
            fixture.is_as(&undisturbed, &context);
        }
    }
}

#[tokio::test]
async fn a_run_cut_off_at_any_ledger_write_and_resumed_makes_everything_once() {
    cut_off_everywhere(Moment::Write, &[0]).await;
}

#[tokio::test]
async fn a_run_cut_off_at_a_ledger_write_again_during_the_resume_makes_everything_once() {
    cut_off_everywhere(Moment::Write, &[2, 5]).await;
}

#[tokio::test]
async fn a_run_cut_off_right_before_any_request_makes_everything_once() {
    cut_off_everywhere(Moment::Sending, &[0]).await;
}

#[tokio::test]
async fn a_run_cut_off_right_after_any_request_makes_everything_once() {
    cut_off_everywhere(Moment::Sent, &[0, 3]).await;
}

#[tokio::test]
async fn a_run_of_several_customers_cut_off_at_any_write_and_resumed_makes_everything_once() {
    let customers: Vec<_> = (1..=3).map(with_every_product).collect();
    let undisturbed = undisturbed(&customers).await;
    for at in (1..).step_by(5) {
        let context = format!("write {at}");
        let fixture = Fixture::with(customers.clone());
        if cut_off(&fixture, Moment::Write, at).await.is_none() {
            // Several who write at once share a commit: at least as many as one of them makes alone.
            assert!(at > 60, "{at}");
            return;
        }
        cut_off(&fixture, Moment::Write, 1 + at % 40).await;
        fixture.run().await.expect("no fault");
        fixture.is_as(&undisturbed, &context);
    }
}
