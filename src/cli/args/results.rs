//! The arguments of `results` and `status`.

use super::{FlowArgs, PaceArgs, SheetArgs, TargetArgs, WatchArgs};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Args)]
pub struct ResultsArgs {
    #[command(flatten)]
    pub sheet: SheetArgs,
    #[command(flatten)]
    pub target: TargetArgs,
    /// Where the results are written: FILE.csv, or FILE.xlsx for a workbook to look at; a CSV file with -numbers
    /// in its name is written beside it
    #[arg(long, short = 'o', visible_alias = "output", value_name = "FILE", default_value = "results.csv")]
    pub results: PathBuf,
    /// How the outcome is printed: as text, or as one JSON document with every row (docs/schema)
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub format: ReportFormat,
    #[command(flatten)]
    pub flow: FlowArgs,
}

/// How `run`, `status` and `results` print what came of the rows.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    Text,
    Json,
}

#[derive(Args)]
pub struct StatusArgs {
    #[command(flatten)]
    pub results: ResultsArgs,
    #[command(flatten)]
    pub watch: WatchArgs,
    #[command(flatten)]
    pub pace: PaceArgs,
}
