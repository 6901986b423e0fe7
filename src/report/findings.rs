//! Findings for a terminal and for programs.

use super::grouped::Groups;
use crate::check::ValidationReport;
use crate::model::{Finding, counted, json_shown, shown, shown_in_line};
use crate::sheet::csv_safe;
use serde::Serialize;
use std::borrow::Cow;
use std::io::{self, Write};

/// How findings are printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FindingsFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
    /// One line a finding, with a header.
    Csv,
}

/// The fields of the machine formats, in order. Public: they only ever grow in number.
#[derive(Serialize)]
struct Record<'a> {
    row: u64,
    cell: &'a str,
    column: &'a str,
    code: &'a str,
    severity: &'a str,
    value: &'a str,
    message: &'a str,
    suggestion: &'a str,
}

/// Prints findings: for programs as they come, for people together at the end.
pub struct FindingsPrinter<W: Write> {
    format: FindingsFormat,
    out: W,
    groups: Groups,
    csv_begun: bool,
    /// What has kept the output from being written, the first time.
    failed: io::Result<()>,
}

impl<W: Write> FindingsPrinter<W> {
    pub fn new(format: FindingsFormat, out: W) -> FindingsPrinter<W> {
        FindingsPrinter { format, out, groups: Groups::default(), csv_begun: false, failed: Ok(()) }
    }

    /// Takes one finding.
    pub fn take(&mut self, mut finding: Finding) {
        let clean = |text: &str| shown_in_line(text).into_owned();
        finding.message = clean(&finding.message);
        finding.suggestion = clean(&finding.suggestion);
        finding.column = Cow::Owned(clean(&finding.column));
        let written = match self.format {
            FindingsFormat::Text => {
                self.groups.add(finding);
                Ok(())
            }
            FindingsFormat::Json => self.json(&finding),
            FindingsFormat::Csv => self.csv(&finding),
        };
        self.note(written);
    }

    /// Ends the output.
    ///
    /// # Errors
    /// Something could not be written, now or before.
    pub fn finish(mut self, validation: &ValidationReport) -> io::Result<()> {
        let counts = &validation.counts;
        let written = match self.format {
            FindingsFormat::Text if counts.errors + counts.warnings + counts.notes > 0 => {
                self.groups.print(&mut self.out).and_then(|()| {
                    let each =
                        [(counts.errors, "error"), (counts.warnings, "warning"), (counts.notes, "note")];
                    writeln!(self.out, "{}\n", each.map(|(count, noun)| counted(count, noun)).join(", "))
                })
            }
            _ => Ok(()),
        };
        self.note(written);
        let flushed = self.out.flush();
        self.note(flushed);
        self.failed
    }

    fn note(&mut self, written: io::Result<()>) {
        if self.failed.is_ok() {
            self.failed = written;
        }
    }

    fn json(&mut self, finding: &Finding) -> io::Result<()> {
        let json = serde_json::to_string(&record(finding))?;
        self.out.write_all(json_shown(&json).as_bytes())?;
        self.out.write_all(b"\n")
    }

    fn csv(&mut self, finding: &Finding) -> io::Result<()> {
        let header = !std::mem::replace(&mut self.csv_begun, true);
        let mut writer = csv::WriterBuilder::new().has_headers(header).from_writer(&mut self.out);
        // A sheet of findings is opened in a spreadsheet program too.
        let value = shown(&finding.value);
        let (column, value) = (csv_safe(&finding.column), csv_safe(&value));
        let record = Record { column: &column, value: &value, ..record(finding) };
        writer.serialize(record).map_err(io::Error::other)?;
        writer.flush()
    }
}

fn record(finding: &Finding) -> Record<'_> {
    Record {
        row: finding.row,
        cell: &finding.cell,
        column: &finding.column,
        code: finding.code,
        severity: finding.severity.word(),
        value: &finding.value,
        message: &finding.message,
        suggestion: &finding.suggestion,
    }
}
