//! The arguments of `undo`.

use super::values::{csv_or_json, duration, some_time};
use super::{DONE, PACE, PaceArgs, ReadingArgs, TargetArgs};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Args)]
pub struct UndoArgs {
    /// A sheet, or subaccounts (AC…): what was made for them is taken away
    #[arg(value_name = "SHEET|SUBACCOUNT", required_unless_present = "run", conflicts_with = "run")]
    pub what: Vec<String>,
    /// Take away only what this run has made; `run` says its number, and a number that there is not lists them
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(i64).range(1..))]
    pub run: Option<i64>,
    #[command(flatten)]
    pub target: TargetArgs,
    /// Print what would be deleted, call by call, and what would be kept and why; change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
    /// Write what was removed, kept and why, and what failed: FILE.csv or FILE.json; with --dry-run what would be
    #[arg(long, short, value_name = "FILE", value_parser = csv_or_json)]
    pub output: Option<PathBuf>,
    /// Replace the file of --output whoever wrote it
    #[arg(long)]
    pub overwrite: bool,
    /// A log of every call: JSON lines without personal data or secrets
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,

    /// Take away bundles that stand so too, separated by commas; only drafts go otherwise, and nothing that is in
    /// review ever
    #[arg(long, value_enum, value_name = "STATUS", value_delimiter = ',', help_heading = DONE)]
    pub also: Vec<AlsoArg>,
    #[command(flatten)]
    pub reading: ReadingArgs,
    #[command(flatten)]
    pub pace: PaceArgs,
    /// How long something that was created may stay out of the lists
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "10s", help_heading = PACE)]
    pub visibility_window: u64,
    /// How long a call may take
    #[arg(long, value_name = "DURATION", value_parser = some_time, default_value = "60s", help_heading = PACE)]
    pub timeout: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AlsoArg {
    Rejected,
    Approved,
}
