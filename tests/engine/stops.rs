//! A run that is told to stop: nothing begins any more, every wait ends, and the next run goes on.

use crate::checks::undisturbed;
use crate::fixture::{Fixture, customer, with_every_product};
use crate::watch::watching;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use trusthub_onboard::clock::Clock;
use trusthub_onboard::engine::{Ended, Interrupted, Only, RefusalBreaker};
use trusthub_onboard::events::Event;
use trusthub_onboard::facts::{Outcome, StepState};
use trusthub_onboard::flow::Method;
use trusthub_onboard::model::{Fault as Broken, PhoneNumbers, Sid};
use trusthub_onboard::sandbox::{Among, Edit, Fault, Faults, Lag, Limit, Rule, When};
use trusthub_onboard::twilio::Rate;

/// More than any of these runs needs; a wait that does not end would need more.
const DEADLINE: Duration = Duration::from_secs(20);

/// How a run went that was stopped.
struct Stopped {
    ended: Result<Ended, Broken>,
    /// Requests that went out after the stop.
    begun_after: u64,
    /// How much time the stopped run has let pass.
    waited_ms: u64,
}

/// Runs until the nth event of those that `is_it` picks, and stops the run there.
async fn stop_at(
    fixture: &Fixture,
    nth: u64,
    is_it: impl Fn(&Event<'_>) -> bool + Send + Sync + 'static,
) -> Stopped {
    let drain = CancellationToken::new();
    let (seen, after, at) = (AtomicU64::new(0), Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let observer = watching({
        let (drain, after, at, clock) = (drain.clone(), after.clone(), at.clone(), fixture.clock.clone());
        move |event| {
            if drain.is_cancelled() {
                if let Event::Sending(_) = event {
                    after.fetch_add(1, Ordering::SeqCst);
                }
            } else if is_it(event) && seen.fetch_add(1, Ordering::SeqCst) + 1 == nth {
                at.store(clock.now(), Ordering::SeqCst);
                drain.cancel();
            }
        }
    });
    let run = fixture.run_whatever_happens(observer, drain.clone());
    let ended = tokio::time::timeout(DEADLINE, run).await.expect("it comes to its end");
    assert!(drain.is_cancelled(), "the moment came");
    Stopped {
        ended,
        begun_after: after.load(Ordering::SeqCst),
        waited_ms: fixture.clock.now() - at.load(Ordering::SeqCst),
    }
}

fn many(count: u32) -> Fixture {
    let mut fixture = Fixture::with((1..=count).map(customer).collect());
    fixture.wait_ms = 0;
    fixture
}

fn is_sending(event: &Event<'_>) -> bool {
    matches!(event, Event::Sending(_))
}

fn is_post(event: &Event<'_>) -> bool {
    matches!(event, Event::Sending(request) if request.method == Method::Post)
}

#[tokio::test]
async fn nothing_is_sent_after_the_stop_however_many_customers_wait_for_their_turn() {
    for (at, post) in [(1, false), (7, false), (60, false), (1, true), (40, true)] {
        let mut fixture = many(40);
        (fixture.concurrency, fixture.rate) = (40, Rate::PerSecond(20.0));
        let stopped = stop_at(&fixture, at, if post { is_post } else { is_sending }).await;
        assert_eq!(stopped.begun_after, 0, "stopped at {at}");
        let ended = stopped.ended.expect("no fault");
        assert_eq!((ended.fault, ended.interrupted), (None, Interrupted::Yes), "stopped at {at}");
        assert!(stopped.waited_ms <= 50, "stopped at {at}: waited {} ms", stopped.waited_ms);
    }
}

#[tokio::test]
async fn what_was_written_down_and_did_not_go_out_is_as_if_it_had_never_been_begun() {
    let customers: Vec<_> = (1..=12).map(customer).collect();
    let undisturbed = undisturbed(&customers).await;
    let mut fixture = Fixture::with(customers);
    (fixture.concurrency, fixture.rate) = (12, Rate::PerSecond(20.0));
    let stopped = stop_at(&fixture, 20, is_post).await;
    assert_eq!(stopped.begun_after, 0);
    // The last request was answered, so no step is left in doubt.
    for customer in &fixture.customers {
        let facts = fixture.facts_of(customer);
        let in_doubt = facts.states().any(|(_, state)| matches!(state, StepState::Started { .. }));
        assert!(!in_doubt, "{}", customer.subaccount);
    }
    fixture.run().await.expect("no fault");
    fixture.is_as(&undisturbed, "after the stop");
}

#[tokio::test]
async fn a_wait_for_retry_after_ends_at_once() {
    for (among, at) in
        [(Among::All, 1), (Among::Posts, 1), (Among::Account(customer(1).subaccount.to_string()), 2)]
    {
        let fixture = many(3);
        let rule = Rule { fault: Fault::Throttle(Some(3_000)), among: among.clone(), when: When::Always };
        fixture.sandbox.misbehave(Faults { rules: vec![rule], ..Faults::default() });
        let is_throttled = |event: &Event<'_>| matches!(event, Event::Sent(_, it) if it.status == Some(429));
        let stopped = stop_at(&fixture, at, is_throttled).await;
        assert_eq!(stopped.begun_after, 0, "{among:?}");
        assert!(stopped.waited_ms < 10_000, "{among:?}: waited {} ms", stopped.waited_ms);
    }
}

#[tokio::test]
async fn a_wait_for_an_account_that_is_slower_than_the_rest_ends_at_once() {
    let mut fixture = many(2);
    fixture.rate = Rate::PerSecond(1_000.0);
    let limit = Limit { per_second: Some(0.01), concurrent: None, retry_after_s: Some(600) };
    fixture.sandbox.misbehave(Faults { limit_per_account: limit, ..Faults::default() });
    let is_throttled = |event: &Event<'_>| matches!(event, Event::Sent(_, it) if it.status == Some(429));
    let stopped = stop_at(&fixture, 2, is_throttled).await;
    assert_eq!(stopped.begun_after, 0);
    assert!(stopped.waited_ms < 10_000, "waited {} ms", stopped.waited_ms);
}

#[tokio::test]
async fn a_wait_for_what_a_lost_reply_has_made_ends_at_once_and_the_next_run_finds_it() {
    let customers = vec![with_every_product(1)];
    let undisturbed = undisturbed(&customers).await;
    // The first stop comes with the lost reply, the others between the looks for what it made.
    for looks in 0..3 {
        let fixture = Fixture::with(customers.clone());
        let rule = Rule { fault: Fault::LoseReply, among: Among::Posts, when: When::Nth(2) };
        let lag = Lag { lists_ms: 5_000, ..Lag::default() };
        fixture.sandbox.misbehave(Faults { rules: vec![rule], lag, ..Faults::default() });
        let is_lost = AtomicU64::new(0);
        let stopped = stop_at(&fixture, looks + 1, move |event| match event {
            Event::Sent(_, answer) => {
                if answer.status.is_none() {
                    is_lost.store(1, Ordering::SeqCst);
                }
                is_lost.load(Ordering::SeqCst) == 1
            }
            _ => false,
        })
        .await;
        assert_eq!(stopped.begun_after, 0, "after {looks} looks");
        assert_eq!(stopped.waited_ms, 0, "after {looks} looks");
        fixture.run().await.expect("no fault");
        fixture.is_as(&undisturbed, "after the stop");
    }
}

#[tokio::test]
async fn the_first_read_of_all_is_not_waited_for() {
    let fixture = many(3);
    let rule = Rule { fault: Fault::DelayAnswer(3_600_000), among: Among::All, when: When::Always };
    fixture.sandbox.misbehave(Faults { rules: vec![rule], ..Faults::default() });
    let stopped = stop_at(&fixture, 1, is_sending).await;
    let ended = stopped.ended.expect("no fault");
    assert_eq!((stopped.begun_after, ended.customers.len()), (0, 0));
    assert_eq!((ended.fault, ended.interrupted), (None, Interrupted::Yes));
}

#[tokio::test]
async fn the_read_of_a_rows_own_primary_profile_is_not_waited_for() {
    let mut fixture = many(3);
    for (number, customer) in fixture.customers.iter_mut().enumerate() {
        customer.primary_profile = Sid::parse(&format!("BU{number:032x}"));
    }
    let among = Among::Matching(trusthub_onboard::sandbox::Method::Get, "/CustomerProfiles/BU".to_owned());
    let rule = Rule { fault: Fault::DelayAnswer(3_600_000), among, when: When::Always };
    fixture.sandbox.misbehave(Faults { rules: vec![rule], ..Faults::default() });
    let stopped = stop_at(&fixture, 2, is_sending).await;
    assert_eq!(stopped.begun_after, 0);
    assert_eq!(stopped.ended.expect("no fault").customers.len(), 0, "no one was begun");
}

#[tokio::test]
async fn a_fault_lets_nothing_begin_either() {
    let mut fixture = many(40);
    (fixture.concurrency, fixture.rate) = (40, Rate::PerSecond(20.0));
    let rule = Rule { fault: Fault::Html(302), among: Among::All, when: When::Nth(30) };
    fixture.sandbox.misbehave(Faults { rules: vec![rule], ..Faults::default() });
    let after = Arc::new(AtomicU64::new(u64::MAX));
    let observer = watching({
        let after = after.clone();
        move |event| match event {
            Event::Sent(_, answer) if answer.status == Some(302) => after.store(0, Ordering::SeqCst),
            Event::Sending(_) if after.load(Ordering::SeqCst) != u64::MAX => {
                after.fetch_add(1, Ordering::SeqCst);
            }
            _ => (),
        }
    });
    let run = fixture.run_whatever_happens(observer, CancellationToken::new());
    let ended = tokio::time::timeout(DEADLINE, run).await.expect("it comes to its end").expect("a run");
    assert!(ended.fault.is_some_and(|it| it.what().contains("redirection")));
    assert_eq!(after.load(Ordering::SeqCst), 0, "requests after the fault");
}

#[tokio::test]
async fn the_brake_lets_nothing_begin_either() {
    let mut fixture = many(40);
    for customer in &mut fixture.customers {
        if let PhoneNumbers::Listed(numbers) = &mut customer.phone_numbers {
            numbers.truncate(1);
        }
    }
    for number in 1..=40 {
        fixture.sandbox.edit(Edit::ForbidNumber { number: format!("PN{number:032x}") }).expect("an edit");
    }
    (fixture.concurrency, fixture.rate, fixture.refusal_breaker) =
        (20, Rate::PerSecond(20.0), RefusalBreaker::On);
    let (ends, after) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let observer = watching({
        let (ends, after) = (ends.clone(), after.clone());
        move |event| match event {
            Event::CustomerEnds { outcome: Outcome::Refused, .. } => {
                ends.fetch_add(1, Ordering::SeqCst);
            }
            Event::Sending(_) if ends.load(Ordering::SeqCst) >= 5 => {
                after.fetch_add(1, Ordering::SeqCst);
            }
            _ => (),
        }
    });
    let run = fixture.run_whatever_happens(observer, CancellationToken::new());
    let ended = tokio::time::timeout(DEADLINE, run).await.expect("it comes to its end").expect("a run");
    assert!(ended.tripped.is_some());
    assert_eq!(after.load(Ordering::SeqCst), 0, "requests after the refusal_breaker");
}

#[tokio::test]
async fn a_wait_between_two_looks_at_the_reviews_ends_at_once() {
    let mut fixture = many(3);
    fixture.wait_ms = 86_400_000;
    let stopped = stop_at(&fixture, 1, |event| matches!(event, Event::Polls { .. })).await;
    assert_eq!(stopped.begun_after, 0);
    let ended = stopped.ended.expect("no fault");
    assert_eq!(ended.interrupted, Interrupted::Yes);
    assert!(ended.customers.values().all(|end| end.outcome == Outcome::AwaitingProfileApproval));
}

#[tokio::test]
async fn a_look_at_how_things_stand_is_stopped_at_once_too() {
    let mut fixture = many(20);
    fixture.run().await.expect("no fault");
    (fixture.only, fixture.concurrency, fixture.rate) = (Only::ToLookAt, 20, Rate::PerSecond(5.0));
    let stopped = stop_at(&fixture, 5, is_sending).await;
    assert_eq!(stopped.begun_after, 0);
    assert_eq!(stopped.ended.expect("no fault").interrupted, Interrupted::Yes);
}
