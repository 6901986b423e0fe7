//! The arguments, as clap reads them: a file for each subcommand, and one for each group of options that
//! several of them take.

mod flow;
mod global;
mod inventory;
mod manual;
mod merge;
mod numbers;
mod pace;
mod plan;
mod rehearse;
mod report;
mod resolve;
mod results;
mod run;
mod sandbox;
mod sheet;
mod target;
mod template;
mod undo;
mod validate;
mod values;
mod watch;

pub use flow::{FlowArgs, usual_policy};
pub use global::GlobalArgs;
pub use inventory::InventoryArgs;
pub use manual::{CompletionsArgs, ManArgs};
pub use merge::MergeArgs;
pub use numbers::NumbersArgs;
pub use pace::PaceArgs;
pub use plan::PlanArgs;
pub use rehearse::RehearseArgs;
pub use report::ReportArgs;
pub use resolve::ResolveArgs;
pub use results::{ReportFormat, ResultsArgs, StatusArgs};
pub use run::{OnlyArg, RunArgs};
pub use sandbox::{FaultArgs, SandboxArgs, span};
pub use sheet::{ReadingArgs, SheetArgs};
pub use target::TargetArgs;
pub use template::TemplateArgs;
pub use undo::{AlsoArg, UndoArgs};
pub use validate::{FormatArg, ValidateArgs};
pub use values::duration;
pub use watch::WatchArgs;

use crate::cli::config;
use crate::model::{Fault, column};
use crate::report::{CommandLine, Flag};
use clap::builder::Resettable;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, CommandFactory, Error, FromArgMatches, Parser, Subcommand};
use std::ffi::{OsStr, OsString};

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
    #[command(flatten)]
    pub global: GlobalArgs,
}

const EXIT_CODES: &str = "\
Exit codes, the first that applies:
  2  the arguments are wrong
  1  the machine, a file or the configuration is at fault
  6  you answered no: nothing was sent
  5  rows are unsure or unfinished, or ready to be submitted, or the run was interrupted: run again
  4  rows were refused or rejected; for plan: are blocked; for run --plan: are held back;
     for inventory: there are defects; for undo: something that was made is left
  3  rows of the sheet are invalid
  7  with plan --exit-code: a run would change something
  0  otherwise; waiting for an approval is 0";

#[derive(Subcommand)]
pub enum Command {
    /// Onboard every valid customer of a sheet, and write the results
    #[command(after_long_help = columns())]
    Run(Box<RunArgs>),
    /// Say for every row what `run` would do now, without doing it
    Plan(Box<PlanArgs>),
    /// Check a sheet without the network and print everything that is wrong with it
    #[command(after_long_help = columns())]
    Validate(ValidateArgs),
    /// Write the results files again, from the sheet and the ledger
    Results(ResultsArgs),
    /// Write one page for a browser: where the customers stand, how it came to be, and what is wrong
    Report(ReportArgs),
    /// Read the state of every begun customer at Twilio, then write the results files
    Status(StatusArgs),
    /// Read what exists at Twilio into a sheet and a list of defects, and change nothing
    #[command(after_long_help = inventory::INVENTORY)]
    Inventory(Box<InventoryArgs>),
    /// Say which of several candidates of an unsure step is the one
    #[command(alias = "settle")]
    Resolve(ResolveArgs),
    /// Take away what this program has made: drafts, and what else is named; it asks first, with the list
    Undo(Box<UndoArgs>),
    /// Write the sheet to fill in: a workbook with lists to choose from, or CSV
    #[command(after_long_help = columns())]
    Template(TemplateArgs),
    /// Take the corrected rows of a file of failed rows over into the sheet they come from
    #[command(after_long_help = merge::MERGING)]
    Merge(MergeArgs),
    /// Take your own sheet through the sandbox with faults and kills, and compare what came of it
    #[command(after_long_help = rehearse::REHEARSAL)]
    Rehearse(RehearseArgs),
    /// Serve a stand-in for Twilio's API on this machine
    Sandbox(Box<SandboxArgs>),
    /// Print what a shell needs to complete commands and flags
    Completions(CompletionsArgs),
    /// Write the manual pages
    Man(ManArgs),
}

/// The command line as it was read.
pub struct Reading {
    pub cli: Cli,
    /// The command as it was typed.
    pub typed: CommandLine,
    /// The arguments with what a configuration file adds to them.
    pub arguments: Vec<OsString>,
    /// What is said of the configuration file, where one was read.
    pub config: Option<String>,
}

/// Why the command line cannot be read.
pub enum Unreadable {
    Usage(Box<Error>),
    Config(Fault),
}

impl From<Error> for Unreadable {
    fn from(error: Error) -> Unreadable {
        Unreadable::Usage(Box::new(error))
    }
}

impl Cli {
    /// Reads the arguments, and the variables and the configuration file that stand in for some of them.
    ///
    /// # Errors
    /// They make no sense, or ask for help.
    pub fn read(arguments: &[OsString]) -> Result<Reading, Unreadable> {
        let mut program = without_empty_variables(Cli::command());
        let matches = program.try_get_matches_from_mut(arguments)?;
        if names_two_worlds(&matches) {
            let text = "--sandbox and --base-url say two places to work in: leave one of them out";
            return Err(program.error(ErrorKind::ArgumentConflict, text).into());
        }
        // What a configuration file adds applies again by itself.
        let typed = typed(&program, &matches, arguments);
        let Some(completed) = config::complete(&program, &matches, arguments).map_err(Unreadable::Config)?
        else {
            let cli = Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut program))?;
            return Ok(Reading { cli, typed, arguments: arguments.to_vec(), config: None });
        };
        let cli = program
            .try_get_matches_from_mut(&completed.arguments)
            .and_then(|matches| Cli::from_arg_matches(&matches))
            .map_err(|error| Unreadable::Config(completed.fault(&error)))?;
        Ok(Reading { cli, typed, arguments: completed.arguments, config: Some(completed.said) })
    }
}

/// The command as it was understood, to propose others by: each flag with what was given on the command line.
fn typed(command: &clap::Command, matches: &ArgMatches, arguments: &[OsString]) -> CommandLine {
    let text = |it: &OsStr| it.to_string_lossy().into_owned();
    let program = arguments.first().map_or_else(|| command.get_name().to_owned(), |it| text(it));
    let Some((name, of)) = matches.subcommand() else {
        return CommandLine { program, ..CommandLine::default() };
    };
    let mut typed = CommandLine { program, command: name.to_owned(), ..CommandLine::default() };
    let known = command.find_subcommand(name).into_iter().flat_map(clap::Command::get_arguments);
    for argument in known {
        let id = argument.get_id().as_str();
        if of.try_contains_id(id).is_err() || of.value_source(id) != Some(ValueSource::CommandLine) {
            continue;
        }
        let is_switch = matches!(argument.get_action(), ArgAction::SetTrue | ArgAction::Count);
        let values: Vec<String> = match is_switch {
            true => vec![],
            false => of.get_raw(id).into_iter().flatten().map(text).collect(),
        };
        match argument.get_long() {
            Some(long) => typed.flags.push(Flag { name: long.to_owned(), values }),
            None => typed.sheet = values.into_iter().next().unwrap_or_default(),
        }
    }
    typed
}

/// A variable that is empty counts as not set, as it does for TWILIO_REGION: `VARIABLE= command` is how
/// a shell leaves one out.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let is_empty = |name: &OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
    command.mut_subcommands(move |of| {
        of.mut_args(|arg| match arg.get_env().is_some_and(is_empty) {
            true => arg.env(Resettable::Reset),
            false => arg,
        })
    })
}

/// Whether both places are named on the command line. A variable gives way to `--sandbox`: it stands for
/// every command of a day, and the one that is a trial stays on this machine.
fn names_two_worlds(matches: &ArgMatches) -> bool {
    let Some((_, of)) = matches.subcommand() else { return false };
    let is_given =
        |id| of.try_contains_id(id).unwrap_or(false) && of.value_source(id) == Some(ValueSource::CommandLine);
    is_given("sandbox") && is_given("base_url")
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
pub(super) const EVERY: &str = "Every command";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_of_the_arguments_holds() {
        Cli::command().debug_assert();
    }

    fn understood(arguments: &[&str]) -> CommandLine {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        Cli::read(&arguments).unwrap_or_else(|_| panic!("{arguments:?}")).typed
    }

    #[test]
    fn a_command_is_understood_however_its_flags_are_written() {
        let one =
            understood(&["t", "run", "s.csv", "--only", "failed", "--map", "A=email", "--map=B=city", "-y"]);
        let other =
            understood(&["t", "run", "--map=A=email", "--yes", "--only=failed", "--map", "B=city", "s.csv"]);
        assert_eq!(one, other);
        let values = ["A=email", "B=city"].map(str::to_owned).to_vec();
        assert!(one.flags.contains(&Flag { name: "map".to_owned(), values }), "{one:?}");
        assert_eq!((one.command.as_str(), one.sheet.as_str()), ("run", "s.csv"));
    }

    #[test]
    fn every_flag_that_a_proposed_command_keeps_is_one_that_it_takes() {
        let of = |name: &str| {
            let mut command = Cli::command();
            command.build();
            let found = command.find_subcommand(name).expect("a command").clone();
            found.get_arguments().filter_map(|it| it.get_long().map(str::to_owned)).collect::<Vec<_>>()
        };
        let (run, status, validate) = (of("run"), of("status"), of("validate"));
        assert!(crate::report::READING.iter().all(|it| validate.iter().any(|flag| flag == it)));
        assert!(crate::report::TARGET.iter().all(|it| of("resolve").iter().any(|flag| flag == it)));
        for flag in run.iter().filter(|it| *it != "help") {
            let is_kept = !crate::report::RUN_ONLY.contains(&flag.as_str());
            assert!(!is_kept || status.contains(flag), "status does not take --{flag}");
        }
        for command in ["status", "results"] {
            assert!(
                of(command).iter().all(|flag| run.contains(flag)),
                "run does not take what {command} does"
            );
        }
    }
}
