//! `inventory` where lists are not what they should be: what is not certain is not said.

use crate::fixture::{Fixture, PARENT, PARENT_TOKEN, with_every_product};
use crate::proxy::Proxy;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use trusthub_onboard::clock::Clock;
use trusthub_onboard::events::Nobody;
use trusthub_onboard::facts::Outcome as Ending;
use trusthub_onboard::inventory::{Inventory, Kind, Limits, Outcome, Over, Scope, Settings};
use trusthub_onboard::model::{Customer, PhoneNumber, PhoneNumbers, Sid};
use trusthub_onboard::products::FLOW;
use trusthub_onboard::sandbox::{self, Among, Edit, Fault, Faults, Method};
use trusthub_onboard::twilio::{Client, Endpoint, Identity, Pace, Rate, Timeouts};

/// Every list that an inventory reads.
const LISTS: [&str; 9] = [
    "/Accounts.json",
    "/IncomingPhoneNumbers.json",
    "/CustomerProfiles",
    "/TrustProducts",
    "/EntityAssignments",
    "/ChannelEndpointAssignments",
    "/EndUsers",
    "/SupportingDocuments",
    "/Addresses.json",
];

async fn onboarded() -> Fixture {
    // Each with numbers of its own.
    let numbers =
        |n: u32| (0..2).map(|it| PhoneNumber::E164(format!("+1628555{:04}", n * 10 + it))).collect();
    let customer = |n| Customer { phone_numbers: PhoneNumbers::Listed(numbers(n)), ..with_every_product(n) };
    let fixture = Fixture::with((1..=3).map(customer).collect());
    let ended = fixture.run().await.expect("no fault");
    assert!(ended.customers.values().all(|end| end.outcome == Ending::Approved));
    fixture
}

/// Reads everything through this server.
async fn read_at(fixture: &Fixture, base_url: &str) -> Result<Vec<Outcome>, Over> {
    let clock: Arc<dyn Clock> = fixture.clock.clone();
    let pace = Pace::new(Rate::Unlimited, clock.clone());
    let timeouts = Timeouts { connect_ms: 5_000, call_ms: 60_000 };
    let endpoint = Endpoint::other(base_url).expect("an endpoint");
    let client = Client::new(&endpoint, timeouts, pace, clock.clone(), Arc::new(Nobody)).expect("a client");
    let parent = Sid::parse(PARENT).expect("a SID");
    let settings = Settings {
        flow: &FLOW,
        parent: Identity { account: parent, token: PARENT_TOKEN.to_owned().into() },
        limits: Limits { long_ms: None, expiring_ms: 1 },
        concurrency: 2,
    };
    let inventory = Arc::new(Inventory::new(settings, client, clock, CancellationToken::new()));
    let mut outcomes = vec![];
    let mut each = |outcome, _| {
        outcomes.push(outcome);
        Ok(())
    };
    inventory.read(Scope::All, &mut each).await.map(|_| outcomes)
}

async fn read(fixture: &Fixture) -> Vec<Outcome> {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let server = fixture.sandbox.serve(listener).expect("a server");
    read_at(fixture, server.base_url()).await.unwrap_or_else(|_| panic!("it ends well"))
}

/// What was found, as it is kept; the numbers of a row in an order of their own.
fn text(outcomes: &[Outcome]) -> Vec<String> {
    let in_order = |outcome: &Outcome| {
        let mut row = outcome.row.clone().unwrap_or_default();
        for cell in row.iter_mut().filter(|it| it.starts_with('+')) {
            let mut numbers: Vec<&str> = cell.split("; ").collect();
            numbers.sort_unstable();
            *cell = numbers.join("; ");
        }
        let defects = serde_json::to_string(&outcome.defects).expect("JSON");
        format!("{} {:?} {} {row:?} {defects}", outcome.account, outcome.standing, outcome.row.is_some())
    };
    outcomes.iter().map(in_order).collect()
}

fn is_not_read(outcome: &Outcome) -> bool {
    let kinds: Vec<Kind> = outcome.defects.iter().map(|it| it.kind).collect();
    kinds == [Kind::AccountNotRead] && outcome.row.is_none()
}

/// The things of a list, if the answer is one.
fn items_of(body: &mut Value) -> Option<&mut Vec<Value>> {
    let names = ["results", "addresses", "incoming_phone_numbers", "accounts"];
    let name = names.into_iter().find(|it| body.get(it).is_some())?;
    body.get_mut(name)?.as_array_mut()
}

/// What is wrong with a list.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wrong {
    Empty,
    /// Without its second half.
    CutShort,
    /// Everything in it twice.
    Doubled,
}

impl Wrong {
    fn of(self, items: &mut Vec<Value>) {
        match self {
            Wrong::Empty => items.clear(),
            Wrong::CutShort => items.truncate(items.len() / 2),
            Wrong::Doubled => items.extend(items.clone()),
        }
    }
}

/// How often.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Often {
    /// At that request of its kind.
    Nth(u32),
    Always,
}

/// A server whose lists of one kind are wrong.
async fn with_wrong_lists(fixture: &Fixture, list: &'static str, wrong: Wrong, often: Often) -> String {
    let asked = AtomicU32::new(0);
    Proxy::before(fixture, None, move |path, body| {
        let Some(items) = items_of(body).filter(|_| path.ends_with(list)) else { return };
        let times = asked.fetch_add(1, Ordering::SeqCst) + 1;
        if often == Often::Always || often == Often::Nth(times) {
            wrong.of(items);
        }
    })
    .await
}

#[tokio::test]
async fn a_list_that_is_wrong_once_shows_nowhere() {
    let fixture = onboarded().await;
    let expected = text(&read(&fixture).await);
    for list in LISTS {
        for wrong in [Wrong::Empty, Wrong::CutShort, Wrong::Doubled] {
            // At each of the three accounts, in a first reading and in a second one.
            for n in [1, 3, 7] {
                let base_url = with_wrong_lists(&fixture, list, wrong, Often::Nth(n)).await;
                let Ok(outcomes) = read_at(&fixture, &base_url).await else { panic!("{list} {wrong:?} {n}") };
                assert_eq!(text(&outcomes), expected, "{list} {wrong:?} {n}");
            }
        }
    }
}

#[tokio::test]
async fn of_an_account_whose_lists_contradict_one_another_nothing_is_said_but_that_it_was_not_read() {
    let fixture = onboarded().await;
    let expected = text(&read(&fixture).await);
    for list in LISTS {
        for wrong in [Wrong::Empty, Wrong::CutShort, Wrong::Doubled] {
            let base_url = with_wrong_lists(&fixture, list, wrong, Often::Always).await;
            let outcomes = match read_at(&fixture, &base_url).await {
                Ok(outcomes) => outcomes,
                // Without the list of accounts nothing can be said of any.
                Err(Over::Fault(fault)) => {
                    assert_eq!((list, wrong), ("/Accounts.json", Wrong::Empty), "{fault}");
                    continue;
                }
                Err(_) => panic!("{list} {wrong:?}"),
            };
            for (outcome, expected) in outcomes.iter().zip(&expected) {
                let said = outcome.defects.iter().map(|it| it.kind);
                assert!(!said.clone().any(|it| it == Kind::NumberNoLongerOwned), "{list} {wrong:?}");
                let is_as_it_is = text(std::slice::from_ref(outcome))[0] == *expected;
                // Two lists that say the same, and that no other one contradicts, are believed.
                let cannot_be_known = match list {
                    "/ChannelEndpointAssignments" | "/TrustProducts" | "/Accounts.json" => {
                        wrong != Wrong::Doubled
                    }
                    "/EntityAssignments" => wrong == Wrong::CutShort,
                    _ => false,
                };
                assert!(
                    is_as_it_is || is_not_read(outcome) || cannot_be_known,
                    "{list} {wrong:?}: {}",
                    text(std::slice::from_ref(outcome))[0]
                );
            }
        }
    }
    // Those that others contradict.
    for (list, wrong) in [
        ("/IncomingPhoneNumbers.json", Wrong::Empty),
        ("/IncomingPhoneNumbers.json", Wrong::CutShort),
        ("/CustomerProfiles", Wrong::Empty),
        ("/EntityAssignments", Wrong::Empty),
    ] {
        let base_url = with_wrong_lists(&fixture, list, wrong, Often::Always).await;
        let Ok(outcomes) = read_at(&fixture, &base_url).await else { panic!("{list} {wrong:?}") };
        assert!(outcomes.len() == 3 && outcomes.iter().all(is_not_read), "{list} {wrong:?}");
    }
}

/// What goes before it while a list is read moves the first item of a page to the one that was read already.
#[tokio::test]
async fn what_slips_between_two_pages_or_stands_on_both_is_counted_once() {
    let fixture = onboarded().await;
    let expected = text(&read(&fixture).await);
    for shifts_down in [true, false] {
        let (first, moved) =
            (Mutex::<HashMap<String, u32>>::default(), Mutex::<HashMap<String, Value>>::default());
        let base_url = Proxy::before(&fixture, Some(1), move |path, body| {
            let page = body.pointer("/meta/page").or(body.get("page")).and_then(Value::as_u64);
            let next = body.pointer("/meta/next_page_url").or(body.get("next_page_uri"));
            let has_next = next.is_some_and(Value::is_string);
            let Some(items) = items_of(body) else { return };
            let mut first = first.lock().unwrap();
            let times = first.entry(path.to_owned()).or_default();
            if page == Some(0) {
                *times += 1;
            }
            if shifts_down {
                let before =
                    items.last().and_then(|it| moved.lock().unwrap().insert(path.to_owned(), it.clone()));
                items.extend(before.filter(|_| page != Some(0)));
            } else if *times == 1 && page == Some(0) && has_next {
                items.clear();
            }
        })
        .await;
        let Ok(outcomes) = read_at(&fixture, &base_url).await else { panic!("shifts down: {shifts_down}") };
        for outcome in &outcomes {
            let found = &text(std::slice::from_ref(outcome))[0];
            assert!(expected.contains(found) || is_not_read(outcome), "shifts down: {shifts_down}: {found}");
        }
        assert_eq!(outcomes.len(), 3);
        assert!(outcomes.iter().filter(|it| is_not_read(it)).count() < 3, "shifts down: {shifts_down}");
    }
}

#[tokio::test]
async fn an_answer_that_is_lost_or_comes_from_elsewhere_and_a_new_token_change_nothing() {
    let fixture = onboarded().await;
    let before = fixture.sandbox.requests().count;
    let expected = text(&read(&fixture).await);
    let requests = fixture.sandbox.requests().count - before;
    assert!(requests > 40, "{requests} requests");
    let world = fixture.world();
    let others = [
        Fault::CutJson,
        Fault::NoAccount,
        Fault::OtherAccount(PARENT.to_owned()),
        Fault::RotateToken,
        Fault::FailBefore(503),
    ];
    for (n, other) in (1..=requests).zip(others.iter().cycle()) {
        for fault in [Fault::LoseReply, other.clone()] {
            // With another token of its own, the parent cannot go on.
            let is_of_the_parent = n <= 4;
            if is_of_the_parent && fault == Fault::RotateToken {
                continue;
            }
            fixture.sandbox.misbehave(Faults::nth(Among::All, n, fault.clone()));
            assert_eq!(text(&read(&fixture).await), expected, "{fault:?} of request {n}");
        }
    }
    fixture.sandbox.misbehave(Faults::default());
    assert_eq!(fixture.world(), world);
    let latest = fixture.sandbox.requests().latest;
    assert!(latest.iter().rev().take(1_000).all(|it| it.method == Method::Get), "only reads");
}

#[tokio::test]
async fn a_rejection_without_codes_is_told_with_what_the_newest_evaluation_says() {
    let fixture = onboarded().await;
    let resources = fixture.sandbox.resources();
    let is_one = |it: &&sandbox::Resource| it.kind == sandbox::Kind::TrustProduct;
    let bundle = resources.iter().find(is_one).expect("a product").sid.clone();
    let of_it =
        |it: &&sandbox::Resource| it.bundle_sid.as_ref() == Some(&bundle) && it.of.ends_with("_information");
    let information =
        resources.iter().find(of_it).and_then(|it| it.object_sid.clone()).expect("its information");
    fixture.sandbox.edit(Edit::Remove { sid: information }).expect("an edit");
    fixture
        .sandbox
        .edit(Edit::Decide { bundle: bundle.clone(), verdict: sandbox::Verdict::Rejected(vec![]) })
        .expect("an edit");
    let policy = resources.iter().find(|it| it.sid == bundle).expect("it").of.clone();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let server = fixture.sandbox.serve(listener).expect("a server");
    let account = resources.iter().find(|it| it.sid == bundle).expect("it").account_sid.clone();
    let evaluated = reqwest::Client::new()
        .post(format!("{}/v1/TrustProducts/{bundle}/Evaluations", server.base_url()))
        .basic_auth(&account, Some(crate::fixture::token_of(&account)))
        .form(&[("PolicySid", policy.as_str())])
        .send()
        .await
        .expect("an answer");
    assert_eq!(evaluated.status().as_u16(), 201);
    let outcomes = read(&fixture).await;
    let defects: Vec<_> = outcomes.iter().flat_map(|it| &it.defects).collect();
    let rejected = defects.iter().find(|it| it.kind == Kind::RejectedBundle).expect("a rejection");
    assert!(rejected.what.contains("_information") && rejected.what.contains("222"), "{}", rejected.what);
}
