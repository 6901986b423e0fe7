//! The arguments of `run`.

use super::values::{bundle, csv_or_xlsx, duration, some_time};
use super::{DONE, FlowArgs, NumbersArgs, PaceArgs, ReportFormat, SheetArgs, TRIAL, TargetArgs, WatchArgs};
use crate::model::Sid;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub sheet: SheetArgs,
    #[command(flatten)]
    pub target: TargetArgs,
    /// Where the results are written: FILE.csv, or FILE.xlsx for a workbook to look at; a CSV file with -numbers
    /// in its name is written beside it
    #[arg(long, value_name = "FILE", default_value = "results.csv")]
    pub results: PathBuf,
    /// How the outcome is printed: as text, or as one JSON document with every row (docs/schema)
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub format: ReportFormat,
    /// Write the rows that did not succeed, as they stand in the sheet, with their errors: FILE.csv or
    /// FILE.xlsx; corrected, it is valid input
    #[arg(long, value_name = "FILE", value_parser = csv_or_xlsx)]
    pub failed: Option<PathBuf>,
    /// Replace the file of --failed even if it is not ours, or has changed since we wrote it
    #[arg(long)]
    pub overwrite: bool,
    /// A log of every call: JSON lines without personal data or secrets
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// Do what this plan says, which `plan -o` has made, and hold back every row that would now do something else
    #[arg(long, value_name = "FILE.json")]
    pub plan: Option<PathBuf>,
    /// Do not ask before going live
    #[arg(long, short)]
    pub yes: bool,

    /// Take on only what failed, or only the phone numbers of what was submitted
    #[arg(long, value_enum, help_heading = DONE)]
    pub only: Option<OnlyArg>,
    /// Take on the first N customers that are not finished
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = DONE)]
    pub limit: Option<u64>,
    /// Send nothing at all while any row is invalid
    #[arg(long, help_heading = DONE)]
    pub all_or_nothing: bool,
    /// Go on although the first five customers were all refused at the same step with the same code
    #[arg(long, alias = "no-brake", help_heading = DONE)]
    pub keep_going: bool,
    #[command(flatten)]
    pub flow: FlowArgs,
    #[command(flatten)]
    pub numbers: NumbersArgs,
    /// Go on looking at reviews for this long, such as 90s, 30m, 12h or 3d [default: 0; with --sandbox
    /// until the reviews are over]
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = DONE)]
    pub wait: Option<u64>,
    /// Start this program with its arguments whenever something has changed, with a JSON document of counts and SIDs
    /// on its standard input (docs/schema/change.json); without a shell, and for a minute at most
    #[arg(long, value_name = "COMMAND", help_heading = DONE)]
    pub on_change: Option<String>,
    /// How often reviews are looked at in the beginning while --wait lasts, and the least between two looks: the older
    /// a review, the rarer [default: 60s; with --sandbox 250ms]
    #[arg(long, value_name = "DURATION", value_parser = some_time, help_heading = DONE)]
    pub poll: Option<u64>,
    #[command(flatten)]
    pub watch: WatchArgs,
    /// The primary business profile of rows that name none [default: the one approved profile of the
    /// parent account]
    #[arg(long, value_name = "BU…", env = "TRUSTHUB_PRIMARY_PROFILE_SID", value_parser = bundle,
        help_heading = DONE)]
    pub primary_profile: Option<Sid>,

    #[command(flatten)]
    pub pace: PaceArgs,
    #[command(flatten)]
    pub trial: TrialArgs,
}

#[derive(Args, Clone)]
pub struct TrialArgs {
    /// Forget the sandbox's world and start with a new one
    #[arg(long, requires = "sandbox", help_heading = TRIAL)]
    pub fresh: bool,
    /// How long a review takes in the sandbox, in seconds
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(..=604_800),
        help_heading = TRIAL)]
    pub review_seconds: u64,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum OnlyArg {
    /// Begun earlier, and refused, rejected, unsure or unfinished since
    Failed,
    /// The phone numbers of what was submitted: added and taken off, and nothing else
    Numbers,
}
