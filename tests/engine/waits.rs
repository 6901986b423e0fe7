//! How long something that may exist is waited for, whatever clocks and gateways say.

use crate::checks::{POSTS, undisturbed};
use crate::fixture::{Fixture, FixtureClock, customer};
use crate::proxy::{Held, answer};
use crate::watch::{Killer, Moment, watching};
use axum::extract::Request;
use axum::response::Response;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use trusthub_onboard::clock::Clock;
use trusthub_onboard::events::Event;
use trusthub_onboard::facts::Outcome;
use trusthub_onboard::flow::Method;
use trusthub_onboard::sandbox::{Among, Fault, Faults, Kind, Lag, Rule, Server, When};

/// As long as anything may lag within the visibility window.
const LAG: Lag = Lag { lists_ms: 9_000, objects_ms: 9_000, share: 1.0 };

const HOUR_MS: u64 = 3_600_000;

fn lost(n: u64) -> Rule {
    Rule { fault: Fault::LoseReply, among: Among::Posts, when: When::Nth(n) }
}

/// A clock that was corrected, or a machine that slept: its steady clock stood still and the wall's did not.
#[tokio::test]
async fn a_rerun_counts_its_waits_from_its_own_beginning_whatever_the_clock_says_by_then() {
    let customers = vec![customer(1)];
    let undisturbed = undisturbed(&customers).await;
    for forward_ms in [60_000, 24 * HOUR_MS] {
        for n in 4..=30 {
            let context = format!("cut off after request {n}, then {forward_ms} ms forward");
            let fixture = Fixture::with(customers.clone());
            fixture.sandbox.misbehave(Faults { lag: LAG, ..Faults::default() });
            assert!(fixture.run_watched(Killer::at(Moment::Sent, n)).await.is_err(), "{context}");
            fixture.set_forward(forward_ms);
            assert_eq!(fixture.outcome().await, Outcome::Approved, "{context}");
            fixture.is_as(&undisturbed, &context);
        }
    }
}

#[tokio::test]
async fn a_reply_that_was_lost_before_the_clock_was_set_forward_is_waited_for() {
    let customers = vec![customer(1)];
    let undisturbed = undisturbed(&customers).await;
    for n in 1..=20 {
        let context = format!("the reply to creation {n} was lost");
        let fixture = Fixture::with(customers.clone());
        // The look for it is lost too, so that the run leaves it started.
        let rules = vec![lost(n), Rule { when: When::Between(n + 1, n + 9), ..lost(n) }];
        fixture.sandbox.misbehave(Faults { rules, lag: LAG, ..Faults::default() });
        let drain = tokio_util::sync::CancellationToken::new();
        let (stop, posts) = (drain.clone(), AtomicU64::new(0));
        let observer = watching(move |event| {
            if let Event::Sent(request, _) = event
                && request.method == Method::Post
                && posts.fetch_add(1, Ordering::SeqCst) + 1 == n
            {
                stop.cancel();
            }
        });
        fixture.run_until(observer, drain).await.expect("no fault");
        fixture.set_forward(HOUR_MS);
        fixture.sandbox.misbehave(Faults { lag: LAG, ..Faults::default() });
        assert_eq!(fixture.outcome().await, Outcome::Approved, "{context}");
        fixture.is_as(&undisturbed, &context);
    }
}

/// As by Ctrl-Z, or a virtual machine that was put to sleep in between.
#[tokio::test]
async fn a_process_that_was_stopped_just_before_its_request_went_out_waits_for_it_all_the_same() {
    let customers = vec![customer(1)];
    let undisturbed = undisturbed(&customers).await;
    for n in 1..=20 {
        let context = format!("stopped before creation {n}");
        let fixture = Fixture::with(customers.clone());
        fixture.sandbox.misbehave(Faults { rules: vec![lost(n)], lag: LAG, ..Faults::default() });
        let (clock, posts) = (fixture.clock.clone(), AtomicU64::new(0));
        let observer = watching(move |event| {
            if let Event::Sending(request) = event
                && request.method == Method::Post
                && posts.fetch_add(1, Ordering::SeqCst) + 1 == n
            {
                clock.set(clock.now() + HOUR_MS);
            }
        });
        fixture.run_watched(observer).await.expect("no fault");
        fixture.run_until_finished(3, &context).await;
        fixture.is_as(&undisturbed, &context);
    }
}

/// A gateway that gives up on one request while the API goes on with it.
struct Gateway {
    sandbox: Server,
    clock: Arc<FixtureClock>,
    /// Which of the requests that create or change something it gives up on.
    nth: u64,
    says: (u16, &'static str),
    seen: AtomicU64,
    /// The request that the API is still at work on, and when it will be done.
    at_work: Mutex<Option<(Held, u64)>>,
}

/// Within call time-out and window, with the lag of the lists.
const STILL_AT_WORK_MS: u64 = 50_000;

impl Gateway {
    async fn before(fixture: &Fixture, nth: u64, says: (u16, &'static str)) -> (String, Arc<Gateway>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let sandbox = fixture.sandbox.serve(listener).expect("a server");
        let (clock, seen, at_work) = (fixture.clock.clone(), AtomicU64::new(0), Mutex::new(None));
        let gateway = Arc::new(Gateway { sandbox, clock, nth, says, seen, at_work });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base_url = format!("http://{}", listener.local_addr().expect("an address"));
        let serving = gateway.clone();
        let router = axum::Router::new().fallback(move |request| serving.clone().pass_on(request));
        tokio::spawn(async move { axum::serve(listener, router).await });
        (base_url, gateway)
    }

    /// Carries out what the API is still at work on, if its time has come.
    async fn finish(&self, now: u64) {
        let mut at_work = self.at_work.lock().await;
        if at_work.as_ref().is_some_and(|(_, done_at)| *done_at <= now)
            && let Some((late, _)) = at_work.take()
        {
            late.send(self.sandbox.base_url()).await;
        }
    }

    async fn pass_on(self: Arc<Gateway>, request: Request) -> Response {
        let request = Held::of(request).await;
        let now = self.clock.now();
        self.finish(now).await;
        let changes = request.method == "POST";
        if changes && self.seen.fetch_add(1, Ordering::SeqCst) + 1 == self.nth {
            *self.at_work.lock().await = Some((request, now + STILL_AT_WORK_MS));
            return answer(self.says.0, self.says.1);
        }
        let (status, body) = request.send(self.sandbox.base_url()).await;
        answer(status, body)
    }
}

#[tokio::test]
async fn a_gateway_that_gives_up_says_nothing_about_whether_the_work_still_goes_on() {
    const PAGE: &str = "<html><body>upstream</body></html>";
    let customers = vec![customer(1)];
    let undisturbed = undisturbed(&customers).await;
    for says in [
        (502, PAGE),
        (504, r#"{"code":20504,"message":"Gateway Timeout","status":504}"#),
        (502, r#"{"code":20502,"message":"Bad Gateway","status":502}"#),
        (408, r#"{"code":20408,"message":"Request Timeout","status":408}"#),
        (500, ""),
        (200, PAGE),
    ] {
        // The profile, something that is assigned, assignments of both kinds, a submission, the product.
        for n in [1, 2, 5, 9, 12, 15] {
            let context = format!("{says:?} to request {n}, which is carried out later");
            let mut fixture = Fixture::with(customers.clone());
            fixture.sandbox.misbehave(Faults { lag: LAG, ..Faults::default() });
            let (base_url, gateway) = Gateway::before(&fixture, n, says).await;
            fixture.elsewhere = Some(base_url);
            fixture.run_until_finished(3, &context).await;
            gateway.finish(u64::MAX).await;
            fixture.is_as(&undisturbed, &context);
        }
    }
}

/// The API's own word that it failed does say that no more will come of the request.
#[tokio::test]
async fn a_request_that_the_api_itself_says_it_failed_at_is_asked_again_after_the_window() {
    let fixture = Fixture::with(vec![customer(1)]);
    let among = Among::Matching(POSTS, "/v1/CustomerProfiles".to_owned());
    fixture.sandbox.misbehave(Faults::nth(among, 1, Fault::FailBefore(500)));
    let sent_ms = Arc::new(std::sync::Mutex::new(vec![]));
    let (notes, clock) = (sent_ms.clone(), fixture.clock.clone());
    let observer = watching(move |event| {
        if let Event::Sending(request) = event
            && (request.method, request.path) == (Method::Post, "/v1/CustomerProfiles")
        {
            notes.lock().unwrap().push(clock.now());
        }
    });
    fixture.run_watched(observer).await.expect("no fault");
    let sent_ms = sent_ms.lock().unwrap();
    let waited_ms = sent_ms[1] - sent_ms[0];
    let window_ms = fixture.policy.visibility_window_ms;
    assert!((window_ms..window_ms + fixture.policy.call_timeout_ms).contains(&waited_ms), "{waited_ms} ms");
}

#[tokio::test]
async fn credentials_that_are_refused_after_the_work_was_done_make_nothing_twice() {
    let customers = vec![customer(1)];
    let undisturbed = undisturbed(&customers).await;
    let of_account = Among::Account(customers[0].subaccount.to_string());
    for refused in [&[0_u64][..], &[0, 1], &[0, 2]] {
        for n in 1..=35 {
            let context = format!("401 to requests {refused:?} after the {n}th");
            let fixture = Fixture::with(customers.clone());
            let rule = |after| Rule {
                fault: Fault::FailAfter(401),
                among: of_account.clone(),
                when: When::Nth(n + after),
            };
            let rules = refused.iter().map(|after| rule(*after)).collect();
            fixture.sandbox.misbehave(Faults { rules, lag: LAG, ..Faults::default() });
            fixture.run().await.unwrap_or_else(|fault| panic!("{context}: {fault}"));
            fixture.sandbox.misbehave(Faults { lag: LAG, ..Faults::default() });
            fixture.run_until_finished(3, &context).await;
            fixture.is_as(&undisturbed, &context);
            assert_eq!(fixture.made().iter().filter(|it| it.kind == Kind::CustomerProfile).count(), 1);
        }
    }
}

/// As in a container that was started anew: the ledger is gone, or an older copy is in its place, and the lists do
/// not show yet what the run before has made.
#[tokio::test]
async fn a_run_with_a_new_ledger_or_an_older_copy_waits_once_for_what_an_earlier_run_has_just_made() {
    let customers = vec![customer(1), customer(2)];
    let undisturbed = undisturbed(&customers).await;
    for older_copy in [false, true] {
        for n in (3..=40).step_by(3) {
            let context = format!("cut off after request {n}, older copy: {older_copy}");
            let fixture = Fixture::with(customers.clone());
            if older_copy {
                // A ledger that is not new any more, and knows of no customer.
                let drain = tokio_util::sync::CancellationToken::new();
                let stop = drain.clone();
                let commits = AtomicU64::new(0);
                let observer = watching(move |event| {
                    if let Event::LedgerWrote = event
                        && commits.fetch_add(1, Ordering::SeqCst) == 0
                    {
                        stop.cancel();
                    }
                });
                fixture.run_until(observer, drain).await.expect("no fault");
                std::fs::copy(&fixture.ledger, fixture.folder.path().join("backup")).expect("a copy");
            }
            fixture.sandbox.misbehave(Faults { lag: LAG, ..Faults::default() });
            assert!(fixture.run_watched(Killer::at(Moment::Sent, n)).await.is_err(), "{context}");
            for end in ["", "-wal", "-shm", ".lock"] {
                let _ = std::fs::remove_file(format!("{}{end}", fixture.ledger.display()));
            }
            if older_copy {
                std::fs::copy(fixture.folder.path().join("backup"), &fixture.ledger).expect("a copy");
            }
            fixture.run_until_finished(3, &context).await;
            fixture.is_as(&undisturbed, &context);
        }
    }
}

#[tokio::test]
async fn only_a_ledger_that_is_new_waits_and_it_costs_no_request() {
    let mut fixture = Fixture::with(vec![customer(1)]);
    // Not finished, so that the run after the next one looks at it too.
    fixture.wait_ms = 0;
    let first_look = || {
        let (clock, began) = (fixture.clock.clone(), fixture.clock.now());
        let first = Arc::new(std::sync::Mutex::new(None));
        let note = first.clone();
        let observer = watching(move |event| {
            if let Event::Sending(request) = event
                && request.customer.is_some()
            {
                note.lock().unwrap().get_or_insert(clock.now() - began);
            }
        });
        (observer, first)
    };
    let waited = |first: Arc<std::sync::Mutex<Option<u64>>>| first.lock().unwrap().expect("a look");
    // Cut off while it waits: the next one waits from its own beginning.
    assert!(fixture.run_watched(Killer::at(Moment::Write, 1)).await.is_err());
    for least in [fixture.policy.visibility_window_ms, 0] {
        let (observer, first) = first_look();
        fixture.run_watched(observer).await.expect("no fault");
        assert_eq!(waited(first), least);
    }
}
