//! The user's own workbook with every mistake marked: the red cells corrected, it is the next input.

use std::collections::HashMap;
use std::path::Path;

use rust_xlsxwriter::{Note, Workbook, Worksheet, XlsxError};

use super::copy::{Copied, FINDINGS_WIDTH, Look, STATE_WIDTH, fitting, may_be_wider, widths, write_cell};
use super::failed::unwritable_workbook;
use super::overview::{FINDINGS_SHEET, SUMMARY_SHEET, list, sum_up};
use super::own::Manner;
use super::write::{Written, write_one};
use crate::check::{Survey, rule};
use crate::model::{Fault, Finding, Severity};
use crate::sheet::names::is_state_header;
use crate::sheet::{Format as SheetFormat, Row, Source, Visibility};

/// The findings of one survey, kept for [`annotate`].
#[derive(Default)]
pub struct Annotations {
    pub(super) findings: Vec<Finding>,
    pub(super) left_out: u64,
}

/// How many findings are kept, at some hundred bytes each. A person who has more corrects a column at a
/// time and runs again.
const FINDINGS_MAX: usize = 200_000;

/// How many cells get a note; spreadsheet programs become slow with more. The others are coloured all the same.
const NOTES_MAX: usize = 10_000;

impl Annotations {
    pub fn add(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        } else {
            self.left_out += 1;
        }
    }
}

/// Writes a new workbook with the values of all sheets of the input; in the customer sheet cells with
/// findings are coloured and have a note, and two columns at the end say how each row stands. Two more
/// sheets list and sum up the findings. The input itself stays as it is. Gives the name that was taken.
///
/// # Errors
/// The sheet has changed since it was surveyed, or the file cannot be written.
pub fn annotate(
    source: &Source,
    survey: &Survey,
    annotations: &Annotations,
    path: &Path,
    manner: &Manner,
) -> Result<Written, Fault> {
    let mut workbook = Workbook::new();
    let failed = |error: XlsxError| unwritable_workbook(path, &error);
    let main = match &survey.layout.format {
        SheetFormat::Csv { .. } => "Customers",
        SheetFormat::Workbook { sheet, .. } => sheet,
    };
    let mut sheets = source.worksheets(&survey.layout)?;
    if sheets.is_empty() {
        sheets.push((main.to_owned(), Visibility::Visible));
    }
    for (name, visibility) in
        sheets.iter().filter(|(name, _)| name != FINDINGS_SHEET && name != SUMMARY_SHEET)
    {
        let sheet = workbook.add_worksheet_with_constant_memory().map_err(failed)?;
        sheet.set_name(name).map_err(failed)?;
        if name == main {
            sheet.set_active(true);
            Marked::new(survey, annotations).write(source, sheet).map_err(|error| error.fault(path))?;
        } else {
            sheet.set_hidden(*visibility == Visibility::Hidden);
            copy(source, survey, name, sheet).map_err(|error| error.fault(path))?;
        }
    }
    list(workbook.add_worksheet_with_constant_memory().map_err(failed)?, main, annotations)
        .map_err(failed)?;
    sum_up(workbook.add_worksheet_with_constant_memory().map_err(failed)?, source, survey, annotations)
        .map_err(failed)?;
    let (_, written) = write_one(path, manner, |file| workbook.save_to_writer(file).map_err(failed))?;
    Ok(written)
}

/// What can go wrong while rows are copied: on the side of the input or of the output.
enum CopyError {
    Input(Fault),
    Output(XlsxError),
}

impl From<Fault> for CopyError {
    fn from(fault: Fault) -> CopyError {
        CopyError::Input(fault)
    }
}

impl From<XlsxError> for CopyError {
    fn from(error: XlsxError) -> CopyError {
        CopyError::Output(error)
    }
}

impl CopyError {
    fn fault(self, path: &Path) -> Fault {
        match self {
            CopyError::Input(fault) => fault,
            CopyError::Output(error) => unwritable_workbook(path, &error),
        }
    }
}

/// Copies the values of a sheet.
fn copy(source: &Source, survey: &Survey, name: &str, sheet: &mut Worksheet) -> Result<(), CopyError> {
    let look = Look::new(None);
    for batch in source.batches(&survey.layout.other_sheet(name))? {
        for row in batch?.rows() {
            for column in (0..row.len()).filter(|column| !row.cell(*column).text.is_empty()) {
                write_cell(sheet, (row.number() as u32 - 1, column as u16), &row.cell(column), &look)?;
            }
        }
    }
    Ok(())
}

/// The customer sheet with its findings.
struct Marked<'a> {
    survey: &'a Survey,
    /// The findings of each row, by its number.
    by_row: HashMap<u64, Vec<&'a Finding>>,
    looks: Looks,
    notes: usize,
}

struct Looks {
    header: Look,
    plain: Look,
    note: Look,
    warning: Look,
    error: Look,
}

impl Looks {
    fn of(&self, severity: Option<Severity>) -> &Look {
        match severity {
            None => &self.plain,
            Some(Severity::Note) => &self.note,
            Some(Severity::Warning) => &self.warning,
            Some(Severity::Error) => &self.error,
        }
    }
}

/// Light red, yellow and blue: the text stays readable, in print too.
pub(super) const ERROR_COLOR: u32 = 0x00_FF_C7_CE;
pub(super) const WARNING_COLOR: u32 = 0x00_FF_EB_9C;
pub(super) const NOTE_COLOR: u32 = 0x00_DD_EB_F7;

impl<'a> Marked<'a> {
    fn new(survey: &'a Survey, annotations: &'a Annotations) -> Marked<'a> {
        let mut by_row: HashMap<u64, Vec<&Finding>> = HashMap::new();
        for finding in &annotations.findings {
            let row = if finding.row == 0 { survey.layout.header_row } else { finding.row };
            by_row.entry(row).or_default().push(finding);
        }
        let looks = Looks {
            header: Look::header(),
            plain: Look::new(None),
            note: Look::new(Some(NOTE_COLOR)),
            warning: Look::new(Some(WARNING_COLOR)),
            error: Look::new(Some(ERROR_COLOR)),
        };
        Marked { survey, by_row, looks, notes: 0 }
    }

    fn write(mut self, source: &Source, sheet: &mut Worksheet) -> Result<(), CopyError> {
        let layout = &self.survey.layout;
        let (first_row, data_width) = (layout.header_row as u32, layout.data_width());
        sheet.set_freeze_panes(first_row, 1)?;
        sheet.set_default_note_author("trusthub-onboard");
        for (column, width) in (0..).zip(widths(self.survey).take(data_width)) {
            sheet.set_column_width(column, width)?;
        }
        // What stands to the right of the last header stays where it is; our columns go behind it.
        let mut state_column = layout.width();
        if may_be_wider(self.survey) {
            for batch in source.batches(&layout.whole())? {
                state_column = batch?.rows().map(|row| row.len()).fold(state_column, usize::max);
            }
        }
        let ours: Vec<usize> =
            (0..layout.width()).filter(|column| is_state_header(&layout.headers[*column])).collect();
        if let [first, _, ..] = ours.as_slice() {
            state_column = *first;
        }
        let state_column = state_column as u16;
        sheet
            .set_column_width(state_column, STATE_WIDTH)?
            .set_column_width(state_column + 1, FINDINGS_WIDTH)?;
        let mut last_row = first_row;
        for batch in source.batches(&layout.whole())? {
            for row in batch?.rows() {
                self.row(sheet, row, &ours, state_column)?;
                last_row = last_row.max(row.number() as u32 - 1);
            }
        }
        // So that one can look at the invalid rows alone.
        sheet.autofilter(first_row.saturating_sub(1), 0, last_row, state_column + 1)?;
        Ok(())
    }

    fn row(
        &mut self,
        sheet: &mut Worksheet,
        row: Row<'_>,
        ours: &[usize],
        state_column: u16,
    ) -> Result<(), XlsxError> {
        let findings = self.by_row.remove(&row.number()).unwrap_or_default();
        let at = row.number() as u32 - 1;
        let copied = Copied::new(row);
        let last =
            findings.iter().filter_map(|finding| column_of(&finding.cell)).max().map_or(0, |last| last + 1);
        for column in (0..row.len().max(last)).filter(|column| !ours.contains(column)) {
            let of_cell: Vec<&Finding> =
                findings.iter().copied().filter(|finding| column_of(&finding.cell) == Some(column)).collect();
            let cell = copied.cell(column);
            let severity = of_cell.iter().map(|finding| finding.severity).max();
            if !cell.text.is_empty() || severity.is_some() {
                let is_header = row.number() == self.survey.layout.header_row && severity.is_none();
                let look = if is_header { &self.looks.header } else { self.looks.of(severity) };
                write_cell(sheet, (at, column as u16), &cell, look)?;
            }
            if severity.is_some() && self.notes < NOTES_MAX {
                self.notes += 1;
                sheet.insert_note(at, column as u16, &note(&of_cell))?;
            }
        }
        let header_row = self.survey.layout.header_row;
        let texts = if row.number() == header_row {
            ["onboarding_state".to_owned(), "onboarding_findings".to_owned()]
        } else if row.number() < header_row || row.is_blank() {
            return Ok(());
        } else {
            let said: Vec<String> = findings.iter().map(|finding| line(finding)).collect();
            [self.state(row.number(), &findings).to_owned(), said.join(" | ")]
        };
        for (column, text) in (state_column..).zip(&texts) {
            let look = if row.number() == header_row { &self.looks.header } else { &self.looks.plain };
            sheet.write_string_with_format(at, column, fitting(text), &look.text)?;
        }
        Ok(())
    }

    fn state(&self, row: u64, findings: &[&Finding]) -> &'static str {
        let worst = findings.iter().map(|finding| finding.severity).max();
        match worst {
            _ if findings.iter().any(|finding| finding.code == rule::EXAMPLE_ROW.code) => "example",
            _ if !self.survey.is_valid(row) => "invalid",
            Some(Severity::Warning) => "valid, with warnings",
            _ => "valid",
        }
    }
}

/// A note wide enough for a sentence in two lines, in pixels, and what fits into one of its lines.
const NOTE_WIDTH: u32 = 340;
const NOTE_LINE_CHARS: usize = 50;
const NOTE_LINE_HEIGHT: u32 = 16;

fn note(findings: &[&Finding]) -> Note {
    let text: Vec<String> =
        findings.iter().map(|finding| format!("{}\n{}", line(finding), finding.suggestion)).collect();
    let text = text.join("\n").trim_end().to_owned();
    let lines: usize = text.lines().map(|line| line.chars().count().div_ceil(NOTE_LINE_CHARS).max(1)).sum();
    Note::new(fitting(&text))
        .set_width(NOTE_WIDTH)
        .set_height(NOTE_LINE_HEIGHT * (lines as u32 + 1))
        .add_author_prefix(false)
}

/// `error [not_in_list] business_type: This is none of the 7 values.`
fn line(finding: &Finding) -> String {
    let column = if finding.column.is_empty() { String::new() } else { format!(" {}", finding.column) };
    format!("{} [{}]{column}: {}", finding.severity.word(), finding.code, finding.message)
}

/// The column of a cell such as `F17`, counted from 0.
fn column_of(cell: &str) -> Option<usize> {
    let letters = cell.bytes().take_while(u8::is_ascii_uppercase);
    letters.fold(0, |number, letter| number * 26 + usize::from(letter - b'A') + 1).checked_sub(1)
}
