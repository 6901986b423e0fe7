//! `run`: the main job.

use super::args::RunArgs;
use super::closing::Closing;
use super::files::{must_be_csv_or_xlsx, must_differ, of_results, tell_kept, tell_of_open, tell_place};
use super::foresee::{self, Choice, Detail, Looking};
use super::live::{Consent, Undertaking, ask, ask_about_approved};
use super::session::{self, Connection, Target};
use super::sheet::Sheet;
use super::signals::stop_on_signals;
use super::style::{Verbosity, inform, tell};
use super::validate::{DEFAULT_RATE, in_short};
use super::watch::{OnChange, Program};
use super::{Exit, Stop, meanwhile, plan, style};
use crate::check::rule;
use crate::engine::{
    FoundPrimary, Interrupted, Primary, RefusalBreaker, Run, Selection, Settings, YoungLedger,
};
use crate::events::{Nobody, Observer};
use crate::facts::Code;
use crate::facts::{Outcome, Policy, Time};
use crate::ledger::Ledger;
use crate::model::{Fault, Finding, Severity, Sid, counted};
use crate::products::FLOW;
use crate::report::{
    All, CommandLine, Failure, FindingsFormat, FindingsPrinter, HowItEnded, Log, Manner, Progress, Reporter,
    ResultsPaths, RowReport, Saved, Snapshot, Sums, Tally, check_writable, write_failed,
};
use crate::sandbox::Start;
use crate::twilio::Rate;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// How often reviews are looked at, in milliseconds. They take days, so once a minute is plenty.
const POLL_MS: u64 = 60_000;

/// A sandbox's reviews take a second, and who tries it out waits for them.
const SANDBOX_POLL_MS: u64 = 250;

pub fn run(args: &RunArgs, typed: &CommandLine) -> Result<Exit, Stop> {
    let on_change = args.on_change.as_deref().map(Program::parse).transpose()?;
    let paths = ResultsPaths::beside(&args.results).known_to(session::ledger(&args.target)).with_last_look();
    check_writable(&paths.results)?;
    if let Some(path) = &args.failed {
        check_writable(path)?;
    }
    session::check_ledger(&args.target)?;
    let of_the_ledger = session::files_of_the_ledger(&args.target);
    let mut files = of_results(&args.sheet.path, &paths, &of_the_ledger);
    files.extend(args.failed.as_deref().map(|path| ("--failed", path)));
    files.extend(args.log.as_deref().map(|path| ("--log", path)));
    must_differ(&files)?;
    must_be_csv_or_xlsx(&paths)?;
    let sheet = validate(args, typed)?;
    if sheet.validation.rows == 0 {
        // The findings have said so.
        return Ok(Exit::InvalidRows);
    }
    if args.all_or_nothing && sheet.validation.invalid() > 0 {
        let mut closing = Closing::new(typed, args.format);
        let tally = write_without_a_run(args, &sheet, &paths, typed, &mut closing)?;
        style::error("nothing was sent, because --all-or-nothing is given and rows are invalid");
        return Ok(closing.end(&tally, HowItEnded::default(), Some(&paths), Exit::InvalidRows)?);
    }
    let runtime = session::runtime()?;
    let exit = runtime.block_on(go(args, typed, &sheet, &paths, on_change));
    // What still hangs on a thread, such as a read of the terminal, is not waited for.
    runtime.shutdown_background();
    exit
}

/// The first pass. Errors are shown; warnings and notes are what `validate` is for.
fn validate(args: &RunArgs, typed: &CommandLine) -> Result<Sheet, Fault> {
    let mut printer =
        FindingsPrinter::new(FindingsFormat::Text, anstream::AutoStream::auto(std::io::stderr()));
    let sheet = Sheet::validate(&args.sheet, session::parent_sid(&args.target), &mut |finding: Finding| {
        let is_doubtful =
            [&rule::ENCODING_GUESSED, &rule::DECODED_TWICE].iter().any(|it| it.code == finding.code);
        // What would be sent with wrong letters in it is shown before it is sent.
        let is_wanted = style::verbosity() > Verbosity::Usual;
        if finding.severity == Severity::Error || finding.row == 0 || is_doubtful || is_wanted {
            printer.take(finding);
        }
    })?;
    // Nobody reads standard error in vain: where it is closed, there is nobody to tell.
    let _ = printer.finish(&sheet.validation);
    let validation = &sheet.validation;
    inform!("{}: {}", sheet.name(), validation.layout);
    if validation.counts.warnings + validation.counts.notes > 0 && style::verbosity() <= Verbosity::Usual {
        inform!("Warnings and notes are shown by: {}", typed.validate());
    }
    inform!("{}", in_short(validation));
    Ok(sheet)
}

async fn go(
    args: &RunArgs,
    typed: &CommandLine,
    sheet: &Sheet,
    paths: &ResultsPaths,
    on_change: Option<Program>,
) -> Result<Exit, Stop> {
    let review_ms = args.trial.review_seconds * 1_000;
    let start = if args.trial.fresh { Start::Over } else { Start::GoOn };
    let target = match args.target.sandbox {
        true => Target::in_sandbox(&args.target, sheet, review_ms, start).await?,
        false => Target::open(&args.target)?,
    };
    let policy = args.numbers.policy(args.flow.policy(), args.only);
    let clock = session::clock();
    let rate = args.pace.rate.unwrap_or(match args.target.sandbox {
        true => Rate::Unlimited,
        false => Rate::PerSecond(DEFAULT_RATE),
    });
    let only = plan::only(args.only);
    let selection = Selection { only, limit: args.limit };
    let choice = Choice { policy: &policy, primary: args.primary_profile.as_ref(), selection };
    let drain = CancellationToken::new();
    stop_on_signals(drain.clone());
    let looking = |wait_ms| Looking {
        target: &target,
        rate,
        concurrency: args.pace.concurrency,
        call_ms: args.flow.timeout,
        wait_ms,
        clock: clock.clone(),
        observer: Arc::new(Nobody),
        drain: drain.child_token(),
    };
    let mut held_back = 0;
    let (sums, to_look_at) = match &args.plan {
        Some(path) => {
            let (sums, held) = hold_back(path, sheet, &choice, looking(0)).await?;
            held_back = held;
            (sums, HashSet::new())
        }
        None => {
            // Closed again before the run opens it for writing.
            let ledger = Ledger::open_to_look(&target.ledger, &FLOW, &target.name)?;
            let foreseen = foresee::offline(sheet, &ledger, &choice, Detail::Sums, &*clock)?;
            (foreseen.sums, foreseen.to_look_at)
        }
    };
    // What was said yes to is what customers are linked to.
    let mut primary_profile = args.primary_profile.clone();
    if !target.endpoint.is_loopback() {
        let consent = if args.yes { Consent::Given } else { Consent::ToBeAsked };
        consent.must_be_possible()?;
        let primary = match foresee::primary(sheet, &choice, looking(args.wait.unwrap_or(0))).await? {
            FoundPrimary::OfRows => "each row names its own".to_owned(),
            FoundPrimary::One(primary) => {
                let words = primary_in_words(&primary, &sums);
                primary_profile = Some(primary.sid);
                words
            }
            FoundPrimary::Stopped => return Ok(nothing_was_sent()),
            FoundPrimary::Away(reason) => {
                style::error(&format!(
                    "the primary profile was not read, because nobody gets an answer of the API ({reason}); nothing was \
                     begun. Check the network and Twilio's status page, then run it again; with --wait it waits longer, \
                     such as --wait 12h"
                ));
                return Ok(Exit::RunAgain);
            }
        };
        let undertaking =
            Undertaking { host: &target.host(), parent: &target.parent.account, primary, sums: &sums };
        if !ask(&undertaking, consent) {
            return Ok(nothing_was_sent());
        }
        let mut on_approved = sums.on_approved;
        // Who has said yes in advance is not kept waiting for the exact sum.
        if consent == Consent::ToBeAsked && !to_look_at.is_empty() {
            let (foreseen, ended) = foresee::online(sheet, &choice, looking(0), Some(to_look_at)).await?;
            if ended.interrupted == Interrupted::Yes {
                return Ok(nothing_was_sent());
            }
            on_approved = foreseen.sums.on_approved;
        }
        if !ask_about_approved(&on_approved, consent) {
            return Ok(nothing_was_sent());
        }
    }
    let progress = Arc::new(Progress::new(
        sums.customers,
        sums.calls(),
        cap(rate),
        style::progress_detail(),
        clock.clone(),
    ));
    let rounds = Arc::new(meanwhile::Rounds::default());
    let mut observers: Vec<Arc<dyn Observer>> = vec![progress.clone(), rounds.clone()];
    let log = args.log.as_ref().map(|path| Log::open(path, clock.clone()).map(Arc::new)).transpose()?;
    observers.extend(log.clone().map(|it| it as Arc<dyn Observer>));
    let observer: Arc<dyn Observer> = Arc::new(All(observers));
    let Connection { client, ledger } = target.connect(rate, args.flow.timeout, &clock, &observer)?;
    let young_ledger = if args.target.sandbox { YoungLedger::LooksAtOnce } else { YoungLedger::Waits };
    if ledger.is_young() && young_ledger == YoungLedger::Waits && policy.visibility_window_ms > 0 {
        inform!(
            "The ledger {} is new here: customers are looked at after {} s (--visibility-window), so that what a run \
             with another ledger may just have made is found.",
            target.ledger.display(),
            policy.visibility_window_ms.div_ceil(1_000)
        );
    }
    let of_the_ledger = session::files_of_the_ledger(&args.target);
    tell_of_open(of_the_ledger.iter().chain(&args.log).map(PathBuf::as_path));
    // Two reviews one after the other, and as much again for good measure.
    let sandbox_wait_ms = 4 * review_ms + 10_000;
    let settings = Settings {
        flow: &FLOW,
        parent: target.parent.clone(),
        policy: policy.clone(),
        primary_profile,
        default_primary: sheet.default_primary()?,
        concurrency: usize::from(args.pace.concurrency),
        selection,
        refusal_breaker: if args.keep_going { RefusalBreaker::Off } else { RefusalBreaker::On },
        young_ledger,
        wait_ms: args.wait.unwrap_or(if args.target.sandbox { sandbox_wait_ms } else { 0 }),
        poll_ms: args.poll.unwrap_or(if args.target.sandbox { SANDBOX_POLL_MS } else { POLL_MS }),
        previews: None,
    };
    let run = Run::new(settings, client, ledger, clock.clone(), observer, drain);
    let on_change = match on_change {
        Some(program) => {
            let before = snapshot(args, sheet, run.ledger(), &policy, clock.now())?;
            Some(OnChange::start(program, before, clock.clone()))
        }
        None => None,
    };
    let told = on_change.as_ref().map(|it| (it, args.watch.long));
    let ended = tokio::select! {
        ended = meanwhile::go(&run, sheet, &policy, paths, &rounds, &*clock, told) => ended,
        never = progress.keep_showing() => match never {},
    };
    progress.finish();
    if let Some(loss) = log.and_then(|it| it.loss()) {
        style::error(&loss);
    }
    let results = Reporter::new(&FLOW, Some(run.ledger()), &policy, Some(&ended))
        .of_sheet(&sheet.validation.layout)
        .at(clock.now());
    let mut closing = Closing::new(typed, args.format);
    let (written, failed) = write_rows(args, sheet, paths, &results, &mut closing);
    let (calls, took) = progress.totals();
    let number = run.ledger().run();
    if let Some(on_change) = on_change {
        if let Ok(last) = snapshot(args, sheet, run.ledger(), &policy, clock.now()) {
            on_change.see(last.of_the_end());
        }
        on_change.end().await;
    }
    // What cannot be closed or written now hides nothing of what the run has to say: it comes last.
    let closed = run.close();
    let put_aside = write_failures(args, typed, sheet, &failed);
    if let Ok((_, written)) = &written {
        tell_place(paths, written);
    }
    if let Some(fault) = ended.fault {
        // A second fault, of results that cannot be written, would hide the one that came first.
        if let Ok((tally, written)) = written {
            closing.broken_off(&tally, &written)?;
        }
        return Err(fault.into());
    }
    let (tally, written) = written?;
    let of_the_ledger = number.map_or_else(String::new, |it| format!("; run {it} of the ledger"));
    inform!("{} in {:.1} s{of_the_ledger}", counted(calls, "call"), took.as_secs_f64());
    if let Some(reason) = &ended.away {
        style::error(&format!(
            "the run ended because nobody got an answer of the API any more ({reason}); nothing is lost. Check the \
             network and Twilio's status page, then run it again; with --wait it waits longer, such as --wait 12h"
        ));
    }
    if let Some((key, code)) = &ended.tripped {
        style::error(&format!(
            "the run stopped itself: its first customers were all refused at the step {} with {}",
            key.step,
            spell_code(*code)
        ));
    }
    let exit = match ended.tripped {
        // Running again as it is would only be stopped again, whatever was left unfinished by that.
        Some(_) => Exit::RefusedRows,
        None => match Exit::of(&tally, ended.interrupted) {
            Exit::Success | Exit::InvalidRows if held_back > 0 => Exit::RefusedRows,
            exit => exit,
        },
    };
    let how = HowItEnded {
        interrupted: ended.interrupted == Interrupted::Yes,
        tripped: ended.tripped.is_some(),
        idle: ended.customers.is_empty(),
    };
    let exit = closing.end(&tally, how, Some(&written), exit);
    closed?;
    put_aside?;
    Ok(exit?)
}

/// Leaves out every row that would now do something else than the plan says. Gives what the others do, and how many
/// are left out.
async fn hold_back(
    path: &Path,
    sheet: &Sheet,
    choice: &Choice<'_>,
    looking: Looking<'_>,
) -> Result<(Sums, usize), Stop> {
    let saved = Saved::read(path)?;
    plan::must_fit(
        &saved,
        path,
        looking.target,
        &Ledger::open_to_look(&looking.target.ledger, &FLOW, &looking.target.name)?,
    )?;
    let (foreseen, ended) = foresee::online(sheet, choice, looking, None).await?;
    if ended.interrupted == Interrupted::Yes {
        let what = "Not every row could be compared with its plan";
        return Err(Fault::new(what, "Nothing was sent. Run the same command again.").into());
    }
    let changed = saved.changed(&foreseen.rows);
    for it in &changed {
        style::error(&format!(
            "row {} ({}) is held back, because it has changed since the plan was made: {}",
            it.row, it.subaccount_sid, it.what
        ));
    }
    if !changed.is_empty() {
        tell!("To see what they would do now: trusthub-onboard plan, and to do it: a new plan with -o.");
    }
    let held_back: HashSet<Sid> = changed.iter().filter_map(|it| Sid::parse(&it.subaccount_sid)).collect();
    let mut sums = Sums::default();
    for row in foreseen.rows.iter().filter(|it| it.action.is_taken_on()) {
        if !changed.iter().any(|it| it.row == row.row) {
            sums.add(row, None);
        }
    }
    sheet.hold_back(held_back);
    Ok((sums, changed.len()))
}

/// How the rows stand by what the ledger says now.
fn snapshot(
    args: &RunArgs,
    sheet: &Sheet,
    ledger: &Ledger,
    policy: &Policy,
    now: Time,
) -> Result<Snapshot, Fault> {
    let reporter =
        Reporter::new(&FLOW, Some(ledger), policy, None).of_sheet(&sheet.validation.layout).at(now);
    let mut snapshot = Snapshot::new(&FLOW, now, args.watch.long);
    for entry in sheet.entries()? {
        snapshot.add(&reporter.row(&entry?)?);
    }
    Ok(snapshot)
}

/// Which primary profile customers are linked to.
fn primary_in_words(primary: &Primary, sums: &Sums) -> String {
    let Primary { sid, name } = primary;
    let name = if name.is_empty() { "which has no name" } else { name };
    let own = if sums.has_own_primaries() { "; rows that name their own are linked to theirs" } else { "" };
    format!("{sid} ({name}){own}")
}

fn nothing_was_sent() -> Exit {
    tell!("Nothing was sent.");
    Exit::NotConfirmed
}

fn write_without_a_run(
    args: &RunArgs,
    sheet: &Sheet,
    paths: &ResultsPaths,
    typed: &CommandLine,
    closing: &mut Closing<'_>,
) -> Result<Tally, Fault> {
    let policy = args.flow.policy();
    let results = Reporter::new(&FLOW, None, &policy, None)
        .of_sheet(&sheet.validation.layout)
        .at(session::clock().now());
    let (written, failed) = write_rows(args, sheet, paths, &results, closing);
    let (tally, written) = written?;
    tell_place(paths, &written);
    write_failures(args, typed, sheet, &failed)?;
    Ok(tally)
}

/// Writes the results; keeps of each row what is said at the end, and what belongs into a file of failed rows.
fn write_rows(
    args: &RunArgs,
    sheet: &Sheet,
    paths: &ResultsPaths,
    results: &Reporter<'_>,
    closing: &mut Closing<'_>,
) -> (Result<(Tally, ResultsPaths), Fault>, HashMap<u64, Failure>) {
    let mut failed = HashMap::new();
    let written = results.write(
        paths,
        || sheet.entries(),
        |row| {
            closing.take(&row);
            note_failure(args, row.report, &mut failed);
        },
    );
    (written, failed)
}

/// Keeps what is wrong with a row, if a file of failed rows is asked for.
fn note_failure(args: &RunArgs, row: &RowReport, failed: &mut HashMap<u64, Failure>) {
    let succeeded = !matches!(
        row.outcome,
        Outcome::Invalid | Outcome::Refused | Outcome::Rejected | Outcome::Unsure | Outcome::Unfinished
    );
    if args.failed.is_none() || succeeded {
        return;
    }
    let state = row.outcome.word().to_owned();
    failed.insert(row.row, Failure { state, error: row.words(), fix: row.hint().to_owned() });
}

/// Writes the file of failed rows, if one is asked for.
fn write_failures(
    args: &RunArgs,
    typed: &CommandLine,
    sheet: &Sheet,
    failed: &HashMap<u64, Failure>,
) -> Result<(), Fault> {
    let Some(path) = &args.failed else { return Ok(()) };
    let mut failure = |row| failed.get(&row).cloned();
    let manner = Manner::of_work(args.overwrite, Some(session::ledger(&args.target)));
    let annotations = sheet.annotations(|row| failed.contains_key(&row))?;
    let (rows, written) =
        write_failed(&sheet.source, &sheet.validation, &annotations, path, &manner, &mut failure)?;
    tell_kept(&written.kept);
    inform!("Rows that did not succeed: {rows}, in {}", written.name.display());
    if rows > 0 && args.sheet.path != Path::new("-") {
        let merge = typed.merge(&written.name.display().to_string());
        inform!("Correct and run that file; then take it over: {merge}");
    }
    Ok(())
}

fn spell_code(code: Code) -> String {
    match code {
        Code::Twilio(code) => format!("code {code}"),
        Code::Ours(code) => code.name().to_owned(),
        Code::None => "no code".to_owned(),
    }
}

fn cap(rate: Rate) -> String {
    match rate {
        Rate::PerSecond(rate) => format!("{rate}"),
        Rate::Unlimited => "unlimited".to_owned(),
    }
}
