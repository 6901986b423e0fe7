//! The verdict of a rehearsal: a world in which anything says something else than the row is not clean.

use crate::fixture::{Fixture, seed, with_every_product};
use serde_json::{Map, Value};
use trusthub_onboard::check::Entry;
use trusthub_onboard::facts::Outcome;
use trusthub_onboard::ledger::Ledger;
use trusthub_onboard::model::Customer;
use trusthub_onboard::products::FLOW;
use trusthub_onboard::report::{Expected, Reporter, ResultsPaths, Verdict, verdict};
use trusthub_onboard::sandbox::{Kind, Resource};

/// What is judged of a world that was made for `row`, if it should be that of `wanted`.
pub fn judge(fixture: &Fixture, row: &Customer, wanted: &Customer, world: &[Resource]) -> Verdict {
    let paths = ResultsPaths::beside(&fixture.folder.path().join("results.csv"));
    let ledger = Ledger::open_for_reading(&fixture.ledger, &FLOW, &fixture.sandbox.id()).expect("a ledger");
    let results = Reporter::new(&FLOW, Some(&ledger), &fixture.policy, None);
    let entries = || -> Result<Box<dyn Iterator<Item = _>>, _> {
        Ok(Box::new(std::iter::once(Ok(Entry::Valid(Box::new(row.clone()))))))
    };
    results.write(&paths, entries, |_| ()).expect("results");
    let expected = [Expected::of(wanted, &seed(std::slice::from_ref(row)))];
    verdict(&expected, world, &paths.results, &paths.numbers).expect("a verdict")
}

/// A fixture with one approved customer, and what is judged of a world.
async fn approved() -> (Fixture, Customer) {
    let mut row = with_every_product(1);
    row.status_callback = Some("https://reseller.com/twilio".to_owned());
    row.voice_integrity.notes = "Weekdays only".to_owned();
    let fixture = Fixture::with(vec![row.clone()]);
    assert_eq!(fixture.outcome().await, Outcome::Approved);
    (fixture, row)
}

/// The same resource with each thing that it says changed in turn.
fn changed(resource: &Resource) -> Vec<(String, Resource)> {
    let mut all = vec![];
    let mut with = |what: &str, change: &dyn Fn(&mut Resource)| {
        let mut other = resource.clone();
        change(&mut other);
        all.push((what.to_owned(), other));
    };
    let is_bundle = matches!(resource.kind, Kind::CustomerProfile | Kind::TrustProduct);
    if is_bundle {
        with("name", &|it| it.friendly_name = it.friendly_name.replacen('B', "C", 1));
        with("email", &|it| it.email = Some("nobody@reseller.com".to_owned()));
        with("status_callback", &|it| it.status_callback = None);
        with("another status_callback", &|it| it.status_callback = Some("https://reseller.com/".to_owned()));
    }
    if resource.kind == Kind::ChannelEndpointAssignment {
        with("number", &|it| it.object_sid = Some("PN00000000000000000000000000000bad".to_owned()));
    }
    let attributes: Map<String, Value> =
        resource.attributes.as_deref().and_then(|it| serde_json::from_str(it).ok()).unwrap_or_default();
    // What the API adds of its own.
    let own = ["account_sid", "date_created", "date_updated", "emergency_enabled", "friendly_name", "sid"];
    let own = |key: &str| own.contains(&key) || ["uri", "validated", "verified"].contains(&key);
    for key in attributes.keys().filter(|key| !own(key)) {
        for value in [Some(Value::from("something else")), Some(Value::Null), None] {
            let mut other = attributes.clone();
            match value {
                Some(value) => other.insert(key.clone(), value),
                None => other.remove(key),
            };
            // Nothing and an empty text are one.
            if attributes[key].as_str().is_none_or(str::is_empty) && other.get(key).is_none_or(Value::is_null)
            {
                continue;
            }
            let text = Value::Object(other).to_string();
            with(key, &|it| it.attributes = Some(text.clone()));
        }
    }
    all
}

#[tokio::test]
async fn a_world_with_one_thing_that_the_row_does_not_say_is_not_clean() {
    let (fixture, row) = approved().await;
    let judged = |world: &[Resource]| judge(&fixture, &row, &row, world);
    let world = fixture.made();
    let verdict = judged(&world);
    assert!(verdict.is_clean(), "{verdict:?}");
    let mut tried = 0;
    for (at, resource) in world.iter().enumerate() {
        for (what, other) in changed(resource) {
            let mut world = world.clone();
            let context = format!("{:?} {}: {what}", other.kind, other.of);
            world[at] = other;
            let verdict = judged(&world);
            assert!(!verdict.is_clean() && verdict.approved == 0, "{context}");
            assert!(!verdict.unclean.is_empty(), "{context}");
            tried += 1;
        }
    }
    assert!(tried > 60, "only {tried} changes");
}
