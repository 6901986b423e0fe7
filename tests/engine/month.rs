//! A month of a migration, in the sandbox's own time and by a seed: reviews of every outcome, corrections, numbers that
//! come, go and move, products that are added later, lost replies, outages and crashes. In the end the world is what the sheet says, nothing is there
//! twice, and every SID that ever was is in the ledger.

use crate::checks::undisturbed;
use crate::fixture::{Fixture, customer, customer_for, with_every_product};
use crate::watch::{Killer, Moment, watching};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use trusthub_onboard::check::Entry;
use trusthub_onboard::clock::Clock;
use trusthub_onboard::engine::Only;
use trusthub_onboard::events::{Event, Nobody};
use trusthub_onboard::facts::{Most, Numbers, Outcome, Removal};
use trusthub_onboard::flow::Method;
use trusthub_onboard::ledger::Ledger;
use trusthub_onboard::model::{Customer, PhoneNumber, PhoneNumbers, Sid};
use trusthub_onboard::products::{FLOW, PROFILE, SHAKEN_STIR, VOICE_INTEGRITY};
use trusthub_onboard::report::{News, Reporter, RowReport};
use trusthub_onboard::sandbox::{
    Among, Edit, Fault, Faults, Kind, Lag, Resource, Reviewer, Rule, Settings, Verdict, When,
};

const CUSTOMERS: u32 = 50;
const DAYS: u64 = 30;
const DAY_MS: u64 = 86_400_000;

/// What is decided by chance, all of it from one seed.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mix = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mix = (mix ^ (mix >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mix ^ (mix >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// So many times in a hundred.
    fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// A seed of one's own, or another one each time; it is printed where the test fails.
fn seed() -> u64 {
    let of_the_user = std::env::var("TRUSTHUB_MONTH_SEED").ok().and_then(|it| it.parse().ok());
    let seed = of_the_user.unwrap_or_else(|| RandomState::new().hash_one(0) % 1_000_000);
    println!("to run this month again: TRUSTHUB_MONTH_SEED={seed} cargo test --test engine month::");
    seed
}

struct Month {
    fixture: Fixture,
    dice: Dice,
    /// The whole sheet; the fixture has the rows that are in it by now.
    sheet: Vec<Customer>,
    ever: BTreeMap<String, Kind>,
    numbers_bought: u32,
    happened: BTreeMap<&'static str, u64>,
}

/// An account of the reseller's in which released numbers end: no row has it.
const POOL: u32 = CUSTOMERS + 1;

fn number(of: u32, n: u32) -> PhoneNumber {
    PhoneNumber::Sid(Sid::parse(&format!("PN{of:08x}{n:024x}")).expect("a SID"))
}

/// A row that names its numbers by their SIDs, so that a number keeps its name wherever it goes.
fn row(n: u32, dice: &mut Dice) -> Customer {
    let row = match dice.below(10) {
        0 => with_every_product(n),
        1 | 2 => customer_for(n, &[&VOICE_INTEGRITY, &SHAKEN_STIR]),
        _ => customer(n),
    };
    Customer { phone_numbers: PhoneNumbers::Listed(vec![number(1, n), number(2, n)]), ..row }
}

impl Month {
    fn begin(seed: u64) -> Month {
        let mut dice = Dice(seed);
        let sheet: Vec<Customer> = (1..=CUSTOMERS).map(|n| row(n, &mut dice)).collect();
        let settings = Settings { review_ms: 2 * DAY_MS, ..Settings::default() };
        let accounts = sheet.iter().cloned().chain([row(POOL, &mut dice)]).collect();
        let mut fixture = Fixture::set(accounts, settings);
        fixture.concurrency = 8;
        let removal = Some(Removal { most: Most::Percent(100), last: true });
        fixture.policy.numbers = Numbers { removal, alone: false };
        let (ever, happened) = (BTreeMap::new(), BTreeMap::new());
        let mut month = Month { fixture, dice, sheet, ever, numbers_bought: 0, happened };
        for n in 0..month.sheet.len() {
            // Each kind is there in every month.
            let by_chance = month.dice.below(20);
            let kind = if n % 8 == 7 { (n as u64 / 8) % 7 } else { by_chance };
            let (what, reviewer) = match kind {
                0..=2 => ("rejected for a reason", Reviewer::Next(Verdict::Rejected(vec![18602]))),
                3 => ("rejected without a reason", Reviewer::Next(Verdict::Rejected(vec![]))),
                4 | 5 => ("left in review", Reviewer::LeavesInReview),
                6 => ("approved whatever it is", Reviewer::ApprovesAll),
                _ => continue,
            };
            month.review_by(n, Some(reviewer));
            month.note(what);
        }
        month
    }

    fn note(&mut self, what: &'static str) {
        *self.happened.entry(what).or_default() += 1;
    }

    fn review_by(&self, n: usize, reviewer: Option<Reviewer>) {
        let account = self.sheet[n].subaccount.to_string();
        self.fixture.sandbox.edit(Edit::SetReviewer { account, reviewer }).expect("an edit");
    }

    fn ledger(&self) -> Ledger {
        let fixture = &self.fixture;
        Ledger::open_for_reading(&fixture.ledger, &FLOW, &fixture.sandbox.id()).expect("a ledger")
    }

    /// How the rows stand that are in the sheet by now.
    fn reports(&self) -> Vec<RowReport> {
        let ledger = self.ledger();
        let reporter =
            Reporter::new(&FLOW, Some(&ledger), &self.fixture.policy, None).at(self.fixture.clock.now());
        let row = |it: &Customer| reporter.row(&Entry::Valid(Box::new(it.clone()))).expect("a row");
        self.fixture.customers.iter().map(row).collect()
    }

    /// What the user does before the run of the day.
    fn correct(&mut self) {
        for report in self.reports() {
            let n = self.fixture.customers.iter().position(|it| it.row == report.row).expect("its row");
            let is_rejected = |name| report.bundle(name).is_some_and(|it| it.outcome == Outcome::Rejected);
            if is_rejected(PROFILE.name) {
                self.sheet[n].business.name += " Group";
                self.note("a profile corrected");
            } else if is_rejected(VOICE_INTEGRITY.name) {
                self.sheet[n].voice_integrity.use_case = "Customer Support".into();
                self.note("a product corrected");
            }
        }
    }

    fn numbers(&mut self, n: usize) -> &mut Vec<PhoneNumber> {
        match &mut self.sheet[n].phone_numbers {
            PhoneNumbers::Listed(numbers) => numbers,
            PhoneNumbers::All => unreachable!("every row lists its numbers"),
        }
    }

    fn move_number(&self, number: &PhoneNumber, to: &Sid) {
        let PhoneNumber::Sid(sid) = number else { unreachable!("every number is named by its SID") };
        let edit = Edit::MoveNumber { number: sid.to_string(), account: to.to_string() };
        self.fixture.sandbox.edit(edit).expect("an edit");
    }

    /// A number of an approved customer comes, goes or moves.
    fn change_numbers(&mut self, n: usize, to: usize) {
        let spare = self.numbers(n).len() > 1;
        match self.dice.below(4) {
            0 => {
                self.numbers_bought += 1;
                let bought = number(9, self.numbers_bought);
                let PhoneNumber::Sid(sid) = &bought else { unreachable!("named by its SID") };
                let account = self.sheet[n].subaccount.to_string();
                let e164 = format!("+1628{:07}", self.numbers_bought);
                let edit = Edit::AddNumber { account, number: sid.to_string(), e164 };
                self.fixture.sandbox.edit(edit).expect("an edit");
                self.numbers(n).push(bought);
                self.note("a number added");
            }
            1 if spare => {
                self.numbers(n).remove(0);
                self.note("a number removed");
            }
            2 if spare => {
                let released = self.numbers(n).remove(0);
                self.move_number(&released, &customer(POOL).subaccount);
                self.note("a number released");
            }
            3 if spare && to != n => {
                let moved = self.numbers(n).remove(0);
                self.move_number(&moved, &self.sheet[to].subaccount.clone());
                self.numbers(to).push(moved);
                self.note("a number moved");
            }
            _ => (),
        }
    }

    /// What happens in the world before the run of the day.
    fn happen(&mut self, day: u64) {
        let reports = if day == 0 { vec![] } else { self.reports() };
        for (n, report) in reports.iter().enumerate() {
            let account = self.sheet[n].subaccount.to_string();
            let only_voice = self.sheet[n].products.len() == 1;
            let profile = report.bundle(PROFILE.name).and_then(|it| it.sid.clone());
            match (report.outcome, self.dice.below(100)) {
                // Somebody at Twilio has read the ticket.
                (Outcome::AwaitingProfileApproval | Outcome::Submitted, 0..=9) if day > 8 => {
                    self.review_by(n, None);
                    let edit = Edit::Review { account, verdict: Verdict::Approved };
                    self.fixture.sandbox.edit(edit).expect("an edit");
                    self.note("decided after a ticket");
                }
                (Outcome::ProfileApproved | Outcome::AwaitingProfileApproval, 10..=14)
                    if only_voice && day < 15 =>
                {
                    let reviewer = Reviewer::Next(Verdict::Rejected(vec![18602]));
                    self.review_by(n, Some(reviewer));
                }
                (Outcome::Approved, 0..=3) if only_voice && day < 22 => {
                    self.sheet[n].products.extend(SHAKEN_STIR.product);
                    self.note("a product added later");
                }
                (Outcome::Approved, 4..=5) => {
                    let (bundle, at_ms) =
                        (profile.expect("a profile"), Some(self.fixture.clock.now() - DAY_MS));
                    self.fixture.sandbox.edit(Edit::SetValidUntil { bundle, at_ms }).expect("an edit");
                    self.note("a profile expired");
                }
                (Outcome::Approved, 6..=13) => {
                    let approved: Vec<usize> =
                        (0..reports.len()).filter(|it| reports[*it].outcome == Outcome::Approved).collect();
                    let to = approved[self.dice.below(approved.len() as u64) as usize];
                    self.change_numbers(n, to);
                }
                (_, 20..=21) => {
                    self.fixture.sandbox.edit(Edit::RotateToken { account }).expect("an edit");
                    self.note("a token changed");
                }
                _ => (),
            }
        }
    }

    fn faults(&mut self) -> Faults {
        if !self.dice.percent(40) {
            return Faults::default();
        }
        self.note("a day of faults");
        let all = [
            Fault::LoseReply,
            Fault::DropRequest,
            Fault::FailBefore(503),
            Fault::FailAfter(500),
            Fault::CutJson,
            Fault::EmptyBody,
            Fault::Html(502),
        ];
        let fault = all[self.dice.below(all.len() as u64) as usize].clone();
        let rule = Rule { fault, among: Among::All, when: When::Share(0.04) };
        let lag = Lag { lists_ms: self.dice.below(9_000), objects_ms: self.dice.below(9_000), share: 0.5 };
        Faults { seed: self.dice.next(), rules: vec![rule], lag, ..Faults::default() }
    }

    /// The run of a day, and the rest of the day.
    async fn run(&mut self) {
        let end = self.fixture.clock.now() + DAY_MS;
        let rows = self.fixture.customers.len();
        self.fixture.customers = self.sheet[..rows].to_vec();
        let faults = self.faults();
        self.fixture.sandbox.misbehave(faults);
        (self.fixture.wait_ms, self.fixture.poll_ms) = (0, 3_600_000);
        match self.dice.below(10) {
            0..=1 => {
                let killer = Killer::at(Moment::Write, 1 + self.dice.below(60));
                let _ = self.fixture.run_watched(killer.clone()).await;
                if killer.has_struck() {
                    self.note("a crash");
                }
            }
            2..=3 => {
                self.fixture.wait_ms = DAY_MS / 2;
                self.note("a run that waits");
            }
            4 => {
                self.fixture.only = Only::ToLookAt;
                self.fixture.run().await.expect("no fault");
                self.fixture.only = Only::Everyone;
                self.tell().await;
            }
            _ => (),
        }
        // A request that looks up the primary profile for all may be lost, and ends the run.
        let _ = self.fixture.run().await;
        self.remember();
        if self.fixture.clock.now() < end {
            self.fixture.clock.set(end);
        }
    }

    /// Somebody is told the news; says how many rows that are.
    async fn tell(&mut self) -> usize {
        let parent = Sid::parse(&self.fixture.parent).expect("a SID");
        let mut news = News::read(&FLOW, &self.ledger(), &parent).expect("a history");
        self.reports().iter().for_each(|it| news.add(it));
        let (fixture, now) = (&self.fixture, self.fixture.clock.now());
        let ledger = Ledger::open(&fixture.ledger, &FLOW, &fixture.sandbox.id(), now, Arc::new(Nobody));
        let ledger = ledger.expect("a ledger");
        let told = news.told();
        let count = told.len();
        ledger.note_told(&parent, told, now).await.expect("written");
        ledger.close().expect("closed");
        self.note("a look");
        count
    }

    fn remember(&mut self) {
        let made: Vec<Resource> = self.fixture.made();
        self.ever.extend(made.into_iter().map(|it| (it.sid, it.kind)));
    }

    /// Every SID in the results and in the history.
    fn known(&self) -> BTreeSet<String> {
        let mut known = BTreeSet::new();
        self.ledger()
            .history(&mut |past| {
                known.extend(past.sid.map(str::to_owned));
            })
            .expect("a history");
        for report in self.reports() {
            known.extend(report.bundles.into_iter().filter_map(|it| it.sid));
            known.extend(report.resources.into_iter().map(|it| it.sid));
        }
        known
    }
}

#[tokio::test]
async fn after_a_month_the_world_is_what_the_sheet_says_and_no_sid_is_lost() {
    let seed = seed();
    let mut month = Month::begin(seed);
    for day in 0..DAYS {
        // Rows come to the sheet over the first week.
        let rows = ((day + 1) * 8).min(u64::from(CUSTOMERS)) as usize;
        let known = month.fixture.customers.len();
        if day == 0 || known < rows {
            month.fixture.customers = month.sheet[..rows].to_vec();
        }
        if day > 0 {
            month.correct();
        }
        month.happen(day);
        month.run().await;
    }
    // Nothing more goes wrong, and everything that is left comes to its end.
    for n in 0..month.sheet.len() {
        month.review_by(n, None);
        let account = month.sheet[n].subaccount.to_string();
        let stuck = month.reports()[n].bundles.iter().any(|it| it.waits());
        if stuck {
            let edit = Edit::Review { account, verdict: Verdict::Approved };
            month.fixture.sandbox.edit(edit).expect("an edit");
        }
    }
    month.fixture.sandbox.misbehave(Faults::default());
    (month.fixture.wait_ms, month.fixture.poll_ms) = (3 * DAY_MS, 3_600_000);
    for _ in 0..6 {
        month.correct();
        month.fixture.customers = month.sheet.clone();
        month.fixture.run().await.expect("no fault");
        month.remember();
        if month.reports().iter().all(|it| it.outcome == Outcome::Approved) {
            break;
        }
    }
    let left: Vec<String> = month
        .reports()
        .into_iter()
        .filter(|it| it.outcome != Outcome::Approved)
        .map(|it| format!("row {}: {} {}", it.row, it.outcome.word(), it.words()))
        .collect();
    assert!(left.is_empty(), "seed {seed}, {:?}: {left:#?}", month.happened);
    let writes = Arc::new(AtomicU64::new(0));
    let counted = writes.clone();
    let observer = watching(move |event| {
        if let Event::Sending(request) = event
            && request.method != Method::Get
        {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    month.fixture.run_watched(observer).await.expect("no fault");
    assert_eq!(writes.load(Ordering::SeqCst), 0, "seed {seed}: nothing is left to do");
    let expected = undisturbed(&month.sheet).await;
    month.fixture.is_as_far_as_connected(&expected, &format!("seed {seed}"));
    let known = month.known();
    let lost: Vec<_> = month.ever.iter().filter(|it| !known.contains(it.0)).collect();
    assert!(lost.is_empty(), "seed {seed}: {lost:?}");
    month.tell().await;
    assert_eq!(month.tell().await, 0, "seed {seed}: news is told once");
    // A month in which nothing happens shows nothing.
    for what in [
        "a profile corrected",
        "a product added later",
        "a number added",
        "a number removed",
        "a number released",
        "a number moved",
        "a day of faults",
        "left in review",
    ] {
        assert!(month.happened.contains_key(what), "seed {seed}: {:?}", month.happened);
    }
    println!("{:?}", month.happened);
}
