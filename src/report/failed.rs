//! The rows that did not succeed, as they stand in the sheet, with what is wrong at the end: a sheet
//! to correct and run again.

use std::borrow::Cow;
use std::io::{BufWriter, Write};
use std::path::Path;

use rust_xlsxwriter::{Workbook, XlsxError};

use super::copy::{
    Copied, FINDINGS_WIDTH, Look, STATE_WIDTH, fitting, may_be_wider, text, widths, write_cell,
};
use super::own::Manner;
use super::write::{Written, unwritable, write_one};
use crate::check::Survey;
use crate::model::Fault;
use crate::model::column::Content;
use crate::sheet::names::{Meaning, is_state_header};
use crate::sheet::{Cell, Row, Source, csv_safe, csv_unguarded};

/// What is written beside a row.
#[derive(Clone, Debug, Default)]
pub struct Failure {
    /// The outcome, such as `refused`.
    pub state: String,
    /// What went wrong and what to do, for a person.
    pub error: String,
}

/// The columns that are added at the end. Our reader knows them and passes over them.
const ADDED: [&str; 2] = ["onboarding_state", "onboarding_error"];

/// Writes the rows that `failure` has something to say about, in order, as CSV or, where the name
/// ends with `.xlsx`, as a workbook. `failure` is asked for every row with anything in it, by its
/// number in the spreadsheet. Gives how many rows were written, and under which name.
///
/// # Errors
/// The sheet has changed since it was surveyed, or the file cannot be written.
pub fn write_failed(
    source: &Source,
    survey: &Survey,
    path: &Path,
    manner: &Manner,
    failure: &mut dyn FnMut(u64) -> Option<Failure>,
) -> Result<(u64, Written), Fault> {
    let is_workbook = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("xlsx"));
    let columns = columns(source, survey)?;
    write_one(path, manner, |file| {
        if is_workbook {
            let mut workbook = Workbook::new();
            let rows = to_workbook(&mut workbook, source, survey, &columns, failure)?;
            workbook.save_to_writer(file).map_err(|error| unwritable_workbook(path, &error))?;
            Ok(rows)
        } else {
            to_csv(BufWriter::new(file), source, survey, &columns, path, failure)
        }
    })
}

fn to_csv(
    mut out: impl Write,
    source: &Source,
    survey: &Survey,
    columns: &[usize],
    path: &Path,
    failure: &mut dyn FnMut(u64) -> Option<Failure>,
) -> Result<u64, Fault> {
    // Spreadsheet programs take a CSV file without this mark for one of their own old encodings.
    out.write_all("\u{feff}".as_bytes()).map_err(|error| unwritable(path, &error))?;
    let mut writer = csv::Writer::from_writer(out);
    let failed = |error: csv::Error| unwritable(path, &error.into());
    let headers = columns.iter().map(|column| header(survey, *column)).chain(ADDED);
    writer.write_record(headers.map(|header| csv_safe(header).into_owned())).map_err(failed)?;
    let mut rows = 0;
    each_failed(source, survey, failure, &mut |row, failure| {
        rows += 1;
        let row = Copied::new(row);
        let contents = columns.iter().map(|column| content(survey, *column));
        let copied: Vec<_> = columns.iter().map(|column| row.cell(*column)).collect();
        let cells = copied.iter().zip(contents).map(|(cell, content)| unchanged(cell, content));
        let added = [failure.state.as_str(), &failure.error].map(csv_safe);
        writer.write_record(cells.chain(added).map(Cow::into_owned)).map_err(failed)
    })?;
    writer.flush().map_err(|error| unwritable(path, &error))?;
    Ok(rows)
}

/// The cell as it stands in the sheet, but for what a spreadsheet would run as a formula. An apostrophe that
/// guards a cell already stays, and phone numbers are numbers to a spreadsheet.
fn unchanged<'a>(cell: &Cell<'a>, content: Content) -> Cow<'a, str> {
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
    survey: &Survey,
    columns: &[usize],
    failure: &mut dyn FnMut(u64) -> Option<Failure>,
) -> Result<u64, Fault> {
    let failed = |error: XlsxError| unwritable_workbook(Path::new("the workbook of failed rows"), &error);
    let sheet = workbook.add_worksheet_with_constant_memory().map_err(failed)?;
    let look = Look::new();
    let bold = rust_xlsxwriter::Format::new().set_bold();
    let mut begin = || -> Result<(), XlsxError> {
        sheet.set_name("Customers")?.set_freeze_panes(1, 1)?;
        for (column, header) in (0..).zip(columns.iter().map(|column| header(survey, *column)).chain(ADDED)) {
            sheet.write_string_with_format(0, column, header, &bold)?;
        }
        for (column, width) in (0..).zip(widths(survey)) {
            sheet.set_column_width(column, width)?;
        }
        let added = columns.len() as u16;
        sheet.set_column_width(added, STATE_WIDTH)?.set_column_width(added + 1, FINDINGS_WIDTH)?;
        Ok(())
    };
    begin().map_err(failed)?;
    let mut at = 0;
    each_failed(source, survey, failure, &mut |row, failure| {
        at += 1;
        let mut write = || -> Result<(), XlsxError> {
            let row = Copied::new(row);
            for (to, cell) in (0..).zip(columns.iter().map(|column| row.cell(*column))) {
                if !cell.text.is_empty() {
                    write_cell(sheet, (at, to), &cell, &look)?;
                }
            }
            for (column, text) in (columns.len() as u16..).zip([&failure.state, &failure.error]) {
                sheet.write_string_with_format(at, column, fitting(text), &look.text)?;
            }
            Ok(())
        };
        write().map_err(failed)
    })?;
    Ok(u64::from(at))
}

/// The columns that are copied: those of the sheet, and what stands to the right of the last header, but
/// not what an earlier file of ours has added.
fn columns(source: &Source, survey: &Survey) -> Result<Vec<usize>, Fault> {
    let mut width = survey.layout.width();
    if may_be_wider(survey) {
        for batch in source.batches(&survey.layout.whole())? {
            width = batch?.rows().map(|row| row.len()).fold(width, usize::max);
        }
    }
    let headers = &survey.layout.headers;
    let is_ours = |column: &usize| headers.get(*column).is_some_and(|header| is_state_header(header));
    Ok((0..width).filter(|column| !is_ours(column)).collect())
}

fn content(survey: &Survey, column: usize) -> Content {
    match survey.layout.meanings.get(column) {
        Some(Meaning::Column(column)) => column.spec().content,
        Some(Meaning::Nothing | Meaning::Unknown) | None => Content::Text,
    }
}

fn header(survey: &Survey, column: usize) -> &str {
    survey.layout.headers.get(column).map_or("", |header| header.trim())
}

/// Reads the sheet once more, with every column, and hands on the rows that failed.
fn each_failed(
    source: &Source,
    survey: &Survey,
    failure: &mut dyn FnMut(u64) -> Option<Failure>,
    each: &mut dyn FnMut(Row<'_>, Failure) -> Result<(), Fault>,
) -> Result<(), Fault> {
    for batch in source.batches(&survey.layout.whole())? {
        for row in batch?.rows().filter(|row| row.number() > survey.layout.header_row && !row.is_blank()) {
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
