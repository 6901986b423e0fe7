//! A new workbook with the values of a sheet, where the user's own file cannot be marked: CSV, XLS and ODS, and
//! workbooks that may not be changed.

use std::fs::File;

use rust_xlsxwriter::{Workbook, Worksheet, XlsxError};

use super::copy::{Copied, Look, widths, write_cell};
use super::failed::unwritable_workbook;
use super::marking::Marking;
use super::overview::{FINDINGS_SHEET, SUMMARY_SHEET};
use super::write::unwritable;
use crate::check::ValidationReport;
use crate::model::Fault;
use crate::sheet::{Source, Visibility};
use std::path::Path;

/// Writes the values of all sheets of the input into a temporary workbook. The customer sheet is as wide and as
/// frozen as its reader needs it.
pub(super) fn rebuild(
    source: &Source,
    validation: &ValidationReport,
    marking: &Marking,
) -> Result<File, Fault> {
    let mut workbook = Workbook::new();
    let failed = |error: XlsxError| unwritable_workbook(Path::new("the marked copy"), &error);
    let mut sheets = source.worksheets(&validation.layout)?;
    if sheets.is_empty() {
        sheets.push((marking.sheet.to_owned(), Visibility::Visible));
    }
    for (name, visibility) in
        sheets.iter().filter(|(name, _)| name != FINDINGS_SHEET && name != SUMMARY_SHEET)
    {
        let sheet = workbook.add_worksheet_with_constant_memory().map_err(failed)?;
        sheet.set_name(name).map_err(failed)?;
        if name == marking.sheet {
            sheet.set_active(true);
            customers(source, validation, marking, sheet).map_err(|error| error.fault())?;
        } else {
            sheet.set_hidden(*visibility == Visibility::Hidden);
            values(source, validation, name, sheet).map_err(|error| error.fault())?;
        }
    }
    finished(&mut workbook)
}

/// The workbook as a temporary file that is gone when it is closed.
pub(super) fn finished(workbook: &mut Workbook) -> Result<File, Fault> {
    let path = Path::new("a temporary file");
    let mut file = tempfile::tempfile().map_err(|error| unwritable(path, &error))?;
    workbook.save_to_writer(&mut file).map_err(|error| unwritable_workbook(path, &error))?;
    Ok(file)
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
    fn fault(self) -> Fault {
        match self {
            CopyError::Input(fault) => fault,
            CopyError::Output(error) => unwritable_workbook(Path::new("the marked copy"), &error),
        }
    }
}

/// Copies the values of a sheet.
fn values(
    source: &Source,
    validation: &ValidationReport,
    name: &str,
    sheet: &mut Worksheet,
) -> Result<(), CopyError> {
    let look = Look::new();
    for batch in source.batches(&validation.layout.other_sheet(name))? {
        for row in batch?.rows() {
            for column in (0..row.len()).filter(|column| !row.cell(*column).text.is_empty()) {
                write_cell(sheet, (row.number() as u32 - 1, column as u16), &row.cell(column), &look)?;
            }
        }
    }
    Ok(())
}

/// Copies the values of the customer sheet, but for columns of an earlier file of ours.
fn customers(
    source: &Source,
    validation: &ValidationReport,
    marking: &Marking,
    sheet: &mut Worksheet,
) -> Result<(), CopyError> {
    let layout = &validation.layout;
    let first_row = layout.header_row as u32;
    for (column, width) in (0..).zip(widths(validation).take(layout.data_width())) {
        sheet.set_column_width(column, width)?;
    }
    let (header, plain) = (Look::header(), Look::new());
    let mut last_row = first_row;
    for batch in source.batches(&layout.whole())? {
        for row in batch?.rows() {
            let copied = Copied::new(row);
            let look = if row.number() == layout.header_row { &header } else { &plain };
            let at = row.number() as u32 - 1;
            for column in (0..row.len()).filter(|column| !marking.dropped.contains(column)) {
                let cell = copied.cell(column);
                if !cell.text.is_empty() {
                    write_cell(sheet, (at, column as u16), &cell, look)?;
                }
            }
            last_row = last_row.max(at);
        }
    }
    // So that one can look at the invalid rows alone.
    let last_column = (marking.at + marking.added.len() - 1) as u16;
    sheet.autofilter(first_row.saturating_sub(1), 0, last_row, last_column)?;
    Ok(())
}
