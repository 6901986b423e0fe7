//! Colours, which appear on a terminal only, and printing. Whoever reads less than all of it, such as
//! `head`, has what it wants; what is lost on a full disk is a fault.

use crate::model::{Fault, is_unseen, shown_in_line};
use crate::report::{ProgressDetail, reason};
use anstream::ColorChoice;
use anstyle::{AnsiColor, Reset, Style};
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// Why standard output could not be written, the first time that it could not.
static LOST: OnceLock<String> = OnceLock::new();

/// Whether somebody has closed standard output before everything was printed.
static CUT_OFF: AtomicBool = AtomicBool::new(false);

/// Takes note of what became of printing on standard output.
pub fn printed(result: io::Result<()>) {
    match result {
        Ok(()) => (),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => CUT_OFF.store(true, Ordering::Relaxed),
        Err(error) => {
            LOST.get_or_init(|| reason(&error));
        }
    }
}

/// Whether everything that was printed on standard output has come to whoever reads it.
pub fn was_heard() -> bool {
    LOST.get().is_none() && !CUT_OFF.load(Ordering::Relaxed)
}

/// The fault of output that was lost, if any was.
pub fn lost() -> Option<Fault> {
    let why = LOST.get()?;
    Some(Fault::new(
        format!("Not everything could be printed on standard output ({why})"),
        "Make room or print to another place, then run the same command again.",
    ))
}

/// How much is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Errors, failures, and what was asked for.
    Quiet,
    Usual,
    /// Each customer as it ends, too.
    Customers,
    /// Each call, too.
    Calls,
}

static VERBOSITY: OnceLock<Verbosity> = OnceLock::new();

/// Says once how much is printed.
pub fn set_verbosity(quiet: bool, verbose: u8) {
    let verbosity = match (quiet, verbose) {
        (true, _) => Verbosity::Quiet,
        (false, 0) => Verbosity::Usual,
        (false, 1) => Verbosity::Customers,
        (false, _) => Verbosity::Calls,
    };
    VERBOSITY.get_or_init(|| verbosity);
}

pub fn verbosity() -> Verbosity {
    *VERBOSITY.get().unwrap_or(&Verbosity::Usual)
}

/// How much is told of a run while it goes on.
pub fn progress_detail() -> ProgressDetail {
    match verbosity() {
        Verbosity::Quiet => ProgressDetail::Nothing,
        Verbosity::Usual => ProgressDetail::Progress,
        Verbosity::Customers => ProgressDetail::Customers,
        Verbosity::Calls => ProgressDetail::Calls,
    }
}

/// Uses colours as the arguments say. It is called before they are read, because what is wrong with them is printed
/// in colours too; where they say nothing, NO_COLOR, CLICOLOR_FORCE and the terminal decide.
pub fn set_colours(arguments: &[OsString]) {
    let mut words = arguments.iter().map(|it| it.to_string_lossy()).take_while(|it| *it != "--").peekable();
    while let Some(word) = words.next() {
        let value = match word.strip_prefix("--color") {
            Some("") => words.peek().map(|it| it.to_string()),
            Some(value) => value.strip_prefix('=').map(str::to_owned),
            None => None,
        };
        match value.as_deref() {
            Some("always") => ColorChoice::Always.write_global(),
            Some("never") => ColorChoice::Never.write_global(),
            Some("auto") => ColorChoice::Auto.write_global(),
            _ => (),
        }
    }
}

pub const ERROR: Style = AnsiColor::Red.on_default().bold();
pub const WARNING: Style = AnsiColor::Yellow.on_default().bold();
pub const GOOD: Style = AnsiColor::Green.on_default().bold();
pub const BOLD: Style = Style::new().bold();
pub const OFF: Reset = Reset;

/// What the styles above are written as. Others could hide what follows.
const OURS: [&str; 5] = ["\x1b[0m", "\x1b[1m", "\x1b[31m", "\x1b[32m", "\x1b[33m"];

/// A line to be printed, in which nothing but our own colours does anything to a terminal. A colour is written by
/// itself; what others wrote comes as a whole.
pub fn cleaned(text: fmt::Arguments<'_>) -> String {
    struct Cleaned(String);

    impl fmt::Write for Cleaned {
        fn write_str(&mut self, piece: &str) -> fmt::Result {
            match OURS.contains(&piece) {
                true => self.0.push_str(piece),
                false => self.0.push_str(&shown_in_line(piece)),
            }
            Ok(())
        }
    }

    let mut cleaned = Cleaned(String::new());
    // Writing to memory does not fail.
    let _ = fmt::write(&mut cleaned, text);
    cleaned.0
}

/// Prints one line on standard output; whatever it holds, it begins no other one.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write;
        $crate::cli::style::printed(writeln!(anstream::stdout(), "{}", $crate::cli::style::cleaned(format_args!($($text)*))));
    }};
}

/// Prints one line on standard error; whatever it holds, it begins no other one.
macro_rules! tell {
    ($($text:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(anstream::stderr(), "{}", $crate::cli::style::cleaned(format_args!($($text)*)));
    }};
}

/// Prints one line on standard error that is only worth knowing: none of it with `--quiet`.
macro_rules! inform {
    ($($text:tt)*) => {{
        if $crate::cli::style::verbosity() > $crate::cli::style::Verbosity::Quiet {
            $crate::cli::style::tell!($($text)*);
        }
    }};
}

/// Prints one line on standard output that sums up what was done: none of it with `--quiet`.
macro_rules! conclude {
    ($($text:tt)*) => {{
        if $crate::cli::style::verbosity() > $crate::cli::style::Verbosity::Quiet {
            $crate::cli::style::say!($($text)*);
        }
    }};
}

pub(crate) use {conclude, inform, say, tell};

/// Says on standard error what is wrong with the arguments. They stand in it as they were given, so what is unseen
/// in them is named.
pub fn usage_error(error: &clap::Error, arguments: &[OsString]) {
    let mut text = error.render().to_string();
    for argument in arguments.iter().map(|it| it.to_string_lossy()) {
        let value = argument.split_once('=').map_or("", |it| it.1);
        for given in [&*argument, value].into_iter().filter(|it| it.contains('\n')) {
            text = text.replace(given, &shown_in_line(given));
        }
    }
    if text == error.render().to_string() && !text.contains(is_unseen) {
        // With its colours.
        let _ = error.print();
        return;
    }
    for line in text.trim_end().lines() {
        tell!("{line}");
    }
}

/// Says on standard error that something is wrong.
pub fn error(text: &str) {
    tell!("{ERROR}error:{OFF} {text}");
}
