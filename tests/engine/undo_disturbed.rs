//! An undo that is disturbed: cut off at every moment that matters, with every request lost or refused in turn.

use crate::checks::{sids, undisturbed};
use crate::fixture::customer;
use crate::undo::{DRAFTS, EVERYTHING, approved, drafts, lenient};
use crate::watch::{Killer, Moment};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use trusthub_onboard::events::Nobody;
use trusthub_onboard::facts::{Outcome, Submission};
use trusthub_onboard::sandbox::{Among, Fault as Broken, Faults, Method, Rule, Stance, Undocumented, When};
use trusthub_onboard::undo::Fate;

#[tokio::test]
async fn an_undo_cut_off_anywhere_and_asked_for_again_takes_everything_away_and_a_run_makes_it_again() {
    let expected = undisturbed(&[customer(1)]).await;
    for moment in [Moment::Write, Moment::Sending, Moment::Sent] {
        for at in 1.. {
            let context = format!("{moment:?} {at}");
            let fixture = drafts(vec![customer(1)]).await;
            let (world, made) = (fixture.world(), fixture.made());
            let killer = Killer::at(moment, at);
            let accounts = fixture.accounts();
            let cut_off = fixture
                .undo_whatever_happens(DRAFTS, &accounts, killer.clone(), CancellationToken::new())
                .await;
            if !killer.has_struck() {
                assert!(at > 25, "only {at} points");
                break;
            }
            assert_eq!(killer.sent_after(), 0, "{context}: something was sent after the end");
            assert!(cut_off.is_err() || moment == Moment::Write, "{context}");
            // Now and then a run comes first: it puts back what is missing, before anything is submitted.
            if at % 4 == 0 {
                let mut fixture = fixture;
                fixture.policy.submission = Submission::ProductAfterApproval;
                assert_eq!(fixture.outcome().await, Outcome::Approved, "{context}");
                fixture.is_as(&expected, &context);
                continue;
            }
            let undone = fixture.undo(DRAFTS).await;
            assert_eq!(
                undone.of(Fate::Removed).len(),
                undone.entries.len(),
                "{context}: {:#?}",
                undone.entries
            );
            assert_eq!(fixture.world(), [] as [String; 0], "{context}");
            assert_eq!(sids(&fixture.facts()), BTreeSet::new(), "{context}");
            let past = fixture.sids_of_the_past();
            assert!(made.iter().all(|it| past.contains(&it.sid)), "{context}: a SID is lost");
            fixture.run().await.unwrap_or_else(|fault| panic!("{context}: {fault}"));
            assert_eq!(fixture.world(), world, "{context}");
            fixture.has_every_sid(&context);
        }
    }
}

/// What was submitted once is asked for as a whole: also then a crash leaves no doubt, whether the API deletes it or not.
#[tokio::test]
async fn an_undo_of_what_is_approved_that_is_cut_off_leaves_a_ledger_that_a_run_and_an_undo_can_go_on_with() {
    let expected = undisturbed(&[customer(1)]).await;
    for undocumented in [lenient(), Undocumented::default()] {
        for moment in [Moment::Write, Moment::Sent] {
            for at in 1.. {
                let context = format!("{moment:?} {at}, {:?}", undocumented.deletion_of_approved);
                let fixture = approved(vec![customer(1)], undocumented.clone()).await;
                let made = fixture.made();
                let killer = Killer::at(moment, at);
                let (accounts, stop) = (fixture.accounts(), CancellationToken::new());
                let _ = fixture.undo_whatever_happens(EVERYTHING, &accounts, killer.clone(), stop).await;
                if !killer.has_struck() {
                    assert!(at > 4, "only {at} points");
                    break;
                }
                // A run or an undo comes next.
                let is_deleted = undocumented.deletion_of_approved == Stance::Accepted;
                if at % 2 == 1 {
                    let outcome = fixture.outcome().await;
                    // Where the numbers were taken off, the row is another one than what was submitted.
                    let is_honest =
                        outcome == Outcome::Approved || (is_deleted && outcome == Outcome::Refused);
                    assert!(is_honest, "{context}: {outcome:?}");
                }
                fixture.undo(EVERYTHING).await;
                let left = if is_deleted { 0 } else { expected.len() };
                assert_eq!(fixture.world().len(), left, "{context}");
                fixture.run_until_finished(3, &context).await;
                assert_eq!(fixture.report().outcome, Outcome::Approved, "{context}");
                fixture.is_as(&expected, &context);
                let past = fixture.sids_of_the_past();
                assert!(made.iter().all(|it| past.contains(&it.sid)), "{context}: a SID is lost");
            }
        }
    }
}

/// Undoes with this fault at that request, and once more without it. Gives how many requests the first one took.
async fn undo_disturbed(fault: &Broken, n: u64) -> u64 {
    let context = format!("{fault:?} at request {n}");
    let fixture = drafts(vec![customer(1)]).await;
    let (world, made) = (fixture.world(), fixture.made());
    let before = fixture.sandbox.requests().count;
    let rule = Rule { fault: fault.clone(), among: Among::All, when: When::Nth(n) };
    fixture.sandbox.misbehave(Faults { rules: vec![rule], ..Faults::default() });
    let (accounts, nobody) = (fixture.accounts(), Arc::new(Nobody));
    let first = fixture.undo_whatever_happens(DRAFTS, &accounts, nobody, CancellationToken::new()).await;
    let count = fixture.sandbox.requests().count - before;
    fixture.sandbox.misbehave(Faults::default());
    let undone = match first {
        Ok(undone) if undone.entries.iter().all(|it| it.why.fate() == Fate::Removed) => undone,
        Ok(_) => fixture.undo(DRAFTS).await,
        // The parent's own credentials are refused.
        Err(fault) if fault.what().contains("401") => fixture.undo(DRAFTS).await,
        Err(fault) => panic!("{context}: {fault}"),
    };
    assert_eq!(undone.of(Fate::Removed).len(), undone.entries.len(), "{context}: {:#?}", undone.entries);
    assert_eq!(fixture.world(), [] as [String; 0], "{context}");
    assert_eq!(sids(&fixture.facts()), BTreeSet::new(), "{context}");
    let past = fixture.sids_of_the_past();
    assert!(made.iter().all(|it| past.contains(&it.sid)), "{context}: a SID is lost");
    fixture.run().await.unwrap_or_else(|fault| panic!("{context}: {fault}"));
    assert_eq!(fixture.world(), world, "{context}");
    count
}

#[tokio::test]
async fn a_reply_lost_in_an_undo_leaves_nothing_and_takes_nothing_else() {
    let faults = [
        Broken::LoseReply,
        Broken::DropRequest,
        Broken::FailAfter(500),
        Broken::FailBefore(503),
        Broken::TearHeaders,
        Broken::TearBody,
        Broken::FailAfter(404),
        Broken::FailBefore(404),
        Broken::HtmlAfter(404),
        Broken::FailAfter(409),
        Broken::FailBefore(409),
        Broken::FailAfter(422),
        Broken::FailBefore(422),
        Broken::FailBefore(401),
        Broken::CutJson,
        Broken::Html(200),
        Broken::EmptyBody,
        Broken::NullAccount,
        Broken::Throttle(Some(3)),
    ];
    // Each request meets another fault in each round.
    for round in 0..3 {
        for n in 1.. {
            let fault = &faults[(n as usize + 7 * round) % faults.len()];
            if undo_disturbed(fault, n).await < n {
                assert!(n > 30, "only {n} requests");
                break;
            }
        }
    }
}

/// The answer to a deletion may be a no although the work was done: whether the thing is there decides.
#[tokio::test]
async fn a_no_after_the_work_was_done_is_no_failure() {
    for status in [403, 409, 422] {
        let fixture = drafts(vec![customer(1)]).await;
        let among = Among::Matching(Method::Delete, "/v1".to_owned());
        let rule = Rule { fault: Broken::FailAfter(status), among, when: When::Always };
        fixture.sandbox.misbehave(Faults { rules: vec![rule], ..Faults::default() });
        let undone = fixture.undo(DRAFTS).await;
        assert_eq!(undone.of(Fate::Removed).len(), undone.entries.len(), "{status}: {:#?}", undone.entries);
        assert_eq!(fixture.world(), [] as [String; 0], "{status}");
    }
}
