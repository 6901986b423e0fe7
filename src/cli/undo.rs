//! `undo`: takes away again what the program has made.

use super::args::{AlsoArg, SheetArgs, UndoArgs};
use super::files::{must_differ, tell_kept, tell_of_open};
use super::live::says_yes;
use super::session::{self, Connection, Target};
use super::sheet::Sheet;
use super::signals::stop_on_signals;
use super::style::{self, conclude, inform, say, tell};
use super::validate::DEFAULT_RATE;
use super::{Exit, Stop};
use crate::check::Entry;
use crate::engine::YoungLedger;
use crate::events::{Nobody, Observer};
use crate::ledger::{Ledger, PastRun};
use crate::model::{Address, Fault, Sid, SidKind, counted};
use crate::products::FLOW;
use crate::report::{
    ExitReport, Log, Manner, UndoDocument, check_writable, foreseen_lines, rfc3339, undone_lines,
};
use crate::sandbox::Start;
use crate::twilio::Rate;
use crate::undo::{Account, Entry as Told, Fate, Outlook, Scope, Settings, Undo, accounts_of};
use std::collections::HashSet;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// A sandbox's reviews are not waited for here.
const SANDBOX_REVIEW_MS: u64 = 1_000;

/// So many of the newest runs are listed where a number is asked for that there is not.
const RUNS_SHOWN: usize = 10;

/// Whose things are to go.
enum What {
    Sheet(Box<Sheet>),
    Accounts(Vec<Sid>),
    Run(i64),
}

pub fn undo(args: &UndoArgs) -> Result<Exit, Stop> {
    session::check_ledger(&args.target)?;
    let mut files: Vec<(&str, &Path)> = vec![];
    let of_the_ledger = session::files_of_the_ledger(&args.target);
    files.extend(of_the_ledger.iter().map(|path| ("a file of the ledger", path.as_path())));
    files.extend(args.output.as_deref().map(|path| ("--output", path)));
    files.extend(args.log.as_deref().map(|path| ("--log", path)));
    if let Some(path) = &args.output {
        check_writable(path)?;
    }
    let what = what(args, &mut files)?;
    if !args.dry_run && !args.yes && !std::io::stdin().is_terminal() {
        return Err(Stop::Usage(
            "this is not a terminal, so there is no one to ask: add --yes to take things away, or --dry-run to see what \
             that would be"
                .to_owned(),
        ));
    }
    let runtime = session::runtime()?;
    let exit = runtime.block_on(go(args, &what));
    // What still hangs on a thread, such as a read of the terminal, is not waited for.
    runtime.shutdown_background();
    exit
}

fn what<'a>(args: &'a UndoArgs, files: &mut Vec<(&'a str, &'a Path)>) -> Result<What, Stop> {
    if let Some(run) = args.run {
        must_differ(files)?;
        // A ledger that is not there is not made for this.
        drop(Ledger::open_for_reading(
            &session::ledger(&args.target),
            &FLOW,
            &session::target_name(&args.target)?,
        )?);
        return Ok(What::Run(run));
    }
    let account = |text: &String| Sid::parse_as(SidKind::Account, text.trim());
    let accounts: Vec<Sid> = args.what.iter().filter_map(account).collect();
    if accounts.len() == args.what.len() {
        must_differ(files)?;
        let mut known = HashSet::new();
        return Ok(What::Accounts(accounts.into_iter().filter(|it| known.insert(it.clone())).collect()));
    }
    let [path] = args.what.as_slice() else {
        return Err(Stop::Usage(
            "name one sheet, or subaccounts only (AC and 32 hexadecimal digits)".to_owned(),
        ));
    };
    let sheet = SheetArgs { path: PathBuf::from(path), reading: args.reading.clone() };
    files.push(("the sheet", Path::new(path)));
    must_differ(files)?;
    let sheet = Sheet::validate(&sheet, session::parent_sid(&args.target), &mut |_| ())?;
    inform!("{}: {}", sheet.name(), sheet.validation.layout);
    Ok(What::Sheet(Box::new(sheet)))
}

async fn go(args: &UndoArgs, what: &What) -> Result<Exit, Stop> {
    let target = match (args.target.sandbox, what) {
        (true, What::Sheet(sheet)) => {
            Target::in_sandbox(&args.target, sheet, SANDBOX_REVIEW_MS, Start::GoOn).await?
        }
        (true, _) => Target::in_known_sandbox(&args.target).await?,
        (false, _) => Target::open(&args.target)?,
    };
    let clock = session::clock();
    let stop = CancellationToken::new();
    stop_on_signals(stop.clone());
    let log = args.log.as_ref().map(|path| Log::open(path, clock.clone()).map(Arc::new)).transpose()?;
    let observer: Arc<dyn Observer> = match &log {
        Some(log) => log.clone(),
        None => Arc::new(Nobody),
    };
    let rate = args.pace.rate.unwrap_or(match args.target.sandbox {
        true => Rate::Unlimited,
        false => Rate::PerSecond(DEFAULT_RATE),
    });
    let Connection { client, ledger } = match args.dry_run {
        true => Connection {
            client: target.client(rate, args.timeout, &clock, &observer)?,
            ledger: Ledger::open_to_look(&target.ledger, &FLOW, &target.name)?,
        },
        false => target.connect(rate, args.timeout, &clock, &observer)?,
    };
    tell_of_open(args.log.iter().map(PathBuf::as_path));
    let run = match what {
        What::Run(id) => Some(run_of(*id, &ledger)?),
        _ => None,
    };
    let accounts = match (what, run) {
        (What::Sheet(sheet), _) => accounts_of_sheet(sheet)?,
        (_, Some(run)) => subaccounts(accounts_of(run, &ledger)?),
        (What::Accounts(accounts), None) => subaccounts(accounts.clone()),
        (What::Run(_), None) => vec![],
    };
    let also = |it: AlsoArg| args.also.contains(&it);
    let settings = Settings {
        flow: &FLOW,
        parent: target.parent.clone(),
        scope: Scope { rejected: also(AlsoArg::Rejected), approved: also(AlsoArg::Approved), run },
        visibility_window_ms: args.visibility_window,
        call_timeout_ms: args.timeout,
        concurrency: usize::from(args.pace.concurrency),
        young_ledger: match args.target.sandbox {
            true => YoungLedger::LooksAtOnce,
            false => YoungLedger::Waits,
        },
    };
    if ledger.is_young() && !args.target.sandbox && args.visibility_window > 0 {
        inform!(
            "The ledger {} is new here: what a run with another ledger may just have made is waited for, {} s \
             (--visibility-window)",
            target.ledger.display(),
            args.visibility_window.div_ceil(1_000)
        );
    }
    inform!("Looking at {}, where nothing is changed yet", counted(accounts.len() as u64, "account"));
    let undo = Undo::new(settings, client, ledger, clock, stop.clone());
    let done = work(args, what, &undo, &accounts, &target, &stop).await;
    if let Some(loss) = log.and_then(|it| it.loss()) {
        style::error(&loss);
    }
    let closed = undo.close();
    let exit = done?;
    closed?;
    Ok(exit)
}

async fn work(
    args: &UndoArgs,
    what: &What,
    undo: &Arc<Undo>,
    accounts: &[Account],
    target: &Target,
    stop: &CancellationToken,
) -> Result<Exit, Stop> {
    let outlooks = undo.look(accounts).await?;
    let foreseen: Vec<Told> = outlooks.iter().flat_map(|it| it.kept.clone()).collect();
    let is_idle = outlooks.iter().all(Outlook::is_idle);
    if args.dry_run {
        foreseen_lines(&outlooks).iter().for_each(|line| say!("{line}"));
        let exit = exit_of(&foreseen, what);
        keep(args, &UndoDocument::foreseen(&outlooks, report(exit)))?;
        return Ok(exit);
    }
    if stop.is_cancelled() {
        tell!("Nothing was taken away.");
        return Ok(Exit::RunAgain);
    }
    if !is_idle && !args.yes {
        foreseen_lines(&outlooks).iter().for_each(|line| say!("{line}"));
        tell!(
            "Taking this away at {}, parent account {}; it cannot be brought back",
            target.host(),
            target.parent.account
        );
        if !says_yes() {
            tell!("Nothing was taken away.");
            return Ok(Exit::NotConfirmed);
        }
    }
    let entries = undo.take_away(outlooks).await?;
    for fate in [Fate::Removed, Fate::Kept] {
        undone_lines(&entries, fate).iter().for_each(|line| conclude!("{line}"));
    }
    undone_lines(&entries, Fate::Failed).iter().for_each(|line| say!("{line}"));
    let exit = exit_of(&entries, what);
    keep(args, &UndoDocument::done(&entries, report(exit)))?;
    if exit == Exit::RunAgain {
        tell!("Not everything was reached. Run the same command again: it goes on from here.");
    }
    Ok(exit)
}

/// Writes the file that was asked for.
fn keep(args: &UndoArgs, document: &UndoDocument) -> Result<(), Fault> {
    let Some(path) = &args.output else { return Ok(()) };
    let written = document.write(path, &Manner::of_work(args.overwrite, None))?;
    tell_kept(&written.kept);
    inform!("Written to {}", written.name.display());
    Ok(())
}

fn report(exit: Exit) -> ExitReport {
    let reason = match exit {
        Exit::Success => "nothing that was made is left",
        Exit::RefusedRows => "something that was made is left",
        Exit::RunAgain => "not everything was reached: run again",
        other => other.reason(),
    };
    ExitReport { code: exit.code(), reason: reason.to_owned() }
}

/// What the lists mean: what a row names is no failure.
fn exit_of(entries: &[Told], what: &What) -> Exit {
    match () {
        () if entries.iter().any(|it| it.why.is_unfinished()) => Exit::RunAgain,
        () if entries.iter().any(|it| it.why.leaves_ours()) => Exit::RefusedRows,
        () if matches!(what, What::Sheet(sheet) if sheet.validation.invalid() > 0) => Exit::InvalidRows,
        () => Exit::Success,
    }
}

fn subaccounts(all: Vec<Sid>) -> Vec<Account> {
    all.into_iter().map(|subaccount| Account { subaccount, named: None }).collect()
}

/// The accounts of the valid rows, with the bundles that they name.
fn accounts_of_sheet(sheet: &Sheet) -> Result<Vec<Account>, Fault> {
    let mut accounts = vec![];
    for entry in sheet.entries()? {
        match entry? {
            Entry::Valid(customer) => {
                let named = FLOW.bundles().filter_map(|it| Some((it, it.named_by(&customer)?.clone())));
                let address = match &customer.address {
                    Address::Existing(sid) => Some((FLOW.profile, sid.clone())),
                    Address::New { .. } => None,
                };
                let named = Some(named.chain(address).collect());
                let subaccount = customer.subaccount.clone();
                accounts.push(Account { subaccount, named });
            }
            Entry::Invalid(invalid) => {
                tell!(
                    "row {} is left out, because it is invalid ({}); name its subaccount to undo it all the same",
                    invalid.row,
                    invalid.finding.code
                );
            }
        }
    }
    Ok(accounts)
}

/// The run with that number.
fn run_of(id: i64, ledger: &Ledger) -> Result<PastRun, Fault> {
    let runs = ledger.runs()?;
    if let Some(run) = runs.iter().find(|it| it.id == id) {
        return Ok(*run);
    }
    let newest = runs.iter().rev().take(RUNS_SHOWN);
    let shown: Vec<String> = newest.map(|it| format!("{} ({})", it.id, rfc3339(it.started_at))).collect();
    Err(Fault::new(
        format!("The ledger {} has no run {id} that wrote anything", ledger.path().display()),
        match shown.is_empty() {
            true => "It has none with a number: name the sheet or the subaccounts instead.".to_owned(),
            false => format!("The newest are {}. Or name the sheet or the subaccounts.", shown.join(", ")),
        },
    ))
}
