//! `results`: how every customer stands, written down again at any time.

use super::args::ResultsArgs;
use super::closing::Closing;
use super::files::{must_be_csv_or_xlsx, must_differ, of_results, tell_of_open, tell_place};
use super::session;
use super::sheet::Sheet;
use super::{Exit, Stop};
use crate::engine::Interrupted;
use crate::ledger::Ledger;
use crate::products::FLOW;
use crate::report::{CommandLine, HowItEnded, Reporter, ResultsPaths, check_writable};
use std::path::PathBuf;

pub fn results(args: &ResultsArgs, typed: &CommandLine) -> Result<Exit, Stop> {
    let paths = paths(args)?;
    let sheet = Sheet::validate(&args.sheet, session::parent_sid(&args.target), &mut |_| ())?;
    let target = session::target_name(&args.target)?;
    let ledger = Ledger::open_for_reading(&session::ledger(&args.target), &FLOW, &target)?;
    tell_of_open(session::files_of_the_ledger(&args.target).iter().map(PathBuf::as_path));
    let policy = args.flow.policy();
    let results = Reporter::new(&FLOW, Some(&ledger), &policy, None)
        .of_sheet(&sheet.validation.layout)
        .at(session::clock().now());
    let mut closing = Closing::new(typed, args.format);
    let (tally, written) = results.write(&paths, || sheet.entries(), |row| closing.take(&row))?;
    tell_place(&paths, &written);
    let exit = Exit::of(&tally, Interrupted::No);
    Ok(closing.end(&tally, HowItEnded::default(), Some(&written), exit)?)
}

/// Where the results go, once it is certain that they can.
pub(super) fn paths(args: &ResultsArgs) -> Result<ResultsPaths, Stop> {
    let paths = ResultsPaths::beside(&args.results).known_to(session::ledger(&args.target)).with_last_look();
    let of_the_ledger = session::files_of_the_ledger(&args.target);
    must_differ(&of_results(&args.sheet.path, &paths, &of_the_ledger))?;
    must_be_csv_or_xlsx(&paths)?;
    check_writable(&paths.results)?;
    Ok(paths)
}
