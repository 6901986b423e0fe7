//! `merge`: the corrected rows of a file of failed rows go back into the master sheet.

use super::args::{MergeArgs, SheetArgs};
use super::files::{must_differ, tell_kept};
use super::style::say;
use super::{Exit, Stop};
use crate::model::counted;
use crate::report::{Manner, Side, check_writable, merge};
use crate::sheet::Source;
use std::path::Path;

pub fn run(args: &MergeArgs) -> Result<Exit, Stop> {
    must_differ(&[
        ("the master", &args.sheet.path),
        ("the failed file", &args.failed),
        ("--output", &args.output),
    ])?;
    let end =
        |path: &Path| path.extension().map(|it| it.to_string_lossy().to_lowercase()).unwrap_or_default();
    let wanted = end(&args.sheet.path);
    if args.sheet.path != Path::new("-") && end(&args.output) != wanted {
        return Err(Stop::Usage(format!(
            "the result has the format of the master, so the name of --output must end with .{wanted}"
        )));
    }
    check_writable(&args.output)?;
    let master = Source::new(&args.sheet.path, args.sheet.options())?;
    let failed =
        Source::new(&args.failed, SheetArgs::of(&args.failed, &args.sheet.reading.products).options())?;
    let (master_layout, failed_layout) = (master.layout()?, failed.layout()?);
    let done = merge(
        &Side { source: &master, layout: &master_layout },
        &Side { source: &failed, layout: &failed_layout },
        &args.output,
        &Manner::of_work(args.overwrite, None),
    )?;
    tell_kept(&done.written.kept);
    let (rows, cells) = (counted(done.rows, "row"), counted(done.cells, "cell"));
    say!("{rows} taken over, {cells} changed: {}", done.written.name.display());
    Ok(Exit::Success)
}
