//! The arguments, as clap reads them: a file for each subcommand, and one for each group of options that
//! several of them take.

mod flow;
mod pace;
mod rehearse;
mod results;
mod run;
mod sandbox;
mod settle;
mod sheet;
mod template;
mod validate;
mod values;
mod world;

pub use flow::FlowArgs;
pub use pace::PaceArgs;
pub use rehearse::RehearseArgs;
pub use results::{ResultsArgs, StatusArgs};
pub use run::{OnlyArg, RunArgs};
pub use sandbox::{FaultArgs, SandboxArgs};
pub use settle::SettleArgs;
pub use sheet::SheetArgs;
pub use template::TemplateArgs;
pub use validate::{FormatArg, ValidateArgs};
pub use world::WorldArgs;

use crate::model::column;
use clap::{Parser, Subcommand};

/// Onboards the customers of a spreadsheet to Twilio Voice Integrity.
///
/// Each row is one customer subaccount. Every field is checked offline; every valid customer gets a
/// secondary business profile and a Voice Integrity trust product; a results CSV says what was
/// created. Running the same command again finishes what is not finished, and creates nothing twice.
#[derive(Parser)]
#[command(name = "trusthub-onboard", version, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes, the first that applies:
  2  the arguments are wrong
  1  the machine, a file or the configuration is at fault
  5  rows are unsure or unfinished, or the run was interrupted: run again
  4  rows were refused or rejected
  3  rows of the sheet are invalid
  0  otherwise; waiting for an approval is 0";

#[derive(Subcommand)]
pub enum Command {
    /// Onboard every valid customer of a sheet, and write the results
    #[command(after_long_help = columns())]
    Run(Box<RunArgs>),
    /// Check a sheet without the network and print everything that is wrong with it
    #[command(after_long_help = columns())]
    Validate(ValidateArgs),
    /// Write the results files again, from the sheet and the ledger
    Results(ResultsArgs),
    /// Read the state of every begun customer at Twilio, then write the results files
    Status(StatusArgs),
    /// Say which of several candidates of an unsure step is the one
    Settle(SettleArgs),
    /// Write the sheet to fill in: a workbook with lists to choose from, or CSV
    #[command(after_long_help = columns())]
    Template(TemplateArgs),
    /// Take your own sheet through the sandbox with faults and kills, and compare what came of it
    Rehearse(RehearseArgs),
    /// Serve a stand-in for Twilio's API on this machine
    Sandbox(Box<SandboxArgs>),
}

/// The columns of the sheet, from the table that the reader and the validator work by.
fn columns() -> String {
    format!("The columns of the sheet:\n\n{}", column::help_text())
}

/// The headings of the options in `--help`.
pub(super) const READING: &str = "Reading the sheet";
pub(super) const DONE: &str = "What is done";
pub(super) const PACE: &str = "Pace";
pub(super) const TRIAL: &str = "Sandbox";
pub(super) const FAULTS: &str = "Misbehaviour";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_of_the_arguments_holds() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
