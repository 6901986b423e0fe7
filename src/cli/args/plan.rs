//! The arguments of `plan`.

use super::values::bundle;
use super::{DONE, FlowArgs, FormatArg, NumbersArgs, OnlyArg, PaceArgs, SheetArgs, TargetArgs};
use crate::model::Sid;
use clap::Args;
use std::path::PathBuf;

#[derive(Args)]
pub struct PlanArgs {
    #[command(flatten)]
    pub sheet: SheetArgs,
    #[command(flatten)]
    pub target: TargetArgs,
    /// Read at the API what a run would read, and change nothing there: the check before going live
    #[arg(long)]
    pub online: bool,
    /// How the plan is printed
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub format: FormatArg,
    /// Keep the plan as JSON; `run --plan FILE` then does what it says and nothing else
    #[arg(long, short, value_name = "FILE.json")]
    pub output: Option<PathBuf>,
    /// Replace the file of --output whoever wrote it
    #[arg(long)]
    pub overwrite: bool,
    /// Exit with 7 where a run would change something, and with 0 only where nothing is to be done
    #[arg(long)]
    pub exit_code: bool,

    /// Take on only what failed, or only the phone numbers of what was submitted
    #[arg(long, value_enum, help_heading = DONE)]
    pub only: Option<OnlyArg>,
    /// Take on the first N customers that are not finished
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = DONE)]
    pub limit: Option<u64>,
    #[command(flatten)]
    pub flow: FlowArgs,
    #[command(flatten)]
    pub numbers: NumbersArgs,
    /// The primary business profile of rows that name none [default: the one approved profile of the
    /// parent account]
    #[arg(long, value_name = "BU…", env = "TRUSTHUB_PRIMARY_PROFILE_SID", value_parser = bundle,
        help_heading = DONE)]
    pub primary_profile: Option<Sid>,

    #[command(flatten)]
    pub pace: PaceArgs,
}
