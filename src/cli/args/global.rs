//! What every command takes.

use super::EVERY;
use clap::{ArgAction, Args, ColorChoice};
use std::path::PathBuf;

/// What every command takes.
#[derive(Args, Clone)]
pub struct GlobalArgs {
    /// Read flags that are repeated every day from this file [default: trusthub-onboard.toml, if the working
    /// directory has one]
    #[arg(long, value_name = "FILE", global = true, conflicts_with = "no_config", help_heading = EVERY)]
    pub config: Option<PathBuf>,
    /// Read no such file
    #[arg(long, global = true, help_heading = EVERY)]
    pub no_config: bool,
    /// Print only what was asked for, errors and failures: no progress, no summary
    #[arg(long, short, global = true, conflicts_with = "verbose", help_heading = EVERY)]
    pub quiet: bool,
    /// Print warnings and each customer as it ends; twice (-vv), each call too
    #[arg(long, short, global = true, action = ArgAction::Count, help_heading = EVERY)]
    pub verbose: u8,
    /// When colours are used
    #[arg(long, value_enum, default_value = "auto", value_name = "WHEN", global = true, help_heading = EVERY)]
    pub color: ColorChoice,
}
