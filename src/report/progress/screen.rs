//! Where progress is shown: a line that is drawn anew at a terminal, and lines one below the other elsewhere.

use crate::model::shown_in_line;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::Write;

/// Where progress is shown.
pub trait Screen: Send + Sync {
    /// The columns of the terminal. `None` where there is none.
    fn width(&self) -> Option<usize>;
    /// Draws the line in place of the one before.
    fn draw(&self, line: &str);
    /// Prints a line that stays.
    fn say(&self, line: &str);
    /// Takes the drawn line away.
    fn clear(&self);
}

/// Standard error.
pub struct StandardError(ProgressBar);

/// A terminal that does not say how wide it is.
const USUAL_WIDTH: usize = 80;

impl StandardError {
    pub fn new() -> StandardError {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            bar.set_style(style);
        }
        StandardError(bar)
    }
}

impl Screen for StandardError {
    fn width(&self) -> Option<usize> {
        let size = terminal_size::terminal_size_of(std::io::stderr());
        // The last column is left free: where it is written to, some terminals begin a new line.
        let width = size.map_or(USUAL_WIDTH, |(width, _)| usize::from(width.0).saturating_sub(1));
        (!self.0.is_hidden()).then_some(width)
    }

    fn draw(&self, line: &str) {
        self.0.set_message(line.to_owned());
    }

    fn say(&self, line: &str) {
        self.0.suspend(|| {
            // Where it is closed, there is nobody to tell.
            let _ = writeln!(anstream::stderr(), "{}", shown_in_line(line));
        });
    }

    fn clear(&self) {
        self.0.finish_and_clear();
    }
}
