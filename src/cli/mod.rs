//! The command line: one function per subcommand. Only this room and `report` print.

mod args;
mod closing;
mod config;
mod exit;
mod faults;
mod files;
mod foresee;
mod inventory;
mod live;
mod manual;
mod meanwhile;
mod merge;
mod plan;
mod rehearse;
mod report;
mod resolve;
mod results;
mod run;
mod sandbox;
mod session;
mod sheet;
mod signals;
mod status;
mod style;
mod template;
mod undo;
mod validate;
mod watch;

pub use args::Cli;
pub use config::KEYS as CONFIG_KEYS;
pub use exit::Exit;

use crate::model::Fault;
use crate::report::CommandLine;
use args::{Command, Reading, Unreadable};
use std::ffi::OsString;
use std::io::Write;
use style::{inform, tell};

/// Reads the arguments and does what they say.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    survive_limits();
    style::set_colours(&arguments);
    let exit = match Cli::read(&arguments) {
        Ok(Reading { cli, typed, arguments: completed, config }) => {
            style::set_verbosity(cli.global.quiet, cli.global.verbose);
            if let Some(config) = config {
                inform!("{config}");
            }
            command(cli, &typed, &completed)
        }
        Err(Unreadable::Config(fault)) => fault_exit(&fault),
        Err(Unreadable::Usage(error)) if error.use_stderr() => {
            style::usage_error(&error, &arguments);
            Exit::Usage
        }
        // Help and version are no mistakes.
        Err(Unreadable::Usage(help)) => {
            style::printed(help.print());
            Exit::Success
        }
    };
    style::printed(std::io::stdout().flush());
    match style::lost() {
        Some(fault) if exit != Exit::Usage => fault_exit(&fault),
        _ => exit,
    }
}

/// A file that reaches a limit on its size (`ulimit -f`) is a full disk, which is reported: the signal that goes
/// with it would end the program without a word.
fn survive_limits() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        // The handler stays for as long as the process lives. Where there is none, the signal does as it did.
        if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() {
            let _inside = runtime.enter();
            let _ = signal(SignalKind::from_raw(SIGXFSZ));
        }
    }
}

/// The number of SIGXFSZ on Linux (but for MIPS), macOS and the BSDs [signal(7)].
#[cfg(unix)]
const SIGXFSZ: i32 = 25;

fn command(cli: Cli, typed: &CommandLine, completed: &[OsString]) -> Exit {
    let done = match cli.command {
        Command::Run(args) => run::run(&args, typed),
        Command::Plan(args) => plan::plan(&args, typed),
        Command::Validate(args) => validate::validate(&args),
        Command::Results(args) => results::results(&args, typed),
        Command::Report(args) => report::report(&args),
        Command::Status(args) => status::status(&args, typed),
        Command::Inventory(args) => inventory::inventory(&args, typed),
        Command::Resolve(args) => resolve::resolve(&args),
        Command::Undo(args) => undo::undo(&args),
        Command::Template(args) => template::template(&args),
        Command::Merge(args) => merge::run(&args),
        Command::Rehearse(args) => rehearse::rehearse(&args, completed),
        Command::Sandbox(args) => sandbox::serve(&args),
        Command::Completions(args) => manual::completions(&args),
        Command::Man(args) => manual::man(&args),
    };
    done.unwrap_or_else(|stop| match stop {
        Stop::Fault(fault) => fault_exit(&fault),
        Stop::Usage(text) => {
            style::error(&text);
            Exit::Usage
        }
    })
}

fn fault_exit(fault: &Fault) -> Exit {
    style::error(fault.what());
    tell!("  {}", fault.fix());
    Exit::Fault
}

/// Why a command did not do its work.
pub enum Stop {
    Fault(Fault),
    /// The arguments do not fit each other or the surroundings.
    Usage(String),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Stop {
        Stop::Fault(fault)
    }
}
