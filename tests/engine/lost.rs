//! Every single request of a customer lost, broken or refused for load, in every way.

use crate::checks::{POSTS, undisturbed};
use crate::fixture::{Fixture, customer, with_every_product};
use crate::watch::{Killer, Moment, watching};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use trusthub_onboard::events::Event;
use trusthub_onboard::facts::Outcome;
use trusthub_onboard::flow::Method;
use trusthub_onboard::sandbox::{Among, Fault, Faults, Kind, Lag, Rule, When};

/// Breaks the nth request of any kind.
fn at(n: u64, fault: &Fault) -> Rule {
    Rule { fault: fault.clone(), among: Among::All, when: When::Nth(n) }
}

fn lists(lists_ms: u64) -> Lag {
    Lag { lists_ms, ..Lag::default() }
}

fn objects(objects_ms: u64) -> Lag {
    Lag { objects_ms, ..Lag::default() }
}

/// Runs a customer of every product once for every other request that it takes, the first or the second one first,
/// with these rules at that request, and once more without them where the first run could not finish. Of several
/// faults each second one meets the requests that the others do not.
async fn everywhere(lag: Lag, first: u64, rules: impl Fn(u64) -> Vec<Rule>) {
    let customers = vec![with_every_product(1)];
    let undisturbed = undisturbed(&customers).await;
    for n in (first..).step_by(2) {
        let rules = rules(n);
        let context = format!("{:?} at request {n}, {lag:?}", rules[0].fault);
        let fixture = Fixture::with(customers.clone());
        fixture.sandbox.misbehave(Faults { rules, lag, ..Faults::default() });
        let is_done = match fixture.run().await {
            Ok(ended) => ended.customers.values().all(|end| end.outcome == Outcome::Approved),
            // The first request looks the primary profile up for all customers: a no ends the run.
            Err(_) if n == 1 => false,
            Err(fault) => panic!("{context}: {fault}"),
        };
        if !is_done {
            fixture.sandbox.misbehave(Faults { lag, ..Faults::default() });
            fixture.run().await.unwrap_or_else(|fault| panic!("{context}: {fault}"));
        }
        fixture.is_as(&undisturbed, &context);
        if fixture.sandbox.requests().count < n {
            assert!(n > 50, "only {n} requests");
            return;
        }
    }
}

async fn everywhere_each(faults: &[Fault], lag: Lag) {
    for (first, fault) in (1..).zip(faults) {
        everywhere(lag, 1 + first % 2, |n| vec![at(n, fault)]).await;
    }
}

#[tokio::test]
async fn a_reply_lost_after_the_work_was_done_makes_nothing_twice() {
    let faults = [Fault::LoseReply, Fault::FailAfter(500), Fault::TearHeaders, Fault::TearBody];
    everywhere_each(&faults, Lag::default()).await;
}

#[tokio::test]
async fn a_request_lost_before_any_work_is_made_good() {
    let faults = [Fault::DropRequest, Fault::FailBefore(500), Fault::FailBefore(503), Fault::Html(502)];
    everywhere_each(&faults, Lag::default()).await;
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_makes_nothing_twice() {
    let faults = [Fault::CutJson, Fault::Html(200), Fault::EmptyBody, Fault::NullAccount, Fault::NoAccount];
    everywhere_each(&faults, Lag::default()).await;
}

/// A gateway can say whatever it likes about a request that it has passed on.
#[tokio::test]
async fn a_gateways_page_after_the_work_was_done_makes_nothing_twice() {
    let pages = [401, 403, 404, 429].map(Fault::HtmlAfter);
    everywhere_each(&pages, Lag::default()).await;
    everywhere_each(&pages[2..], lists(9_000)).await;
}

#[tokio::test]
async fn a_not_found_after_the_work_was_done_makes_nothing_twice() {
    everywhere_each(&[Fault::FailAfter(404)], Lag::default()).await;
}

#[tokio::test]
async fn a_conflict_before_or_after_the_work_makes_nothing_twice() {
    everywhere_each(&[Fault::FailBefore(409), Fault::FailAfter(409)], Lag::default()).await;
}

#[tokio::test]
async fn any_other_no_before_or_after_the_work_makes_nothing_twice() {
    for status in [405, 408, 412, 422] {
        everywhere_each(&[Fault::FailBefore(status), Fault::FailAfter(status)], Lag::default()).await;
    }
}

#[tokio::test]
async fn a_gateways_page_to_every_creation_makes_no_profile_twice() {
    for status in [401, 404, 429] {
        let fixture = Fixture::with((1..=3).map(customer).collect());
        let among = Among::Matching(POSTS, "/v1/CustomerProfiles".to_owned());
        let rule = Rule { fault: Fault::HtmlAfter(status), among, when: When::Always };
        fixture.sandbox.misbehave(Faults { rules: vec![rule], ..Faults::default() });
        for _ in 0..3 {
            fixture.run().await.expect("no fault");
        }
        let made = fixture.made();
        let profiles = made.iter().filter(|it| it.kind == Kind::CustomerProfile).count();
        assert_eq!(profiles, 3, "HTTP {status}");
    }
}

#[tokio::test]
async fn a_reply_lost_while_the_lists_lag_makes_nothing_twice() {
    for lag in [lists(1_000), lists(9_000)] {
        everywhere_each(&[Fault::LoseReply, Fault::FailAfter(500)], lag).await;
    }
}

#[tokio::test]
async fn a_request_lost_while_lists_and_objects_lag_is_made_good_once() {
    everywhere_each(&[Fault::DropRequest, Fault::FailBefore(500)], lists(9_000)).await;
    everywhere_each(&[Fault::LoseReply], objects(9_000)).await;
}

#[tokio::test]
async fn two_lost_replies_in_a_row_make_nothing_twice() {
    for fault in [Fault::LoseReply, Fault::DropRequest] {
        everywhere(lists(9_000), 1, |n| vec![at(n, &fault), at(n + 1, &Fault::LoseReply)]).await;
    }
    everywhere(lists(9_000), 1, |n| vec![at(n, &Fault::DropRequest), at(n + 2, &Fault::LoseReply)]).await;
}

#[tokio::test]
async fn a_look_that_is_refused_does_not_say_that_its_request_was_not_carried_out() {
    for status in [403, 404, 401] {
        let of_account = Among::Account(customer(1).subaccount.to_string());
        everywhere(lists(9_000), 1, |n| {
            // The first two requests are the parent's.
            let when = When::Between((n + 1).saturating_sub(2).max(1), n + 10);
            let fault = Fault::FailBefore(status);
            vec![at(n, &Fault::LoseReply), Rule { fault, among: of_account.clone(), when }]
        })
        .await;
    }
}

#[tokio::test]
async fn a_request_refused_for_load_is_sent_again_and_nothing_else_changes() {
    everywhere_each(&[Fault::Throttle(None), Fault::Throttle(Some(3))], Lag::default()).await;
}

#[tokio::test]
async fn a_reply_lost_after_a_long_refusal_for_load_makes_nothing_twice() {
    let throttle = Fault::Throttle(Some(100));
    everywhere(lists(9_000), 1, |n| vec![at(n, &throttle), at(n + 1, &Fault::LoseReply)]).await;
}

#[tokio::test]
async fn a_crash_after_a_long_refusal_for_load_makes_nothing_twice() {
    let customers = vec![with_every_product(1)];
    let undisturbed = undisturbed(&customers).await;
    for n in 2..=35 {
        let fixture = Fixture::with(customers.clone());
        let rules = vec![at(n, &Fault::Throttle(Some(100)))];
        fixture.sandbox.misbehave(Faults { rules, lag: lists(9_000), ..Faults::default() });
        let killer = Killer::at(Moment::Sent, n + 1);
        assert!(fixture.run_watched(killer).await.is_err());
        fixture.run().await.expect("no fault");
        fixture.is_as(&undisturbed, &format!("request {n}"));
    }
}

#[tokio::test]
async fn five_unknown_answers_in_a_row_leave_a_customer_unfinished_and_the_next_run_heals_it() {
    let customers = vec![with_every_product(1)];
    let undisturbed = undisturbed(&customers).await;
    for fault in [Fault::DropRequest, Fault::LoseReply, Fault::FailAfter(500)] {
        for n in 2..=35 {
            let context = format!("{fault:?} from request {n}");
            let fixture = Fixture::with(customers.clone());
            let rule = Rule { fault: fault.clone(), among: Among::All, when: When::Between(n, n + 4) };
            fixture.sandbox.misbehave(Faults { rules: vec![rule], ..Faults::default() });
            // A run that waits tries them again.
            let mut fixture = fixture;
            fixture.wait_ms = 0;
            match fixture.outcome().await {
                Outcome::AwaitingProfileApproval => assert!(n > 28, "{context}"),
                outcome => {
                    assert_eq!(outcome, Outcome::Unfinished, "{context}");
                    assert_eq!(fixture.sandbox.requests().count, n + 4, "{context}");
                }
            }
            fixture.wait_ms = 600_000;
            fixture.run().await.expect("no fault");
            fixture.is_as(&undisturbed, &context);
        }
    }
}

#[tokio::test]
async fn a_limit_on_requests_only_slows_the_run_down() {
    let customers: Vec<_> = (1..=3).map(customer).collect();
    let undisturbed = undisturbed(&customers).await;
    let mut faults = Faults::default();
    faults.limit_per_account.per_second = Some(1.0);
    faults.limit_global.per_second = Some(2.0);
    faults.limit_global.retry_after_s = Some(1);
    let fixture = Fixture::with(customers);
    fixture.sandbox.misbehave(faults);
    let ended = fixture.run().await.expect("no fault");
    assert!(ended.customers.values().all(|end| end.outcome == Outcome::Approved));
    fixture.is_as(&undisturbed, "under a limit");
}

#[tokio::test]
async fn nothing_but_refusals_for_load_leave_a_customer_unfinished_and_the_next_run_heals_it() {
    let customers = vec![with_every_product(1)];
    let undisturbed = undisturbed(&customers).await;
    let fixture = Fixture::with(customers);
    let among = Among::Matching(POSTS, "/v1/EndUsers".to_owned());
    let rule = Rule { fault: Fault::Throttle(None), among, when: When::Always };
    fixture.sandbox.misbehave(Faults { rules: vec![rule], ..Faults::default() });
    assert_eq!(fixture.outcome().await, Outcome::Unfinished);
    fixture.sandbox.misbehave(Faults::default());
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    fixture.is_as(&undisturbed, "after the load");
}

#[tokio::test]
async fn connections_refused_for_a_while_change_nothing() {
    let customers = vec![with_every_product(1)];
    let undisturbed = undisturbed(&customers).await;
    for n in (2..=35).step_by(5) {
        let fixture = Fixture::with(customers.clone());
        let faults = Faults::nth(Among::All, n, Fault::RefuseConnections(20));
        fixture.sandbox.misbehave(faults);
        // The clock of the fixture runs ahead of the network's, so that it takes several runs.
        let approved = |ended: &trusthub_onboard::engine::Ended| {
            ended.customers.values().any(|end| end.outcome == Outcome::Approved)
        };
        let mut runs = 0;
        while !fixture.run().await.is_ok_and(|ended| approved(&ended)) {
            runs += 1;
            assert!(runs < 2_000, "request {n}: it never heals");
        }
        fixture.is_as(&undisturbed, &format!("from request {n}"));
    }
}

#[tokio::test]
async fn a_look_that_cannot_be_sent_does_not_say_that_its_request_was_not_sent() {
    let customers = vec![with_every_product(1)];
    let undisturbed = undisturbed(&customers).await;
    for n in (9..=30).step_by(7) {
        let mut fixture = Fixture::with(customers.clone());
        fixture.policy.visibility_window_ms = 3_600_000;
        fixture.wait_ms = 36_000_000;
        let rules = vec![at(n, &Fault::LoseReply), at(n + 1, &Fault::RefuseConnections(5))];
        fixture.sandbox.misbehave(Faults { rules, lag: lists(3_000_000), ..Faults::default() });
        let mut runs = 0;
        while !fixture
            .run()
            .await
            .is_ok_and(|ended| ended.customers.values().all(|end| end.outcome == Outcome::Approved))
        {
            runs += 1;
            assert!(runs < 2_000, "request {n}: it never heals");
        }
        fixture.is_as(&undisturbed, &format!("request {n}"));
    }
}

/// Whether something is too new is a matter of when it was asked for, not of when the answer came.
#[tokio::test]
async fn a_not_found_that_was_long_on_its_way_is_asked_again() {
    let fixture = Fixture::with(vec![with_every_product(1)]);
    fixture.sandbox.misbehave(Faults { lag: objects(9_000), ..Faults::default() });
    let clock = fixture.clock.clone();
    let observer = watching(move |event| {
        if let Event::Sent(_, response) = event
            && response.status == Some(404)
        {
            clock.set(trusthub_onboard::clock::Clock::now(clock.as_ref()) + 20_000);
        }
    });
    let ended = fixture.run_watched(observer).await.expect("no fault");
    assert!(ended.customers.values().all(|end| end.outcome == Outcome::Approved));
}

/// A request without any answer may still be carried out for as long as a call may take. What
/// became of the look for it says nothing about that.
#[tokio::test]
async fn a_look_that_breaks_does_not_shorten_the_wait_for_the_request_it_looks_for() {
    let fixture = Fixture::with(vec![with_every_product(1)]);
    let posts = Among::Matching(POSTS, "/v1/CustomerProfiles".to_owned());
    let looks = Among::Matching(trusthub_onboard::sandbox::Method::Get, "/v1/CustomerProfiles".to_owned());
    let lost = Rule { fault: Fault::DropRequest, among: posts, when: When::Nth(1) };
    // The first two lists are the look-up of the primary profile and the first touch.
    let broken = Rule { fault: Fault::FailBefore(500), among: looks.clone(), when: When::Nth(3) };
    let torn = Rule { fault: Fault::EmptyBody, among: looks, when: When::Nth(4) };
    fixture.sandbox.misbehave(Faults { rules: vec![lost, broken, torn], ..Faults::default() });
    let sent_ms = Arc::new(Mutex::new(vec![]));
    let (notes, clock) = (sent_ms.clone(), fixture.clock.clone());
    let observer = watching(move |event| {
        if let Event::Sending(request) = event
            && (request.method, request.path) == (Method::Post, "/v1/CustomerProfiles")
        {
            notes.lock().unwrap().push(trusthub_onboard::clock::Clock::now(clock.as_ref()));
        }
    });
    fixture.run_watched(observer).await.expect("no fault");
    let sent_ms = sent_ms.lock().unwrap();
    assert_eq!(sent_ms.len(), 2);
    let least = fixture.policy.call_timeout_ms + fixture.policy.visibility_window_ms;
    assert!(sent_ms[1] - sent_ms[0] >= least, "asked again after {} ms", sent_ms[1] - sent_ms[0]);
}

/// A request may wait for minutes until it may go out, when the API has asked for a pause. What became of it is
/// looked for in the time after that, not in the time since it was meant to go out.
#[tokio::test]
async fn a_request_that_waited_long_for_its_turn_is_looked_for_as_long_as_any_other() {
    let undisturbed = undisturbed(&[with_every_product(1)]).await;
    for n in 1..40 {
        let fixture = Fixture::with(vec![with_every_product(1)]);
        let rule = Rule { fault: Fault::LoseReply, among: Among::Posts, when: When::Share(1.0) };
        let lag = lists(9_000);
        fixture.sandbox.misbehave(Faults { rules: vec![rule], lag, ..Faults::default() });
        let (clock, written) = (fixture.clock.clone(), AtomicU64::new(0));
        // Two minutes pass after one of the commits: that of a *started* is the last thing before its turn.
        let observer = watching(move |event| {
            if let Event::LedgerWrote = event
                && written.fetch_add(1, Ordering::SeqCst) == n
            {
                clock.set(trusthub_onboard::clock::Clock::now(clock.as_ref()) + 120_000);
            }
        });
        let _ = fixture.run_watched(observer).await;
        fixture.sandbox.misbehave(Faults { lag, ..Faults::default() });
        let context = format!("two minutes passed after commit {n}");
        let ended = fixture.run_until_finished(5, &context).await;
        assert!(ended.customers.values().all(|end| end.outcome == Outcome::Approved), "{context}");
        fixture.is_as(&undisturbed, &context);
    }
}
