//! A new workbook with the values of a sheet, where the user's own file cannot be marked: CSV, XLS and ODS, and
//! workbooks that may not be changed.

use std::collections::HashSet;
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
/// frozen as its reader needs it. Gives the name of the customer sheet too, which may have become another one.
pub(super) fn rebuild(
    source: &Source,
    validation: &ValidationReport,
    marking: &Marking,
) -> Result<(File, String), Fault> {
    let mut workbook = Workbook::new();
    let failed = |error: XlsxError| unwritable_workbook(Path::new("the marked copy"), &error);
    let mut sheets = source.worksheets(&validation.layout)?;
    if sheets.is_empty() {
        sheets.push((marking.sheet.to_owned(), Visibility::Visible));
    }
    sheets.retain(|(name, _)| name != FINDINGS_SHEET && name != SUMMARY_SHEET);
    let names = excel_names(sheets.iter().map(|it| it.0.as_str()));
    let mut of_customers = marking.sheet.to_owned();
    for ((name, visibility), new_name) in sheets.iter().zip(names) {
        let sheet = workbook.add_worksheet_with_constant_memory().map_err(failed)?;
        sheet.set_name(&new_name).map_err(failed)?;
        if name == marking.sheet {
            of_customers = new_name;
            sheet.set_active(true);
            customers(source, validation, marking, sheet).map_err(|error| error.fault())?;
        } else {
            sheet.set_hidden(*visibility == Visibility::Hidden);
            values(source, validation, name, sheet).map_err(|error| error.fault())?;
        }
    }
    Ok((finished(&mut workbook)?, of_customers))
}

/// As many units of UTF-16 as the name of a sheet may have in Excel.
const NAME_UNITS_MAX: usize = 31;

/// The names under which Excel takes these sheets. Those of other programs may be longer, hold signs that it does not
/// take, or differ only in upper and lower case; those of a damaged file may be missing.
fn excel_names<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    // Excel keeps the last one to itself.
    let mut taken: HashSet<String> = [FINDINGS_SHEET, SUMMARY_SHEET, "History"].map(str::to_lowercase).into();
    let mut new_name = |name: &str| {
        let sound = |sign: char| if r"[]:*?/\".contains(sign) || sign.is_control() { '_' } else { sign };
        let sound: String = name.chars().map(sound).collect();
        let sound = match sound.trim_matches(['\'', ' ']) {
            "" => "Sheet",
            sound => sound,
        };
        let tries = (1_usize..).map(|count| {
            let end = if count == 1 { String::new() } else { format!(" ({count})") };
            let mut units = NAME_UNITS_MAX - end.len();
            let fits = |sign: &char| units.checked_sub(sign.len_utf16()).map(|left| units = left).is_some();
            let begin: String = sound.chars().take_while(fits).collect();
            format!("{}{end}", begin.trim_end_matches(['\'', ' ']))
        });
        let free = tries.into_iter().find(|name| taken.insert(name.to_lowercase()));
        free.unwrap_or_default()
    };
    names.map(&mut new_name).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_has_a_name_that_excel_takes_and_keeps_its_own_where_it_can() {
        let names = |names: &[&str]| excel_names(names.iter().copied());
        assert_eq!(names(&["Kunden & Co's", "Blatt2"]), ["Kunden & Co's", "Blatt2"]);
        assert_eq!(names(&["a/b: c?", "'", "", "history"]), ["a_b_ c_", "Sheet", "Sheet (2)", "history (2)"]);
        assert_eq!(
            names(&["Customers", "CUSTOMERS", FINDINGS_SHEET]),
            ["Customers", "CUSTOMERS (2)", "Onboarding findings (2)"]
        );
        let long = "Customers of the first migration, 2026";
        assert_eq!(
            names(&[long, long]),
            ["Customers of the first migratio", "Customers of the first migr (2)"]
        );
        for name in names(&[&"\u{1F4DE}".repeat(20), &"x'".repeat(16), &"\u{0}\u{7}".repeat(3), long]) {
            rust_xlsxwriter::utility::check_sheet_name(&name).expect("Excel takes it");
        }
    }
}
