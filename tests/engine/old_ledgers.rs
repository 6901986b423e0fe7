//! Ledgers that earlier releases have left behind, each with the sheet and the world that it belongs to. How they
//! were made says `tests/fixtures/ledgers/make.py`.

use crate::checks::sids;
use crate::fixture::Fixture;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use trusthub_onboard::check::{self, Entry, Products, Rules};
use trusthub_onboard::facts::{Facts, Outcome, StepState};
use trusthub_onboard::flow::BundleStatus;
use trusthub_onboard::ledger::Ledger;
use trusthub_onboard::model::{Customer, Sid};
use trusthub_onboard::products::{self, FLOW, PROFILE, VOICE_INTEGRITY};
use trusthub_onboard::sandbox::{self, Kind, Method, Resource, Seed};
use trusthub_onboard::sheet::{Options, Source};

/// The sandbox of the command line, whose world it is.
const PARENT: &str = "AC5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";
const PARENT_TOKEN: &str = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";
const PRIMARY: &str = "BU5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";

/// What an earlier release has left behind.
fn left_by(release: &str) -> Fixture {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/ledgers");
    let file = |end: &str| fixtures.join(format!("{release}.{end}"));
    let journal = tempfile::NamedTempFile::new().expect("a file").into_temp_path().keep().expect("kept");
    std::fs::copy(file("world"), &journal).expect("a world");
    let seed = Seed {
        parent_sid: PARENT.to_owned(),
        parent_token: PARENT_TOKEN.to_owned(),
        primary_profile_sid: PRIMARY.to_owned(),
        accounts: vec![],
    };
    let settings = sandbox::Settings { journal: Some(journal.clone()), ..sandbox::Settings::default() };
    let mut fixture = Fixture::seeded(customers(&file("csv")), settings, seed);
    (fixture.parent, fixture.parent_token) = (PARENT.to_owned(), PARENT_TOKEN.to_owned());
    std::fs::copy(file("sqlite"), &fixture.ledger).expect("a ledger");
    // The sandbox answers at another address than then.
    let ledger = rusqlite::Connection::open(&fixture.ledger).expect("a ledger");
    let renamed = ledger.execute("UPDATE worlds SET name = ?1", [fixture.sandbox.id()]).expect("written");
    assert_eq!(renamed, 1);
    let _ = std::fs::remove_file(journal);
    fixture
}

fn customers(sheet: &Path) -> Vec<Customer> {
    let source = Source::new(sheet, Options::default()).expect("a sheet");
    let known = products::known();
    let wanted = known.iter().copied().filter(|it| it.name == "voice_integrity").collect();
    let rules = Rules { products: Products { known, wanted }, ..Rules::default() };
    let validation = check::validate(&source, &rules, &mut |_| ()).expect("a sheet");
    let entries = check::customers(&source, &rules, &validation).expect("rows");
    let customers = entries.map(|entry| match entry {
        Ok(Entry::Valid(customer)) => *customer,
        other => panic!("row {:?} is not valid", other.map(|it| it.row())),
    });
    customers.collect()
}

/// What the ledger has of each customer.
fn facts(fixture: &Fixture) -> BTreeMap<Sid, Facts> {
    let ledger = Ledger::open_for_reading(&fixture.ledger, &FLOW, &fixture.sandbox.id()).expect("a ledger");
    let facts = |it: &Customer| (it.subaccount.clone(), ledger.customer(&it.subaccount).expect("facts").0);
    fixture.customers.iter().map(facts).collect()
}

fn backups(ledger: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(ledger.parent().expect("a folder")).expect("a folder").flatten();
    files.map(|it| it.path()).filter(|it| it.to_string_lossy().contains(".format-1-")).collect()
}

fn is_approved(facts: &Facts) -> bool {
    // What there was to ask for in that release.
    [&PROFILE, &VOICE_INTEGRITY].into_iter().all(|it| facts.status(it) == Some(BundleStatus::TwilioApproved))
}

/// What stands twice: two things of one name, or one thing twice on a bundle.
fn twins(made: &[Resource]) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut twins = BTreeSet::new();
    for it in made {
        let what = match it.friendly_name.is_empty() {
            true => format!("{:?} {:?} {:?}", it.kind, it.bundle_sid, it.object_sid),
            false => format!("{:?} {} {}", it.kind, it.account_sid, it.friendly_name),
        };
        if !seen.insert(what.clone()) {
            twins.insert(what);
        }
    }
    twins
}

#[test]
fn the_ledger_of_f082880_has_every_state_that_a_customer_can_be_in() {
    let fixture = left_by("f082880");
    let mut states = BTreeSet::new();
    for facts in facts(&fixture).values() {
        for (key, state) in facts.states() {
            let state = match state {
                StepState::Started { sid: None, .. } => "started".to_owned(),
                StepState::Started { sid: Some(_), .. } => "update started".to_owned(),
                StepState::Done { .. } => "done".to_owned(),
                StepState::Seen { status, .. } => status.word().to_owned(),
                StepState::Refused { .. } => "refused".to_owned(),
                StepState::Unsure { .. } => "unsure".to_owned(),
                StepState::Removed => "removed".to_owned(),
            };
            states.insert((key.step.name, state));
        }
    }
    let has = |step: &str, state: &str| states.iter().any(|it| it.0 == step && it.1 == state);
    for (step, state) in [
        ("primary_profile_assignment", "started"),
        ("address", "started"),
        ("business_information", "started"),
        ("business_information_assignment", "started"),
        ("customer_profile_phone_numbers", "started"),
        ("customer_profile_phone_numbers", "refused"),
        ("customer_profile_evaluation", "started"),
        ("customer_profile_submission", "started"),
        ("customer_profile_review", "pending-review"),
        ("customer_profile_review", "twilio-approved"),
        ("customer_profile_review", "twilio-rejected"),
        ("customer_profile", "unsure"),
        ("representative_2_assignment", "removed"),
        ("voice_integrity_information", "started"),
        ("trust_product_phone_numbers", "started"),
        ("trust_product_submission", "started"),
        ("trust_product_review", "pending-review"),
        ("trust_product_review", "twilio-approved"),
    ] {
        assert!(has(step, state), "{step} {state} is not among {states:#?}");
    }
}

#[tokio::test]
async fn every_customer_of_a_ledger_of_f082880_is_finished_and_nothing_is_made_twice_or_lost() {
    let fixture = left_by("f082880");
    let (before, made_before) = (facts(&fixture), fixture.made());
    let ended = fixture.run().await.expect("no fault");
    let (after, made) = (facts(&fixture), fixture.made());
    let [backup] = backups(&fixture.ledger).try_into().expect("one backup");
    let ended_otherwise: BTreeMap<&Sid, Outcome> = ended
        .customers
        .iter()
        .map(|it| (it.0, it.1.outcome))
        .filter(|it| it.1 != Outcome::Approved)
        .collect();
    let mut outcomes: Vec<Outcome> = ended_otherwise.values().copied().collect();
    outcomes.sort_unstable();
    assert_eq!(outcomes, [Outcome::Rejected, Outcome::Unsure], "{ended_otherwise:?}");
    for (customer, facts) in &after {
        let context = format!("{customer}: {:?}", before[customer].states().collect::<Vec<_>>());
        assert_eq!(is_approved(facts), !ended_otherwise.contains_key(customer), "{context}");
        // Who was approved is not touched any more.
        if is_approved(&before[customer]) {
            let requests = fixture.sandbox.requests().latest;
            let theirs = requests.iter().filter(|it| it.account_sid.as_deref() == Some(customer.as_str()));
            assert_eq!(theirs.filter(|it| it.method != Method::Get).count(), 0, "{context}");
        }
    }
    // Somebody has made a second profile of one customer.
    let of_others = twins(&made_before);
    assert_eq!(of_others.len(), 1);
    assert_eq!(twins(&made), of_others);
    let still_there: BTreeSet<&str> = made.iter().map(|it| it.sid.as_str()).collect();
    let in_the_ledger: BTreeSet<String> = after.values().flat_map(sids).collect();
    for it in &made_before {
        let is_assignment = matches!(it.kind, Kind::EntityAssignment | Kind::ChannelEndpointAssignment);
        assert!(is_assignment || still_there.contains(it.sid.as_str()), "{it:?} was removed");
    }
    let is_ours = |it: &&Resource| {
        // What is on a profile that the row names is not this ledger's.
        let names_one = |row: &&Customer| row.customer_profile.is_some();
        let others = fixture.customers.iter().filter(names_one).map(|row| &row.subaccount);
        !others.chain(ended_otherwise.keys().copied()).any(|one| one.as_str() == it.account_sid)
    };
    for it in made.iter().filter(is_ours) {
        assert!(in_the_ledger.contains(&it.sid), "{it:?} is not in the ledger");
    }
    // Nothing is left to do, and the backup is the ledger as it was.
    let calls = fixture.changing_calls();
    fixture.run().await.expect("no fault");
    assert_eq!(fixture.changing_calls(), calls);
    let as_it_was = Fixture { ledger: backup, ..fixture };
    let states = |all: &BTreeMap<Sid, Facts>| {
        format!("{:?}", all.values().map(|it| it.states().collect::<Vec<_>>()).collect::<Vec<_>>())
    };
    assert_eq!(states(&facts(&as_it_was)), states(&before));
}
