//! Colours, which appear on a terminal only, and printing that takes no offence: whoever reads less
//! than all of it, such as `head`, has what it wants.

use anstyle::{AnsiColor, Reset, Style};

pub const ERROR: Style = AnsiColor::Red.on_default().bold();
pub const WARNING: Style = AnsiColor::Yellow.on_default().bold();
pub const GOOD: Style = AnsiColor::Green.on_default().bold();
pub const BOLD: Style = Style::new().bold();
pub const OFF: Reset = Reset;

/// Prints a line on standard output.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(anstream::stdout(), $($text)*);
    }};
}

/// Prints a line on standard error.
macro_rules! tell {
    ($($text:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(anstream::stderr(), $($text)*);
    }};
}

pub(crate) use {say, tell};

/// Says on standard error that something is wrong.
pub fn error(text: &str) {
    tell!("{ERROR}error:{OFF} {text}");
}
