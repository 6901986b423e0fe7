//! The rows that did not succeed, as they stand in the sheet, with what is wrong at the end: a sheet
//! to correct and run again.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{BufWriter, Write};
use std::path::Path;

use rust_xlsxwriter::{Workbook, XlsxError};

use super::annotate::{Annotations, business_names, write_marks};
use super::copy::{Copied, Look, STATE_WIDTH, may_be_wider, text, widths, write_cell};
use super::marking::{Added, Marking, Said, column_of};
use super::overview::Summary;
use super::own::Manner;
use super::rebuild::finished;
use super::write::{Written, unwritable, write_one};
use crate::check::ValidationReport;
use crate::model::column::Content;
use crate::model::{Fault, Finding, Severity, shown};
use crate::sheet::names::{Meaning, ROW_HEADER, is_row_header, is_state_header};
use crate::sheet::{Cell, Row, Source, column_letters, csv_safe, csv_unguarded};

/// What is written beside a row.
#[derive(Clone, Debug, Default)]
pub struct Failure {
    /// The outcome, such as `refused`.
    pub state: String,
    /// What went wrong, for a person.
    pub error: String,
    /// What to do about it.
    pub fix: String,
}

/// The columns that are added at the end. Our reader knows them and passes over them; `merge` finds by the last
/// one where a row comes from.
const ADDED: [Added; 4] = [
    Added { header: "onboarding_state", width: STATE_WIDTH },
    Added { header: "onboarding_error", width: ERROR_WIDTH },
    Added { header: "onboarding_fix", width: ERROR_WIDTH },
    Added { header: ROW_HEADER, width: STATE_WIDTH },
];

const ERROR_WIDTH: f64 = 60.0;

/// Writes the rows that `failure` has something to say about, in order, as CSV or, where the name
/// ends with `.xlsx`, as a workbook in which the findings of `annotations` are marked. `failure` is asked for every
/// row with anything in it, by its number in the spreadsheet. Gives how many rows were written, and under which
/// name.
///
/// # Errors
/// The sheet has changed since it was surveyed, or the file cannot be written.
pub fn write_failed(
    source: &Source,
    validation: &ValidationReport,
    annotations: &Annotations,
    path: &Path,
    manner: &Manner,
    failure: &mut dyn FnMut(u64) -> Option<Failure>,
) -> Result<(u64, Written), Fault> {
    let is_workbook = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("xlsx"));
    let columns = columns(source, validation)?;
    write_one(path, manner, |file| {
        if is_workbook {
            let mut workbook = Workbook::new();
            let rows = to_workbook(&mut workbook, source, validation, &columns, failure)?;
            let values = finished(&mut workbook)?;
            let findings = findings(annotations, &columns, &rows);
            with_marking(source, validation, columns.len(), &rows, &findings, |marking| {
                write_marks(marking, values, marking.sheet, file, path)
            })?;
            Ok(rows.len() as u64)
        } else {
            to_csv(BufWriter::new(file), source, validation, &columns, path, failure)
        }
    })
}

/// A row that was written.
struct Put {
    /// Its number in the sheet, and in the one that this sheet was made from, if it is a file of failed rows.
    row: u64,
    origin: String,
    failure: Failure,
}

/// The row of the new workbook in which one of the rows is: the header is in row 1, and they follow without gaps.
fn number(at: usize) -> u64 {
    at as u64 + 2
}

/// The findings about the rows that were written, where their cells stand in the new workbook, and what Twilio
/// has refused.
fn findings(annotations: &Annotations, columns: &[usize], rows: &[Put]) -> Vec<Finding> {
    let mut findings = vec![];
    let mut by_row: HashMap<u64, Vec<&Finding>> = HashMap::new();
    for finding in annotations.findings().iter().filter(|finding| finding.severity > Severity::Note) {
        by_row.entry(finding.row).or_default().push(finding);
    }
    for (at, put) in rows.iter().enumerate() {
        let of_row = by_row.remove(&put.row).unwrap_or_default();
        if !of_row.iter().any(|finding| finding.severity == Severity::Error) {
            findings.push(of_failure(number(at), &put.failure));
        }
        findings.extend(of_row.into_iter().map(|finding| moved(finding, number(at), columns)));
    }
    findings
}

/// Calls `write` with what is marked in the workbook of failed rows, as in a marked copy: the cells with findings,
/// and the rows that Twilio has refused. `width` is how many columns of the sheet were copied.
fn with_marking(
    source: &Source,
    validation: &ValidationReport,
    width: usize,
    rows: &[Put],
    findings: &[Finding],
    write: impl FnOnce(&Marking) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let business_names = business_names(source, validation, rows.iter().map(|put| put.row).collect())?;
    let business_names = rows
        .iter()
        .enumerate()
        .filter_map(|(at, put)| business_names.get(&put.row).map(|name| (number(at), name.clone())));
    let said = |row: u64, _: &[&Finding]| {
        let put = rows.get(row.checked_sub(2)? as usize)?;
        let Failure { state, error, fix } = put.failure.clone();
        Some(Said { texts: vec![state, error, fix, put.origin.clone()], severity: Some(Severity::Error) })
    };
    write(&Marking {
        sheet: SHEET,
        header_row: 1,
        findings,
        added: &ADDED,
        at: width,
        dropped: vec![],
        said: &said,
        business_names: business_names.collect(),
        summary: Summary {
            source: source.name(),
            validation,
            left_out: 0,
            advice: "Correct the rows of this file, save, and run it; then take them over with `merge MASTER THIS-FILE -o NEW`.",
        },
    })
}

const SHEET: &str = "Customers";

/// What a run has to say of a row, as a finding about the row as a whole.
fn of_failure(row: u64, failure: &Failure) -> Finding {
    let code = ["refused", "rejected", "unsure", "unfinished", "invalid"];
    Finding {
        row,
        cell: String::new(),
        column: "".into(),
        code: code.into_iter().find(|code| *code == failure.state).unwrap_or("failed"),
        severity: Severity::Error,
        value: String::new(),
        message: failure.error.clone(),
        suggestion: failure.fix.clone(),
    }
}

/// A finding where its cell stands in the new file.
fn moved(finding: &Finding, row: u64, columns: &[usize]) -> Finding {
    let column = column_of(&finding.cell).and_then(|of| columns.iter().position(|column| *column == of));
    let cell = column.map_or(String::new(), |column| format!("{}{row}", column_letters(column)));
    Finding { row, cell, ..finding.clone() }
}

fn to_csv(
    mut out: impl Write,
    source: &Source,
    validation: &ValidationReport,
    columns: &[usize],
    path: &Path,
    failure: &mut dyn FnMut(u64) -> Option<Failure>,
) -> Result<u64, Fault> {
    // Spreadsheet programs take a CSV file without this mark for one of their own old encodings.
    out.write_all("\u{feff}".as_bytes()).map_err(|error| unwritable(path, &error))?;
    let mut writer = csv::Writer::from_writer(out);
    let failed = |error: csv::Error| unwritable(path, &error.into());
    let headers = columns.iter().map(|column| header(validation, *column));
    let headers = headers.chain(ADDED.iter().map(|added| added.header));
    writer.write_record(headers.map(|header| csv_safe(header).into_owned())).map_err(failed)?;
    let mut rows = 0;
    each_failed(source, validation, failure, &mut |row, failure| {
        rows += 1;
        let origin = origin(validation, &row);
        let row = Copied::new(row);
        let contents = columns.iter().map(|column| content(validation, *column));
        let copied: Vec<_> = columns.iter().map(|column| row.cell(*column)).collect();
        let cells = copied.iter().zip(contents).map(|(cell, content)| unchanged(cell, content));
        let added = [failure.state.as_str(), &failure.error, &failure.fix, &origin].map(shown);
        let added = added.iter().map(|text| csv_safe(text));
        writer.write_record(cells.chain(added).map(Cow::into_owned)).map_err(failed)
    })?;
    writer.flush().map_err(|error| unwritable(path, &error))?;
    Ok(rows)
}

/// The cell as it stands in the sheet, but for what a spreadsheet would run as a formula. An apostrophe that
/// guards a cell already stays, and phone numbers are numbers to a spreadsheet.
pub(super) fn unchanged<'a>(cell: &Cell<'a>, content: Content) -> Cow<'a, str> {
    let is_guarded = cell.shown.is_none() && csv_unguarded(cell.text).len() < cell.text.len();
    let text = text(cell, content);
    let is_numbers = text.starts_with('+')
        && text.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | ' ' | ';' | '\n'));
    match () {
        () if is_guarded => Cow::Borrowed(cell.text),
        () if is_numbers => Cow::Borrowed(text),
        () => csv_safe(text),
    }
}

fn to_workbook(
    workbook: &mut Workbook,
    source: &Source,
    validation: &ValidationReport,
    columns: &[usize],
    failure: &mut dyn FnMut(u64) -> Option<Failure>,
) -> Result<Vec<Put>, Fault> {
    let failed = |error: XlsxError| unwritable_workbook(Path::new("the workbook of failed rows"), &error);
    let sheet = workbook.add_worksheet_with_constant_memory().map_err(failed)?;
    let look = Look::new();
    let mut begin = || -> Result<(), XlsxError> {
        sheet.set_name(SHEET)?;
        let bold = Look::header();
        for (to, column) in (0..).zip(columns) {
            sheet.write_string_with_format(0, to, header(validation, *column), &bold.text)?;
        }
        let widths: Vec<f64> = widths(validation).collect();
        for (to, width) in (0..).zip(columns.iter().filter_map(|column| widths.get(*column))) {
            sheet.set_column_width(to, *width)?;
        }
        Ok(())
    };
    begin().map_err(failed)?;
    let mut rows = vec![];
    each_failed(source, validation, failure, &mut |row, failure| {
        rows.push(Put { row: row.number(), origin: origin(validation, &row), failure });
        let at = rows.len() as u32;
        let row = Copied::new(row);
        for (to, cell) in (0..).zip(columns.iter().map(|column| row.cell(*column))) {
            if !cell.text.is_empty() {
                write_cell(sheet, (at, to), &cell, &look).map_err(failed)?;
            }
        }
        // So that the row is in the file even if nothing of it is copied.
        let at_least = columns.len() as u16;
        sheet.write_blank(at, at_least, &look.text).map(drop).map_err(failed)
    })?;
    let last_column = (columns.len() + ADDED.len() - 1) as u16;
    sheet.autofilter(0, 0, rows.len() as u32, last_column).map_err(failed)?;
    Ok(rows)
}

/// Where the row comes from: the row of the sheet, or that of the sheet which this sheet was made from.
fn origin(validation: &ValidationReport, row: &Row) -> String {
    let at = validation.layout.headers.iter().position(|header| is_row_header(header));
    match at.map(|at| row.cell(at).text.trim()).filter(|text| !text.is_empty()) {
        Some(text) => text.to_owned(),
        None => row.number().to_string(),
    }
}

/// The columns that are copied: those of the sheet, and what stands to the right of the last header, but
/// not what an earlier file of ours has added.
fn columns(source: &Source, validation: &ValidationReport) -> Result<Vec<usize>, Fault> {
    let mut width = validation.layout.width();
    if may_be_wider(validation) {
        for batch in source.batches(&validation.layout.whole())? {
            width = batch?.rows().map(|row| row.len()).fold(width, usize::max);
        }
    }
    let headers = &validation.layout.headers;
    let is_ours = |column: &usize| headers.get(*column).is_some_and(|header| is_state_header(header));
    Ok((0..width).filter(|column| !is_ours(column)).collect())
}

fn content(validation: &ValidationReport, column: usize) -> Content {
    match validation.layout.meanings.get(column) {
        Some(Meaning::Column(column)) => column.spec().content,
        Some(Meaning::Nothing | Meaning::Unknown) | None => Content::Text,
    }
}

fn header(validation: &ValidationReport, column: usize) -> &str {
    validation.layout.headers.get(column).map_or("", |header| header.trim())
}

/// Reads the sheet once more, with every column, and hands on the rows that failed.
fn each_failed(
    source: &Source,
    validation: &ValidationReport,
    failure: &mut dyn FnMut(u64) -> Option<Failure>,
    each: &mut dyn FnMut(Row<'_>, Failure) -> Result<(), Fault>,
) -> Result<(), Fault> {
    for batch in source.batches(&validation.layout.whole())? {
        for row in batch?.rows().filter(|row| row.number() > validation.layout.header_row && !row.is_blank())
        {
            if let Some(failure) = failure(row.number()) {
                each(row, failure)?;
            }
        }
    }
    Ok(())
}

pub(super) fn unwritable_workbook(path: &Path, error: &XlsxError) -> Fault {
    Fault::new(
        format!("{} cannot be written as a workbook ({error})", path.display()),
        "Check that the disk has room, or give a name that ends with .csv.",
    )
}
