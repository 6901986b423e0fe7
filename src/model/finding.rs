//! What is wrong with the sheet: data for people and programs, not an `Err`.

use std::borrow::Cow;

/// One mistake, doubt or repair in one place of the sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The row as the spreadsheet shows it, counted from 1. The header's row for findings about
    /// headers, 0 for findings about the whole file.
    pub row: u64,
    /// The cell as a spreadsheet names it, such as `F17`; empty where no single cell is meant.
    pub cell: String,
    /// The column's name in our table, or the sheet's own header where it is none of ours; empty
    /// where no column is meant.
    pub column: Cow<'static, str>,
    /// The rule that speaks, such as `ein_digits`. Public and stable.
    pub code: &'static str,
    pub severity: Severity,
    /// What the cell holds, cut to a readable length; empty where no cell is meant.
    pub value: String,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do about it, or the value that was probably meant; empty where nothing can be said.
    pub suggestion: String,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// A repair that `run` makes by itself and says.
    Note,
    /// Probably wrong; the row is sent all the same.
    Warning,
    /// The row is not sent.
    Error,
}

impl Severity {
    /// The word in every output: `error`, `warning` or `note`.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}
