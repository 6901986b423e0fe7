//! What stops a run: the machine, a file, the configuration, an answer from the wrong account.

use std::fmt;

/// A failure that is not the sheet's and not one customer's. It stops the program with exit code 1.
///
/// Its text is for a person and has three parts: what happened, where, and what to do next. It
/// never holds a secret or personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    what: String,
    fix: String,
}

impl Fault {
    /// `what` says what happened and where; `fix` says what to do next. Names of files and sheets may stand in
    /// them as they are: what is unseen in them is named, and each is one line.
    pub fn new(what: impl Into<String>, fix: impl Into<String>) -> Fault {
        let clean = |text: String| super::shown_in_line(&text).into_owned();
        Fault { what: clean(what.into()), fix: clean(fix.into()) }
    }

    pub fn what(&self) -> &str {
        &self.what
    }

    pub fn fix(&self) -> &str {
        &self.fix
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  {}", self.what, self.fix)
    }
}

impl std::error::Error for Fault {}
