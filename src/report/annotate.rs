//! The user's own workbook with every mistake marked: the red cells corrected, it is the next input.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rust_xlsxwriter::{Color, Format, Note, Url, Workbook, Worksheet, XlsxError};

use super::copy::{Copied, Look, fitting, may_be_wider, write_cell};
use super::failed::unwritable_workbook;
use super::write::write_one;
use crate::check::{Survey, rule};
use crate::model::{Fault, Finding, Severity};
use crate::sheet::names::is_state_header;
use crate::sheet::{Format as SheetFormat, Row, Source, Visibility};

/// The findings of one survey, kept for [`annotate`].
#[derive(Default)]
pub struct Annotations {
    findings: Vec<Finding>,
    left_out: u64,
}

/// How many findings are kept, at some hundred bytes each. A person who has more corrects a column at a
/// time and runs again.
const FINDINGS_MAX: usize = 200_000;

/// How many cells get a note; spreadsheet programs become slow with more. The others are coloured all the same.
const NOTES_MAX: usize = 10_000;

/// How many links one sheet may have (Excel's own limit is 65,530).
const LINKS_MAX: usize = 60_000;

/// The sheets that are added. They are replaced where the input has them already.
const FINDINGS_SHEET: &str = "Onboarding findings";
const SUMMARY_SHEET: &str = "Onboarding summary";

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
) -> Result<PathBuf, Fault> {
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
    let (_, name) = write_one(path, |file| workbook.save_to_writer(file).map_err(failed))?;
    Ok(name)
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
const ERROR_COLOR: u32 = 0x00_FF_C7_CE;
const WARNING_COLOR: u32 = 0x00_FF_EB_9C;
const NOTE_COLOR: u32 = 0x00_DD_EB_F7;

impl<'a> Marked<'a> {
    fn new(survey: &'a Survey, annotations: &'a Annotations) -> Marked<'a> {
        let mut by_row: HashMap<u64, Vec<&Finding>> = HashMap::new();
        for finding in &annotations.findings {
            let row = if finding.row == 0 { survey.layout.header_row } else { finding.row };
            by_row.entry(row).or_default().push(finding);
        }
        let looks = Looks {
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
        for column in 0..data_width {
            sheet.set_column_width(column as u16, 20)?;
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
        sheet.set_column_width(state_column, 18)?.set_column_width(state_column + 1, 60)?;
        for batch in source.batches(&layout.whole())? {
            for row in batch?.rows() {
                self.row(sheet, row, &ours, state_column)?;
            }
        }
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
                write_cell(sheet, (at, column as u16), &cell, self.looks.of(severity))?;
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
            [self.state(row.number(), &findings).to_owned(), said.join("\n")]
        };
        for (column, text) in (state_column..).zip(&texts) {
            sheet.write_string_with_format(at, column, fitting(text), &self.looks.plain.text)?;
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

fn note(findings: &[&Finding]) -> Note {
    let text: Vec<String> =
        findings.iter().map(|finding| format!("{}\n{}", line(finding), finding.suggestion)).collect();
    let text = text.join("\n").trim_end().to_owned();
    Note::new(fitting(&text))
        .set_width(300)
        .set_height(60 + 40 * findings.len() as u32)
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

/// The sheet that lists the findings, each with a link to its cell.
fn list(sheet: &mut Worksheet, main: &str, annotations: &Annotations) -> Result<(), XlsxError> {
    sheet.set_name(FINDINGS_SHEET)?.set_freeze_panes(1, 0)?;
    let heads = [
        ("row", 8.0),
        ("cell", 8.0),
        ("column", 34.0),
        ("code", 28.0),
        ("severity", 10.0),
        ("value", 32.0),
        ("message", 70.0),
        ("suggestion", 60.0),
    ];
    let bold = Format::new().set_bold();
    let text = Format::new().set_num_format("@");
    let link =
        Format::new().set_font_color(Color::Blue).set_underline(rust_xlsxwriter::FormatUnderline::Single);
    for (column, (head, width)) in (0..).zip(heads) {
        sheet.set_column_width(column, width)?.write_string_with_format(0, column, head, &bold)?;
    }
    let mut links = 0;
    for (at, finding) in (1..).zip(&annotations.findings) {
        sheet.write_number(at, 0, finding.row as f64)?;
        if !finding.cell.is_empty() && links < LINKS_MAX {
            links += 1;
            let target = Url::new(format!("internal:'{}'!{}", main.replace('\'', "''"), finding.cell));
            sheet.write_url_with_options(at, 1, target, &finding.cell, "", Some(&link))?;
        } else {
            sheet.write_string(at, 1, &finding.cell)?;
        }
        let texts = [
            &*finding.column,
            finding.code,
            finding.severity.word(),
            &finding.value,
            &finding.message,
            &finding.suggestion,
        ];
        for (column, cell) in (2..).zip(texts) {
            sheet.write_string_with_format(at, column, fitting(cell), &text)?;
        }
    }
    Ok(())
}

/// The sheet that sums up the findings.
fn sum_up(
    sheet: &mut Worksheet,
    source: &Source,
    survey: &Survey,
    annotations: &Annotations,
) -> Result<(), XlsxError> {
    sheet.set_name(SUMMARY_SHEET)?.set_column_width(0, 34)?.set_column_width(1, 12)?;
    sheet.set_column_width(2, 12)?.set_column_width(3, 90)?;
    let bold = Format::new().set_bold();
    let mut at = 0;
    let mut pair = |sheet: &mut Worksheet, name: &str, value: &str| -> Result<(), XlsxError> {
        sheet.write_string_with_format(at, 0, name, &bold)?.write_string(at, 1, value)?;
        at += 1;
        Ok(())
    };
    pair(sheet, "Sheet", source.name())?;
    pair(sheet, "Read as", &survey.layout.to_string())?;
    pair(sheet, "Rows", &survey.rows.to_string())?;
    pair(sheet, "Valid", &survey.valid.to_string())?;
    pair(sheet, "Invalid", &survey.invalid().to_string())?;
    if annotations.left_out > 0 {
        pair(sheet, "Findings not listed", &annotations.left_out.to_string())?;
    }
    pair(
        sheet,
        "What to do",
        "Correct the red cells of the customer sheet, save, and run `validate` on this file.",
    )?;
    at += 1;
    for (column, head) in (0..).zip(["code", "findings", "severity", "what it says"]) {
        sheet.write_string_with_format(at, column, head, &bold)?;
    }
    for rule in rule::ALL {
        if let Some(count) = survey.counts.by_code.get(rule.code) {
            at += 1;
            sheet.write_string(at, 0, rule.code)?.write_number(at, 1, *count as f64)?;
            sheet.write_string(at, 2, rule.severity.word())?.write_string(
                at,
                3,
                format!("{} {}", rule.text, rule.fix),
            )?;
        }
    }
    Ok(())
}
