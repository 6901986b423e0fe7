//! `report`: how every customer stands, as one page for a browser.

use super::args::ReportArgs;
use super::files::{must_differ, tell_kept, tell_of_open};
use super::session;
use super::sheet::Sheet;
use super::style::say;
use super::{Exit, Stop};
use crate::engine::Interrupted;
use crate::ledger::Ledger;
use crate::products::FLOW;
use crate::report::{Details, Reporter, check_writable, write_page};
use std::path::PathBuf;

pub fn report(args: &ReportArgs) -> Result<Exit, Stop> {
    match args.output.extension() {
        Some(html) if html.eq_ignore_ascii_case("html") || html.eq_ignore_ascii_case("htm") => (),
        _ => {
            return Err(Stop::Usage(format!(
                "--output {}: the page is written as HTML; name a file that ends with .html",
                args.output.display()
            )));
        }
    }
    let of_the_ledger = session::files_of_the_ledger(&args.target);
    let mut files = vec![("the sheet", args.sheet.path.as_path()), ("--output", args.output.as_path())];
    files.extend(of_the_ledger.iter().map(|path| ("a file of the ledger", path.as_path())));
    must_differ(&files)?;
    check_writable(&args.output)?;
    let sheet = Sheet::validate(&args.sheet, session::parent_sid(&args.target), &mut |_| ())?;
    let target = session::target_name(&args.target)?;
    let ledger = Ledger::open_for_reading(&session::ledger(&args.target), &FLOW, &target)?;
    tell_of_open(of_the_ledger.iter().map(PathBuf::as_path));
    let policy = args.flow.policy();
    let reporter = Reporter::new(&FLOW, Some(&ledger), &policy, None)
        .of_sheet(&sheet.validation.layout)
        .at(session::clock().now());
    let details = if args.with_details { Details::Shown } else { Details::Withheld };
    let known = session::ledger(&args.target);
    let (tally, written) =
        write_page(&reporter, sheet.name(), details, &args.output, known, sheet.entries()?)?;
    tell_kept(&written.kept);
    say!("Report: {}", written.name.display());
    Ok(Exit::of(&tally, Interrupted::No))
}
