//! What a run would do, row by row, for the commands that say so before they do it.

use super::session::Target;
use super::sheet::Sheet;
use crate::check::Entry;
use crate::clock::Clock;
use crate::engine::{
    Customers, Ended, FoundPrimary, Only, Previews, RefusalBreaker, Run, Selection,
    Settings as EngineSettings, YoungLedger,
};
use crate::events::Observer;
use crate::facts::{Facts, Numbers, Policy};
use crate::flow::{BundleId, Key, Part};
use crate::ledger::Ledger;
use crate::model::{Customer, Fault, PhoneNumbers, Sid};
use crate::plan::Plan;
use crate::preview::Preview;
use crate::products::FLOW;
use crate::report::{Action, RowPlan, Shapes, Sums, is_open_ended};
use crate::twilio::Rate;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::sync::CancellationToken;

/// What decides which rows a run takes on and what it does for them.
pub struct Choice<'a> {
    pub policy: &'a Policy,
    /// The primary profile of rows that name none, where the user has named it.
    pub primary: Option<&'a Sid>,
    pub selection: Selection,
}

/// The rows of a sheet as a run would find them.
#[derive(Default)]
pub struct Foreseen {
    pub rows: Vec<RowPlan>,
    pub sums: Sums,
    /// Those of whom only a look at the API can say what is done to their approved bundles.
    pub to_look_at: HashSet<Sid>,
}

/// Whether each write is told with its digest, or only what the rows do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    Writes,
    Rows,
    /// The sum alone.
    Sums,
}

/// By sheet and ledger alone, without the network.
pub fn offline(
    sheet: &Sheet,
    ledger: &Ledger,
    choice: &Choice<'_>,
    detail: Detail,
    clock: &dyn Clock,
) -> Result<Foreseen, Fault> {
    let shapes = Shapes::new(&FLOW, choice.policy.clone());
    let mut to_look_at = HashSet::new();
    let foreseen = every_row(sheet, ledger, choice, detail, |customer, recorded| {
        if recorded.is_empty() && detail != Detail::Writes {
            return shapes.row(customer);
        }
        let primary = customer.primary_profile.as_ref().or(choice.primary);
        let plan = Plan::of(&FLOW, customer, choice.policy, primary, ledger.key(), recorded);
        let at_least = is_open_ended(&plan);
        if may_touch_approved(&plan, recorded) {
            to_look_at.insert(customer.subaccount.clone());
        }
        let preview = Preview::offline(plan, recorded.clone(), clock.now());
        of_preview(ledger, customer, &preview, recorded, at_least)
    })?;
    Ok(Foreseen { to_look_at, ..foreseen })
}

/// Whether a run may add numbers to a bundle that was submitted, or take some off, by what is recorded.
fn may_touch_approved(plan: &Plan<'_>, recorded: &Facts) -> bool {
    let follows = plan.policy().numbers != Numbers::default();
    let all = matches!(plan.customer.phone_numbers, PhoneNumbers::All);
    let lacks = |bundle: BundleId| {
        let on_it = |part: Part| recorded.sid(Key { step: bundle.numbered_by(), part }).is_some();
        plan.numbers(recorded).into_iter().any(|part| !on_it(part))
    };
    plan.bundles().iter().any(|it| !recorded.is_open(it) && (follows || all || lacks(it)))
}

/// What the engine needs to read what a run would read.
pub struct Looking<'a> {
    pub target: &'a Target,
    pub rate: Rate,
    pub concurrency: u16,
    /// How long a call may take, in milliseconds.
    pub call_ms: u64,
    /// How long an API that is away for everyone is waited for, in milliseconds.
    pub wait_ms: u64,
    pub clock: Arc<dyn Clock>,
    pub observer: Arc<dyn Observer>,
    pub drain: CancellationToken,
}

/// After reading what a run would read, for all customers or those among these. Nothing is changed at the API and
/// nothing is written down. The second part says how the reading ended.
pub async fn online(
    sheet: &Sheet,
    choice: &Choice<'_>,
    looking: Looking<'_>,
    among: Option<HashSet<Sid>>,
) -> Result<(Foreseen, Ended), Fault> {
    let target = looking.target;
    let ledger = || Ledger::open_to_look(&target.ledger, &FLOW, &target.name);
    let told: Arc<Mutex<HashMap<u64, Result<RowPlan, Fault>>>> = Arc::default();
    let (tell, known) = (told.clone(), ledger()?);
    let failed: Arc<Mutex<Option<Fault>>> = Arc::default();
    let fails = failed.clone();
    let previews: Previews =
        Arc::new(move |customer: &Customer, preview: Preview| match known.customer(&customer.subaccount) {
            Ok((recorded, _)) => {
                let plan = of_preview(&known, customer, &preview, &recorded, false);
                tell.lock().unwrap_or_else(PoisonError::into_inner).insert(customer.row, plan);
            }
            Err(fault) => {
                fails.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(fault);
            }
        });
    let run = run_that_looks(sheet, choice, looking, Some(previews))?;
    let among = Arc::new(among);
    let customers = || {
        let among = among.clone();
        let is_one = move |it: &Sid| among.as_ref().as_ref().is_none_or(|these| these.contains(it));
        let all = sheet.customers()?;
        let these: Customers =
            Box::new(all.filter(move |it| it.as_ref().map_or(true, |it| is_one(&it.subaccount))));
        Ok(these)
    };
    let mut ended = run.go(customers).await;
    run.close()?;
    if let Some(fault) = ended.fault.take() {
        return Err(fault);
    }
    if let Some(fault) = failed.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Err(fault);
    }
    let mut told = std::mem::take(&mut *told.lock().unwrap_or_else(PoisonError::into_inner));
    let foreseen = every_row(sheet, &ledger()?, choice, Detail::Writes, |customer, _| {
        told.remove(&customer.row).unwrap_or_else(|| Ok(RowPlan::left(customer, Action::NotSelected)))
    })?;
    Ok((foreseen, ended))
}

/// The primary profile of rows that name none, before anybody is asked: one read as the parent, and nothing else.
pub async fn primary(
    sheet: &Sheet,
    choice: &Choice<'_>,
    looking: Looking<'_>,
) -> Result<FoundPrimary, Fault> {
    let run = run_that_looks(sheet, choice, looking, None)?;
    let found = run.look_for_primary().await;
    run.close()?;
    found
}

/// A run whose ledger is opened to look.
fn run_that_looks(
    sheet: &Sheet,
    choice: &Choice<'_>,
    looking: Looking<'_>,
    previews: Option<Previews>,
) -> Result<Arc<Run>, Fault> {
    let Looking { target, rate, concurrency, call_ms, wait_ms, clock, observer, drain } = looking;
    let settings = EngineSettings {
        flow: &FLOW,
        parent: target.parent.clone(),
        policy: choice.policy.clone(),
        primary_profile: choice.primary.cloned(),
        default_primary: sheet.default_primary()?,
        concurrency: usize::from(concurrency),
        selection: choice.selection,
        refusal_breaker: RefusalBreaker::Off,
        young_ledger: YoungLedger::LooksAtOnce,
        wait_ms,
        poll_ms: 0,
        previews,
    };
    let client = target.client(rate, call_ms, &clock, &observer)?;
    let ledger = Ledger::open_to_look(&target.ledger, &FLOW, &target.name)?;
    Ok(Run::new(settings, client, ledger, clock, observer, drain))
}

fn of_preview(
    ledger: &Ledger,
    customer: &Customer,
    preview: &Preview,
    recorded: &Facts,
    at_least: bool,
) -> Result<RowPlan, Fault> {
    if let Some(fault) = preview.fault(&customer.subaccount) {
        return Err(fault);
    }
    let since =
        |bundle: BundleId| ledger.recorded_at(&customer.subaccount, bundle.submitted_by()).ok().flatten();
    Ok(RowPlan::of(customer, preview, recorded, at_least, since))
}

/// Goes through the sheet as a run does: what is not taken on is said to be so.
fn every_row(
    sheet: &Sheet,
    ledger: &Ledger,
    choice: &Choice<'_>,
    detail: Detail,
    mut of_one: impl FnMut(&Customer, &Facts) -> Result<RowPlan, Fault>,
) -> Result<Foreseen, Fault> {
    let Selection { only, limit } = choice.selection;
    let mut foreseen = Foreseen::default();
    let mut taken = 0;
    for entry in sheet.entries()? {
        let is_full = limit.is_some_and(|limit| taken >= limit);
        if is_full && detail == Detail::Sums {
            break;
        }
        let row = match entry? {
            Entry::Invalid(invalid) => RowPlan::invalid(&invalid),
            Entry::Valid(customer) => {
                let (recorded, begun) = ledger.customer(&customer.subaccount)?;
                // A customer who was never begun needs no plan to be told apart.
                let is_new = recorded.is_empty() && begun.is_none();
                let is_taken = match only {
                    Only::Everyone if is_new => true,
                    _ => {
                        let primary = customer.primary_profile.as_ref();
                        let plan =
                            Plan::of(&FLOW, &customer, choice.policy, primary, ledger.key(), &recorded);
                        choice.selection.takes(&plan, &recorded, begun.as_ref())
                    }
                };
                match (is_taken, only) {
                    (false, Only::Everyone) => RowPlan::left(&customer, Action::Nothing),
                    (false, _) => RowPlan::left(&customer, Action::NotSelected),
                    (true, _) if is_full => RowPlan::left(&customer, Action::NotSelected),
                    (true, _) => {
                        taken += 1;
                        let row = of_one(&customer, &recorded)?;
                        foreseen.sums.add(&row, customer.primary_profile.as_ref());
                        row
                    }
                }
            }
        };
        if detail != Detail::Sums {
            foreseen.rows.push(row);
        }
    }
    Ok(foreseen)
}
