//! What exists at Twilio, read into our sheet and a list of defects. Nothing is written at the API, and no ledger is
//! needed: accounts are read one by one, some at once, and handed on in their order.
//!
//! What a list lacks is only believed where it is certain. What one list names and another lacks is asked for by its
//! SID; and an account that seems to have a defect, or nothing at all, is read again until two readings agree. An
//! account that cannot be read whole is said to be so, and nothing else is said of it.

mod account;
mod accounts;
mod columns;
mod defects;
mod document;
mod files;
mod reader;
mod resources;
mod row;
mod spool;

pub use accounts::Census;
pub use defects::{Defect, Kind, Limits, table as defects_table};
pub use document::{Counts, Document, Exit as DocumentExit, Files};
pub use files::{DEFECT_COLUMNS, Format, write_defects, write_sheet};
pub use reader::Over;
pub use spool::Spool;

use crate::check::{Cells, Products, Rules};
use crate::clock::Clock;
use crate::flow::Flow;
use crate::model::{Column, Sid};
use crate::twilio::{Client, Identity};
use account::AccountReader;
use accounts::Wanted;
use columns::Columns;
use reader::{NoAnswer, Reader};
use resources::Holdings;
use row::Chosen;
use serde::{Deserialize, Serialize};
use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinHandle};
use tokio_util::sync::CancellationToken;

/// Two readings in a row must agree; where the third differs too, an account is changing or its lists are not whole.
const READINGS_MAX: usize = 3;

/// So many accounts are begun for each that is read: those that are done wait in memory, a few kilobytes each, for
/// those before them.
const BEGUN_FOR_EACH: usize = 8;

/// Everything that an inventory needs from outside.
pub struct Settings {
    pub flow: &'static Flow,
    pub parent: Identity,
    pub limits: Limits,
    /// Accounts at once.
    pub concurrency: usize,
}

/// Which accounts are read.
pub enum Scope {
    /// The parent's active subaccounts.
    All,
    /// These, each once.
    Only(Vec<Sid>),
}

/// What came of one account.
#[derive(Serialize, Deserialize)]
pub struct Outcome {
    pub account: String,
    pub standing: Standing,
    /// The row of the sheet, in the order of the headers, where the account has a profile.
    pub row: Option<Vec<String>>,
    pub defects: Vec<Defect>,
    /// The values that `--accept` has to name: columns and values.
    pub accept: Vec<(String, String)>,
    /// What the account owns, for whom its row is held against others.
    #[serde(skip)]
    owned: Vec<row::Number>,
}

/// How an account was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    Read,
    /// Read, and it has no bundle of ours.
    WithoutBundles,
    NotRead,
    /// It is suspended or closed, and was not asked for anything.
    NotActive,
}

/// Reads what exists.
pub struct Inventory {
    reader: Reader,
    settings: Settings,
    columns: Columns,
    check: Cells,
    hashes: RandomState,
}

impl Inventory {
    pub fn new(
        settings: Settings,
        client: Client,
        clock: Arc<dyn Clock>,
        stop: CancellationToken,
    ) -> Inventory {
        let columns = Columns::new(settings.flow);
        let known: Vec<_> = settings.flow.products.iter().filter_map(|bundle| bundle.product).collect();
        let rules = Rules {
            parent: Some(settings.parent.account.clone()),
            products: Products { known: known.clone(), wanted: known },
            ..Rules::default()
        };
        let check = Cells::new(&columns.headers, rules);
        let reader = Reader { client, clock, parent: settings.parent.clone(), stop };
        Inventory { reader, settings, columns, check, hashes: RandomState::new() }
    }

    /// The headers of the sheet.
    pub fn headers(&self) -> &[&'static str] {
        &self.columns.headers
    }

    /// Reads the accounts, and hands on what came of each in their order. `each` is told how many there are.
    ///
    /// # Errors
    /// The reading ended before every account was read: it was stopped, nobody gets an answer, the parent cannot be
    /// read, or `each` failed.
    pub async fn read(
        self: &Arc<Inventory>,
        scope: Scope,
        each: &mut (dyn FnMut(Outcome, usize) -> Result<(), crate::model::Fault> + Send),
    ) -> Result<Census, Over> {
        let (wanted, mut census) = match scope {
            Scope::All => accounts::subaccounts(&self.reader).await?,
            Scope::Only(sids) => {
                let wanted = sids.into_iter().map(|account| Wanted { account, token: None }).collect();
                (wanted, Census::default())
            }
        };
        let total = wanted.len();
        let primaries: Arc<[Sid]> = match total {
            0 => Arc::new([]),
            _ => accounts::primaries(&self.reader).await?.into(),
        };
        let mut rest = wanted.into_iter();
        // One that takes long holds up the order, and not the others.
        let places = Arc::new(Semaphore::new(self.settings.concurrency));
        let mut named = HashSet::new();
        let begun_max = self.settings.concurrency * BEGUN_FOR_EACH;
        let mut under_way: VecDeque<JoinHandle<Result<(Outcome, Census), Over>>> = VecDeque::new();
        loop {
            // Begun in their order: whoever stops a reading can tell how far it came.
            let ended = tokio::select! {
                biased;
                Ok(place) = places.clone().acquire_owned(), if under_way.len() < begun_max && rest.len() > 0 => {
                    let (inventory, primaries) = (self.clone(), primaries.clone());
                    under_way.extend(rest.next().map(|next| {
                        tokio::spawn(async move {
                            let _place = place;
                            inventory.one(next, &primaries).await
                        })
                    }));
                    continue;
                }
                Some(ended) = first(&mut under_way) => ended.unwrap_or_else(|_| Err(Over::Fault(mistake()))),
                else => return Ok(census),
            };
            under_way.pop_front();
            let told = ended.and_then(|(mut outcome, met)| {
                census.add(&met);
                self.name_each_number_once(&mut outcome, &mut named);
                each(outcome, total).map_err(Over::Fault)
            });
            if let Err(over) = told {
                under_way.iter().for_each(JoinHandle::abort);
                return Err(over);
            }
        }
    }

    /// Digits that stand in an earlier row are named by their SID here: the number was moved meanwhile, and in two rows
    /// it would make both invalid. Hashes are kept, eight bytes for each number of the sheet.
    fn name_each_number_once(&self, outcome: &mut Outcome, named: &mut HashSet<u64>) {
        let Some(row) = &mut outcome.row else { return };
        let again: Vec<String> = self
            .columns
            .at(Column::PhoneNumbers.name())
            .into_iter()
            .flat_map(|at| row[at].split("; "))
            .filter(|part| part.starts_with('+') && !named.insert(self.hashes.hash_one(part)))
            .map(str::to_owned)
            .collect();
        if !again.is_empty() {
            row::name_by_sid(&self.columns, &outcome.owned, row, |part| again.iter().any(|it| it == part));
        }
    }

    async fn one(&self, wanted: Wanted, primaries: &[Sid]) -> Result<(Outcome, Census), Over> {
        let Wanted { account, token } = wanted;
        let mut met = Census::default();
        let token = match token {
            Some(token) => Ok(Some(token)),
            None => accounts::token(&self.reader, &account, &mut met).await,
        };
        let read = match token {
            Ok(None) => return Ok((Outcome::nothing(&account, Standing::NotActive, vec![]), met)),
            Ok(Some(token)) => {
                let identity = Identity { account: account.clone(), token };
                self.outcome(&account, identity, primaries).await
            }
            Err(why) => Err(why),
        };
        let reason = match read {
            Ok(outcome) => return Ok((outcome, met)),
            Err(NoAnswer::Over(over)) => return Err(over),
            Err(NoAnswer::Here(reason) | NoAnswer::NotWhole(reason)) => reason,
            Err(NoAnswer::NotFound) => "Twilio answered HTTP 404".to_owned(),
            Err(NoAnswer::Unauthorized) => "its credentials are refused (HTTP 401)".to_owned(),
        };
        let more = format!("The reason: {reason}");
        let defects = vec![Defect::of_account(Kind::AccountNotRead, &account, &more)];
        Ok((Outcome::nothing(&account, Standing::NotRead, defects), met))
    }

    /// Reads an account once, and again where something seems to be missing in it.
    async fn outcome(
        &self,
        account: &Sid,
        identity: Identity,
        primaries: &[Sid],
    ) -> Result<Outcome, NoAnswer> {
        let (reader, flow) = (&self.reader, self.settings.flow);
        let mut of_account = AccountReader {
            reader,
            flow,
            account: account.clone(),
            identity,
            kinds: &self.columns.kinds,
            token_read_again: false,
        };
        let mut before: Option<Holdings> = None;
        let mut reason = "its lists differ with every reading".to_owned();
        for reading in 0..READINGS_MAX {
            let holdings = match of_account.read(reading).await {
                Ok(holdings) => holdings,
                // Lists that contradict one another may be right the next time.
                Err(NoAnswer::NotWhole(why)) => {
                    (reason, before) = (why, None);
                    continue;
                }
                Err(other) => return Err(other),
            };
            let outcome = self.judge(account, &holdings, primaries);
            let is_certain = outcome.defects.is_empty()
                && outcome.standing == Standing::Read
                && !holdings.has_loose_ends(&self.columns.kinds);
            let is_confirmed =
                || before.as_ref().is_some_and(|it| it.fingerprint() == holdings.fingerprint());
            if is_certain || is_confirmed() {
                return Ok(outcome);
            }
            before = Some(holdings);
        }
        Err(NoAnswer::Here(reason))
    }

    /// What an account's holdings say.
    fn judge(&self, account: &Sid, holdings: &Holdings, primaries: &[Sid]) -> Outcome {
        let flow = self.settings.flow;
        let chosen = Chosen::of(flow, holdings);
        let now = self.reader.clock.now();
        let mut defects = defects::find(flow, account, holdings, &chosen, self.settings.limits, now);
        let standing = if holdings.bundles.is_empty() { Standing::WithoutBundles } else { Standing::Read };
        let Some(profile) = chosen.profile else { return Outcome::nothing(account, standing, defects) };
        let mut row = row::row(&self.columns, account, holdings, &chosen, primaries);
        let owned = row::owned_numbers(holdings);
        let mut accept = vec![];
        // Without a product there is nothing that the row could ask for.
        if !chosen.products.is_empty() {
            let mut checked = self.check.check(&row);
            // What is no number to the check is one to the API all the same.
            let is_number = |it: &&(Column, String)| it.0 == Column::PhoneNumbers;
            let numbers: Vec<&str> =
                checked.accept.iter().filter(is_number).map(|it| it.1.as_str()).collect();
            if !numbers.is_empty() {
                row::name_by_sid(&self.columns, &owned, &mut row, |part| numbers.contains(&part));
                checked = self.check.check(&row);
            }
            if checked.customer.is_none() {
                defects.push(defects::incomplete(account, profile, &checked.errors));
            }
            let named = |(column, value): (Column, String)| (column.name().to_owned(), value);
            accept = checked.accept.into_iter().map(named).collect();
        }
        Outcome { account: account.to_string(), standing, row: Some(row), defects, accept, owned }
    }
}

impl Outcome {
    fn nothing(account: &Sid, standing: Standing, defects: Vec<Defect>) -> Outcome {
        Outcome { account: account.to_string(), standing, row: None, defects, accept: vec![], owned: vec![] }
    }
}

impl Census {
    fn add(&mut self, other: &Census) {
        self.active += other.active;
        self.suspended += other.suspended;
        self.closed += other.closed;
        self.other += other.other;
    }
}

/// How the first of them ended; `None` where there is none.
async fn first<T>(under_way: &mut VecDeque<JoinHandle<T>>) -> Option<Result<T, JoinError>> {
    match under_way.front_mut() {
        Some(first) => Some(first.await),
        None => None,
    }
}

/// Whatever the cause says may hold what a customer has entered.
fn mistake() -> crate::model::Fault {
    crate::model::Fault::new(
        "The reading of an account broke off: a mistake in the program",
        "Nothing was written. Please report this.",
    )
}
