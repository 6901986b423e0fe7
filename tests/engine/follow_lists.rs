//! Lists that come back empty, cut short, with an item twice or shifted between pages: nothing is taken off wrongly.

use crate::fixture::{Fixture, customer};
use crate::follow::{OWNED, all, approved, both_have, by_digits, on, pn, removing, row};
use crate::proxy::Proxy;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Mutex;
use trusthub_onboard::clock::Clock;
use trusthub_onboard::facts::{Most, Outcome, Removal};
use trusthub_onboard::model::Customer;
use trusthub_onboard::sandbox::{Among, Edit, Fault, Faults, Kind, Lag, Method, Rule, When};

/// How a list comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comes {
    Empty,
    /// Without its last two items.
    Short,
    /// With the last item of each page on the next page too, or each item twice on a single one.
    Twice,
    /// The first item of each later page slips away in the first reading.
    Shifted,
    /// The next page is the first one again.
    Circle,
    /// The address of the next page leads nowhere.
    CutOff,
}

const WAYS: [Comes; 6] =
    [Comes::Empty, Comes::Short, Comes::Twice, Comes::Shifted, Comes::Circle, Comes::CutOff];

/// Which list.
const LISTS: [&str; 3] = ["IncomingPhoneNumbers.json", "/CustomerProfiles/", "/TrustProducts/"];

fn items_of(body: &mut Value) -> Option<&mut Vec<Value>> {
    let name = ["results", "incoming_phone_numbers"].into_iter().find(|it| body.get(it).is_some())?;
    body.get_mut(name)?.as_array_mut()
}

fn set_next(body: &mut Value, address: &str) {
    for pointer in ["/meta/next_page_url", "/next_page_uri"] {
        if let Some(next) = body.pointer_mut(pointer).filter(|it| it.is_string()) {
            *next = Value::from(address);
        }
    }
}

/// A server between the run and the sandbox whose list of numbers comes back like that.
async fn behind(fixture: &Fixture, list: &'static str, comes: Comes) -> String {
    let pages = matches!(comes, Comes::Shifted | Comes::Circle | Comes::CutOff).then_some(2);
    let clock = fixture.clock.clone();
    let (last, readings) = (Mutex::<Option<Value>>::default(), Mutex::<HashMap<u64, u64>>::default());
    Proxy::before(fixture, pages, move |path, body| {
        let is_it =
            path.contains(list) && (path.ends_with("ChannelEndpointAssignments") || path.ends_with(LISTS[0]));
        let page = body.pointer("/meta/page").or(body.get("page")).and_then(Value::as_u64);
        if !is_it || page.is_none() {
            return;
        }
        if comes == Comes::Circle {
            set_next(body, &format!("https://api.invalid{path}?PageSize=2"));
        }
        if comes == Comes::CutOff {
            set_next(body, "nonsense");
        }
        let Some(items) = items_of(body) else { return };
        match comes {
            Comes::Empty => items.clear(),
            Comes::Short => items.truncate(items.len().saturating_sub(2)),
            Comes::Twice => {
                let moved = items.last().and_then(|it| last.lock().expect("nobody died").replace(it.clone()));
                let again = items.clone();
                items.extend(again);
                items.extend(moved);
            }
            Comes::Shifted => {
                let mut readings = readings.lock().expect("nobody died");
                let reading = readings.entry(clock.now()).or_default();
                *reading += u64::from(page == Some(0));
                if *reading == 1 && page > Some(0) && !items.is_empty() {
                    items.remove(0);
                }
            }
            Comes::Circle | Comes::CutOff => (),
        }
    })
    .await
}

/// The rows: how they begin, what they say then, and what is left once all is well.
fn rows() -> [(Customer, Customer, Vec<u32>); 3] {
    let left = || (1..=5).collect();
    [
        (row(1..=6), row(1..=5), left()),
        (by_digits(1..=6), by_digits(1..=5), left()),
        (all(), all(), (1..=OWNED).collect()),
    ]
}

#[tokio::test]
async fn a_list_that_is_not_what_is_there_takes_nothing_off_that_is_to_stay() {
    for (which, (before, now, left)) in rows().into_iter().enumerate() {
        for list in LISTS {
            for comes in WAYS {
                for ledger_is_lost in [false, true] {
                    let context =
                        format!("row {which}, {list}, {comes:?}, the ledger is lost: {ledger_is_lost}");
                    let mut fixture = approved(before.clone()).await;
                    let had = on(&fixture, Kind::CustomerProfile);
                    fixture.customers = vec![now.clone()];
                    fixture.policy.numbers = removing(Most::Percent(20));
                    if ledger_is_lost {
                        fixture.ledger = fixture.folder.path().join("another.db");
                    }
                    fixture.elsewhere = Some(behind(&fixture, list, comes).await);
                    let outcome = fixture.outcome().await;
                    for kind in [Kind::CustomerProfile, Kind::TrustProduct] {
                        let has = on(&fixture, kind);
                        assert!(left.iter().all(|n| has.contains(n)), "{context}: {has:?}");
                    }
                    // What is seen to be no whole list takes off nothing at all.
                    let is_known = comes == Comes::Empty
                        || comes == Comes::Short && (!ledger_is_lost || list == LISTS[0])
                        || matches!(comes, Comes::Circle | Comes::CutOff);
                    if is_known && had != left {
                        both_have(&fixture, had, &context);
                        assert_ne!(outcome, Outcome::Approved, "{context}");
                    }
                    let report = fixture.report();
                    if outcome == Outcome::Refused && matches!(comes, Comes::Empty | Comes::Short) {
                        let cause = report.cause.expect("a cause");
                        let codes = ["numbers_not_listed", "no_numbers", "number_not_found"];
                        assert!(cause.code.is_some_and(|code| codes.contains(&code.as_str())), "{context}");
                        assert!(cause.hint.ends_with('.'), "{context}");
                    }
                    fixture.elsewhere = None;
                    assert_eq!(fixture.outcome().await, Outcome::Approved, "{context}: once it is well");
                    both_have(&fixture, left.clone(), &context);
                    fixture.has_every_sid(&context);
                }
            }
        }
    }
}

#[tokio::test]
async fn a_page_that_fails_takes_nothing_off() {
    for list in ["IncomingPhoneNumbers", "/ChannelEndpointAssignments"] {
        for fault in [
            Fault::FailBefore(403),
            Fault::FailBefore(404),
            Fault::FailBefore(500),
            Fault::CutJson,
            Fault::Html(200),
        ] {
            for (which, (before, now, left)) in rows().into_iter().enumerate() {
                let context = format!("row {which}, {list}, {fault:?}");
                let mut fixture = approved(before).await;
                let had = on(&fixture, Kind::CustomerProfile);
                fixture.customers = vec![now];
                fixture.policy.numbers = removing(Most::Percent(20));
                let among = Among::Matching(Method::Get, list.to_owned());
                let rule = Rule { fault: fault.clone(), among, when: When::Always };
                fixture.sandbox.misbehave(Faults { rules: vec![rule], ..Faults::default() });
                let outcome = fixture.outcome().await;
                assert!(matches!(outcome, Outcome::Refused | Outcome::Unfinished), "{context}: {outcome:?}");
                both_have(&fixture, had, &context);
                fixture.sandbox.misbehave(Faults::default());
                assert_eq!(fixture.outcome().await, Outcome::Approved, "{context}");
                both_have(&fixture, left, &context);
            }
        }
    }
}

/// A number that was put on a moment ago, by this run or the one before, may not be listed yet.
#[tokio::test]
async fn a_list_that_is_behind_is_waited_for_and_is_no_reason_to_refuse() {
    for lists_ms in [2_000, 9_000] {
        let mut fixture = approved(row(1..=6)).await;
        fixture.sandbox.misbehave(Faults { lag: Lag { lists_ms, ..Lag::default() }, ..Faults::default() });
        fixture.policy.numbers = removing(Most::Percent(20));
        for (numbers, left) in [((2..=8), 2..=8), ((3..=9), 3..=9), ((3..=8), 3..=8)] {
            fixture.customers = vec![row(numbers)];
            assert_eq!(fixture.outcome().await, Outcome::Approved, "{lists_ms} ms");
            both_have(&fixture, left, "behind");
        }
    }
}

/// A list of the account that lacks what was released is a whole list.
#[tokio::test]
async fn what_the_account_does_not_have_by_its_sid_is_gone_and_what_it_has_makes_its_list_a_short_one() {
    // (the number was moved away, what the row says now, what is left, how it ends)
    let cases =
        [(true, 6, 5, Outcome::Approved), (false, 6, 6, Outcome::Approved), (false, 5, 6, Outcome::Refused)];
    for (is_moved, now, left, expected) in cases {
        let context = format!("moved: {is_moved}, the row has {now}");
        let mut fixture = approved(row(1..=6)).await;
        if is_moved {
            let account = customer(2).subaccount.to_string();
            fixture.sandbox.edit(Edit::MoveNumber { number: pn(6).to_string(), account }).expect("an edit");
        }
        let hidden = pn(6).to_string();
        let proxy = Proxy::before(&fixture, None, move |path, body| {
            if path.ends_with(LISTS[0])
                && let Some(items) = items_of(body)
            {
                items.retain(|it| it["sid"] != hidden.as_str());
            }
        });
        fixture.elsewhere = Some(proxy.await);
        fixture.customers = vec![row(1..=now)];
        fixture.policy.numbers.removal = Some(Removal { most: Most::Percent(100), last: true });
        assert_eq!(fixture.outcome().await, expected, "{context}");
        both_have(&fixture, 1..=left, &context);
    }
}
