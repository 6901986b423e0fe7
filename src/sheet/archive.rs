//! A look into a zip archive before a workbook reader is let loose on it.

use std::fs::File;
use std::io::{BufReader, Read, Seek};

use zip::ZipArchive;

use super::layout::Workbook;
use super::source::Source;
use super::tags::Tags;
use crate::model::Fault;

/// The shared strings of an XLSX file are kept in memory. A million rows of 35 columns, every cell
/// different, are half of this; a file of more is meant to do harm or better saved as CSV.
const STRINGS_BYTES_MAX: u64 = 1 << 30;

/// An XLS file is kept in memory whole. Its 65,536 rows take a tenth of this when every cell is filled.
const XLS_BYTES_MAX: u64 = 1 << 28;

/// How far the filled cells of a sheet reach, for the formats that are kept in memory from the first to the
/// last of them, at 24 to 32 bytes a cell.
#[derive(Default)]
pub(super) struct Extent {
    rows: u64,
    columns: u64,
    filled: u64,
}

/// A sheet of this many cells costs at most 160 MB.
const CELLS_MAX: u64 = 5_000_000;

/// A sheet may be bigger if at least one cell in so many is filled: then the file itself is big, and its user
/// knows.
const CELLS_PER_FILLED: u64 = 10;

impl Extent {
    /// Notes a filled cell, row and column counted from 0.
    pub fn add(&mut self, row: u64, column: u64) {
        self.rows = self.rows.max(row.saturating_add(1));
        self.columns = self.columns.max(column.saturating_add(1));
        self.filled += 1;
    }

    pub fn fits(&self) -> bool {
        let cells = self.rows.saturating_mul(self.columns);
        cells <= CELLS_MAX.max(self.filled.saturating_mul(CELLS_PER_FILLED))
    }
}

/// Which workbook an archive is, told by the files in it. One that would exhaust the memory is refused.
pub(super) fn workbook(source: &Source, file: &mut File) -> Result<Workbook, Fault> {
    let mut archive = ZipArchive::new(BufReader::new(&mut *file)).map_err(|_| {
        Fault::new(
            format!("{} is cut off or damaged.", source.name()),
            "Copy or download it again, or open it in a spreadsheet program and save it as XLSX.",
        )
    })?;
    let has = |end: &[u8]| archive.file_names_raw().any(|name| name.ends_with(end));
    let kind = match () {
        () if has(b"xl/workbook.bin") => {
            let what = "it is a binary Excel workbook (XLSB), which is not read";
            return Err(super::not_a_spreadsheet(source, what));
        }
        () if has(b"workbook.xml") => Workbook::Xlsx,
        () if has(b"content.xml") && has(b"mimetype") => Workbook::Ods,
        () if has(b"word/document.xml") => {
            return Err(super::not_a_spreadsheet(source, "it is a Word document"));
        }
        () => return Err(super::not_a_spreadsheet(source, "it is an archive")),
    };
    let is_sound = match kind {
        Workbook::Xlsx => strings_are_sound(&mut archive),
        Workbook::Ods => ods_fits(&mut archive),
        Workbook::Xls => true,
    };
    if !is_sound {
        return Err(too_big(source, kind));
    }
    drop(archive);
    file.rewind().map_err(|error| source.broken_off(&error))?;
    Ok(kind)
}

/// Makes sure that an XLS file does not exhaust the memory.
pub(super) fn xls(source: &Source, file: &mut File) -> Result<(), Fault> {
    let mut content = Vec::new();
    let read = file.rewind().and_then(|()| file.take(XLS_BYTES_MAX + 1).read_to_end(&mut content));
    read.and_then(|_| file.rewind()).map_err(|error| source.broken_off(&error))?;
    let fits = content.len() as u64 <= XLS_BYTES_MAX && super::ole::fits(&content);
    if fits { Ok(()) } else { Err(too_big(source, Workbook::Xls)) }
}

fn too_big(source: &Source, kind: Workbook) -> Fault {
    Fault::new(
        format!("{} is damaged or too big to be read as {}.", source.name(), kind.name()),
        "Open it in a spreadsheet program, delete what is not the customer sheet, save it as CSV, and use that file.",
    )
}

/// Whether the shared strings fit into memory and are not fewer than the file says: calamine makes room for
/// as many as are announced.
fn strings_are_sound<R: Read + Seek>(archive: &mut ZipArchive<R>) -> bool {
    let path = archive
        .file_names_raw()
        .filter_map(|name| std::str::from_utf8(name).ok())
        .find(|name| name.to_ascii_lowercase().ends_with("sharedstrings.xml"))
        .map(str::to_owned);
    let Some(path) = path else { return true };
    let Ok(part) = archive.by_name(&path) else { return true };
    let size = part.size();
    let mut tags = Tags::new(BufReader::new(part));
    while let Ok(Some(tag)) = tags.next() {
        if tag.name() == b"sst" {
            let announced = tag.attribute("uniqueCount").map_or(Ok(0), str::parse::<u64>);
            // The shortest string is `<si/>`.
            return size <= STRINGS_BYTES_MAX && announced.is_ok_and(|announced| announced <= size / 5);
        }
    }
    true
}

/// Whether every sheet of an ODS file fits into memory. Repeated cells and rows are written once with
/// a count, so that a few bytes can mean millions of cells.
fn ods_fits<R: Read + Seek>(archive: &mut ZipArchive<R>) -> bool {
    let Ok(part) = archive.by_name("content.xml") else { return true };
    let mut tags = Tags::new(BufReader::new(part));
    let mut extent = Extent::default();
    let (mut row, mut repeated, mut column) = (0_u64, 1_u64, 0_u64);
    while let Ok(Some(tag)) = tags.next() {
        let count = |name: &str| tag.attribute(name).and_then(|count| count.parse::<u64>().ok()).unwrap_or(1);
        match tag.name() {
            b"table" => (extent, row, repeated, column) = (Extent::default(), 0, 0, 0),
            b"table-row" => {
                row = row.saturating_add(repeated);
                (repeated, column) = (count("table:number-rows-repeated"), 0);
            }
            b"table-cell" | b"covered-table-cell" => {
                column = column.saturating_add(count("table:number-columns-repeated"));
                if tag.attribute("office:value-type").is_some() {
                    let last_row = row.saturating_add(repeated).saturating_sub(1);
                    extent.add(last_row, column.saturating_sub(1));
                }
            }
            _ => {}
        }
        if !extent.fits() {
            return false;
        }
    }
    true
}
