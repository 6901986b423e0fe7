//! `plan`: what `run` would do now, for every row, before it does it.

use super::args::{FormatArg, OnlyArg, PlanArgs};
use super::files::{must_differ, tell_kept};
use super::foresee::{self, Choice, Detail, Foreseen, Looking};
use super::session::{self, Target};
use super::sheet::Sheet;
use super::signals::stop_on_signals;
use super::style::{inform, printed, say, tell};
use super::validate::{DEFAULT_RATE, in_short};
use super::{Exit, Stop, style};
use crate::engine::{Interrupted, Only, Selection};
use crate::events::Nobody;
use crate::flow::to_hex;
use crate::ledger::Ledger;
use crate::model::Fault;
use crate::products::FLOW;
use crate::report::{
    Action, CommandLine, Document, Groups, Manner, PlanFormat, RowPlan, Saved, check_writable, print_plan_csv,
};
use crate::sandbox::Start;
use crate::twilio::Rate;
use std::path::Path;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// A sandbox that is only looked at need not be quick with its reviews.
const SANDBOX_REVIEW_MS: u64 = 1_000;

pub fn plan(args: &PlanArgs, typed: &CommandLine) -> Result<Exit, Stop> {
    let format = match args.format {
        FormatArg::Text => PlanFormat::Text,
        FormatArg::Json => PlanFormat::Json,
        FormatArg::Csv => PlanFormat::Csv,
    };
    session::check_ledger(&args.target)?;
    if let Some(path) = &args.output {
        let of_the_ledger = session::files_of_the_ledger(&args.target);
        let mut files = vec![("the sheet", args.sheet.path.as_path()), ("--output", path)];
        files.extend(of_the_ledger.iter().map(|path| ("a file of the ledger", path.as_path())));
        must_differ(&files)?;
        check_writable(path)?;
    }
    let sheet = Sheet::validate(&args.sheet, session::parent_sid(&args.target), &mut |_| ())?;
    inform!("{}: {}", sheet.name(), sheet.validation.layout);
    inform!("{}", in_short(&sheet.validation));
    let runtime = session::runtime()?;
    let exit = runtime.block_on(foretell(args, typed, format, &sheet));
    runtime.shutdown_background();
    exit
}

async fn foretell(
    args: &PlanArgs,
    typed: &CommandLine,
    format: PlanFormat,
    sheet: &Sheet,
) -> Result<Exit, Stop> {
    let clock = session::clock();
    let policy = args.numbers.policy(args.flow.policy(), args.only);
    let selection = Selection { only: only(args.only), limit: args.limit };
    let choice = Choice { policy: &policy, primary: args.primary_profile.as_ref(), selection };
    let rate = args.pace.rate.unwrap_or(match args.target.sandbox {
        true => Rate::Unlimited,
        false => Rate::PerSecond(DEFAULT_RATE),
    });
    // A sandbox is there as soon as it is asked, or a plan is kept that names it.
    let target = match (args.target.sandbox, args.online || args.output.is_some()) {
        (true, true) => Some(Target::in_sandbox(&args.target, sheet, SANDBOX_REVIEW_MS, Start::GoOn).await?),
        (false, _) if args.online => Some(Target::open(&args.target)?),
        _ => None,
    };
    let path = session::ledger(&args.target);
    let name = match &target {
        Some(target) => target.name.clone(),
        None if args.target.sandbox => session::target_name(&args.target).unwrap_or_default(),
        None => session::target_name(&args.target)?,
    };
    if args.output.is_some() && !path.exists() {
        // What a plan says of a row is only safe with a key, and the key must be there when the plan is used.
        Ledger::open(&path, &FLOW, &name, clock.now(), Arc::new(Nobody))?.close()?;
        tell!("The ledger {} was created, with nothing in it but the key of this plan.", path.display());
    }
    let mut interrupted = Interrupted::No;
    let detail = match (format, &args.output) {
        (PlanFormat::Json, _) | (_, Some(_)) => Detail::Writes,
        _ => Detail::Rows,
    };
    let foreseen = match (&target, args.online) {
        (Some(target), true) => {
            let drain = CancellationToken::new();
            stop_on_signals(drain.clone());
            let looking = Looking {
                target,
                rate,
                concurrency: args.pace.concurrency,
                call_ms: args.flow.timeout,
                wait_ms: 0,
                clock: clock.clone(),
                observer: Arc::new(Nobody),
                drain,
            };
            let (foreseen, ended) = foresee::online(sheet, &choice, looking, None).await?;
            if let Some(reason) = &ended.away {
                style::error(&format!(
                    "nobody got an answer of the API any more ({reason}), so not every row was looked at. Check the \
                     network and Twilio's status page, then plan again"
                ));
            }
            interrupted = ended.interrupted;
            foreseen
        }
        _ => {
            let ledger = Ledger::open_to_look(&path, &FLOW, &name)?;
            foresee::offline(sheet, &ledger, &choice, detail, &*clock)?
        }
    };
    let (exit, reason) = exit_of(args, &foreseen, interrupted);
    let ledger = match detail {
        Detail::Writes => fingerprint(&Ledger::open_to_look(&path, &FLOW, &name)?),
        _ => String::new(),
    };
    let document = Document::new(
        args.online,
        &name,
        &ledger,
        &foreseen.rows,
        &foreseen.sums,
        rate,
        (exit.code(), reason),
    );
    match format {
        PlanFormat::Text => print_text(args, &foreseen, rate),
        PlanFormat::Json => printed(document.print(&mut anstream::AutoStream::auto(std::io::stdout()))),
        PlanFormat::Csv => {
            printed(print_plan_csv(&foreseen.rows, &mut anstream::AutoStream::auto(std::io::stdout())));
        }
    }
    if let Some(path) = &args.output {
        let manner = Manner::of_work(args.overwrite || is_a_plan(path), None);
        let written = document.write(path, &manner)?;
        tell_kept(&written.kept);
        let name = written.name.display().to_string();
        tell!("The plan is kept in {name}. To do it: {}", typed.run_of_plan(&name));
    }
    Ok(exit)
}

/// Whether a file is a plan of ours, which a new one may replace.
fn is_a_plan(path: &Path) -> bool {
    path.exists() && Saved::read(path).is_ok()
}

/// A digest that only who has the ledger can make.
pub fn fingerprint(ledger: &Ledger) -> String {
    to_hex(&ledger.key().digest(&["plan"]))
}

/// Which rows an argument means.
pub fn only(only: Option<OnlyArg>) -> Only {
    match only {
        Some(OnlyArg::Failed) => Only::Failed,
        Some(OnlyArg::Numbers) => Only::Numbers,
        None => Only::Everyone,
    }
}

fn print_text(args: &PlanArgs, foreseen: &Foreseen, rate: Rate) {
    let by = match args.online {
        true => "after a look at the API, at which nothing was changed",
        false => {
            "by the sheet and the ledger alone; --online looks at the API first and changes nothing there"
        }
    };
    say!("{}What `run` would do now{} ({by})", style::BOLD, style::OFF);
    let mut groups = Groups::default();
    foreseen.rows.iter().for_each(|row| groups.add(row));
    for line in groups.lines() {
        say!("{line}");
    }
    let sums = &foreseen.sums;
    match sums.customers {
        0 => say!("Nothing is sent."),
        count => say!("{}, {}", crate::model::counted(count, "customer"), sums.sentence(rate)),
    }
}

fn exit_of(args: &PlanArgs, foreseen: &Foreseen, interrupted: Interrupted) -> (Exit, &'static str) {
    let any = |is: &dyn Fn(&RowPlan) -> bool| foreseen.rows.iter().any(is);
    let is = |action: Action| move |row: &RowPlan| row.action == action;
    let changes = |row: &RowPlan| {
        !row.writes.is_empty() || row.does.iter().any(|it| it.action.is_some_and(Action::changes))
    };
    match () {
        () if interrupted == Interrupted::Yes => (Exit::RunAgain, "not every row was looked at"),
        () if any(&is(Action::Blocked)) => (Exit::RefusedRows, "rows are blocked"),
        () if any(&is(Action::Invalid)) || foreseen.rows.is_empty() => {
            (Exit::InvalidRows, "rows of the sheet are invalid")
        }
        () if args.exit_code && any(&changes) => (Exit::ChangesPending, "changes are pending"),
        () if args.exit_code => (Exit::Success, "nothing is to be done"),
        () => (Exit::Success, "every row can be sent"),
    }
}

/// What is refused before anything is sent: a plan that was made for another place.
///
/// # Errors
/// The plan is another target's, or another ledger's.
pub fn must_fit(saved: &Saved, path: &Path, target: &Target, ledger: &Ledger) -> Result<(), Fault> {
    let name = path.display();
    if saved.target != target.name {
        return Err(Fault::new(
            format!("The plan {name} was made for {}, and this run is for {}", saved.target, target.name),
            "Nothing was sent. Make a plan for this place, or run where the plan is for.",
        ));
    }
    if saved.ledger != fingerprint(ledger) {
        return Err(Fault::new(
            format!("The plan {name} was made with another ledger than {}", target.ledger.display()),
            "Nothing was sent. Name the plan's ledger with --ledger, or make a new plan with this one.",
        ));
    }
    Ok(())
}
