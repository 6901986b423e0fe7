//! What the program has made is taken away again: all of it, nothing else, whatever happens on the way.

use crate::checks::sids;
use crate::fixture::{Fixture, customer, with_every_product};
use crate::watch::{Killer, Moment, watching};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tokio_util::sync::CancellationToken;
use trusthub_onboard::clock::Clock;
use trusthub_onboard::engine::YoungLedger;
use trusthub_onboard::events::{Event, Nobody, Observer};
use trusthub_onboard::facts::{Code, OurCode, Outcome, Submission};
use trusthub_onboard::flow::{BundleId, Method};
use trusthub_onboard::ledger::{Ledger, PastRun};
use trusthub_onboard::model::{Customer, Fault, Sid};
use trusthub_onboard::products::{FLOW, SHAKEN_STIR, VOICE_INTEGRITY};
use trusthub_onboard::sandbox::{self, Edit, Faults, Kind, Lag, Undocumented, Verdict};
use trusthub_onboard::twilio::{Client, Endpoint, Identity, Pace, Rate, Timeouts};
use trusthub_onboard::undo::{Account, Deletion, Entry, Fate, Outlook, Scope, Settings, Undo, Why};

pub const DRAFTS: Scope = Scope { rejected: false, approved: false, run: None };
pub const EVERYTHING: Scope = Scope { rejected: true, approved: true, run: None };

/// What an undo said before and after.
pub struct Undone {
    pub told: Vec<Deletion>,
    pub entries: Vec<Entry>,
}

impl Undone {
    pub fn of(&self, fate: Fate) -> Vec<&Entry> {
        self.entries.iter().filter(|it| it.why.fate() == fate).collect()
    }

    #[track_caller]
    pub fn why(&self, sid: &str) -> &Why {
        let of_it = |it: &&Entry| it.sid.as_ref().is_some_and(|it| it.as_str() == sid);
        &self.entries.iter().find(of_it).unwrap_or_else(|| panic!("{sid} is not in {:#?}", self.entries)).why
    }
}

/// An undo that is put together by hand, to be disturbed between its look and its work.
pub struct InHand {
    pub undo: Arc<Undo>,
    pub outlooks: Vec<Outlook>,
}

impl Fixture {
    /// As `undo SHEET` would: every customer, with the bundles that its row names.
    pub fn accounts(&self) -> Vec<Account> {
        let named = |customer: &Customer| {
            let of = |bundle: BundleId| Some((bundle, bundle.named_by(customer)?.clone()));
            FLOW.bundles().filter_map(of).collect()
        };
        let account = |it: &Customer| Account { subaccount: it.subaccount.clone(), named: Some(named(it)) };
        self.customers.iter().map(account).collect()
    }

    /// As `undo SUBACCOUNT…` would.
    pub fn subaccounts(&self) -> Vec<Account> {
        self.accounts().into_iter().map(|it| Account { named: None, ..it }).collect()
    }

    async fn open_undo(
        &self,
        scope: Scope,
        observer: Arc<dyn Observer>,
        stop: CancellationToken,
    ) -> Result<Arc<Undo>, Fault> {
        let base_url = self.serve().await;
        self.clock.on_their_way.store(0, Ordering::SeqCst);
        let observer = self.counting(&observer);
        let ledger =
            Ledger::open(&self.ledger, &FLOW, &self.sandbox.id(), self.clock.now(), observer.clone())?;
        let clock: Arc<dyn Clock> = self.clock.clone();
        let timeouts = Timeouts { connect_ms: 5_000, call_ms: self.call_ms };
        let pace = Pace::new(Rate::Unlimited, clock.clone());
        let client = Client::new(&Endpoint::other(&base_url)?, timeouts, pace, clock.clone(), observer)?;
        let parent = Sid::parse(&self.parent).expect("a SID");
        let settings = Settings {
            flow: &FLOW,
            parent: Identity { account: parent, token: self.parent_token.clone().into() },
            scope,
            visibility_window_ms: self.policy.visibility_window_ms,
            call_timeout_ms: self.policy.call_timeout_ms,
            concurrency: self.concurrency,
            young_ledger: YoungLedger::Waits,
        };
        Ok(Undo::new(settings, client, ledger, clock, stop))
    }

    pub async fn look(&self, scope: Scope, accounts: &[Account]) -> InHand {
        let undo = self.open_undo(scope, Arc::new(Nobody), CancellationToken::new()).await.expect("no fault");
        let changed = self.changing_calls();
        let outlooks = undo.look(accounts).await.expect("no fault");
        assert_eq!(self.changing_calls(), changed, "a look has changed something");
        InHand { undo, outlooks }
    }

    pub async fn undo_whatever_happens(
        &self,
        scope: Scope,
        accounts: &[Account],
        observer: Arc<dyn Observer>,
        stop: CancellationToken,
    ) -> Result<Undone, Fault> {
        let undo = self.open_undo(scope, observer, stop).await?;
        let done = async {
            let outlooks = undo.look(accounts).await?;
            let told = outlooks.iter().flat_map(Outlook::deletions).collect();
            Ok(Undone { told, entries: undo.take_away(outlooks).await? })
        };
        let done = done.await;
        undo.close()?;
        done
    }

    pub async fn undo(&self, scope: Scope) -> Undone {
        self.undo_of(scope, &self.accounts()).await
    }

    pub async fn undo_of(&self, scope: Scope, accounts: &[Account]) -> Undone {
        let (nobody, stop) = (Arc::new(Nobody), CancellationToken::new());
        self.undo_whatever_happens(scope, accounts, nobody, stop).await.expect("no fault")
    }

    /// The deletions that the sandbox was asked for, in their order.
    pub fn deletions(&self) -> Vec<String> {
        let all = self.sandbox.requests().latest.into_iter();
        let mut paths: Vec<String> =
            all.filter(|it| it.method == sandbox::Method::Delete).map(|it| it.path).collect();
        paths.dedup();
        paths
    }

    /// Every SID that the ledger's history has.
    pub fn sids_of_the_past(&self) -> BTreeSet<String> {
        self.past().into_iter().collect()
    }

    /// The SIDs of what was made, in the order in which they were written down.
    pub fn past(&self) -> Vec<String> {
        let connection = rusqlite::Connection::open(&self.ledger).expect("a ledger");
        let mut statement = connection
            .prepare("SELECT sid FROM history WHERE state = 'done' AND sid IS NOT NULL GROUP BY sid ORDER BY min(id)")
            .expect("a statement");
        statement.query_map([], |row| row.get(0)).expect("lines").map(|it| it.expect("a SID")).collect()
    }

    #[track_caller]
    pub fn sids_made(&self, kind: Kind) -> Vec<String> {
        self.made().into_iter().filter(|it| it.kind == kind).map(|it| it.sid).collect()
    }

    /// The ledger and all that belongs to it are lost.
    pub fn lose_the_ledger(&self) {
        for end in ["", "-wal", "-shm", ".lock"] {
            let _ = std::fs::remove_file(PathBuf::from(format!("{}{end}", self.ledger.display())));
        }
    }
}

/// Customers whose bundles are all drafts.
pub async fn drafts(customers: Vec<Customer>) -> Fixture {
    let mut fixture = Fixture::with(customers);
    fixture.policy.submission = Submission::Never;
    fixture.run().await.expect("no fault");
    fixture
}

/// Customers whose bundles are all approved, at an API that answers so.
pub async fn approved(customers: Vec<Customer>, undocumented: Undocumented) -> Fixture {
    let settings = sandbox::Settings { undocumented, ..sandbox::Settings::default() };
    let fixture = Fixture::set(customers, settings);
    let ended = fixture.run().await.expect("no fault");
    assert!(ended.customers.values().all(|it| it.outcome == Outcome::Approved));
    fixture
}

pub fn lenient() -> Undocumented {
    let mut undocumented = Undocumented::default();
    for setting in ["deletion-of-rejected=accepted", "deletion-of-approved=accepted"] {
        undocumented.set(setting).expect(setting);
    }
    undocumented
}

#[tokio::test]
async fn drafts_are_taken_away_in_the_reverse_order_of_their_making_and_a_run_makes_everything_again() {
    let mut fixture = drafts(vec![with_every_product(1)]).await;
    let (world, made) = (fixture.world(), fixture.past());
    let before: BTreeSet<String> = fixture.made().into_iter().map(|it| it.sid).collect();
    let undone = fixture.undo(DRAFTS).await;
    assert_eq!(fixture.world(), [] as [String; 0]);
    assert_eq!(undone.of(Fate::Removed).len(), before.len());
    assert_eq!(undone.of(Fate::Removed).len(), undone.entries.len(), "{:#?}", undone.entries);
    // The numbers of one bundle stand in no order.
    let last =
        |path: &String| Sid::parse(path.rsplit('/').next().unwrap_or_default().trim_end_matches(".json"));
    let taken: Vec<String> = fixture.deletions().iter().filter_map(last).map(|it| it.to_string()).collect();
    let mut expected: Vec<String> = made.into_iter().filter(|it| before.contains(it)).collect();
    expected.reverse();
    let place = |sid: &String| taken.iter().position(|it| it == sid).expect("it was taken");
    let is_number = |sid: &String| sid.starts_with("RA");
    let places: Vec<usize> = expected.iter().filter(|it| !is_number(it)).map(place).collect();
    assert!(places.is_sorted(), "{taken:#?} is not {expected:#?}");
    assert_eq!(sids(&fixture.facts()), BTreeSet::new());
    assert!(before.is_subset(&fixture.sids_of_the_past()), "no SID is lost");
    assert_eq!(fixture.report().outcome, Outcome::NotAttempted);
    // Once more there is nothing to do.
    assert_eq!(fixture.undo(DRAFTS).await.entries, []);
    fixture.run().await.expect("no fault");
    assert_eq!(fixture.world(), world);
    assert!(fixture.made().iter().all(|it| !before.contains(&it.sid)));
    fixture.has_every_sid("made again");
    fixture.policy.submission = Submission::ProductAfterApproval;
    assert_eq!(fixture.outcome().await, Outcome::Approved);
}

/// What is left of the foretold calls where the API wants no numbers off first, and all of them where it does.
fn calls(told: &[Deletion], numbers_first: bool) -> Vec<String> {
    let mut paths: Vec<String> =
        told.iter().filter(|it| numbers_first || !it.only_if_asked).map(|it| it.path.clone()).collect();
    paths.dedup();
    paths
}

#[tokio::test]
async fn every_deletion_is_foretold_call_by_call() {
    for products in [vec![&VOICE_INTEGRITY], FLOW.products.to_vec(), vec![&SHAKEN_STIR]] {
        let fixture = drafts(vec![crate::fixture::customer_for(1, &products)]).await;
        let undone = fixture.undo(DRAFTS).await;
        assert!(undone.told.len() > 15);
        assert_eq!(calls(&undone.told, true), fixture.deletions());
    }
    let fixture = approved(vec![with_every_product(1)], lenient()).await;
    let undone = fixture.undo(EVERYTHING).await;
    assert!(undone.told.iter().any(|it| it.only_if_asked));
    assert_eq!(calls(&undone.told, true), fixture.deletions());
    assert_eq!(fixture.world(), [] as [String; 0]);
    // An API that does not want the numbers off first.
    let mut easier = lenient();
    easier.set("deletion-with-numbers=accepted").expect("a setting");
    let fixture = approved(vec![with_every_product(1)], easier).await;
    let undone = fixture.undo(EVERYTHING).await;
    assert_eq!(calls(&undone.told, false), fixture.deletions());
    assert_eq!(fixture.world(), [] as [String; 0]);
}

#[tokio::test]
async fn drafts_are_taken_away_whatever_the_api_says_to_things_that_are_in_use() {
    for setting in [
        "deletion-with-entities=refused",
        "deletion-of-assigned=accepted",
        "deletion-of-drafts-address=accepted",
    ] {
        let mut undocumented = Undocumented::default();
        undocumented.set(setting).expect(setting);
        let settings = sandbox::Settings { undocumented, ..sandbox::Settings::default() };
        let mut fixture = Fixture::set(vec![with_every_product(1)], settings);
        fixture.policy.submission = Submission::Never;
        fixture.run().await.expect("no fault");
        let undone = fixture.undo(DRAFTS).await;
        assert_eq!(undone.of(Fate::Removed).len(), undone.entries.len(), "{setting}: {:#?}", undone.entries);
        assert_eq!(fixture.world(), [] as [String; 0], "{setting}");
    }
}

impl Fixture {
    /// Submits a bundle as a person in the Console would.
    pub fn submit_by_hand(&self, bundle: &str) {
        self.edit(Edit::Decide { bundle: bundle.to_owned(), verdict: Verdict::Stuck });
    }

    pub fn edit(&self, edit: Edit) -> String {
        self.sandbox.edit(edit).expect("an edit")
    }

    /// The bundles of that kind in the first customer's account, whoever made them.
    pub fn bundles(&self, kind: Kind) -> BTreeSet<String> {
        let account = self.customers[0].subaccount.as_str();
        let all = self.sandbox.resources().into_iter();
        all.filter(|it| it.kind == kind && it.account_sid == account).map(|it| it.sid).collect()
    }

    pub fn sids_left(&self) -> BTreeSet<String> {
        self.made().into_iter().map(|it| it.sid).collect()
    }
}

#[tokio::test]
async fn an_account_that_cannot_be_looked_at_says_why_and_the_others_go_on() {
    for status in ["suspended", "closed"] {
        let fixture = drafts(vec![customer(1), customer(2)]).await;
        let barred = fixture.customers[0].subaccount.clone();
        fixture.edit(Edit::SetAccountStatus { account: barred.to_string(), status: status.to_owned() });
        let mut accounts = fixture.accounts();
        accounts.push(Account { subaccount: customer(9).subaccount, named: None });
        let undone = fixture.undo_of(DRAFTS, &accounts).await;
        let code_of = |entry: &&Entry| match &entry.why {
            Why::Refused(reason, _) => reason.code,
            other => panic!("{other:?}"),
        };
        let codes: Vec<Code> = undone.of(Fate::Failed).iter().map(code_of).collect();
        assert_eq!(codes, [OurCode::AccountNotActive, OurCode::NotASubaccount].map(Code::Ours));
        let left = fixture.made();
        assert!(!left.is_empty() && left.iter().all(|it| it.account_sid == barred.as_str()), "{status}");
    }
}

fn runs(fixture: &Fixture) -> Vec<PastRun> {
    let ledger = Ledger::open_for_reading(&fixture.ledger, &FLOW, &fixture.sandbox.id()).expect("a ledger");
    ledger.runs().expect("runs")
}

#[tokio::test]
async fn only_what_one_run_has_made_is_taken_away() {
    let mut fixture = Fixture::with(vec![customer(1), customer(2)]);
    fixture.policy.submission = Submission::Never;
    fixture.limit = Some(1);
    fixture.run().await.expect("no fault");
    let of_the_first = fixture.world();
    // The second run adds products to the first customer, and makes the second one.
    fixture.limit = None;
    fixture.customers = vec![with_every_product(1), customer(2)];
    fixture.run().await.expect("no fault");
    assert!(fixture.world().len() > of_the_first.len() + 20);
    let [first, second] = runs(&fixture)[..] else { panic!("{:?}", runs(&fixture)) };
    let scope = Scope { run: Some(second), ..DRAFTS };
    let undone = fixture.undo_of(scope, &fixture.subaccounts()).await;
    assert_eq!(undone.of(Fate::Removed).len(), undone.entries.len(), "{:#?}", undone.entries);
    assert_eq!(fixture.world(), of_the_first);
    // It is cut off, and asked for once more.
    let scope = Scope { run: Some(first), ..DRAFTS };
    let accounts = fixture.subaccounts();
    for at in [12, 18, 22] {
        let killer = Killer::at(Moment::Sent, at);
        let cut_off =
            fixture.undo_whatever_happens(scope, &accounts, killer.clone(), CancellationToken::new()).await;
        assert!(cut_off.is_err() && killer.has_struck());
    }
    fixture.undo_of(scope, &accounts).await;
    assert_eq!(fixture.world(), [] as [String; 0]);
}

#[tokio::test]
async fn a_stop_finishes_the_call_that_is_on_its_way_writes_it_down_and_begins_no_other() {
    for n in [1, 7, 15] {
        let fixture = drafts(vec![customer(1)]).await;
        let before = fixture.made().len() as u64;
        let stop = CancellationToken::new();
        let (drain, seen, after) = (stop.clone(), Mutex::new(0), Arc::new(AtomicU64::new(0)));
        let counted = after.clone();
        let observer = watching(move |event| {
            let Event::Sending(request) = event else { return };
            if drain.is_cancelled() {
                counted.fetch_add(1, Ordering::SeqCst);
            }
            let mut seen = seen.lock().expect("nobody died");
            *seen += u64::from(request.method == Method::Delete);
            if *seen == n {
                drain.cancel();
            }
        });
        let accounts = fixture.accounts();
        let undone =
            fixture.undo_whatever_happens(DRAFTS, &accounts, observer, stop).await.expect("no fault");
        assert_eq!(after.load(Ordering::SeqCst), 0, "a request has begun after the stop");
        assert_eq!(undone.of(Fate::Removed).len() as u64, n);
        let left = undone.of(Fate::Failed);
        assert!(left.len() > 1 && left.iter().all(|it| it.why == Why::NotReached), "{left:#?}");
        assert_eq!(fixture.made().len() as u64, before - n);
        fixture.has_every_sid("after a stop");
        fixture.undo(DRAFTS).await;
        assert_eq!(fixture.world(), [] as [String; 0]);
    }
}

#[tokio::test]
async fn what_is_too_new_to_be_listed_or_found_is_taken_away_all_the_same() {
    for lag in [Lag { lists_ms: 9_000, ..Lag::default() }, Lag { objects_ms: 9_000, ..Lag::default() }] {
        let mut fixture = Fixture::with(vec![customer(1)]);
        fixture.policy.submission = Submission::Never;
        fixture.sandbox.misbehave(Faults { lag, ..Faults::default() });
        fixture.run().await.expect("no fault");
        fixture.undo(DRAFTS).await;
        assert_eq!(fixture.world(), [] as [String; 0], "{lag:?}");
        assert_eq!(sids(&fixture.facts()), BTreeSet::new());
    }
}
