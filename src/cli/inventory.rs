//! `inventory`: what exists at Twilio, as a sheet and a list of defects.

use super::args::{InventoryArgs, ReportFormat, SheetArgs};
use super::files::{must_differ, tell_kept, tell_of_open};
use super::session::{self, Target};
use super::sheet::Sheet;
use super::signals::{Stopping, stop_on_signals_and};
use super::style::{GOOD, OFF, WARNING, conclude, inform, printed, tell};
use super::validate::DEFAULT_RATE;
use super::{Exit, Stop, style};
use crate::check::Entry;
use crate::events::{Nobody, Observer};
use crate::inventory::{
    Census, Counts, Document, DocumentExit, Files, Format, Inventory, Kind, Limits, Over, Scope, Settings,
    Spool, write_defects, write_sheet,
};
use crate::model::{Sid, SidKind, counted};
use crate::products::FLOW;
use crate::report::{CommandLine, Manner, check_writable};
use crate::twilio::Rate;
use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// So often a long reading says how far it is, in accounts.
const TOLD_EVERY: u64 = 500;

pub fn inventory(args: &InventoryArgs, typed: &CommandLine) -> Result<Exit, Stop> {
    let defects = args.defects.clone().unwrap_or_else(|| beside(&args.output));
    let (sids, sheets) = named(args)?;
    let of_the_ledger = session::files_of_the_ledger(&args.target);
    let mut files = vec![("--output", args.output.as_path()), ("--defects", defects.as_path())];
    files.extend(sheets.iter().map(|path| ("the sheet", path.as_path())));
    files.extend(of_the_ledger.iter().map(|path| ("a file of the ledger", path.as_path())));
    must_differ(&files)?;
    check_writable(&args.output)?;
    check_writable(&defects)?;
    let scope = scope(args, sids, &sheets)?;
    let runtime = session::runtime()?;
    let exit = runtime.block_on(read(args, typed, scope, &defects));
    runtime.shutdown_background();
    exit
}

/// The SIDs and the sheets that the arguments name.
fn named(args: &InventoryArgs) -> Result<(Vec<Sid>, Vec<PathBuf>), Stop> {
    let (mut sids, mut sheets) = (vec![], vec![]);
    for text in &args.of {
        match Sid::parse(text.trim()) {
            Some(sid) if sid.is(SidKind::Account) => sids.push(sid),
            Some(sid) => {
                let noun = sid.kind().map_or("something else", SidKind::noun);
                return Err(Stop::Usage(format!(
                    "{sid} is the SID of {noun}; name subaccounts (AC…) or a sheet"
                )));
            }
            None => sheets.push(PathBuf::from(text)),
        }
    }
    Ok((sids, sheets))
}

/// Which accounts are read, each once, in the order in which they are named.
fn scope(args: &InventoryArgs, mut sids: Vec<Sid>, sheets: &[PathBuf]) -> Result<Scope, Stop> {
    if args.of.is_empty() {
        return Ok(Scope::All);
    }
    for path in sheets {
        let sheet = SheetArgs { path: path.clone(), reading: args.reading.clone() };
        let sheet = Sheet::validate(&sheet, session::parent_sid(&args.target), &mut |_| ())?;
        inform!("{}: {}", sheet.name(), sheet.validation.layout);
        let mut without = 0;
        for entry in sheet.entries()? {
            match entry? {
                Entry::Valid(customer) => sids.push(customer.subaccount),
                Entry::Invalid(invalid) => match Sid::parse_as(SidKind::Account, invalid.subaccount.trim()) {
                    Some(sid) => sids.push(sid),
                    None => without += 1,
                },
            }
        }
        if without > 0 {
            let rows = counted(without, "row");
            tell!(
                "{WARNING}warning:{OFF} {rows} of {} without the SID of a subaccount are left out",
                sheet.name()
            );
        }
    }
    let mut seen = HashSet::new();
    sids.retain(|sid| seen.insert(sid.clone()));
    Ok(Scope::Only(sids))
}

/// Where the list of defects goes unless it is said.
fn beside(sheet: &Path) -> PathBuf {
    let stem = sheet.file_stem().unwrap_or_default().to_string_lossy();
    let end = sheet.extension().unwrap_or_default().to_string_lossy();
    sheet.with_file_name(format!("{stem}-defects.{end}"))
}

/// What was read so far.
#[derive(Default)]
struct Gathered {
    spool: Spool,
    counts: Counts,
    accept: BTreeSet<(String, String)>,
    done: u64,
}

async fn read(args: &InventoryArgs, typed: &CommandLine, scope: Scope, defects: &Path) -> Result<Exit, Stop> {
    let target = match args.target.sandbox {
        true => Target::in_known_sandbox(&args.target).await?,
        false => Target::open(&args.target)?,
    };
    let rate = args.pace.rate.unwrap_or(match args.target.sandbox {
        true => Rate::Unlimited,
        false => Rate::PerSecond(DEFAULT_RATE),
    });
    let clock = session::clock();
    let observer: Arc<dyn Observer> = Arc::new(Nobody);
    let client = target.client(rate, args.timeout, &clock, &observer)?;
    let stop = CancellationToken::new();
    stop_on_signals_and(stop.clone(), Stopping::WritesNothing);
    let settings = Settings {
        flow: &FLOW,
        parent: target.parent.clone(),
        limits: Limits { long_ms: args.long, expiring_ms: args.expiring },
        concurrency: usize::from(args.pace.concurrency),
    };
    let inventory = Arc::new(Inventory::new(settings, client, clock, stop));
    let mut gathered = Gathered::default();
    let mut each = |outcome: crate::inventory::Outcome, total: usize| {
        gathered.counts.add(&outcome);
        gathered.spool.add(&outcome)?;
        gathered.accept.extend(outcome.accept);
        gathered.done += 1;
        if gathered.done.is_multiple_of(TOLD_EVERY) {
            inform!("{} of {} looked at", gathered.done, counted(total as u64, "account"));
        }
        Ok(())
    };
    let ended = inventory.read(scope, &mut each).await;
    let census = match ended {
        Ok(census) => census,
        Err(Over::Fault(fault)) => return Err(fault.into()),
        Err(over) => return Ok(broken_off(&over, &gathered)),
    };
    gathered.counts.accounts = census;
    finish(args, typed, &inventory, gathered, defects)
}

/// The reading ended early: a part of an inventory would be taken for the whole, so none is written.
fn broken_off(over: &Over, gathered: &Gathered) -> Exit {
    if let Over::Away(reason) = over {
        style::error(&format!(
            "nobody got an answer of the API any more ({reason}). Check the network and Twilio's status page"
        ));
    }
    let (read, wrong) = (gathered.counts.read, gathered.counts.wrong());
    tell!(
        "Not everything was read, so no file was written: {} read, with {}. Run the same command again.",
        counted(read, "account"),
        counted(wrong, "defect")
    );
    Exit::RunAgain
}

fn finish(
    args: &InventoryArgs,
    typed: &CommandLine,
    inventory: &Inventory,
    gathered: Gathered,
    defects: &Path,
) -> Result<Exit, Stop> {
    let Gathered { mut spool, counts, accept, .. } = gathered;
    let (exit, reason) = match (counts.not_read, counts.wrong()) {
        (0, 0) => (Exit::Success, "no defect was found"),
        (0, _) => (Exit::RefusedRows, "there are defects"),
        _ => (Exit::RunAgain, "accounts could not be read whole: run again"),
    };
    let exit_of = DocumentExit { code: exit.code(), reason: reason.to_owned() };
    let name = |path: &Path| path.display().to_string();
    let ledger = session::ledger(&args.target);
    let manner = Manner::of_work(args.overwrite, Some(ledger).filter(|it| it.exists()));
    let sheet = write_sheet(inventory.headers(), &mut spool, &args.output, &manner)?;
    let is_read_by_plan = Format::of(&sheet.name) != Some(Format::Json) && counts.rows > 0;
    let accept = accept.iter().map(|(column, value)| format!("{column}={value}")).collect();
    let plan = is_read_by_plan.then(|| typed.plan_of(&name(&sheet.name), accept));
    let files = Files { sheet: name(&sheet.name), defects: name(defects) };
    let mut document = Document::new(counts, exit_of, files, plan);
    let list = write_defects(&mut spool, &document, defects, &manner)?;
    document.files.defects = name(&list.name);
    tell_kept(&[sheet.kept.clone(), list.kept.clone()].concat());
    if args.format == ReportFormat::Json {
        printed(document.write(&mut spool, &mut std::io::stdout().lock()));
    } else {
        tell_text(&document);
    }
    let said = "holds personal data of your customers; only you may read it (mode 0600)";
    inform!("{} {said}", sheet.name.display());
    tell_of_open([sheet.name.as_path(), list.name.as_path()]);
    Ok(exit)
}

fn tell_text(document: &Document) {
    let Counts { accounts, read, without_bundles, not_read, rows, .. } = &document.counts;
    let Census { active, suspended, closed, other } = accounts;
    let without = counted(*without_bundles, "account");
    conclude!("{active} active: {read} read whole, {without} without any bundle of ours");
    if suspended + closed + other > 0 {
        conclude!("{suspended} suspended, {closed} closed, {other} of another status: not looked at");
    }
    if *not_read > 0 {
        conclude!(
            "{WARNING}{} could not be read whole; nothing is said of them{OFF}",
            counted(*not_read, "account")
        );
    }
    conclude!("Sheet: {} ({})", document.files.sheet, counted(*rows, "row"));
    let wrong = document.counts.wrong();
    match wrong + not_read {
        0 => conclude!("Defects: {} ({GOOD}none{OFF})", document.files.defects),
        _ => conclude!("Defects: {} ({wrong})", document.files.defects),
    }
    for kind in Kind::ALL.into_iter().filter(|kind| document.counts.of(*kind) > 0) {
        conclude!("  {:6}  {}: {}", document.counts.of(kind), kind.word(), kind.remedy().replace('`', ""));
    }
    if let Some(plan) = &document.plan {
        conclude!("What a run would do with it:");
        conclude!("  {plan}");
    }
}
