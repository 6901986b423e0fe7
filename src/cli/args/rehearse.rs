//! The arguments of `rehearse`.

use super::SheetArgs;
use clap::Args;

#[derive(Args)]
pub struct RehearseArgs {
    #[command(flatten)]
    pub sheet: SheetArgs,
    /// Faults and kills follow from this number
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// How often the run is killed and resumed
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(..=1_000))]
    pub kills: u32,
    /// The share of requests that meet a fault, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 5, value_parser = clap::value_parser!(u8).range(..=50))]
    pub faults: u8,
}
