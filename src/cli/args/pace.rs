//! How fast the requests go out.

use super::PACE;
use super::values::rate;
use crate::twilio::Rate;
use clap::Args;

#[derive(Args, Clone)]
pub struct PaceArgs {
    /// Calls a second over all customers, or `unlimited` [default: 20; with --sandbox unlimited]
    #[arg(long, value_name = "N", value_parser = rate, help_heading = PACE)]
    pub rate: Option<Rate>,
    /// Customers at once
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1024),
        help_heading = PACE)]
    pub concurrency: u16,
}
