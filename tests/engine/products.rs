//! Several products of one customer: one profile for all, and nothing of one holds up another.

use crate::checks::{POSTS, undisturbed};
use crate::fixture::{Fixture, cell, customer, customer_for, with_every_product};
use crate::rehearsal::judge;
use std::collections::BTreeMap;
use trusthub_onboard::check::Entry;
use trusthub_onboard::engine::Only;
use trusthub_onboard::facts::{Code, OurCode, Outcome, StepState, Submission};
use trusthub_onboard::flow::BundleId;
use trusthub_onboard::flow::BundleStatus;
use trusthub_onboard::ledger::Ledger;
use trusthub_onboard::model::{Customer, PhoneNumber, PhoneNumbers, Sid};
use trusthub_onboard::plan::tag;
use trusthub_onboard::products::{CNAM, FLOW, SHAKEN_STIR, VOICE_INTEGRITY};
use trusthub_onboard::report::{Reporter, RowReport};
use trusthub_onboard::sandbox::{self, Edit, Kind, Resource, Undocumented, Verdict};

/// Every choice of products: each alone, each pair, and so on.
fn choices() -> Vec<Vec<BundleId>> {
    let all = FLOW.products;
    let chosen = |bits: usize| (0..all.len()).filter(|at| bits >> at & 1 == 1).map(|at| all[at]).collect();
    (1..1 << all.len()).map(chosen).collect()
}

/// What the results say of the only customer.
pub fn report(fixture: &Fixture) -> RowReport {
    let ledger = Ledger::open_for_reading(&fixture.ledger, &FLOW, &fixture.sandbox.id()).expect("a ledger");
    let reporter = Reporter::new(&FLOW, Some(&ledger), &fixture.policy, None);
    reporter.row(&Entry::Valid(Box::new(fixture.customers[0].clone()))).expect("a report")
}

fn products_of(fixture: &Fixture) -> Vec<Resource> {
    fixture.made().into_iter().filter(|it| it.kind == Kind::TrustProduct).collect()
}

fn is_of(resource: &Resource, bundle: BundleId) -> bool {
    resource.of == bundle.policy_sid
}

fn named(bundle: BundleId, sid: &str, row: Customer) -> Customer {
    let sid = Sid::parse(sid).expect("a SID");
    match bundle == &VOICE_INTEGRITY {
        true => Customer { trust_product: Some(sid), ..row },
        false => Customer { named_products: vec![(bundle.column, sid)], ..row },
    }
}

#[tokio::test]
async fn every_choice_of_products_is_made_under_one_profile_and_nothing_of_the_others() {
    for chosen in choices() {
        for submission in [Submission::ProductAfterApproval, Submission::ProductNow] {
            let mut fixture = Fixture::with(vec![customer_for(1, &chosen)]);
            fixture.policy.submission = submission;
            assert_eq!(fixture.outcome().await, Outcome::Approved, "{chosen:?} {submission:?}");
            let made = fixture.made();
            let count = |kind| made.iter().filter(|it| it.kind == kind).count();
            assert_eq!(count(Kind::CustomerProfile), 1, "{chosen:?}");
            let mut policies: Vec<String> = products_of(&fixture).into_iter().map(|it| it.of).collect();
            policies.sort_unstable();
            let mut wanted: Vec<&str> = chosen.iter().map(|it| it.policy_sid).collect();
            wanted.sort_unstable();
            assert_eq!(policies, wanted, "{chosen:?}");
            // Each number is on the profile and on each product.
            assert_eq!(count(Kind::ChannelEndpointAssignment), 2 * (1 + chosen.len()), "{chosen:?}");
            let report = report(&fixture);
            for bundle in FLOW.products {
                let status = if chosen.contains(bundle) { "twilio-approved" } else { "" };
                assert_eq!(cell(&report, &format!("{}_status", bundle.name)), status, "{chosen:?}");
                assert_eq!(cell(&report, &format!("{}_sid", bundle.name)).is_empty(), status.is_empty());
                let outcome = if chosen.contains(bundle) { "approved" } else { "" };
                assert_eq!(cell(&report, &format!("{}_outcome", bundle.name)), outcome, "{chosen:?}");
            }
            // A second run has nothing to do.
            let calls = fixture.changing_calls();
            assert!(fixture.run().await.expect("no fault").customers.is_empty(), "{chosen:?}");
            assert_eq!(fixture.changing_calls(), calls, "{chosen:?}");
        }
    }
}

/// What a person does at the API.
type Befall = Box<dyn Fn(&Fixture)>;

/// What happens to one product, how the row then ends, and how the product itself stands.
fn misfortunes(product: BundleId) -> Vec<(&'static str, Befall, Outcome)> {
    let account = customer(1).subaccount.to_string();
    let add = move |fixture: &Fixture, friendly_name: &str| {
        let (account, policy) = (account.clone(), product.policy_sid.to_owned());
        let edit = Edit::AddProduct { account, policy, friendly_name: friendly_name.to_owned() };
        fixture.sandbox.edit(edit).expect("an edit");
    };
    let twice = add.clone();
    vec![
        ("refused", Box::new(move |fixture| add(fixture, "By hand")), Outcome::Refused),
        (
            "unsure",
            Box::new(move |fixture| {
                let trusthub_onboard::flow::Verb::Create(resource) = product.made_by().verb else { return };
                let tag = tag(&customer(1).subaccount, resource.tag);
                twice(fixture, &format!("One{tag}"));
                twice(fixture, &format!("Two{tag}"));
            }),
            Outcome::Unsure,
        ),
    ]
}

#[tokio::test]
async fn what_befalls_one_product_holds_up_neither_the_others_nor_their_reviews() {
    for product in FLOW.products {
        for (how, befall, outcome) in misfortunes(product) {
            let context = format!("{product:?} {how}");
            let fixture = Fixture::with(vec![with_every_product(1)]);
            befall(&fixture);
            assert_eq!(fixture.outcome().await, outcome, "{context}");
            let row = report(&fixture);
            for bundle in FLOW.products {
                let own = if bundle == product { outcome } else { Outcome::Approved };
                assert_eq!(cell(&row, &format!("{}_outcome", bundle.name)), own.word(), "{context}");
            }
            for other in FLOW.bundles().filter(|it| it != product) {
                assert_eq!(
                    fixture.facts().status(other),
                    Some(BundleStatus::TwilioApproved),
                    "{context}: {other:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn one_rejected_product_leaves_the_others_approved_and_is_submitted_again_alone() {
    for product in FLOW.products {
        let mut fixture = Fixture::with(vec![with_every_product(1)]);
        fixture.wait_ms = 0;
        fixture.run().await.expect("no fault");
        // The second run finds the profile approved and submits all products.
        fixture.clock.set(trusthub_onboard::clock::Clock::now(&*fixture.clock) + 2_000);
        fixture.run().await.expect("no fault");
        let made = products_of(&fixture).into_iter().find(|it| is_of(it, product)).expect("it is made");
        let verdict = Verdict::Rejected(vec![11009]);
        fixture.sandbox.edit(Edit::Decide { bundle: made.sid, verdict }).expect("an edit");
        fixture.wait_ms = 600_000;
        assert_eq!(fixture.outcome().await, Outcome::Rejected, "{product:?}");
        for bundle in FLOW.bundles() {
            let status = match bundle == *product {
                true => BundleStatus::TwilioRejected,
                false => BundleStatus::TwilioApproved,
            };
            assert_eq!(fixture.facts().status(bundle), Some(status), "{product:?}: {bundle:?}");
        }
    }
}

#[tokio::test]
async fn a_product_added_later_is_made_on_the_profile_as_it_is() {
    for added in FLOW.products {
        let first: Vec<BundleId> = FLOW.products.iter().copied().filter(|it| it != added).collect();
        for first in first.iter().map(|one| vec![*one]).chain([first.clone()]) {
            let context = format!("{added:?} after {first:?}");
            let mut fixture = Fixture::with(vec![customer_for(1, &first)]);
            assert_eq!(fixture.outcome().await, Outcome::Approved, "{context}");
            let before: Vec<String> = fixture.made().into_iter().map(|it| it.sid).collect();
            let calls = fixture.sandbox.requests().count;
            let mut all = first.clone();
            all.push(added);
            fixture.customers = vec![customer_for(1, &all)];
            assert_eq!(fixture.outcome().await, Outcome::Approved, "{context}");
            let requests = fixture.sandbox.requests();
            let new = usize::try_from(requests.count - calls).expect("few");
            let posts: Vec<&str> = requests.latest[requests.latest.len() - new..]
                .iter()
                .filter(|it| it.method == POSTS)
                .map(|it| it.path.as_str())
                .collect();
            assert!(
                !posts.is_empty() && posts.iter().all(|path| !path.contains("CustomerProfiles")),
                "{posts:?}"
            );
            let after = fixture.made();
            assert!(before.iter().all(|sid| after.iter().any(|it| it.sid == *sid)), "{context}");
            let mut rows: Vec<BundleId> = FLOW.products.to_vec();
            rows.retain(|it| all.contains(it));
            fixture.is_as(&undisturbed(&[customer_for(1, &rows)]).await, &context);
        }
    }
}

#[tokio::test]
async fn a_product_that_is_wanted_no_more_is_left_as_it_is_and_still_told_of() {
    for left in FLOW.products {
        let mut fixture = Fixture::with(vec![with_every_product(1)]);
        assert_eq!(fixture.outcome().await, Outcome::Approved);
        let rest: Vec<BundleId> = FLOW.products.iter().copied().filter(|it| it != left).collect();
        let (world, calls) = (fixture.world(), fixture.changing_calls());
        fixture.customers = vec![customer_for(1, &rest)];
        assert!(fixture.run().await.expect("no fault").customers.is_empty(), "{left:?}");
        assert_eq!((fixture.world(), fixture.changing_calls()), (world, calls), "{left:?}");
        let row = report(&fixture);
        assert_eq!(row.outcome, Outcome::Approved);
        assert_eq!(cell(&row, &format!("{}_status", left.name)), "twilio-approved");
        // Somebody rejects it later: who only looks sees that, and the row is none the worse.
        let made = products_of(&fixture).into_iter().find(|it| is_of(it, left)).expect("it is made");
        let decide = Edit::Decide { bundle: made.sid, verdict: Verdict::Rejected(vec![]) };
        fixture.sandbox.edit(decide).expect("an edit");
        fixture.only = Only::ToLookAt;
        fixture.run().await.expect("no fault");
        let row = report(&fixture);
        assert_eq!(row.outcome, Outcome::Approved, "{left:?}");
        assert_eq!(cell(&row, &format!("{}_status", left.name)), "twilio-rejected");
    }
}

#[tokio::test]
async fn a_product_that_the_row_names_by_its_sid_is_used_and_none_is_made() {
    for product in FLOW.products {
        let fixture = Fixture::with(vec![with_every_product(1)]);
        let edit = Edit::AddProduct {
            account: customer(1).subaccount.to_string(),
            policy: product.policy_sid.to_owned(),
            friendly_name: "By hand".to_owned(),
        };
        let sid = fixture.sandbox.edit(edit).expect("an edit");
        let fixture = Fixture { customers: vec![named(product, &sid, with_every_product(1))], ..fixture };
        assert_eq!(fixture.outcome().await, Outcome::Approved, "{product:?}");
        let facts = fixture.facts();
        assert_eq!(facts.sid(product.made_by()).map(Sid::to_string), Some(sid.clone()), "{product:?}");
        let same = fixture.sandbox.resources();
        let same = same.iter().filter(|it| it.kind == Kind::TrustProduct && is_of(it, product)).count();
        assert_eq!(same, 1, "{product:?}");
        // One of another product, and one that is not there, are refused.
        for other in FLOW.products.iter().filter(|it| *it != product) {
            let mut fixture = Fixture::with(vec![with_every_product(1)]);
            let edit = Edit::AddProduct {
                account: customer(1).subaccount.to_string(),
                policy: other.policy_sid.to_owned(),
                friendly_name: "By hand".to_owned(),
            };
            let sid = fixture.sandbox.edit(edit).expect("an edit");
            fixture.customers = vec![named(product, &sid, customer_for(1, &[product]))];
            let end = fixture.end().await;
            let not_such = Some(Code::Ours(OurCode::NotSuchABundle));
            assert_eq!((end.outcome, end.code), (Outcome::Refused, not_such), "{product:?} {other:?}");
        }
    }
}

/// The products whose columns stand at the end.
fn others() -> Vec<BundleId> {
    FLOW.products.iter().copied().filter(|it| *it != &VOICE_INTEGRITY).collect()
}

#[tokio::test]
async fn products_that_came_before_the_approval_go_again_or_say_that_they_were_rejected() {
    for (word, outcome) in [("11005", Outcome::Approved), ("none", Outcome::Rejected)] {
        let mut undocumented = Undocumented::default();
        undocumented.set(&format!("unapproved-profile-code={word}")).expect("a setting");
        let settings = sandbox::Settings { undocumented: undocumented.clone(), ..Default::default() };
        let mut fixture = Fixture::set(vec![with_every_product(1)], settings);
        fixture.policy.submission = Submission::ProductNow;
        assert_eq!(fixture.outcome().await, outcome, "{word}");
        let status = |bundle| fixture.facts().status(bundle);
        assert_eq!(status(&VOICE_INTEGRITY), Some(BundleStatus::TwilioApproved), "{word}");
        assert_eq!(status(&CNAM), Some(BundleStatus::TwilioApproved), "{word}");
        let wanted = match outcome {
            Outcome::Rejected => BundleStatus::TwilioRejected,
            _ => BundleStatus::TwilioApproved,
        };
        assert_eq!(status(&SHAKEN_STIR), Some(wanted), "{word}");
        // The default waits for the approval, whatever the code would be.
        let settings = sandbox::Settings { undocumented, ..Default::default() };
        let fixture = Fixture::set(vec![with_every_product(1)], settings);
        assert_eq!(fixture.outcome().await, Outcome::Approved, "{word}");
    }
}

#[tokio::test]
async fn where_the_api_takes_no_evaluation_of_a_product_its_review_decides() {
    let mut undocumented = Undocumented::default();
    undocumented.set("evaluation-call=refused").expect("a setting");
    let settings = sandbox::Settings { undocumented, ..Default::default() };
    let fixture = Fixture::set(vec![with_every_product(1)], settings);
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    for product in FLOW.products {
        let noted = matches!(
            fixture.facts().state(product.steps.evaluation),
            Some(StepState::Done { note: Some(_), .. })
        );
        assert!(noted, "{product:?}");
    }
}

#[tokio::test]
async fn a_rehearsal_of_every_choice_of_products_is_clean_and_a_missing_one_is_not() {
    for chosen in choices() {
        let row = customer_for(1, &chosen);
        let fixture = Fixture::with(vec![row.clone()]);
        assert_eq!(fixture.outcome().await, Outcome::Approved, "{chosen:?}");
        let judged = |wanted: &Customer| judge(&fixture, &row, wanted, &fixture.made());
        assert!(judged(&row).is_clean(), "{chosen:?}: {:?}", judged(&row));
        for other in choices().into_iter().filter(|it| *it != chosen) {
            assert!(!judged(&customer_for(1, &other)).is_clean(), "{chosen:?} instead of {other:?}");
        }
    }
}

#[tokio::test]
async fn the_columns_of_further_products_stand_behind_those_that_there_were() {
    let fixture = Fixture::with(vec![with_every_product(1)]);
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    let columns = trusthub_onboard::report::result_columns(&FLOW);
    let at = |name: &str| columns.iter().position(|it| it == name).unwrap_or_else(|| panic!("no {name}"));
    let end = at("finished_at");
    let of_first = ["customer_profile", "trust_product"].map(|name| at(&format!("{name}_status")));
    assert!(of_first.iter().all(|it| *it < end));
    let row = report(&fixture);
    let mut sids: BTreeMap<String, &str> = BTreeMap::new();
    for bundle in others() {
        for column in [format!("{}_sid", bundle.name), format!("{}_status", bundle.name)] {
            assert!(at(&column) > end, "{column}");
        }
        for step in bundle.steps.contents {
            assert!(at(&format!("{step}_sid")) > end);
            let before = sids.insert(cell(&row, &format!("{step}_sid")), step.name);
            assert!(before.is_none() && !cell(&row, &format!("{step}_sid")).is_empty(), "{step}");
        }
        assert_eq!(cell(&row, &format!("{}_status", bundle.name)), "twilio-approved");
    }
}

/// A subaccount with these numbers, and a row for every product that names them.
fn with_numbers(numbers: &[(&str, &str)], named: PhoneNumbers) -> Fixture {
    let row = Customer { phone_numbers: named, ..with_every_product(1) };
    let mut seed = crate::fixture::seed(std::slice::from_ref(&row));
    seed.accounts[0].phone_numbers =
        numbers.iter().map(|(sid, e164)| ((*sid).to_owned(), (*e164).to_owned())).collect();
    Fixture::seeded(vec![row], sandbox::Settings::default(), seed)
}

const LOCAL: (&str, &str) = ("PN000000000000000000000000000000a1", "+16285550101");
const TOLL_FREE: (&str, &str) = ("PN000000000000000000000000000000a2", "+18885550123");
const CANADIAN: (&str, &str) = ("PN000000000000000000000000000000a3", "+14165550130");

fn by_sid(numbers: &[(&str, &str)]) -> PhoneNumbers {
    let sid = |it: &(&str, &str)| PhoneNumber::Sid(Sid::parse(it.0).expect("a SID"));
    PhoneNumbers::Listed(numbers.iter().map(sid).collect())
}

fn by_digits(numbers: &[(&str, &str)]) -> PhoneNumbers {
    PhoneNumbers::Listed(numbers.iter().map(|it| PhoneNumber::E164(it.1.to_owned())).collect())
}

fn numbers_on(fixture: &Fixture, bundle: BundleId) -> Vec<String> {
    let sid = fixture.facts().sid(bundle.made_by()).map(Sid::to_string);
    let made = fixture.made().into_iter();
    let on_it = made.filter(|it| it.kind == Kind::ChannelEndpointAssignment && it.bundle_sid == sid);
    let mut numbers: Vec<String> = on_it.filter_map(|it| it.object_sid).collect();
    numbers.sort_unstable();
    numbers
}

#[tokio::test]
async fn a_number_that_cnam_does_not_take_is_left_off_it_alone_and_said_however_the_row_names_it() {
    let all = [LOCAL, TOLL_FREE, CANADIAN];
    for named in [PhoneNumbers::All, by_sid(&all), by_digits(&all)] {
        let fixture = with_numbers(&all, named);
        assert_eq!(fixture.outcome().await, Outcome::Approved);
        for bundle in FLOW.bundles() {
            let wanted: Vec<&str> =
                all.iter().filter(|it| bundle != &CNAM || **it == LOCAL).map(|it| it.0).collect();
            assert_eq!(numbers_on(&fixture, bundle), wanted, "{bundle:?}");
        }
        let row = report(&fixture);
        assert_eq!((row.phone_numbers_assigned, row.phone_numbers_refused), (3, 0));
        let remark = "2 numbers left off CNAM, which takes US long codes only";
        assert_eq!(row.words(), remark);
        for number in &row.phone_numbers {
            assert_eq!(number.state.word(), "assigned");
            let is_left_off = number.sid.as_deref() != Some(LOCAL.0);
            assert_eq!(number.code.as_deref() == Some("number_not_eligible"), is_left_off);
        }
        // A second run has nothing to ask for; which are `all` numbers, the account is asked.
        let calls = fixture.changing_calls();
        let is_looked_at = matches!(fixture.customers[0].phone_numbers, PhoneNumbers::All);
        assert_eq!(fixture.run().await.expect("no fault").customers.len(), usize::from(is_looked_at));
        assert_eq!(fixture.changing_calls(), calls);
    }
}

#[tokio::test]
async fn a_product_that_takes_no_number_of_the_row_is_refused_by_itself() {
    for named in [PhoneNumbers::All, by_sid(&[TOLL_FREE, CANADIAN]), by_digits(&[TOLL_FREE, CANADIAN])] {
        let mut fixture = with_numbers(&[TOLL_FREE, CANADIAN], named);
        let end = fixture.end().await;
        assert_eq!(end.outcome, Outcome::Refused);
        assert_eq!(end.code, Some(Code::Ours(OurCode::NumberNotEligible)));
        let row = report(&fixture);
        assert_eq!(row.outcome, Outcome::Refused);
        assert!(row.hint().contains("leave out the product"), "{}", row.hint());
        for bundle in FLOW.bundles().filter(|it| *it != &CNAM) {
            assert_eq!(fixture.facts().status(bundle), Some(BundleStatus::TwilioApproved), "{bundle:?}");
        }
        // Without the product the row is through.
        let calls = fixture.changing_calls();
        fixture.customers[0].products.retain(|it| Some(*it) != CNAM.product);
        fixture.run().await.expect("no fault");
        assert_eq!(fixture.changing_calls(), calls);
        assert_eq!(report(&fixture).outcome, Outcome::Approved);
    }
}

#[tokio::test]
async fn cnam_added_to_a_customer_of_long_ago_finds_out_which_numbers_it_takes() {
    let all = [LOCAL, TOLL_FREE];
    for named in [PhoneNumbers::All, by_sid(&all), by_digits(&all)] {
        let mut fixture = with_numbers(&all, named.clone());
        let before = Customer { phone_numbers: named.clone(), ..customer_for(1, &[&VOICE_INTEGRITY]) };
        fixture.customers = vec![before];
        assert_eq!(fixture.outcome().await, Outcome::Approved);
        fixture.customers =
            vec![Customer { phone_numbers: named, ..customer_for(1, &[&VOICE_INTEGRITY, &CNAM]) }];
        assert_eq!(fixture.outcome().await, Outcome::Approved);
        assert_eq!(numbers_on(&fixture, &CNAM), [LOCAL.0]);
        assert_eq!(numbers_on(&fixture, &VOICE_INTEGRITY), [LOCAL.0, TOLL_FREE.0]);
    }
}
