//! Lists of more than one page.

use crate::checks::{POSTS, undisturbed};
use crate::fixture::{Fixture, customer};
use crate::proxy::{PATH, Proxy};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use trusthub_onboard::clock::Clock;
use trusthub_onboard::facts::Outcome;
use trusthub_onboard::model::{PhoneNumber, PhoneNumbers};
use trusthub_onboard::sandbox::{self, Among, Edit, Fault, Faults, Rule, When};

/// Nobody has this host, so that a request that went there would have no answer.
const FOREIGN: &str = "https://elsewhere.invalid";

/// A proxy whose pages hold one thing each and send whoever follows them to a foreign host.
async fn with_short_pages(fixture: &Fixture) -> (String, Arc<AtomicU64>) {
    let pages = Arc::new(AtomicU64::new(0));
    let counter = pages.clone();
    let proxy = Proxy::before(fixture, Some(1), move |_, body| {
        for pointer in ["/meta/next_page_url", "/next_page_uri"] {
            let Some(next) = body.pointer_mut(pointer) else { continue };
            let Some(address) = next.as_str() else { continue };
            counter.fetch_add(1, Ordering::SeqCst);
            let path =
                address.find("://").map_or(0, |at| at + 3 + address[at + 3..].find('/').expect("a path"));
            *next = Value::from(format!("{FOREIGN}{}", &address[path..]));
        }
    })
    .await;
    (proxy, pages)
}

#[tokio::test]
async fn lists_are_followed_page_by_page_on_the_host_of_the_call_whatever_host_they_name() {
    let mut row = customer(1);
    let e164 = |n: u32| PhoneNumber::E164(format!("+1628555000{n}"));
    row.phone_numbers = PhoneNumbers::Listed((1..=3).map(e164).collect());
    let expected = undisturbed(std::slice::from_ref(&row)).await;
    let mut fixture = Fixture::with(vec![row]);
    let account = fixture.customers[0].subaccount.to_string();
    for n in 0..2 {
        let (account, object_type) = (account.clone(), "authorized_representative_1".to_owned());
        let friendly_name = format!("By hand {n}");
        let edit = Edit::AddObject { account, object_type, friendly_name, attributes: "{}".to_owned() };
        fixture.sandbox.edit(edit).expect("an edit");
    }
    let (proxy, pages) = with_short_pages(&fixture).await;
    fixture.elsewhere = Some(proxy);
    // What the lists do not show on their first page would be made twice.
    let lost = Rule { fault: Fault::LoseReply, among: Among::Posts, when: When::Nth(6) };
    fixture.sandbox.misbehave(Faults { rules: vec![lost], ..Faults::default() });
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    fixture.is_as(&expected, "page by page");
    assert!(pages.load(Ordering::SeqCst) >= 3, "the lists had several pages");
}

fn lost(n: u64) -> Faults {
    Faults::nth(Among::Posts, n, Fault::LoseReply)
}

/// The number of the page that an answer is, where it is one of a list.
fn page_of(body: &Value) -> Option<u64> {
    body.pointer("/meta/page").or(body.get("page")).and_then(Value::as_u64)
}

fn items_of(body: &mut Value) -> Option<&mut Vec<Value>> {
    let name =
        ["results", "addresses", "incoming_phone_numbers"].into_iter().find(|it| body.get(it).is_some());
    body.get_mut(name?)?.as_array_mut()
}

fn set_next(body: &mut Value, address: &str) {
    for pointer in ["/meta/next_page_url", "/next_page_uri"] {
        if let Some(next) = body.pointer_mut(pointer) {
            *next = Value::from(address);
        }
    }
}

/// What comes before it while a list is read moves the last item of a page to the next one as well.
#[tokio::test]
async fn an_item_that_is_listed_twice_is_one_item() {
    let undisturbed = undisturbed(&[customer(1)]).await;
    for n in 1..=18 {
        let mut fixture = Fixture::with(vec![customer(1)]);
        let last: Mutex<HashMap<String, Value>> = Mutex::default();
        let proxy = Proxy::before(&fixture, Some(1), move |path, body| {
            let page = page_of(body);
            let Some(items) = items_of(body) else { return };
            let moved = items.last().and_then(|it| last.lock().unwrap().insert(path.to_owned(), it.clone()));
            match page {
                Some(1..) => items.extend(moved),
                _ => items.extend(items.clone()),
            }
        })
        .await;
        fixture.elsewhere = Some(proxy);
        fixture.sandbox.misbehave(lost(n));
        assert_eq!(fixture.outcome().await, Outcome::Approved, "the reply to request {n} was lost");
        fixture.is_as(&undisturbed, &format!("the reply to request {n} was lost"));
    }
}

/// What goes before it while a list is read moves the first item of a page to the one that was read already.
#[tokio::test]
async fn an_item_that_slips_between_two_pages_is_not_made_again() {
    let undisturbed = undisturbed(&[customer(1)]).await;
    for n in 1..=18 {
        let mut fixture = Fixture::with(vec![customer(1)]);
        // It slips through the first reading of every look; the clock stands still during a look.
        let (clock, looks) = (fixture.clock.clone(), Mutex::<HashMap<String, (u64, u64)>>::default());
        let proxy = Proxy::before(&fixture, Some(1), move |path, body| {
            let Some(page) = page_of(body) else { return };
            let (now, mut looks) = (Clock::now(clock.as_ref()), looks.lock().unwrap());
            let (look, reading) = looks.entry(path.to_owned()).or_default();
            if page == 0 {
                *reading = if *look == now { *reading + 1 } else { 1 };
                *look = now;
            }
            let next = body.pointer("/meta/next_page_url").or(body.get("next_page_uri"));
            let has_next = next.is_some_and(Value::is_string);
            if let (0, true, 1, Some(items)) = (page, has_next, *reading, items_of(body)) {
                items.clear();
            }
        })
        .await;
        fixture.elsewhere = Some(proxy);
        fixture.sandbox.misbehave(lost(n));
        fixture.run_until_finished(3, &format!("the reply to request {n} was lost")).await;
        fixture.is_as(&undisturbed, &format!("the reply to request {n} was lost"));
    }
}

#[tokio::test]
async fn a_list_that_is_cut_off_is_no_list() {
    let undisturbed = undisturbed(&[customer(1)]).await;
    for address in ["nonsense", "/v1/Nowhere?Page=1", "https://", "?Page=1", "/v1/EndUsers"] {
        let mut fixture = Fixture::with(vec![customer(1)]);
        let proxy = Proxy::before(&fixture, Some(1), move |path, body| {
            let has_next = body.pointer("/meta/next_page_url").is_some_and(Value::is_string);
            if has_next && path.ends_with("EntityAssignments") {
                set_next(body, address);
            }
        })
        .await;
        fixture.elsewhere = Some(proxy);
        let among = Among::Matching(POSTS, "EntityAssignments".to_owned());
        fixture.sandbox.misbehave(Faults::nth(among, 2, Fault::LoseReply));
        assert_eq!(fixture.outcome().await, Outcome::Unfinished, "{address}");
        let calls = fixture.sandbox.requests().count;
        assert!(calls < 40, "{address}: {calls} calls");
        fixture.elsewhere = None;
        assert_eq!(fixture.outcome().await, Outcome::Approved, "{address}");
        fixture.is_as(&undisturbed, address);
    }
}

#[tokio::test]
async fn pages_that_go_in_circles_end_a_customer_after_a_few_calls() {
    let undisturbed = undisturbed(&[customer(1)]).await;
    type Next = fn(u64) -> String;
    let circles: [(&str, Next); 3] = [
        ("the first page again", |_| "PageSize=1000".to_owned()),
        ("two pages in turn", |n| format!("PageSize=5{}", n % 2)),
        ("ever new addresses of the same page", |n| format!("PageSize=50&Nothing={n}")),
    ];
    for (context, next) in circles {
        // The profile is in review, so that each validation finds something on its way to the broken list.
        let settings = sandbox::Settings { review_ms: 60_000, ..sandbox::Settings::default() };
        let mut fixture = Fixture::set(vec![customer(1)], settings);
        fixture.wait_ms = 0;
        assert_eq!(fixture.outcome().await, Outcome::AwaitingProfileApproval);
        for end in ["", "-wal", "-shm", ".lock"] {
            let _ = std::fs::remove_file(format!("{}{end}", fixture.ledger.display()));
        }
        let (count, circling) = (AtomicU64::new(0), Arc::new(AtomicBool::new(true)));
        let goes_on = circling.clone();
        let proxy = Proxy::before(&fixture, None, move |path, body| {
            if path == "/v1/EndUsers" && goes_on.load(Ordering::SeqCst) && items_of(body).is_some() {
                set_next(body, &format!("/v1/EndUsers?{}", next(count.fetch_add(1, Ordering::SeqCst))));
            }
        })
        .await;
        fixture.elsewhere = Some(proxy);
        let before = fixture.sandbox.requests().count;
        let outcome = tokio::time::timeout(Duration::from_secs(60), fixture.outcome()).await;
        assert_eq!(outcome.expect("it ends"), Outcome::Unfinished, "{context}");
        let calls = fixture.sandbox.requests().count - before;
        assert!(calls < 60, "{context}: {calls} calls");
        circling.store(false, Ordering::SeqCst);
        fixture.wait_ms = 600_000;
        assert_eq!(fixture.outcome().await, Outcome::Approved, "{context}");
        fixture.is_as(&undisturbed, context);
    }
}

#[tokio::test]
async fn a_list_of_one_page_costs_one_request() {
    let calls = |page_size| async move {
        let mut fixture = Fixture::with(vec![customer(1)]);
        fixture.elsewhere = Some(Proxy::before(&fixture, page_size, |_, _| ()).await);
        assert_eq!(fixture.outcome().await, Outcome::Approved);
        fixture.sandbox.requests().count
    };
    let fixture = Fixture::with(vec![customer(1)]);
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    let (direct, one_page, short_pages) =
        (fixture.sandbox.requests().count, calls(None).await, calls(Some(1)).await);
    assert_eq!(one_page, direct);
    assert!(short_pages > one_page, "the lists that have several pages are read again");
}

#[tokio::test]
async fn a_base_url_may_have_a_path_whether_the_pages_name_it_or_not() {
    for named in [PATH, ""] {
        let mut row = customer(1);
        let e164 = |n: u32| PhoneNumber::E164(format!("+1628555000{n}"));
        row.phone_numbers = PhoneNumbers::Listed((1..=3).map(e164).collect());
        let expected = undisturbed(std::slice::from_ref(&row)).await;
        let mut fixture = Fixture::with(vec![row]);
        let pages = Arc::new(AtomicU64::new(0));
        let counter = pages.clone();
        let proxy = Proxy::before(&fixture, Some(1), move |_, body| {
            for pointer in ["/meta/next_page_url", "/next_page_uri"] {
                let Some(next) = body.pointer_mut(pointer) else { continue };
                let Some(address) = next.as_str() else { continue };
                counter.fetch_add(1, Ordering::SeqCst);
                let path =
                    address.find("://").map_or(0, |at| at + 3 + address[at + 3..].find('/').expect("a path"));
                *next = Value::from(format!("{}{named}{}", &address[..path], &address[path..]));
            }
        })
        .await;
        fixture.elsewhere = Some(format!("{proxy}{PATH}/"));
        assert_eq!(fixture.outcome().await, Outcome::Approved, "{named:?}");
        fixture.is_as(&expected, named);
        assert!(pages.load(Ordering::SeqCst) >= 2, "the lists had several pages");
    }
}
