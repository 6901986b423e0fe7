//! The arguments of `report`.

use super::{FlowArgs, SheetArgs, TargetArgs};
use clap::Args;
use std::path::PathBuf;

#[derive(Args)]
pub struct ReportArgs {
    #[command(flatten)]
    pub sheet: SheetArgs,
    #[command(flatten)]
    pub target: TargetArgs,
    /// Where the page is written
    #[arg(long, short, value_name = "FILE.html", default_value = "report.html")]
    pub output: PathBuf,
    /// Show also Twilio's own words, the values to correct and phone numbers. Without it the page holds no personal
    /// data beyond the business names
    #[arg(long)]
    pub with_details: bool,
    #[command(flatten)]
    pub flow: FlowArgs,
}
