//! Findings for a terminal and for programs.

use super::grouped::Groups;
use crate::check::Survey;
use crate::model::Finding;
use crate::sheet::csv_safe;
use serde::Serialize;
use std::io::Write;

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
}

impl<W: Write> FindingsPrinter<W> {
    pub fn new(format: FindingsFormat, out: W) -> FindingsPrinter<W> {
        FindingsPrinter { format, out, groups: Groups::default(), csv_begun: false }
    }

    /// Takes one finding. A reader that has had enough, such as `head`, is no fault.
    pub fn take(&mut self, finding: Finding) {
        let _ = match self.format {
            FindingsFormat::Text => {
                self.groups.add(finding);
                Ok(())
            }
            FindingsFormat::Json => self.json(&finding),
            FindingsFormat::Csv => self.csv(&finding),
        };
    }

    /// Ends the output.
    pub fn finish(&mut self, survey: &Survey) {
        let counts = &survey.counts;
        let _ = match self.format {
            FindingsFormat::Text if counts.errors + counts.warnings + counts.notes > 0 => {
                self.groups.print(&mut self.out).and_then(|()| {
                    let (errors, warnings, notes) = (counts.errors, counts.warnings, counts.notes);
                    writeln!(self.out, "{errors} errors, {warnings} warnings, {notes} notes\n")
                })
            }
            _ => Ok(()),
        };
        let _ = self.out.flush();
    }

    fn json(&mut self, finding: &Finding) -> std::io::Result<()> {
        serde_json::to_writer(&mut self.out, &record(finding))?;
        self.out.write_all(b"\n")
    }

    fn csv(&mut self, finding: &Finding) -> std::io::Result<()> {
        let header = !std::mem::replace(&mut self.csv_begun, true);
        let mut writer = csv::WriterBuilder::new().has_headers(header).from_writer(&mut self.out);
        // A sheet of findings is opened in a spreadsheet program too.
        let (column, value) = (csv_safe(&finding.column), csv_safe(&finding.value));
        let record = Record { column: &column, value: &value, ..record(finding) };
        writer.serialize(record).map_err(std::io::Error::other)?;
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
