//! The arguments of `merge`.

use super::SheetArgs;
use clap::Args;
use std::path::PathBuf;

/// What a merge does, behind the options.
pub const MERGING: &str = "\
A row is found by its subaccount; where that was corrected, by the row that the file of failed rows says it comes
from. Only cells that differ change. The result has the format, the encoding and the look of the master. Where it
is not certain which row or column is meant, nothing is written and the rows are named. The options say how the
master is read.";

#[derive(Args)]
#[command(mut_arg("path", |it| it.index(1).value_name("MASTER").help("The sheet to bring up to date: CSV, XLSX or XLSM")),
    mut_arg("products", |it| it.hide(true)), mut_arg("set", |it| it.hide(true)), mut_arg("strict", |it| it.hide(true)))]
pub struct MergeArgs {
    #[command(flatten)]
    pub sheet: SheetArgs,
    /// The file of failed rows, corrected
    #[arg(value_name = "FAILED", index = 2)]
    pub failed: PathBuf,
    /// Where the result is written; its name must end as the master's does
    #[arg(long, short, value_name = "NEW")]
    pub output: PathBuf,
    /// Replace the file of that name even if it is not ours, or has changed since we wrote it
    #[arg(long)]
    pub overwrite: bool,
}
