//! The sheet and the list of defects as files: CSV, a workbook, or JSON. Each is written whole or not at all.

use super::document::{Document, VERSION};
use super::{Defect, Spool};
use crate::model::{Column, Fault, json_shown};
use crate::report::{Manner, Written, is_workbook, write_one};
use crate::sheet::csv_safe;
use crate::sheet::template::column_width;
use rust_xlsxwriter::{Format as Look, Workbook, XlsxError};
use serde_json::{Map, Value};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// The format of a file, by the end of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Csv,
    Workbook,
    Json,
}

impl Format {
    /// `None` for a name with another ending.
    pub fn of(path: &Path) -> Option<Format> {
        match path.extension() {
            _ if is_workbook(path) => Some(Format::Workbook),
            Some(it) if it.eq_ignore_ascii_case("csv") => Some(Format::Csv),
            Some(it) if it.eq_ignore_ascii_case("json") => Some(Format::Json),
            _ => None,
        }
    }
}

/// The columns of the list of defects. Public: programs read them.
pub const DEFECT_COLUMNS: [&str; 8] =
    ["kind", "account_sid", "bundle_sid", "bundle", "number_sid", "since", "until", "what"];

/// Writes the sheet.
///
/// # Errors
/// It cannot be written.
pub fn write_sheet(
    headers: &[&'static str],
    spool: &mut Spool,
    path: &Path,
    manner: &Manner,
) -> Result<Written, Fault> {
    let ((), written) = write_one(path, manner, |file| {
        let mut rows =
            |put: &mut Put<'_>| spool.each(&mut |outcome| outcome.row.map_or(Ok(()), |row| put(&row)));
        match Format::of(path) {
            Some(Format::Json) => sheet_as_json(headers, file, &mut rows),
            Some(Format::Workbook) => table("Customers", headers, file, &mut rows),
            Some(Format::Csv) | None => lines(headers, file, &mut rows),
        }
    })?;
    Ok(written)
}

/// Writes the list of defects.
///
/// # Errors
/// It cannot be written.
pub fn write_defects(
    spool: &mut Spool,
    document: &Document,
    path: &Path,
    manner: &Manner,
) -> Result<Written, Fault> {
    let ((), written) = write_one(path, manner, |file| {
        if Format::of(path) == Some(Format::Json) {
            let output = &mut BufWriter::new(file);
            let written = document.write(spool, output).and_then(|()| output.flush());
            return written.map_err(|error| cut_off(&error.to_string()));
        }
        let mut rows = |put: &mut Put<'_>| {
            spool.each(&mut |outcome| outcome.defects.iter().try_for_each(|defect| put(&cells(defect))))
        };
        match Format::of(path) {
            Some(Format::Workbook) => table("Defects", &DEFECT_COLUMNS, file, &mut rows),
            _ => lines(&DEFECT_COLUMNS, file, &mut rows),
        }
    })?;
    Ok(written)
}

/// Takes a row.
type Put<'p> = dyn FnMut(&[String]) -> Result<(), Fault> + 'p;

/// Hands every row on.
type Rows<'r> = dyn FnMut(&mut Put<'_>) -> Result<(), Fault> + 'r;

fn cells(defect: &Defect) -> Vec<String> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    vec![
        defect.kind.word().to_owned(),
        defect.account_sid.clone(),
        text(&defect.bundle_sid),
        text(&defect.bundle),
        text(&defect.number_sid),
        text(&defect.since),
        text(&defect.until),
        defect.what.clone(),
    ]
}

fn lines(headers: &[&str], file: &mut File, rows: &mut Rows<'_>) -> Result<(), Fault> {
    let mut writer = csv::Writer::from_writer(BufWriter::new(file));
    writer.write_record(headers).map_err(|error| cut_off(&error.to_string()))?;
    // What a spreadsheet would run as a formula gets an apostrophe, which our reader takes off again.
    rows(&mut |row| {
        let record = row.iter().map(|cell| csv_safe(cell).into_owned());
        writer.write_record(record).map_err(|error| cut_off(&error.to_string()))
    })?;
    writer.flush().map_err(|error| cut_off(&error.to_string()))
}

/// The longest text of a cell, in units of UTF-16 [Excel specifications and limits]. No honest value comes near it.
const CELL_UNITS_MAX: usize = 32_767;

/// A workbook whose rows leave the memory as they come.
fn table(name: &str, headers: &[&str], file: &mut File, rows: &mut Rows<'_>) -> Result<(), Fault> {
    let failed = |error: XlsxError| cut_off(&error.to_string());
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet_with_constant_memory().map_err(failed)?;
    // Text: the program takes nothing for a number or a date.
    let (text, head) = (Look::new().set_num_format("@"), Look::new().set_bold());
    sheet.set_name(name).and_then(|sheet| sheet.set_freeze_panes(1, 1)).map_err(failed)?;
    for (at, header) in (0..).zip(headers) {
        let spec = Column::named(header).map(Column::spec);
        sheet.set_column_width(at, column_width(header, spec)).map_err(failed)?;
        sheet.write_string_with_format(0, at, *header, &head).map_err(failed)?;
    }
    let mut at = 0;
    rows(&mut |row| {
        at += 1;
        for (column, cell) in (0..).zip(row).filter(|(_, cell)| !cell.is_empty()) {
            let fits = cell.encode_utf16().count() <= CELL_UNITS_MAX;
            let cut: String =
                if fits { String::new() } else { cell.chars().take(CELL_UNITS_MAX / 2).collect() };
            let cell = if fits { cell } else { &cut };
            sheet.write_string_with_format(at, column, cell, &text).map_err(failed)?;
        }
        Ok(())
    })?;
    workbook.save_to_writer(file).map(drop).map_err(failed)
}

/// The rows as objects, each with the cells that are filled.
fn sheet_as_json(headers: &[&str], file: &mut File, rows: &mut Rows<'_>) -> Result<(), Fault> {
    let mut output = BufWriter::new(file);
    let failed = |error: std::io::Error| cut_off(&error.to_string());
    write!(output, "{{\"version\":{VERSION},\"rows\":[").map_err(failed)?;
    let mut separator = "\n";
    rows(&mut |row| {
        let filled = headers.iter().zip(row).filter(|(_, cell)| !cell.is_empty());
        let object: Map<String, Value> =
            filled.map(|(name, cell)| ((*name).to_owned(), cell.as_str().into())).collect();
        let text = Value::Object(object).to_string();
        write!(output, "{separator}{}", json_shown(&text)).map_err(failed)?;
        separator = ",\n";
        Ok(())
    })?;
    write!(output, "\n]}}\n").and_then(|()| output.flush()).map_err(failed)
}

fn cut_off(reason: &str) -> Fault {
    Fault::new(
        format!("A file of the inventory could not be written to the end ({reason})"),
        "Make room on the disk, then run the same command again.",
    )
}
