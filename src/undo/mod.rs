//! Takes away again what the program has made.
//!
//! An account is *looked* at: everything in it is listed, and nothing is changed. From what is listed, from the
//! ledger and from what the user has asked for, pure code makes an [`Outlook`]: what would be deleted, in the
//! reverse order of the flow, and what is kept and why. After the user has said yes, exactly that is deleted, a
//! bundle only after it was read once more.
//!
//! There is no *started* here and nothing to look for after a lost reply: a deletion can be repeated, and says
//! that the thing is gone. What a crash has cut off is found gone by the next look, and written down then.

mod exchange;
mod look;
mod origin;
mod outlook;
mod removal;

pub use origin::accounts_of;
pub use outlook::{Deletion, Outlook};

use crate::clock::Clock;
use crate::engine::YoungLedger;
use crate::facts::{Reason, Time};
use crate::flow::{BundleId, BundleStatus, Flow, StepId};
use crate::ledger::{Ledger, PastRun};
use crate::model::{Fault, Sid};
use crate::twilio::{Client, Identity};
use exchange::{Exchange, Stop};
use origin::Origins;
use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// An account whose things are to go, and what its row says of it.
#[derive(Clone, Debug)]
pub struct Account {
    pub subaccount: Sid,
    /// `None` where no row is at hand. Otherwise what the row names, with the bundle that it belongs to: it is kept.
    pub named: Option<Vec<(BundleId, Sid)>>,
}

/// What is to go. Drafts always are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scope {
    /// Rejected bundles too.
    pub rejected: bool,
    /// Approved bundles too.
    pub approved: bool,
    /// Only what this run has made.
    pub run: Option<PastRun>,
}

impl Scope {
    /// Whether a bundle that stands so may go.
    pub fn takes(&self, status: BundleStatus) -> bool {
        match status {
            BundleStatus::Draft => true,
            BundleStatus::PendingReview | BundleStatus::InReview => false,
            BundleStatus::TwilioRejected => self.rejected,
            BundleStatus::TwilioApproved => self.approved,
        }
    }
}

/// Everything that is needed from outside.
pub struct Settings {
    pub flow: &'static Flow,
    pub parent: Identity,
    pub scope: Scope,
    /// How long a created resource may stay out of the lists, in milliseconds.
    pub visibility_window_ms: Time,
    /// How long a request may be on its way, in milliseconds.
    pub call_timeout_ms: Time,
    /// Accounts at once.
    pub concurrency: usize,
    pub young_ledger: YoungLedger,
}

/// What has become of a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    Removed,
    Kept,
    Failed,
}

/// A thing, and what has become of it; without a SID, a whole account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub subaccount: Sid,
    /// The step that made it.
    pub step: Option<StepId>,
    pub sid: Option<Sid>,
    pub why: Why,
}

/// Why it has come to its fate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Removed: it was deleted.
    Deleted,
    /// Removed: it hung on a bundle that was deleted.
    WentWith(Sid),
    /// Removed: it was gone already.
    WasGone,

    /// Kept: its bundle stands so, and such ones were not asked for.
    Status(BundleStatus),
    /// Kept: it was to go as a draft, and stood so when its turn came.
    ChangedMeanwhile(BundleStatus),
    /// Kept: the row names it, or a row did when it was taken over.
    Named,
    /// Kept: the ledger does not say whether the program has made it or a row has named it.
    PerhapsNamed,
    /// Kept: it does not bear our tag, and the ledger does not say that the program has made it.
    WithoutTag,
    /// Kept: something is assigned to it that the program has not made.
    Holds(Sid),
    /// Kept: that one needs it, and stays.
    NeededBy(Sid),
    /// Kept: it hangs on that bundle, which stays.
    StaysWith(Sid),
    /// Kept: several bear our tag, and only a person can say which one is ours.
    LooksAlike,

    /// Failed: a no, with the API's words where it was the API's.
    Refused(Reason, String),
    /// Failed: the API gave no answer that says anything.
    NoAnswer,
    /// Failed: the work ended before it was its turn.
    NotReached,
}

impl Why {
    pub fn fate(&self) -> Fate {
        match self {
            Why::Deleted | Why::WentWith(_) | Why::WasGone => Fate::Removed,
            Why::Status(_)
            | Why::ChangedMeanwhile(_)
            | Why::Named
            | Why::PerhapsNamed
            | Why::WithoutTag
            | Why::Holds(_)
            | Why::NeededBy(_)
            | Why::StaysWith(_)
            | Why::LooksAlike => Fate::Kept,
            Why::Refused(..) | Why::NoAnswer | Why::NotReached => Fate::Failed,
        }
    }

    /// Whether something that the program has made, or may have made, is left for this reason.
    pub fn leaves_ours(&self) -> bool {
        self.fate() != Fate::Removed && !matches!(self, Why::Named | Why::WithoutTag)
    }

    /// Whether the same command may get further.
    pub fn is_unfinished(&self) -> bool {
        matches!(self, Why::NoAnswer | Why::NotReached)
    }
}

/// What takes things away.
pub struct Undo {
    settings: Settings,
    client: Client,
    ledger: Ledger,
    clock: Arc<dyn Clock>,
    /// Once this is cancelled, no request begins; the one that is on its way is finished.
    stop: CancellationToken,
    began_at: Time,
}

impl Undo {
    pub fn new(
        settings: Settings,
        client: Client,
        ledger: Ledger,
        clock: Arc<dyn Clock>,
        stop: CancellationToken,
    ) -> Arc<Undo> {
        let began_at = clock.now();
        Arc::new(Undo { settings, client, ledger, clock, stop, began_at })
    }

    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Looks at these accounts, and says what would be done; in their order. Nothing is changed at the API and
    /// nothing is written down.
    ///
    /// # Errors
    /// The ledger cannot be read, the parent's credentials are refused, or an answer came from another account.
    pub async fn look(self: &Arc<Self>, accounts: &[Account]) -> Result<Vec<Outlook>, Fault> {
        self.watch_with_a_young_ledger().await?;
        let of = accounts.iter().map(|it| it.subaccount.clone()).collect::<HashSet<Sid>>();
        let origins = Arc::new(Origins::read(&self.ledger, &of)?);
        self.each(accounts.to_vec(), move |undo, account| {
            let origins = origins.clone();
            async move { undo.look_at(account, &origins).await }
        })
        .await
    }

    async fn look_at(&self, account: Account, origins: &Origins) -> Result<Outlook, Fault> {
        let (recorded, _) = self.ledger.customer(&account.subaccount)?;
        let mut exchange = Exchange::new(self, &account.subaccount, recorded.clone());
        match exchange.look().await {
            Ok(seen) => {
                Ok(Outlook::of(self.settings.flow, &account, recorded, origins, &seen, &self.settings.scope))
            }
            Err(Stop::Over(why)) => Ok(Outlook::barred(account.subaccount.clone(), recorded, why)),
            Err(Stop::Fault(fault)) => Err(fault),
        }
    }

    /// Does what these outlooks say, and tells what has become of everything in them; in their order.
    ///
    /// # Errors
    /// The ledger cannot be written, the parent's credentials are refused, or an answer came from another account.
    /// What was done stands in the ledger.
    pub async fn take_away(self: &Arc<Self>, outlooks: Vec<Outlook>) -> Result<Vec<Entry>, Fault> {
        let entries = self.each(outlooks, |undo, outlook| async move { undo.take_away_from(outlook).await });
        Ok(entries.await?.into_iter().flatten().collect())
    }

    /// Ends the hold on the ledger.
    ///
    /// # Errors
    /// The ledger cannot be written.
    pub fn close(self: Arc<Self>) -> Result<(), Fault> {
        Arc::into_inner(self).map_or(Ok(()), |undo| undo.ledger.close())
    }

    /// Waits for what a run with another ledger may just have made to show.
    async fn watch_with_a_young_ledger(&self) -> Result<(), Fault> {
        if self.settings.young_ledger == YoungLedger::LooksAtOnce || !self.ledger.is_young() {
            return Ok(());
        }
        tokio::select! {
            () = self.clock.sleep(self.settings.visibility_window_ms) => (),
            () = self.stop.cancelled() => return Ok(()),
        }
        self.ledger.note_watched(&self.settings.parent.account).await
    }

    /// Works on several at once. A fault stops all: what is on its way is finished, and nothing more begins.
    async fn each<T, R, F>(
        self: &Arc<Self>,
        things: Vec<T>,
        work: impl Fn(Arc<Undo>, T) -> F,
    ) -> Result<Vec<R>, Fault>
    where
        R: Send + 'static,
        F: Future<Output = Result<R, Fault>> + Send + 'static,
    {
        let slots = Arc::new(Semaphore::new(self.settings.concurrency.max(1)));
        let mut tasks: JoinSet<(usize, Result<R, Fault>)> = JoinSet::new();
        for (at, thing) in things.into_iter().enumerate() {
            // Begun in their order, as they were told.
            let slot = slots.clone().acquire_owned().await;
            let undo = self.clone();
            let work = work(undo.clone(), thing);
            tasks.spawn(async move {
                let _slot = slot;
                let done = work.await;
                if done.is_err() {
                    undo.stop.cancel();
                }
                (at, done)
            });
        }
        let (mut done, mut fault) = (vec![], None);
        while let Some(task) = tasks.join_next().await {
            match task {
                Ok((at, Ok(one))) => done.push((at, one)),
                Ok((_, Err(first))) => fault = fault.or(Some(first)),
                Err(_) => {
                    self.stop.cancel();
                    fault.get_or_insert_with(|| {
                        Fault::new(
                            "The work on an account broke off: a mistake in the program",
                            "Run the same command again: it goes on where each account stood. Please report this.",
                        )
                    });
                }
            }
        }
        done.sort_by_key(|it| it.0);
        match fault {
            Some(fault) => Err(fault),
            None => Ok(done.into_iter().map(|it| it.1).collect()),
        }
    }
}
