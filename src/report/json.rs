//! The outcome of a command as one JSON document. Its schemas are in `docs/schema`; fields are only ever added.

use super::news::NewsDocument;
use super::next::Group;
use super::row::RowReport;
use super::summary::Tally;
use super::waits::Wait;
use crate::facts::Outcome;
use crate::model::{Fault, json_shown};
use serde::Serialize;
use std::io::{self, BufRead, BufReader, Read, Seek, Write};
use tempfile::{SpooledTempFile, spooled_tempfile};

/// Of the document. It grows where a field changes its meaning, and not where one is added.
pub const VERSION: u32 = 1;

/// So many bytes of rows stay in memory; more go to a file without a name that only this process can read.
const IN_MEMORY_BYTES: usize = 8 << 20;

/// The rows, kept until everything that stands before them is known.
pub struct Rows(SpooledTempFile);

/// What stands beside the rows.
#[derive(Serialize)]
pub struct OutcomeDocument<'a> {
    version: u32,
    /// `run`, `status` or `results`.
    pub command: &'a str,
    pub counts: Counts,
    pub exit: ExitReport,
    /// Where the results files are; `null` where they could not be written.
    pub results: Option<ResultsFiles>,
    pub next: &'a [Group],
    /// Of `status` only.
    #[serde(flatten)]
    pub look: Option<LookDocument<'a>>,
}

/// What a look says besides how the rows stand.
#[derive(Serialize)]
pub struct LookDocument<'a> {
    pub since_last_look: NewsDocument<'a>,
    /// The reviews under way, the oldest first.
    pub waiting: &'a [&'a Wait],
    /// The text of a ticket about those that take too long.
    pub support_ticket: Option<String>,
}

/// The code that the command ends with.
#[derive(Serialize)]
pub struct ExitReport {
    pub code: u8,
    pub reason: String,
}

/// The names of the results files.
#[derive(Serialize)]
pub struct ResultsFiles {
    pub results: String,
    pub numbers: String,
}

/// How many rows there are, and how many of each outcome.
#[derive(Serialize)]
pub struct Counts {
    pub rows: u64,
    pub outcomes: serde_json::Map<String, serde_json::Value>,
}

impl Counts {
    /// Every outcome has its number, also where that is 0.
    pub fn of(tally: &Tally) -> Counts {
        let one = |outcome: Outcome| (outcome.word().to_owned(), tally.of(outcome).into());
        Counts { rows: tally.total(), outcomes: Outcome::ALL.into_iter().map(one).collect() }
    }
}

impl<'a> OutcomeDocument<'a> {
    pub fn new(command: &'a str, tally: &Tally, exit: ExitReport, next: &'a [Group]) -> OutcomeDocument<'a> {
        OutcomeDocument {
            version: VERSION,
            command,
            counts: Counts::of(tally),
            exit,
            results: None,
            next,
            look: None,
        }
    }
}

impl Default for Rows {
    fn default() -> Rows {
        Rows(spooled_tempfile(IN_MEMORY_BYTES))
    }
}

impl Rows {
    /// # Errors
    /// The disk for temporary files is full.
    pub fn add(&mut self, row: &RowReport) -> Result<(), Fault> {
        let line = serde_json::to_string(row).map_err(io::Error::from);
        let kept = line.and_then(|line| writeln!(self.0, "{}", json_shown(&line)));
        kept.map_err(|error| {
            Fault::new(
                format!("The rows cannot be kept for the JSON document ({error})"),
                "Make room on the disk for temporary files. The results files have every row, too.",
            )
        })
    }

    /// Starts over.
    pub fn clear(&mut self) {
        *self = Rows::default();
    }

    /// Writes the document, with the rows as its last field.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn write(mut self, document: &OutcomeDocument<'_>, output: &mut dyn Write) -> io::Result<()> {
        let head = serde_json::to_string(document)?;
        let head = json_shown(&head).into_owned();
        // Without the brace at its end.
        writeln!(output, "{},\"rows\":[", &head[..head.len() - 1])?;
        self.0.rewind()?;
        let mut separator = "";
        for line in BufReader::new(&mut self.0 as &mut dyn Read).lines() {
            write!(output, "{separator}{}", line?)?;
            separator = ",\n";
        }
        writeln!(output, "\n]}}")
    }
}
