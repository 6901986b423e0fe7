//! The arguments of `validate`.

use super::SheetArgs;
use super::values::{rate, xlsx};
use crate::twilio::Rate;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Args)]
pub struct ValidateArgs {
    #[command(flatten)]
    pub sheet: SheetArgs,
    /// How findings are printed
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub format: FormatArg,
    /// Write a copy of the sheet as a workbook in which every mistake is marked; corrected, it is valid
    /// input
    #[arg(long, value_name = "FILE.xlsx", value_parser = xlsx)]
    pub annotate: Option<PathBuf>,
    /// Replace the file of that name even if it is not ours, or has changed since we wrote it
    #[arg(long)]
    pub overwrite: bool,
    /// The rate for which the least time of a run is worked out [default: 20]
    #[arg(long, value_name = "N", value_parser = rate)]
    pub rate: Option<Rate>,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum FormatArg {
    Text,
    Json,
    Csv,
}
