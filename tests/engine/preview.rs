//! What a run would do is told before it does it: the writes that are foretold are the writes that follow.

use crate::fixture::{Fixture, customer, seed};
use crate::follow::{all, approved, bundle, by_digits, pn, row};
use crate::watch::{Killer, Moment, watching};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio_util::sync::CancellationToken;
use trusthub_onboard::clock::Clock;
use trusthub_onboard::engine::{Only, Previews, YoungLedger};
use trusthub_onboard::events::{Event, Nobody};
use trusthub_onboard::facts::{Ending, Most, Numbers, Outcome, Removal, Submission};
use trusthub_onboard::flow::{Method, StepId};
use trusthub_onboard::ledger::Ledger;
use trusthub_onboard::model::{Customer, PhoneNumber, PhoneNumbers, Sid};
use trusthub_onboard::plan::Plan;
use trusthub_onboard::preview::{Preview, Write, WriteKind};
use trusthub_onboard::products::FLOW;
use trusthub_onboard::report::OnApproved;
use trusthub_onboard::sandbox::{self, Edit, Kind, Reviewer};

/// One request that changes something: method, path, step. A bundle that was not there before is named by its step.
type Sent = (String, String, StepId);

fn foretold(preview: &Preview) -> Vec<Sent> {
    let write = |it: &Write| (it.method.name().to_owned(), it.path.clone(), it.key.step);
    preview.writes.iter().map(write).collect()
}

impl Fixture {
    fn ledger_for_reading(&self) -> Ledger {
        Ledger::open_to_look(&self.ledger, &FLOW, &self.sandbox.id()).expect("a ledger")
    }

    /// What a run would do, after it has read what it would read.
    async fn foretell(&self) -> BTreeMap<Sid, Preview> {
        let told: Arc<Mutex<BTreeMap<Sid, Preview>>> = Arc::default();
        let tell = told.clone();
        let previews: Previews = Arc::new(move |customer: &Customer, preview| {
            tell.lock().expect("nobody died").insert(customer.subaccount.clone(), preview);
        });
        let changed = self.changing_calls();
        self.run_with(Arc::new(Nobody), CancellationToken::new(), self.ledger_for_reading(), Some(previews))
            .await
            .and_then(|ended| ended.unbroken())
            .expect("no fault");
        assert_eq!(self.changing_calls(), changed, "a look has changed something");
        std::mem::take(&mut *told.lock().expect("nobody died"))
    }

    /// What a run would do, by sheet and ledger alone.
    fn foretell_offline(&self) -> BTreeMap<Sid, Preview> {
        let ledger = self.ledger_for_reading();
        let preview = |customer: &Customer| {
            let (recorded, _) = ledger.customer(&customer.subaccount).expect("facts");
            let primary = customer.primary_profile.as_ref();
            let plan = Plan::of(&FLOW, customer, &self.policy, primary, ledger.key(), &recorded);
            (customer.subaccount.clone(), Preview::offline(plan, recorded, self.clock.now()))
        };
        self.customers.iter().map(preview).collect()
    }

    /// The writes of a run that is not disturbed and does not wait for reviews, and its requests.
    async fn writes_of_a_run(&self) -> (BTreeMap<Sid, Vec<Sent>>, u64) {
        let known: Vec<String> = self.sandbox.resources().into_iter().map(|it| it.sid).collect();
        let log: Arc<Mutex<Vec<(Sid, Sent)>>> = Arc::default();
        let calls = Arc::new(Mutex::new(0));
        let (lines, counted) = (log.clone(), calls.clone());
        let observer = watching(move |event| {
            let Event::Sending(request) = event else { return };
            *counted.lock().expect("nobody died") += 1;
            let (Some(customer), Some(step)) = (request.customer, request.step) else { return };
            if request.method != Method::Get {
                let sent = (request.method.name().to_owned(), request.path.to_owned(), step);
                lines.lock().expect("nobody died").push((customer.clone(), sent));
            }
        });
        self.run_watched(observer).await.expect("no fault");
        let mut writes: BTreeMap<Sid, Vec<Sent>> = BTreeMap::new();
        let bundles = self.sandbox.resources().into_iter().filter(|it| !known.contains(&it.sid));
        let bundles: Vec<_> = bundles
            .filter_map(|it| match it.kind {
                Kind::CustomerProfile => Some((it.sid, "{customer_profile}")),
                Kind::TrustProduct => Some((it.sid, "{trust_product}")),
                _ => None,
            })
            .collect();
        for (customer, (method, mut path, step)) in log.lock().expect("nobody died").clone() {
            for (sid, name) in &bundles {
                path = path.replace(sid.as_str(), name);
            }
            writes.entry(customer).or_default().push((method, path, step));
        }
        let calls = *calls.lock().expect("nobody died");
        (writes, calls)
    }

    /// Foretells, runs, and compares call by call.
    async fn plan_equals_run(&self, context: &str) -> BTreeMap<Sid, Preview> {
        let previews = self.foretell().await;
        let (writes, _) = self.writes_of_a_run().await;
        for customer in &self.customers {
            let told = previews.get(&customer.subaccount).map(foretold).unwrap_or_default();
            let sent = writes.get(&customer.subaccount).cloned().unwrap_or_default();
            assert_eq!(told, sent, "{context}");
        }
        previews
    }
}

/// A fixture whose runs do not wait for reviews.
fn fixture(customers: Vec<Customer>) -> Fixture {
    let mut fixture = Fixture::with(customers);
    fixture.wait_ms = 0;
    fixture.young_ledger = YoungLedger::LooksAtOnce;
    fixture
}

#[tokio::test]
async fn the_writes_that_are_foretold_are_those_of_the_next_run_wherever_the_run_before_was_stopped() {
    for moment in [Moment::Write, Moment::Sent] {
        for at in 2.. {
            let fixture = fixture(vec![customer(1)]);
            let killer = Killer::at(moment, at);
            let _ = fixture.run_watched(killer.clone()).await;
            if !killer.has_struck() {
                assert!(at > 30, "only {at} points");
                break;
            }
            fixture.plan_equals_run(&format!("{moment:?} {at}")).await;
        }
    }
}

/// The requests of the whole sheet: the primary profile is read once.
fn calls(previews: &BTreeMap<Sid, Preview>) -> u64 {
    1 + previews.values().map(|it| it.calls).sum::<u64>()
}

fn customers_of_every_kind() -> Vec<Customer> {
    let listed = customer(1);
    let alone = Customer { representative_2: None, ..customer(2) };
    let address = trusthub_onboard::model::Address::Existing(sid("AD", 3));
    let with_address = Customer { address, ..customer(3) };
    let numbers = (0..4).map(|n| PhoneNumber::Sid(sid("PN", 0x40 + n))).collect();
    let by_sid = Customer { phone_numbers: PhoneNumbers::Listed(numbers), ..customer(4) };
    let numbers = (0..3).map(|n| PhoneNumber::E164(format!("+1628555900{n}"))).collect();
    let by_digits = Customer { phone_numbers: PhoneNumbers::Listed(numbers), ..customer(5) };
    vec![listed, alone, with_address, by_sid, by_digits]
}

fn sid(prefix: &str, n: u32) -> Sid {
    Sid::parse(&format!("{prefix}{n:032x}")).expect("a SID")
}

#[tokio::test]
async fn the_estimate_of_a_fresh_sheet_of_listed_numbers_is_the_calls_of_an_undisturbed_run() {
    for submission in [Submission::ProductAfterApproval, Submission::ProductNow, Submission::Never] {
        let mut fixture = fixture(customers_of_every_kind());
        fixture.policy.submission = submission;
        let offline = fixture.foretell_offline();
        let online = fixture.foretell().await;
        let (writes, calls_of_the_run) = fixture.writes_of_a_run().await;
        assert_eq!(calls(&offline), calls_of_the_run, "{submission:?}");
        assert_eq!(calls(&online), calls_of_the_run, "{submission:?}");
        for (customer, preview) in offline {
            assert_eq!(Some(&foretold(&preview)), writes.get(&customer), "{submission:?}");
        }
    }
}

#[tokio::test]
async fn what_follows_the_approvals_is_counted_too_looks_at_reviews_apart() {
    let mut fixture = fixture(customers_of_every_kind());
    fixture.wait_ms = 600_000;
    let offline = fixture.foretell_offline();
    let later: u64 = offline.values().map(|it| it.calls_after_approval).sum();
    let looks = Arc::new(Mutex::new(0));
    let counted = looks.clone();
    let before = fixture.sandbox.requests().count;
    let is_look = |event: &Event<'_>| match event {
        Event::Sending(request) => {
            request.step.is_some_and(|step| matches!(step.verb, trusthub_onboard::flow::Verb::Review))
        }
        _ => false,
    };
    fixture
        .run_watched(watching(move |event| {
            if is_look(event) {
                *counted.lock().expect("nobody died") += 1;
            }
        }))
        .await
        .expect("no fault");
    let looks: u64 = *looks.lock().expect("nobody died");
    assert!(looks > 0 && later > 0);
    assert_eq!(calls(&offline) + later, fixture.sandbox.requests().count - before - looks);
}

#[tokio::test]
async fn with_all_the_numbers_a_look_counts_what_a_run_takes_and_the_sheet_alone_says_at_least_that() {
    let all = Customer { phone_numbers: PhoneNumbers::All, ..customer(1) };
    let fixture = fixture(vec![all]);
    let (offline, online) = (calls(&fixture.foretell_offline()), calls(&fixture.foretell().await));
    let (_, calls_of_the_run) = fixture.writes_of_a_run().await;
    assert_eq!(online, calls_of_the_run);
    assert!(offline < online);
}

/// A row as it was, and what is corrected in it.
fn corrections() -> Vec<(&'static str, Customer)> {
    let business = |row: Customer| {
        let mut row = row;
        row.business.name = "Brightwater Dental Group".to_owned();
        row.voice_integrity.use_case = "Customer Support".into();
        row
    };
    let row = customer(1);
    let more = |row: &Customer| match &row.phone_numbers {
        PhoneNumbers::Listed(numbers) => {
            let mut numbers = numbers.clone();
            numbers.push(PhoneNumber::E164("+16285559999".to_owned()));
            PhoneNumbers::Listed(numbers)
        }
        PhoneNumbers::All => PhoneNumbers::All,
    };
    let fewer = PhoneNumbers::Listed(vec![PhoneNumber::Sid(sid("PN", 1))]);
    vec![
        ("nothing", row.clone()),
        ("content", business(row.clone())),
        ("use case", Customer { voice_integrity: business(row.clone()).voice_integrity, ..row.clone() }),
        ("one representative less", Customer { representative_2: None, ..row.clone() }),
        ("a number more", Customer { phone_numbers: more(&row), ..row.clone() }),
        ("a number less", Customer { phone_numbers: fewer.clone(), ..row.clone() }),
        ("another name", Customer { friendly_name: "Brightwater East".to_owned(), ..row.clone() }),
        ("all of it", Customer { representative_2: None, phone_numbers: fewer, ..business(row) }),
    ]
}

/// A world in which every number of every correction is there.
fn world_of(rows: &[Customer]) -> Fixture {
    let widest = corrections().into_iter().find(|it| it.0 == "a number more").expect("it is there").1;
    let seed = seed(&[widest]);
    let mut fixture = Fixture::seeded(rows.to_vec(), sandbox::Settings::default(), seed);
    fixture.wait_ms = 0;
    fixture.young_ledger = YoungLedger::LooksAtOnce;
    fixture
}

#[tokio::test]
async fn a_row_that_is_corrected_as_a_draft_or_after_its_submission_is_foretold() {
    for submission in [Submission::Never, Submission::ProductAfterApproval] {
        for (what, corrected) in corrections() {
            let mut fixture = world_of(&[customer(1)]);
            fixture.policy.submission = submission;
            fixture.run().await.expect("no fault");
            fixture.policy.submission = Submission::ProductAfterApproval;
            fixture.customers = vec![corrected];
            fixture.plan_equals_run(&format!("{submission:?}, {what}")).await;
            // The profile is approved meanwhile, and the product comes next.
            fixture.clock.set(fixture.clock.now() + 100_000);
            fixture.plan_equals_run(&format!("{submission:?}, {what}, later")).await;
        }
    }
}

#[tokio::test]
async fn a_row_that_is_corrected_after_its_rejection_is_foretold_also_by_a_ledger_that_knows_nothing() {
    for bundle in [false, true] {
        for ledger_is_lost in [false, true] {
            for (what, corrected) in corrections() {
                let fixture = &mut world_of(&[customer(1)]);
                let account = customer(1).subaccount.to_string();
                let judge = |fixture: &Fixture, reviewer| {
                    let account = account.clone();
                    fixture.sandbox.edit(Edit::SetReviewer { account, reviewer }).expect("an edit");
                };
                if bundle {
                    fixture.run().await.expect("no fault");
                    fixture.clock.set(fixture.clock.now() + 100_000);
                }
                judge(fixture, Some(Reviewer::RejectsAll(vec![18602])));
                fixture.wait_ms = 600_000;
                assert_eq!(fixture.outcome().await, Outcome::Rejected);
                fixture.wait_ms = 0;
                judge(fixture, None);
                if ledger_is_lost {
                    fixture.ledger = fixture.folder.path().join("another.db");
                }
                fixture.customers = vec![corrected];
                let context = format!("product {bundle}, lost {ledger_is_lost}, {what}");
                let previews = fixture.plan_equals_run(&context).await;
                if what == if bundle { "use case" } else { "content" } {
                    let again = |it: &Write| it.kind == WriteKind::SubmitAgain;
                    assert!(previews.values().all(|it| it.writes.iter().any(again)), "{context}");
                }
            }
        }
    }
}

#[tokio::test]
async fn what_happens_to_the_numbers_of_approved_bundles_is_foretold() {
    let rows =
        [row(1..=6), row(1..=8), row(1..=5), row(2..=8), row(4..=6), by_digits(2..=7), row([12]), all()];
    let removal = |last| Some(Removal { most: Most::Percent(60), last });
    for removal in [None, removal(false), removal(true)] {
        for alone in [false, true] {
            for (which, now) in rows.iter().enumerate() {
                let context = format!("row {which}, {removal:?}, alone: {alone}");
                let mut fixture = approved(row(1..=6)).await;
                let account = customer(2).subaccount.to_string();
                fixture
                    .sandbox
                    .edit(Edit::MoveNumber { number: pn(3).to_string(), account })
                    .expect("an edit");
                let product = bundle(&fixture, Kind::TrustProduct);
                let edit = Edit::AssignNumber { bundle: product, number: pn(5).to_string() };
                fixture.sandbox.edit(edit).expect("an edit");
                fixture.wait_ms = 0;
                fixture.policy.numbers = Numbers { removal, alone };
                fixture.only = if alone { Only::Numbers } else { Only::Everyone };
                fixture.customers = vec![now.clone()];
                fixture.plan_equals_run(&context).await;
                fixture.plan_equals_run(&format!("{context}, once more")).await;
            }
        }
    }
}

/// What the second question before going live names: numbers, each once, and customers.
#[tokio::test]
async fn the_numbers_that_are_added_to_and_taken_off_approved_bundles_are_summed_up() {
    let mut fixture = approved(row(1..=6)).await;
    fixture.policy.numbers =
        Numbers { removal: Some(Removal { most: Most::Percent(50), last: false }), alone: false };
    fixture.customers = vec![
        row((2..=6).chain([7, 8])),
        Customer { phone_numbers: PhoneNumbers::Listed(vec![PhoneNumber::Sid(pn(9))]), ..customer(2) },
    ];
    let previews = fixture.foretell().await;
    let of = |row: u32| OnApproved::of(&previews[&customer(row).subaccount].writes);
    assert_eq!(of(1), OnApproved { added: 2, taken_off: 1, customers: 1 });
    assert_eq!(of(1).in_words(), "2 phone numbers added to and 1 taken off approved bundles of 1 customer");
    // What is put on drafts is in the first question.
    assert!(of(2).is_nothing());
    let only = |added, taken_off| OnApproved { added, taken_off, customers: 3 }.in_words();
    assert_eq!(only(1, 0), "1 phone number added to approved bundles of 3 customers");
    assert_eq!(only(0, 2), "2 phone numbers taken off approved bundles of 3 customers");
}

/// Drafts that a person has made in the first customer's account, as a row may name them.
async fn drafts(fixture: &mut Fixture) -> Customer {
    fixture.policy.submission = Submission::Never;
    fixture.run().await.expect("no fault");
    fixture.policy.submission = Submission::ProductAfterApproval;
    fixture.ledger = fixture.folder.path().join("another.db");
    let made = fixture.made();
    let of = |kind| made.iter().find(|it| it.kind == kind).and_then(|it| Sid::parse(&it.sid));
    Customer {
        customer_profile: of(Kind::CustomerProfile),
        trust_product: of(Kind::TrustProduct),
        ..fixture.customers[0].clone()
    }
}

#[tokio::test]
async fn a_row_that_names_its_profile_its_product_or_both_is_foretold() {
    for (what, keeps_profile, keeps_product) in
        [("both", true, true), ("profile", true, false), ("product", false, true), ("neither", false, false)]
    {
        for (correction, corrected) in corrections() {
            let mut fixture = world_of(&[customer(1)]);
            let named = drafts(&mut fixture).await;
            fixture.customers = vec![Customer {
                customer_profile: named.customer_profile.filter(|_| keeps_profile),
                trust_product: named.trust_product.filter(|_| keeps_product),
                ..corrected
            }];
            fixture.plan_equals_run(&format!("{what}, {correction}")).await;
            fixture.clock.set(fixture.clock.now() + 100_000);
            fixture.plan_equals_run(&format!("{what}, {correction}, later")).await;
        }
    }
}

#[tokio::test]
async fn what_a_person_has_changed_in_the_console_is_foretold() {
    for kind in
        [Kind::EntityAssignment, Kind::ChannelEndpointAssignment, Kind::EndUser, Kind::SupportingDocument]
    {
        let mut fixture = world_of(&[customer(1)]);
        fixture.policy.submission = Submission::Never;
        fixture.run().await.expect("no fault");
        fixture.policy.submission = Submission::ProductAfterApproval;
        let sid = fixture.made().into_iter().rfind(|it| it.kind == kind).expect("it is there").sid;
        fixture.remove(&sid).await;
        fixture.plan_equals_run(&format!("{kind:?}")).await;
    }
}

#[tokio::test]
async fn a_look_leaves_the_ledger_as_it_is_and_nobody_counts_as_begun() {
    let fixture = fixture(vec![customer(1), customer(2)]);
    assert_eq!(fixture.foretell().await.len(), 2);
    assert!(!fixture.ledger.exists(), "a look has made a ledger");
    let killer = Killer::at(Moment::Sent, 12);
    let _ = fixture.run_watched(killer).await;
    fixture.run().await.expect("no fault");
    let before = std::fs::read(&fixture.ledger).expect("a ledger");
    let facts = |fixture: &Fixture| {
        fixture.customers.iter().map(|it| crate::checks::sids(&fixture.facts_of(it))).collect::<Vec<_>>()
    };
    let sids = facts(&fixture);
    fixture.foretell().await;
    assert_eq!(facts(&fixture), sids);
    assert!(before == std::fs::read(&fixture.ledger).expect("a ledger"), "a look has written to the ledger");
}

#[tokio::test]
async fn what_would_hold_a_row_back_is_told_without_a_run() {
    let rows = vec![customer(1), customer(2), customer(3)];
    let mut seed = seed(&rows);
    seed.accounts.remove(1);
    seed.accounts[1].phone_numbers.clear();
    let mut fixture = Fixture::seeded(rows, sandbox::Settings::default(), seed);
    fixture.wait_ms = 0;
    let previews = fixture.foretell().await;
    let refused = |n: u32| match &previews[&customer(n).subaccount].ending {
        Some(Ending::Refused(why)) => why.iter().map(|it| it.0.step.name).collect(),
        _ => vec![],
    };
    assert_eq!(refused(1), [""; 0]);
    assert_eq!(refused(2), ["account"]);
    assert_eq!(refused(3), ["customer_profile_phone_numbers"]);
    assert!(previews[&customer(1).subaccount].writes.len() > 20);
}
