//! The arguments of who watches reviews.

use super::DONE;
use super::values::some_time;
use clap::Args;

#[derive(Args)]
pub struct WatchArgs {
    /// Point out every review that waits longer than this, such as 4d, with the text for a ticket at Twilio's
    /// support [default: twice the usual time of that review]
    #[arg(long, value_name = "DURATION", value_parser = some_time, help_heading = DONE)]
    pub long: Option<u64>,
}
