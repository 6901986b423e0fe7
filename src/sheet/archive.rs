//! A look into a zip archive before a workbook reader is let loose on it.

use std::io::{BufReader, ErrorKind, Read, Seek};

use quick_xml::events::Event;
use zip::ZipArchive;

use super::layout::Workbook;
use super::source::Source;
use super::spool::Spool;
use super::tags::{TEXT_BYTES_MAX, Tags, unescaped};
use crate::model::Fault;

/// The shared strings of an XLSX file are kept in memory. A million rows of 35 columns, every cell
/// different, are half of this; a file of more is meant to do harm or better saved as CSV.
const STRINGS_BYTES_MAX: u64 = 1 << 30;

/// What a part may unpack to, however small it is in the file.
const PART_BYTES_MIN: u64 = 1 << 26;

/// Beyond that a part may unpack to so many times its size in the file. Strings of which none stands twice
/// pack to a tenth at best; what packs to a thousandth is meant to do harm.
const UNPACKED_TIMES: u64 = 50;

/// The other parts that are kept in memory: styles, relationships, the list of sheets. The most styles that
/// Excel has, 64,000 of them, are half of this, in both measures.
const OTHER_BYTES_MAX: u64 = 1 << 25;
const OTHER_TAGS_MAX: usize = 500_000;

/// An XLS file is kept in memory whole. Its 65,536 rows take a tenth of this when every cell is filled.
const XLS_BYTES_MAX: u64 = 1 << 28;

/// How far the filled cells of each sheet reach, for the formats that are kept in memory from the first to the
/// last of them, at 24 to 32 bytes a cell.
#[derive(Default)]
pub(super) struct Extent {
    rows: u64,
    columns: u64,
    /// Of the sheets before.
    cells: u64,
    /// Of all sheets.
    filled: u64,
}

/// This many cells cost at most 160 MB, in one sheet or in many: all sheets are kept.
const CELLS_MAX: u64 = 5_000_000;

/// There may be more if at least one cell in so many is filled: then the file itself is big, and its user
/// knows.
const CELLS_PER_FILLED: u64 = 10;

impl Extent {
    /// Notes a filled cell, row and column counted from 0.
    pub fn add(&mut self, row: u64, column: u64) {
        self.rows = self.rows.max(row.saturating_add(1));
        self.columns = self.columns.max(column.saturating_add(1));
        self.filled += 1;
    }

    /// Begins with another sheet.
    pub fn next_sheet(&mut self) {
        self.cells = self.all();
        (self.rows, self.columns) = (0, 0);
    }

    fn all(&self) -> u64 {
        self.cells.saturating_add(self.rows.saturating_mul(self.columns))
    }

    pub fn fits(&self) -> bool {
        let cells = self.all();
        cells <= CELLS_MAX.max(self.filled.saturating_mul(CELLS_PER_FILLED))
    }
}

/// How many bytes the texts of all cells may have together in a file of so many.
pub(super) fn text_max(file_bytes: u64) -> u64 {
    file_bytes.saturating_mul(UNPACKED_TIMES).clamp(PART_BYTES_MIN, STRINGS_BYTES_MAX)
}

/// Which workbook an archive is, told by the files in it. One that would exhaust the memory is refused.
pub(super) fn workbook(source: &Source, file: &mut Spool) -> Result<Workbook, Fault> {
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
        Workbook::Xlsx => xlsx_is_sound(&mut archive),
        Workbook::Ods => {
            // What is encrypted is no XML, and is told from what is damaged by the reader.
            manifest_is_sound(&mut archive)
                && ods_fits(&mut archive)
                && (ods_is_encrypted(&mut archive) || ods_is_well_formed(&mut archive))
        }
        Workbook::Xls => true,
    };
    if !is_sound {
        return Err(too_big(source, kind));
    }
    drop(archive);
    file.rewind().map_err(|error| source.broken_off(&error))?;
    Ok(kind)
}

/// Makes sure that an XLS file can be read and does not exhaust the memory.
pub(super) fn xls(source: &Source, file: &mut Spool) -> Result<(), Fault> {
    let mut content = Vec::new();
    let read = file.rewind().and_then(|()| file.take(XLS_BYTES_MAX + 1).read_to_end(&mut content));
    read.and_then(|_| file.rewind()).map_err(|error| source.broken_off(&error))?;
    if super::ole::is_protected(&content) {
        return Err(super::workbook::protected(source));
    }
    let fits = content.len() as u64 <= XLS_BYTES_MAX && super::ole::fits(&content);
    if fits { Ok(()) } else { Err(too_big(source, Workbook::Xls)) }
}

pub(super) fn too_big(source: &Source, kind: Workbook) -> Fault {
    Fault::new(
        format!("{} is damaged or too big to be read as {}.", source.name(), kind.name()),
        "Open it in a spreadsheet program, delete what is not the customer sheet, save it as CSV, and use that file.",
    )
}

/// The part of an archive with a path, as calamine finds it: upper and lower case are one.
pub(super) fn find_part<R: Read + Seek>(archive: &ZipArchive<R>, path: &str) -> Option<String> {
    let names = || archive.file_names_raw().filter_map(|name| std::str::from_utf8(name).ok());
    let is_it = |name: &&str| name.replace('\\', "/").eq_ignore_ascii_case(path);
    names().find(|name| *name == path).or_else(|| names().find(is_it)).map(str::to_owned)
}

/// The part that lists the sheets, by way of the relationships of the package.
pub(super) fn document<R: Read + Seek>(archive: &mut ZipArchive<R>) -> Option<String> {
    let path = find_part(archive, "_rels/.rels")?;
    let mut tags = Tags::new(BufReader::new(archive.by_name(&path).ok()?));
    let mut document = None;
    while let Some(tag) = tags.next().ok()? {
        let is_it = tag.attribute("Type").is_some_and(|it| it.ends_with("/relationships/officeDocument"));
        if let (b"Relationship", true, Some(target)) = (tag.name(), is_it, tag.attribute("Target")) {
            document = Some(unescaped(target).trim_start_matches('/').to_owned());
        }
    }
    document
}

/// Whether the parts of an XLSX file that are kept in memory fit into it, by what they really unpack to: the
/// sizes that an archive tells may be lies.
fn xlsx_is_sound<R: Read + Seek>(archive: &mut ZipArchive<R>) -> bool {
    let document = document(archive).unwrap_or_default().to_ascii_lowercase();
    let names = archive.file_names_raw().filter_map(|name| std::str::from_utf8(name).ok());
    let kept = names.filter(|name| {
        let name = name.replace('\\', "/").to_ascii_lowercase();
        let ends = ["sharedstrings.xml", "styles.xml", "theme1.xml"].iter().any(|end| name.ends_with(end));
        let is_list = name == "_rels/.rels" || name == document || name.ends_with(".xml.rels");
        // Those of worksheets and drawings are not read.
        let is_other = name.contains("worksheets/") || name.contains("drawings/");
        ends || is_list && !is_other
    });
    let kept: Vec<String> = kept.map(str::to_owned).collect();
    kept.iter().all(|name| {
        let are_strings = name.to_ascii_lowercase().ends_with("sharedstrings.xml");
        if are_strings { strings_are_sound(archive, name) } else { part_is_sound(archive, name) }
    })
}

/// Whether the list of parts of an ODS file is no bigger than it can be.
fn manifest_is_sound<R: Read + Seek>(archive: &mut ZipArchive<R>) -> bool {
    part_is_sound(archive, "META-INF/manifest.xml")
}

fn part_is_sound<R: Read + Seek>(archive: &mut ZipArchive<R>, path: &str) -> bool {
    let Ok(part) = archive.by_name(path) else { return true };
    let mut part = BufReader::new(part.take(OTHER_BYTES_MAX + 1));
    let mut tags = Tags::new(&mut part);
    for _ in 0..OTHER_TAGS_MAX {
        match tags.next() {
            Ok(Some(_)) => {}
            Ok(None) => return part.into_inner().limit() > 0,
            Err(error) => return error.kind() != ErrorKind::InvalidData,
        }
    }
    false
}

/// Whether the shared strings fit into memory and are not fewer than the file says: calamine makes room for
/// as many as are announced.
fn strings_are_sound<R: Read + Seek>(archive: &mut ZipArchive<R>, path: &str) -> bool {
    let Ok(part) = archive.by_name(path) else { return true };
    let max = text_max(part.compressed_size());
    let mut part = BufReader::with_capacity(1 << 16, part.take(max + 1));
    let mut tags = Tags::new(&mut part);
    let (mut announced, mut string_bytes) = (0, 0_usize);
    loop {
        match tags.next() {
            Ok(Some(tag)) => match tag.name() {
                b"sst" => {
                    let count = tag.attribute("uniqueCount").map_or(Ok(0), str::parse::<u64>);
                    announced = count.unwrap_or(u64::MAX);
                }
                b"si" => string_bytes = 0,
                _ => {
                    string_bytes = string_bytes.saturating_add(tag.text_before);
                    if string_bytes > TEXT_BYTES_MAX {
                        return false;
                    }
                }
            },
            Ok(None) => break,
            Err(error) => return error.kind() != ErrorKind::InvalidData,
        }
    }
    let left = part.into_inner().limit();
    // The shortest string is `<si/>`.
    left > 0 && announced <= (max + 1 - left) / 5
}

/// What makes a cell of an ODS file one that is kept, and repeated as often as it says.
const ODS_FILLED: [&str; 8] = [
    "office:value-type",
    "office:value",
    "office:string-value",
    "office:date-value",
    "office:time-value",
    "office:boolean-value",
    "calcext:value-type",
    "table:formula",
];

/// Whether every sheet of an ODS file fits into memory. Repeated cells and rows are written once with
/// a count, so that a few bytes can mean millions of cells, and a long text in each.
fn ods_fits<R: Read + Seek>(archive: &mut ZipArchive<R>) -> bool {
    let Ok(part) = archive.by_name("content.xml") else { return true };
    let text_max = text_max(part.compressed_size());
    let mut tags = Tags::new(BufReader::with_capacity(1 << 16, part));
    let mut extent = Extent::default();
    let (mut row, mut repeated, mut column) = (0_u64, 1_u64, 0_u64);
    // The text of the cell, how often it stands there, and the text of all cells.
    let (mut cell_bytes, mut times, mut text_bytes) = (0_u64, 1_u64, 0_u64);
    loop {
        let tag = match tags.next() {
            Ok(Some(tag)) => tag,
            Ok(None) => return true,
            Err(error) => return error.kind() != ErrorKind::InvalidData,
        };
        let count = |name: &str| tag.attribute(name).and_then(|count| count.parse::<u64>().ok()).unwrap_or(1);
        let mut bytes = tag.text_before as u64;
        match tag.name() {
            b"table" => {
                extent.next_sheet();
                (row, repeated, column) = (0, 0, 0);
            }
            b"table-row" => {
                row = row.saturating_add(repeated);
                (repeated, column) = (count("table:number-rows-repeated"), 0);
            }
            b"table-cell" | b"covered-table-cell" => {
                let columns = count("table:number-columns-repeated");
                column = column.saturating_add(columns);
                (cell_bytes, times) = (0, 1);
                if ODS_FILLED.iter().any(|name| tag.attribute(name).is_some()) {
                    let last_row = row.saturating_add(repeated).saturating_sub(1);
                    extent.add(last_row, column.saturating_sub(1));
                    times = columns.saturating_mul(repeated);
                    bytes = bytes.saturating_add(tag.inside().len() as u64);
                }
            }
            b"s" => bytes = bytes.saturating_add(count("text:c")),
            _ => {}
        }
        cell_bytes = cell_bytes.saturating_add(bytes);
        text_bytes = text_bytes.saturating_add(bytes.saturating_mul(times));
        if !extent.fits() || cell_bytes > TEXT_BYTES_MAX as u64 || text_bytes > text_max {
            return false;
        }
    }
}

/// Whether calamine will find that an ODS file is encrypted: it is asked in the same way.
fn ods_is_encrypted<R: Read + Seek>(archive: &mut ZipArchive<R>) -> bool {
    let Ok(part) = archive.by_name("META-INF/manifest.xml") else { return false };
    let mut reader = quick_xml::Reader::from_reader(BufReader::new(part));
    reader.config_mut().check_end_names = false;
    reader.config_mut().expand_empty_elements = true;
    let (mut buffer, mut has_entry) = (Vec::new(), false);
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(tag)) => match tag.name().as_ref() {
                "manifest:file-entry" => has_entry = true,
                "manifest:encryption-data" if has_entry => return true,
                _ => {}
            },
            Ok(Event::Eof) | Err(_) => return false,
            Ok(_) => {}
        }
    }
}

/// Whether every element of an ODS file's content ends under its name: calamine would look for the end of a table or
/// of an annotation for ever.
fn ods_is_well_formed<R: Read + Seek>(archive: &mut ZipArchive<R>) -> bool {
    let Ok(part) = archive.by_name("content.xml") else { return true };
    let mut reader = quick_xml::Reader::from_reader(BufReader::with_capacity(1 << 16, part));
    let (mut buffer, mut open) = (Vec::new(), 0_u64);
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(_)) => open += 1,
            Ok(Event::End(_)) => open = open.saturating_sub(1),
            Ok(Event::Eof) => return open == 0,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}
