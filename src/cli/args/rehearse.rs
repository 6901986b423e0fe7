//! The arguments of `rehearse`.

use super::SheetArgs;
use clap::Args;

/// What a rehearsal does to a sheet.
pub const REHEARSAL: &str = "\
What goes wrong, each at an even part of --faults: replies lost, requests dropped, 500 and 503 before and after
the work, bodies and headers torn, JSON cut, empty or HTML bodies, a gateway's 404 after the work, account_sid
null or missing, 429 with and without Retry-After, requests and answers that come late, connections closed and
refused for a while. Besides, one token changes, each account takes 50 requests a second, and 30 % of what
is made show late: 400 ms in lists, 200 ms by their SIDs. --faults 0 leaves only the late lists.

The run is killed --kills times at random moments and started again, then run until nothing is unfinished. After
the kills, in turn: the clock is set an hour forward, an older copy of the ledger takes its place, the ledger is
lost, the clock is set an hour back, nothing. The verdict compares the sandbox's world with the rows and the
results, customer by customer and field by field. It is clean, and the exit code 0, if nothing is there twice,
nothing is lost, every approved customer has all that its row asks for and nothing that says something else,
every row came to an end and at least one was approved.";

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
