//! The run: many customers at once, and for each of them one loop that asks the plan what is next.

mod caller;
mod discovery;
mod exchange;
mod numbers;
mod primary;
mod read_back;
mod reads;
mod row;
mod waiting;
mod writes;

pub use caller::{Caller, Writing};
pub use exchange::redirected;
pub use primary::{FoundPrimary, PRIMARY_PROFILE_POLICY, Primary, parent_refused};

use crate::clock::Clock;
use crate::events::{Event, Observer};
use crate::facts::{Code, Ending, Facts, Outcome, Policy, Time};
use crate::flow::{BundleId, Flow, Key, StepId};
use crate::ledger::{CustomerRun, Ledger};
use crate::model::{Customer, Fault, Sid};
use crate::plan::Plan;
use crate::preview::Preview;
use crate::twilio::{Client, Identity};
use crate::watch::Looks;
use primary::Primaries;
use row::Row;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use waiting::Waiting;

/// Customers who wait for something to show, beyond those who are worked on. Each holds a few
/// kilobytes; when so many are in trouble, beginning more would only make it worse.
const PARKED_MAX: usize = 1_000;

/// Customers read ahead of the ones who are begun: enough that the reader never holds up the run.
const READ_AHEAD: usize = 64;

/// Everything that a run needs from outside.
pub struct Settings {
    /// The products that customers are onboarded to.
    pub flow: &'static Flow,
    pub parent: Identity,
    pub policy: Policy,
    /// The primary profile of rows that name none; `None` lets it be found in the parent account.
    pub primary_profile: Option<Sid>,
    /// Whether any row needs that one: it is read before the first customer.
    pub default_primary: DefaultPrimary,
    /// Customers at once.
    pub concurrency: usize,
    pub selection: Selection,
    pub refusal_breaker: RefusalBreaker,
    pub young_ledger: YoungLedger,
    /// How long to go on looking at reviews, and how often at the youngest of them, in milliseconds.
    pub wait_ms: u64,
    pub poll_ms: u64,
    /// Where this is given, the run reads what it would read, sends nothing that changes anything, and tells for
    /// each customer what it would do. Its ledger is one that was opened to look.
    pub previews: Option<Previews>,
}

/// Is told what would be done for each customer, in no order.
pub type Previews = Arc<dyn Fn(&Customer, Preview) + Send + Sync>;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DefaultPrimary {
    Needed,
    /// Every row names its own.
    NotNeeded,
}

/// Whether a run whose ledger is young looks at the first customer only after the visibility window: an earlier
/// run, whose ledger was lost, may just have made what no list shows yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum YoungLedger {
    Waits,
    /// No other run can have left anything there.
    LooksAtOnce,
}

/// Which of the valid customers a run takes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Selection {
    pub only: Only,
    /// The first so many that are not finished.
    pub limit: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Only {
    Everyone,
    /// Begun earlier, and refused, rejected, unsure or unfinished since.
    Failed,
    /// Those with a bundle that was submitted, and only to bring its numbers to what the row says. The policy says
    /// so too.
    Numbers,
    /// Those with a bundle, and only to read how it stands: nothing is sent that changes anything.
    ToLookAt,
}

/// Whether a run stops by itself when its first customers all fail in the same way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RefusalBreaker {
    On,
    Off,
}

/// So many customers, the first of a run, refused at the same step with the same code are no
/// accident: the other hundreds would fare no better, and each leaves drafts behind.
const SAME_REFUSALS_MAX: usize = 5;

/// The sheet's valid customers in their order; asked for once a round.
pub type Customers = Box<dyn Iterator<Item = Result<Customer, Fault>> + Send>;

/// How a run ended, customer by customer, as far as the ledger does not say it: the API's own
/// words, which are shown once and never kept, and outcomes that leave no trace.
#[derive(Default)]
pub struct Ended {
    /// When the run began.
    pub started_at: Time,
    pub interrupted: Interrupted,
    /// Where and why the circuit breaker stopped the run, if it did.
    pub tripped: Option<(Key, Code)>,
    /// Why nobody got an answer of the API any more, where the run has given up waiting for it.
    pub away: Option<String>,
    /// What broke the run off, if anything did: the machine, the configuration, the parent account, or an
    /// answer from the wrong account. What had been done stands in the ledger.
    pub fault: Option<Fault>,
    pub customers: HashMap<Sid, CustomerEnd>,
}

impl Ended {
    /// For whoever has no use for a run that was broken off.
    pub fn unbroken(self) -> Result<Ended, Fault> {
        match self.fault {
            Some(fault) => Err(fault),
            None => Ok(self),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Interrupted {
    #[default]
    No,
    Yes,
}

/// How the run ended for one customer.
pub struct CustomerEnd {
    pub outcome: Outcome,
    /// Whether a bundle is in review, whatever has become of the others.
    pub in_review: bool,
    /// Whether it ended because no answer of the API came: a run that waits tries it again.
    pub is_unanswered: bool,
    pub failed: Option<Key>,
    /// The code of a refusal.
    pub code: Option<Code>,
    /// Twilio's words for each refused step.
    pub messages: Vec<(Key, String)>,
    /// What is worth knowing although it has kept nothing back.
    pub remarks: Vec<String>,
}

/// A run that can be started.
pub struct Run {
    settings: Settings,
    client: Client,
    ledger: Ledger,
    clock: Arc<dyn Clock>,
    observer: Arc<dyn Observer>,
    primaries: Primaries,
    waiting: Waiting,
    /// Cancelled when the run should come to an end: calls in flight are finished, no more are sent.
    drain: CancellationToken,
    started_at: Time,
    slots: Arc<Semaphore>,
    /// Why the run has given up waiting for the API.
    away: Mutex<Option<String>>,
}

impl Run {
    pub fn new(
        settings: Settings,
        client: Client,
        ledger: Ledger,
        clock: Arc<dyn Clock>,
        observer: Arc<dyn Observer>,
        drain: CancellationToken,
    ) -> Arc<Run> {
        let started_at = clock.now();
        let slots = Arc::new(Semaphore::new(settings.concurrency.max(1)));
        let (primaries, waiting) = (Primaries::default(), Waiting::default());
        Arc::new(Run {
            settings,
            client,
            ledger,
            clock,
            observer,
            primaries,
            waiting,
            drain,
            started_at,
            slots,
            away: Mutex::default(),
        })
    }

    /// What the run's requests go through.
    fn caller(&self) -> Caller<'_> {
        let until = Some(self.waits_until());
        Caller { client: &self.client, ledger: &self.ledger, clock: &*self.clock, stop: &self.drain, until }
    }

    /// Until when the run has time to wait for an API that is away.
    fn waits_until(&self) -> Time {
        self.started_at + self.settings.wait_ms + self.young_ledger_ms()
    }

    /// How long after its beginning a run whose ledger is young looks at its first customer. How old the file is
    /// no clock can say for sure.
    fn young_ledger_ms(&self) -> u64 {
        match self.settings.young_ledger {
            YoungLedger::Waits if self.ledger.is_young() => self.settings.policy.visibility_window_ms,
            _ => 0,
        }
    }

    /// The API has been away for too long: the run comes to its end.
    fn give_up(&self, reason: String) {
        lock(&self.away).get_or_insert(reason);
        self.drain.cancel();
    }

    /// Takes every selected customer as far as it goes now, and keeps looking at reviews for as long
    /// as the settings say. `customers` opens the sheet; it is called once a round.
    pub async fn go(
        self: &Arc<Self>,
        customers: impl Fn() -> Result<Customers, Fault> + Send + Sync,
    ) -> Ended {
        let mut ended = Ended { started_at: self.started_at, ..Ended::default() };
        ended.fault = self.rounds(customers, &mut ended).await.err();
        ended
    }

    async fn rounds(
        self: &Arc<Self>,
        customers: impl Fn() -> Result<Customers, Fault> + Send + Sync,
        ended: &mut Ended,
    ) -> Result<(), Fault> {
        if self.settings.selection.only != Only::ToLookAt {
            self.find_default_primary().await?;
            self.watch_with_a_young_ledger().await?;
        }
        // Where it was stopped meanwhile, the round takes no one on.
        let deadline = self.waits_until();
        let mut only_these: Option<HashSet<Sid>> = None;
        let mut looks = Looks::new(self.settings.poll_ms);
        loop {
            let before = self.clock.now();
            self.round(customers()?, only_these.as_ref(), ended).await?;
            let now = self.clock.now();
            let was_looked_at = |it: &Sid| only_these.as_ref().is_none_or(|these| these.contains(it));
            for (customer, end) in ended.customers.iter().filter(|it| was_looked_at(it.0)) {
                match end.in_review || end.is_unanswered {
                    true => looks.waits(customer.clone(), self.waits_since(customer, before)?, now),
                    false => looks.is_over(customer),
                }
            }
            let wait_ms = looks.wait_ms(now, deadline);
            if self.drain.is_cancelled() && ended.tripped.is_none() {
                ended.interrupted = Interrupted::Yes;
            }
            ended.away = lock(&self.away).clone();
            let looks_only =
                self.settings.selection.only == Only::ToLookAt || self.settings.previews.is_some();
            if looks.waiting() == 0 || looks_only || wait_ms == 0 || self.drain.is_cancelled() {
                // Who is in review and was not reached this time is to be looked at again.
                if ended.customers.values().any(|end| is_waiting(end.outcome) && end.failed.is_some()) {
                    ended.interrupted = Interrupted::Yes;
                }
                return Ok(());
            }
            self.observer.on(&Event::Polls { waiting: looks.waiting() as u64, wait_ms });
            tokio::select! {
                () = self.clock.sleep(wait_ms) => (),
                () = self.drain.cancelled() => (),
            }
            only_these = Some(looks.due(self.clock.now(), deadline));
            self.client.only_looks_are_left();
        }
    }

    /// Since when a customer waits: for its last submission, or else since it was begun just now.
    fn waits_since(&self, customer: &Sid, begun: Time) -> Result<Time, Fault> {
        let submitted = self.ledger.submitted_at(customer)?;
        Ok(submitted.into_iter().map(|it| it.1).max().unwrap_or(begun))
    }

    /// Waits once for what a run before this one may have made, and this ledger knows nothing of, to show.
    async fn watch_with_a_young_ledger(&self) -> Result<(), Fault> {
        let window = self.young_ledger_ms();
        if window == 0 {
            return Ok(());
        }
        let until = self.started_at + window;
        tokio::select! {
            () = self.clock.sleep(until.saturating_sub(self.clock.now())) => (),
            () = self.drain.cancelled() => return Ok(()),
        }
        self.ledger.note_watched(&self.settings.parent.account).await
    }

    /// Ends the run's hold on its ledger.
    pub fn close(self: Arc<Self>) -> Result<(), Fault> {
        match Arc::into_inner(self) {
            Some(run) => run.ledger.close(),
            None => Ok(()),
        }
    }

    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    async fn round(
        self: &Arc<Self>,
        customers: Customers,
        only_these: Option<&HashSet<Sid>>,
        ended: &mut Ended,
    ) -> Result<(), Fault> {
        let mut feed = read_ahead(customers);
        let begun = Arc::new(Semaphore::new(self.settings.concurrency + PARKED_MAX));
        let mut taken = 0;
        let mut rows: JoinSet<Result<Option<(Sid, CustomerEnd)>, Fault>> = JoinSet::new();
        // A later round takes on only those who got further.
        let released = self.settings.refusal_breaker == RefusalBreaker::Off || only_these.is_some();
        let braking = Arc::new(Mutex::new(Braking { released, ..Braking::default() }));
        let mut fault = None;
        while fault.is_none() && !self.drain.is_cancelled() {
            // What has ended is taken in on the way, so that memory does not grow with rows done.
            while let Some(row) = rows.try_join_next() {
                fault = fault.or(take(row, ended));
            }
            if fault.is_some() || self.settings.selection.limit.is_some_and(|limit| taken >= limit) {
                break;
            }
            let customer = tokio::select! {
                customer = feed.recv() => customer,
                () = self.drain.cancelled() => break,
            };
            let customer = match customer {
                Some(Ok(customer)) => customer,
                Some(Err(broken)) => {
                    fault = Some(broken);
                    break;
                }
                None => break,
            };
            if only_these.is_some_and(|these| !these.contains(&customer.subaccount)) {
                continue;
            }
            let recorded = match self.ledger.customer(&customer.subaccount) {
                Ok(recorded) => recorded,
                Err(broken) => {
                    fault = Some(broken);
                    break;
                }
            };
            // A customer of an earlier round is looked at again however it stands by now.
            if only_these.is_none() && !self.is_selected(&customer, &recorded) {
                continue;
            }
            taken += 1;
            let permits = tokio::select! {
                permits = permits(begun.clone(), self.slots.clone()) => permits,
                () = self.drain.cancelled() => break,
            };
            let Some((life, slot)) = permits else { break };
            let (run, braking) = (self.clone(), braking.clone());
            rows.spawn(async move {
                let _life = life;
                let drain = run.drain.clone();
                let end = Row::take(run, customer, recorded, slot).await;
                // Not only where the ends are taken in: until then others would begin.
                let is_over = match &end {
                    Ok(Some((_, end))) => lock(&braking).is_due(end),
                    Ok(None) => false,
                    Err(_) => true,
                };
                if is_over {
                    drain.cancel();
                }
                end
            });
        }
        if fault.is_some() {
            // Calls in flight are finished all the same: each of them may create something.
            self.drain.cancel();
        }
        while let Some(row) = rows.join_next().await {
            if let Some(broken) = take(row, ended) {
                self.drain.cancel();
                fault.get_or_insert(broken);
            }
        }
        ended.tripped = ended.tripped.or(lock(&braking).tripped);
        fault.map_or(Ok(()), Err)
    }

    /// Whether this run takes a customer on.
    fn is_selected(&self, customer: &Customer, (facts, begun): &(Facts, Option<CustomerRun>)) -> bool {
        let primary = customer.primary_profile.as_ref();
        let plan =
            Plan::of(self.settings.flow, customer, &self.settings.policy, primary, self.ledger.key(), facts);
        self.settings.selection.takes(&plan, facts, begun.as_ref())
    }
}

impl Selection {
    /// Whether a customer with this record is taken on.
    pub fn takes(self, plan: &Plan<'_>, recorded: &Facts, begun: Option<&CustomerRun>) -> bool {
        // How the customer stands was decided by the flags of the run that left it so.
        let of_then = begun.and_then(|it| it.policy.as_ref()).unwrap_or(plan.policy());
        match self.only {
            // Who is only to be looked at is none of the first N.
            Only::Everyone if self.limit.is_none() && plan.looks_at_numbers(recorded) => true,
            Only::Everyone => !plan.is_finished(recorded),
            Only::Numbers => {
                let is_named = |it: &&BundleId| it.named_by(plan.customer).is_some();
                plan.bundles().iter().any(|it| recorded.submitted(it).is_some() || is_named(&it))
            }
            Only::Failed => {
                begun.is_some()
                    && !recorded.is_taken_away()
                    && matches!(
                        plan.under(of_then, recorded).standing(recorded),
                        Outcome::Refused
                            | Outcome::Rejected
                            | Outcome::Unsure
                            | Outcome::Unfinished
                            // Cut off before its first answer.
                            | Outcome::NotAttempted
                    )
            }
            Only::ToLookAt => plan.flow().bundles().any(|it| recorded.sid(it.made_by()).is_some()),
        }
    }
}

/// Takes in how a customer ended; a fault where it did not.
fn take(
    row: Result<Result<Option<(Sid, CustomerEnd)>, Fault>, tokio::task::JoinError>,
    ended: &mut Ended,
) -> Option<Fault> {
    match row {
        Ok(Ok(end)) => {
            ended.customers.extend(end);
            None
        }
        Ok(Err(fault)) => Some(fault),
        Err(_) => Some(Fault::new(
            "The work on a customer broke off: a mistake in the program",
            "Run the same command again: it goes on where each customer stood. Please report this.",
        )),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn is_waiting(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Submitted | Outcome::AwaitingProfileApproval)
}

async fn permits(
    begun: Arc<Semaphore>,
    slots: Arc<Semaphore>,
) -> Option<(OwnedSemaphorePermit, OwnedSemaphorePermit)> {
    Some((begun.acquire_owned().await.ok()?, slots.acquire_owned().await.ok()?))
}

/// Reads the sheet on a thread of its own, a little ahead.
fn read_ahead(customers: Customers) -> mpsc::Receiver<Result<Customer, Fault>> {
    let (sender, feed) = mpsc::channel(READ_AHEAD);
    std::thread::spawn(move || {
        for customer in customers {
            // The run has ended early.
            if sender.blocking_send(customer).is_err() {
                return;
            }
        }
    });
    feed
}

/// The place of a customer among those who are worked on. It can be given up for a while.
struct Slot {
    slots: Arc<Semaphore>,
    held: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Slot {
    fn new(slots: Arc<Semaphore>, held: OwnedSemaphorePermit) -> Slot {
        Slot { slots, held: Mutex::new(Some(held)) }
    }

    fn give_up(&self) {
        lock(&self.held).take();
    }

    async fn take_back(&self) {
        let held = self.slots.clone().acquire_owned().await.ok();
        *lock(&self.held) = held;
    }
}

/// Watches the first customers of a run.
#[derive(Default)]
struct Braking {
    alike: Vec<(StepId, Code)>,
    released: bool,
    /// Where and why it stopped the run.
    tripped: Option<(Key, Code)>,
}

impl Braking {
    /// Whether the run should stop, now that this customer has ended.
    fn is_due(&mut self, end: &CustomerEnd) -> bool {
        let refusal = match (end.outcome, end.failed, end.code) {
            (Outcome::Refused, Some(key), Some(code)) => Some((key.step, code)),
            _ => None,
        };
        match refusal {
            Some(refusal) if !self.released && self.alike.iter().all(|it| *it == refusal) => {
                self.alike.push(refusal);
                if self.alike.len() == SAME_REFUSALS_MAX {
                    self.tripped = end.failed.zip(end.code);
                }
                self.tripped.is_some()
            }
            _ => {
                self.released = true;
                false
            }
        }
    }
}

/// How an ending reads where no customer's plan is at hand.
fn failed_key(ending: &Ending) -> (Option<Key>, Option<Code>) {
    match ending {
        Ending::Refused(refused) => {
            let first = refused.first();
            (first.map(|it| it.0), first.map(|it| it.1.code))
        }
        Ending::Unsure(key, _) | Ending::Unfinished(key) => (Some(*key), None),
        Ending::Rejected(bundle) => (Some(bundle.reviewed_by().into()), None),
        Ending::Done | Ending::Waiting(_) => (None, None),
    }
}
