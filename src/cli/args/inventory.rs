//! The arguments of `inventory`.

use super::values::{inventory_file, some_time};
use super::{PACE, PaceArgs, ReadingArgs, ReportFormat, TargetArgs};
use clap::Args;
use std::path::PathBuf;

#[derive(Args)]
pub struct InventoryArgs {
    /// A sheet whose subaccounts are read, or the SIDs of subaccounts [default: every active subaccount of the
    /// parent]
    #[arg(value_name = "SHEET|ACCOUNT")]
    pub of: Vec<String>,
    #[command(flatten)]
    pub reading: ReadingArgs,
    #[command(flatten)]
    pub target: TargetArgs,
    /// The sheet to write, filled in from what exists: FILE.csv, FILE.xlsx, or FILE.json
    #[arg(long, short, value_name = "FILE", default_value = "inventory.csv", value_parser = inventory_file)]
    pub output: PathBuf,
    /// The list of defects to write: FILE.csv, FILE.xlsx, or FILE.json [default: beside the sheet, with -defects
    /// in its name]
    #[arg(long, value_name = "FILE", value_parser = inventory_file)]
    pub defects: Option<PathBuf>,
    /// Replace both files whoever wrote them
    #[arg(long)]
    pub overwrite: bool,
    /// How the outcome is printed: as text, or as one JSON document with every defect (docs/schema)
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub format: ReportFormat,
    /// A review that takes longer is a defect [default: twice the usual time of that review]
    #[arg(long, value_name = "DURATION", value_parser = some_time)]
    pub long: Option<u64>,
    /// A bundle that is valid for less than this is a defect: time for a correction and two rounds of reviews
    #[arg(long, value_name = "DURATION", value_parser = some_time, default_value = "30d")]
    pub expiring: u64,
    #[command(flatten)]
    pub pace: PaceArgs,
    /// How long a call may take
    #[arg(long, value_name = "DURATION", value_parser = some_time, default_value = "60s", help_heading = PACE)]
    pub timeout: u64,
}

pub const INVENTORY: &str = "\
Only reads are sent, so nothing changes at Twilio, and no ledger is needed. The sheet holds personal data: only you may \
read it. The command that is printed at the end says of the sheet that nothing is to be done for every account without \
defects.

Exit codes: 0 without defects, 4 with defects, 5 where an account could not be read whole or the reading was stopped.";
