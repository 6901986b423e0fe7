//! The arguments of `results` and `status`.

use super::{FlowArgs, PaceArgs, SheetArgs, TargetArgs};
use clap::Args;
use std::path::PathBuf;

#[derive(Args)]
pub struct ResultsArgs {
    #[command(flatten)]
    pub sheet: SheetArgs,
    #[command(flatten)]
    pub target: TargetArgs,
    /// Where the results are written; a file with -numbers in its name is written beside it
    #[arg(long, value_name = "FILE.csv", default_value = "results.csv")]
    pub results: PathBuf,
    #[command(flatten)]
    pub flow: FlowArgs,
}

#[derive(Args)]
pub struct StatusArgs {
    #[command(flatten)]
    pub results: ResultsArgs,
    #[command(flatten)]
    pub pace: PaceArgs,
}
