//! The API is away for everyone: customers pause together, go on together, and the run ends in good order
//! where it does not come back.

use crate::checks::undisturbed;
use crate::fixture::{Fixture, FixtureClock, customer};
use crate::watch::watching;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use trusthub_onboard::clock::Clock;
use trusthub_onboard::engine::{Ended, Interrupted};
use trusthub_onboard::events::Event;
use trusthub_onboard::facts::Outcome;
use trusthub_onboard::sandbox::{Among, Fault, Faults, Rule, When};
use trusthub_onboard::twilio::AWAY_MAX_MS;

/// More than any of these runs needs.
const DEADLINE: Duration = Duration::from_secs(60);

const MINUTE: u64 = 60_000;

/// The ways in which an API is away, as its clients see it.
fn ways() -> [Fault; 6] {
    [
        Fault::FailBefore(503),
        Fault::Html(502),
        Fault::Html(200),
        Fault::DropRequest,
        // Accepted and never answered: for longer than is waited for it.
        Fault::DelayAnswer(3_600_000),
        Fault::DelayRequest(3_600_000),
    ]
}

/// What was seen of a run against an API that goes away.
#[derive(Default)]
struct Seen {
    gone_at: AtomicU64,
    requests: AtomicU64,
    /// Requests while it was away, and the first answer after that.
    in_vain: AtomicU64,
    back_at: AtomicU64,
    said: Mutex<Vec<&'static str>>,
}

/// Runs against an API that goes away in this way at the nth request, for so long.
async fn run_away(fixture: &mut Fixture, way: Fault, nth: u64, away_ms: u64) -> (Ended, Arc<Seen>) {
    fixture.call_ms = 300;
    fixture.clock.let_others_work(1);
    let (seen, fixture) = (Arc::new(Seen::default()), &*fixture);
    let (misbehave, faults) = std::sync::mpsc::channel();
    let observer = watching({
        let (seen, clock): (_, Arc<FixtureClock>) = (seen.clone(), fixture.clock.clone());
        move |event| match event {
            Event::Sending(_) => {
                let now = clock.now();
                let requests = seen.requests.fetch_add(1, Ordering::SeqCst) + 1;
                if requests == nth {
                    seen.gone_at.store(now, Ordering::SeqCst);
                    let rule = Rule { fault: way.clone(), among: Among::All, when: When::Always };
                    let _ = misbehave.send(Faults { rules: vec![rule], ..Faults::default() });
                }
                if requests >= nth && now < seen.gone_at.load(Ordering::SeqCst) + away_ms {
                    seen.in_vain.fetch_add(1, Ordering::SeqCst);
                } else if requests >= nth && seen.back_at.load(Ordering::SeqCst) == 0 {
                    seen.back_at.store(now, Ordering::SeqCst);
                    let _ = misbehave.send(Faults::default());
                }
            }
            Event::ApiIsAway { .. } => seen.said.lock().expect("said").push("away"),
            Event::ApiIsBack { .. } => seen.said.lock().expect("said").push("back"),
            _ => (),
        }
    });
    let run = fixture.run_whatever_happens(observer, CancellationToken::new());
    let api = async {
        loop {
            if let Ok(faults) = faults.try_recv() {
                fixture.sandbox.misbehave(faults);
            }
            tokio::task::yield_now().await;
        }
    };
    let run = async {
        tokio::select! {
            ended = run => ended,
            ended = api => ended,
        }
    };
    let ended = tokio::time::timeout(DEADLINE, run).await.expect("it comes to its end").expect("a run");
    (ended, seen)
}

#[tokio::test]
async fn customers_pause_together_and_go_on_together_and_none_is_left_behind() {
    let customers: Vec<_> = (1..=12).map(customer).collect();
    let undisturbed = undisturbed(&customers).await;
    for way in ways() {
        for nth in [8, 150] {
            let context = format!("{way:?} at {nth}");
            let mut fixture = Fixture::with(customers.clone());
            fixture.concurrency = 6;
            let (ended, seen) = run_away(&mut fixture, way.clone(), nth, 4 * MINUTE).await;
            assert_eq!((ended.fault, ended.interrupted), (None, Interrupted::No), "{context}");
            for end in ended.customers.values() {
                let how = format!("{context}: {:?} at {:?}, {:?}", end.outcome, end.failed, end.messages);
                assert_eq!(end.outcome, Outcome::Approved, "{how}");
            }
            assert_eq!(ended.customers.len(), 12, "{context}");
            let in_vain = seen.in_vain.load(Ordering::SeqCst);
            assert!(in_vain <= 40, "{context}: {in_vain} requests in vain");
            let late = seen.back_at.load(Ordering::SeqCst) - seen.gone_at.load(Ordering::SeqCst) - 4 * MINUTE;
            // The fixture's clock adds up the waits of customers who wait at the same time.
            assert!(late <= 60_000, "{context}: gone on {late} ms after it was back");
            let said = seen.said.lock().expect("said").clone();
            assert!(said.starts_with(&["away"]) && said.ends_with(&["back"]), "{context}: {said:?}");
            fixture.is_as(&undisturbed, &context);
        }
    }
}

#[tokio::test]
async fn an_api_that_stays_away_ends_the_run_in_minutes_however_many_customers_there_are() {
    for way in ways() {
        let mut fixture = Fixture::with((1..=1_000).map(customer).collect());
        (fixture.concurrency, fixture.wait_ms) = (8, 0);
        let (ended, seen) = run_away(&mut fixture, way.clone(), 30, u64::MAX / 2).await;
        let (fault, gone_at) = (ended.fault, seen.gone_at.load(Ordering::SeqCst));
        assert_eq!((fault, ended.interrupted), (None, Interrupted::Yes), "{way:?}");
        assert!(ended.away.is_some(), "{way:?}");
        let took = fixture.clock.now() - gone_at;
        assert!((AWAY_MAX_MS..AWAY_MAX_MS + 2 * MINUTE).contains(&took), "{way:?}: {took} ms");
        let in_vain = seen.in_vain.load(Ordering::SeqCst);
        assert!(in_vain <= 60, "{way:?}: {in_vain} requests in vain");
        assert!(ended.customers.len() <= 12, "{way:?}: {} customers begun", ended.customers.len());
        assert!(ended.customers.values().all(|end| end.outcome == Outcome::Unfinished), "{way:?}");
    }
}

/// An address at which nobody listens.
fn nowhere() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    format!("http://{}", listener.local_addr().expect("an address"))
}

/// The very first read, before any customer.
#[tokio::test]
async fn an_api_that_is_away_from_the_beginning_is_waited_for_as_long_and_asked_as_seldom() {
    for (wait_ms, at_least) in [(0, AWAY_MAX_MS), (60 * MINUTE, 59 * MINUTE)] {
        let mut fixture = Fixture::with((1..=20).map(customer).collect());
        (fixture.wait_ms, fixture.elsewhere) = (wait_ms, Some(nowhere()));
        let began = fixture.clock.now();
        let (ended, seen) = run_away(&mut fixture, Fault::DropRequest, u64::MAX, 0).await;
        assert_eq!((ended.fault, ended.interrupted), (None, Interrupted::Yes), "{wait_ms}");
        assert!(ended.away.is_some() && ended.customers.is_empty(), "{wait_ms}");
        let took = fixture.clock.now() - began;
        assert!((at_least..at_least + 3 * MINUTE).contains(&took), "{wait_ms}: {took} ms");
        let requests = seen.requests.load(Ordering::SeqCst);
        assert!(requests <= 10 + took / 10_000, "{wait_ms}: {requests} requests in {took} ms");
    }
}

#[tokio::test]
async fn after_an_api_that_stayed_away_the_next_run_makes_everything_once() {
    let customers: Vec<_> = (1..=6).map(customer).collect();
    let undisturbed = undisturbed(&customers).await;
    for way in ways() {
        for nth in [90] {
            let mut fixture = Fixture::with(customers.clone());
            let (ended, _) = run_away(&mut fixture, way.clone(), nth, u64::MAX / 2).await;
            assert_eq!((ended.fault, ended.interrupted), (None, Interrupted::Yes), "{way:?} at {nth}");
            fixture.sandbox.misbehave(Faults::default());
            fixture.call_ms = 60_000;
            fixture.run().await.expect("no fault");
            fixture.is_as(&undisturbed, &format!("{way:?} at {nth}"));
        }
    }
}

#[tokio::test]
async fn whoever_waits_for_reviews_waits_for_the_network_too_and_says_so() {
    for count in [1, 5] {
        // Every probe of the other two takes its time.
        for way in ways().into_iter().take(4) {
            let context = format!("{count} customers, {way:?}");
            let mut fixture = Fixture::with((1..=count).map(customer).collect());
            fixture.wait_ms = 0;
            fixture.run().await.expect("no fault");
            fixture.wait_ms = 86_400_000;
            // The first round reads the primary profile and each customer's account and profile.
            let nth = 1 + 2 * u64::from(count) + 2;
            let (ended, seen) = run_away(&mut fixture, way, nth, 30 * MINUTE).await;
            assert_eq!((ended.fault, ended.interrupted), (None, Interrupted::No), "{context}");
            assert!(ended.customers.values().all(|end| end.outcome == Outcome::Approved), "{context}");
            let said = seen.said.lock().expect("said").clone();
            assert!(said.starts_with(&["away"]) && said.ends_with(&["back"]), "{context}: {said:?}");
        }
    }
}

#[tokio::test]
async fn who_is_in_review_stays_so_when_the_network_does_not_come_back_and_is_to_be_looked_at_again() {
    for (count, wait_ms) in [(1, 0), (1, 60 * MINUTE), (4, 0), (4, 60 * MINUTE)] {
        let context = format!("{count} customers, {wait_ms} ms");
        let mut fixture = Fixture::with((1..=count).map(customer).collect());
        fixture.wait_ms = 0;
        fixture.run().await.expect("no fault");
        let began = fixture.clock.now();
        fixture.wait_ms = wait_ms;
        let (ended, _) = run_away(&mut fixture, Fault::FailBefore(503), 2, u64::MAX / 2).await;
        assert_eq!((ended.fault, ended.interrupted), (None, Interrupted::Yes), "{context}");
        let outcomes: Vec<_> = ended.customers.values().map(|end| end.outcome).collect();
        assert!(outcomes.iter().all(|it| *it == Outcome::AwaitingProfileApproval), "{context}: {outcomes:?}");
        assert!(fixture.clock.now() - began >= wait_ms, "{context}: it waited to the end");
    }
}
