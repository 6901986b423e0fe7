//! What is marked in a workbook that goes back to its user: colours and notes on cells, our own columns, and the
//! two sheets that list and sum up the findings.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::Path;

use super::copy::fitting;
use super::overview::{self, FINDINGS_SHEET, SUMMARY_SHEET, Summary};
use super::workbook::{Cause, Change, Edit, Edits, Input, Job, Look, Note, Page, Value, edit};
use crate::model::{Finding, Severity, shown};

/// How many cells get a note; spreadsheet programs become slow with more. The others are coloured all the same.
const NOTES_MAX: usize = 10_000;

/// How long a note may be: longer ones do not fit on a screen.
const NOTE_CHARS_MAX: usize = 2_000;

/// The colours of cells: light, so that the text stays readable, in print too.
pub(super) fn color(severity: Severity) -> u32 {
    match severity {
        Severity::Error => 0x00_FF_C7_CE,
        Severity::Warning => 0x00_FF_EB_9C,
        Severity::Note => 0x00_DD_EB_F7,
    }
}

/// Below so many rows of titles a view can be frozen without leaving no room for the rest.
const FROZEN_ROWS_MAX: u64 = 10;

/// A column of our own.
pub(super) struct Added {
    pub header: &'static str,
    pub width: f64,
}

/// What our columns say of a row, one text for each, and what colour the row's state has.
pub(super) struct Said {
    pub texts: Vec<String>,
    pub severity: Option<Severity>,
}

pub(super) struct Marking<'a> {
    /// The name of the sheet with the customers, and the row of its headers.
    pub sheet: &'a str,
    pub header_row: u64,
    /// In the order of the sheet; those about the whole file have row 0.
    pub findings: &'a [Finding],
    pub added: &'a [Added],
    /// Where our columns begin, counted from 0: to the right of everything, so that no cell moves and no formula,
    /// name or list points at another one than before.
    pub at: usize,
    /// Columns of an earlier file of ours.
    pub dropped: Vec<usize>,
    /// What our columns say of a row below the headers; `None` of one that is blank.
    pub said: &'a dyn Fn(u64, &[&Finding]) -> Option<Said>,
    pub business_names: HashMap<u64, String>,
    pub summary: Summary<'a>,
}

impl Marking<'_> {
    /// Writes `input`, in which the sheet with the customers has the name `sheet`, with everything that is marked to
    /// `output`, which is to be called `name`.
    pub fn write(
        &self,
        input: Box<dyn Input>,
        sheet: &str,
        output: &mut File,
        name: &Path,
    ) -> Result<(), Cause> {
        let mut by_row: HashMap<u64, Vec<&Finding>> = HashMap::new();
        for finding in self.findings {
            let row = if finding.row == 0 { self.header_row } else { finding.row };
            by_row.entry(row).or_default().push(finding);
        }
        let notes = self.notes(&by_row);
        let list = |out: &mut dyn io::Write, styles: &mut _, is_shown| {
            overview::list(out, styles, is_shown, sheet, self.findings, &self.business_names)
        };
        let sum_up = |out: &mut dyn io::Write, styles: &mut _, is_shown| {
            overview::sum_up(out, styles, is_shown, &self.summary)
        };
        let pages =
            [Page { name: FINDINGS_SHEET, write: &list }, Page { name: SUMMARY_SHEET, write: &sum_up }];
        let mut job = Job {
            sheet,
            edits: &mut MarkedRows { marking: self, by_row },
            notes: &notes,
            widths: (self.at..).zip(self.added).map(|(column, added)| (column, added.width)).collect(),
            freeze: Some(self.header_row).filter(|row| *row <= FROZEN_ROWS_MAX),
            pages: &pages,
        };
        edit(input, output, name, &mut job).map(drop)
    }

    /// A note on every cell with a finding. The first cell of a row, which stays in sight however far one scrolls,
    /// has a note with everything that is wrong in the row.
    fn notes(&self, by_row: &HashMap<u64, Vec<&Finding>>) -> Vec<Note> {
        let mut rows: Vec<_> = by_row.iter().collect();
        rows.sort_by_key(|(row, _)| **row);
        let mut notes = vec![];
        for (row, findings) in rows {
            let mut by_column: Vec<(usize, Vec<&Finding>)> = vec![];
            if *row > self.header_row
                && findings.iter().any(|it| it.severity > Severity::Note)
                && let Some(said) = (self.said)(*row, findings)
            {
                let state = said.texts.first().cloned().unwrap_or_default();
                let text: Vec<String> = findings.iter().map(|finding| told(finding, true)).collect();
                notes.push(Note {
                    row: *row,
                    column: 0,
                    text: cut(&format!("{state}\n{}", text.join("\n"))),
                });
            }
            for finding in findings {
                let Some(column) = column_of(&finding.cell) else { continue };
                match by_column.iter_mut().find(|(at, _)| *at == column) {
                    Some((_, of_cell)) => of_cell.push(finding),
                    None => by_column.push((column, vec![finding])),
                }
            }
            let has_row_note = notes.last().is_some_and(|note| note.row == *row);
            for (column, of_cell) in by_column.into_iter().filter(|(column, _)| !has_row_note || *column > 0)
            {
                let text: Vec<String> = of_cell.iter().map(|finding| told(finding, false)).collect();
                notes.push(Note { row: *row, column, text: cut(&text.join("\n")) });
            }
            if notes.len() >= NOTES_MAX {
                notes.truncate(NOTES_MAX);
                return notes;
            }
        }
        notes
    }
}

/// A finding and what to do about it, for a note.
fn told(finding: &Finding, with_cell: bool) -> String {
    let cell =
        if with_cell && !finding.cell.is_empty() { format!("{}: ", finding.cell) } else { String::new() };
    format!("{cell}{}\n{}", line(finding), finding.suggestion).trim_end().to_owned()
}

fn cut(text: &str) -> String {
    let text = &*shown(text);
    match text.char_indices().nth(NOTE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// `error [not_in_list] business_type: This is not one of the 7 values.`
pub(super) fn line(finding: &Finding) -> String {
    let column = if finding.column.is_empty() { String::new() } else { format!(" {}", finding.column) };
    format!("{} [{}]{column}: {}", finding.severity.word(), finding.code, finding.message)
}

/// The column of a cell such as `F17`, counted from 0.
pub(super) fn column_of(cell: &str) -> Option<usize> {
    let letters = cell.bytes().take_while(u8::is_ascii_uppercase);
    letters.fold(0, |number, letter| number * 26 + usize::from(letter - b'A') + 1).checked_sub(1)
}

/// The changes of the customer sheet.
struct MarkedRows<'a> {
    marking: &'a Marking<'a>,
    by_row: HashMap<u64, Vec<&'a Finding>>,
}

impl Edits for MarkedRows<'_> {
    fn of_row(&mut self, row: u64) -> Vec<Edit> {
        let marking = self.marking;
        let findings = self.by_row.remove(&row).unwrap_or_default();
        let mut changes: HashMap<usize, Change> =
            marking.dropped.iter().map(|column| (*column, Change::Nothing)).collect();
        for finding in &findings {
            let Some(column) = column_of(&finding.cell) else { continue };
            let severity = match changes.get(&column) {
                Some(Change::Colour(severity)) => finding.severity.max(*severity),
                _ => finding.severity,
            };
            changes.insert(column, Change::Colour(severity));
        }
        let ours = marking.at..marking.at + marking.added.len();
        if row == marking.header_row {
            for (column, added) in ours.zip(marking.added) {
                let value = Value::Text(added.header.to_owned());
                changes.insert(column, Change::Value(value, Some(Look::Bold)));
            }
        } else if row > marking.header_row
            && let Some(said) = (marking.said)(row, &findings)
        {
            for (column, text) in ours.zip(said.texts) {
                let severity = said.severity.filter(|_| column == marking.at);
                let value = Value::Text(fitting(&shown(&text)).into_owned());
                changes.insert(column, Change::Value(value, Some(Look::Text(severity))));
            }
        }
        let mut edits: Vec<Edit> =
            changes.into_iter().map(|(column, change)| Edit { column, change }).collect();
        edits.sort_by_key(|edit| edit.column);
        edits
    }
}
