//! What a workbook says about its cells besides their values, and calamine does not tell: formulas,
//! hidden rows, merged cells, and error values that are newer than calamine.

use std::fs::File;
use std::io::{BufReader, Read, Seek};

use zip::ZipArchive;

use super::tags::{Tag, Tags, unescaped};

/// The marks of one worksheet.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    /// Formula cells, row and column counted from 0, in order.
    formulas: Vec<(u32, u16)>,
    /// Error cells, likewise.
    errors: Vec<(u32, u16)>,
    /// Runs of hidden rows, first and last, counted from 0.
    hidden: Vec<(u32, u32)>,
    merged: Vec<Merged>,
}

/// Merged cells, rows and columns counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Merged {
    pub first: (u32, u16),
    pub last: (u32, u16),
}

/// How many marks of a kind are kept. More than these say nothing more to a person, and a hostile
/// file must not fill the memory with them.
const MARKS_MAX: usize = 4_000_000;

impl Marks {
    pub fn is_formula(&self, row: u32, column: u32) -> bool {
        u16::try_from(column).is_ok_and(|column| self.formulas.binary_search(&(row, column)).is_ok())
    }

    /// The first error cell behind a position, in reading order.
    pub(super) fn error_after(&self, row: u32, column: Option<u32>) -> Option<(u32, u32)> {
        let behind = |at: &(u32, u16)| match column {
            Some(column) => *at <= (row, column as u16),
            None => *at < (row, 0),
        };
        let index = self.errors.partition_point(behind);
        self.errors.get(index).map(|(row, column)| (*row, u32::from(*column)))
    }

    /// Runs of hidden rows as the spreadsheet numbers them, first and last.
    pub fn hidden_rows(&self) -> impl Iterator<Item = (u64, u64)> {
        self.hidden.iter().map(|(first, last)| (u64::from(*first) + 1, u64::from(*last) + 1))
    }

    pub fn merged(&self) -> &[Merged] {
        &self.merged
    }
}

/// Reads the marks of a worksheet. Where the archive is not as calamine finds it, there are none: what
/// is wrong with the file is said by who reads the cells.
pub(super) fn of_xlsx(file: File, sheet: &str) -> Marks {
    let read = || -> Option<Marks> {
        let mut archive = ZipArchive::new(BufReader::new(file)).ok()?;
        let path = worksheet_path(&mut archive, sheet)?;
        let part = archive.by_name(&path).ok()?;
        Some(worksheet(part))
    };
    read().unwrap_or_default()
}

/// The file in the archive that holds a worksheet, by way of the workbook's relationships.
fn worksheet_path<R: Read + Seek>(archive: &mut ZipArchive<R>, sheet: &str) -> Option<String> {
    let workbook = archive
        .file_names_raw()
        .filter_map(|name| std::str::from_utf8(name).ok())
        .find(|name| name.ends_with("workbook.xml"))?
        .to_owned();
    let (folder, name) = workbook.rsplit_once('/').unwrap_or(("", &workbook));
    let id = find(archive, &workbook, "sheet", |tag| {
        let is_it = tag.attribute("name").is_some_and(|name| unescaped(name) == sheet);
        let id = tag.attribute("r:id").or_else(|| tag.attribute("d3p1:id"))?;
        is_it.then(|| id.to_owned())
    })?;
    let relationships = format!("{folder}/_rels/{name}.rels");
    let target = find(archive, &relationships, "Relationship", |tag| {
        (tag.attribute("Id") == Some(&id))
            .then(|| tag.attribute("Target").map(|target| unescaped(target).into_owned()))?
    })?;
    Some(match target.strip_prefix('/') {
        Some(absolute) => absolute.to_owned(),
        None => format!("{folder}/{target}"),
    })
}

fn find<R: Read + Seek, T>(
    archive: &mut ZipArchive<R>,
    path: &str,
    name: &str,
    mut of: impl FnMut(&Tag) -> Option<T>,
) -> Option<T> {
    let mut tags = Tags::new(BufReader::new(archive.by_name(path).ok()?));
    while let Some(tag) = tags.next().ok()? {
        if tag.name() == name.as_bytes()
            && let Some(found) = of(&tag)
        {
            return Some(found);
        }
    }
    None
}

fn worksheet(part: impl Read) -> Marks {
    let mut marks = Marks::default();
    let mut tags = Tags::new(BufReader::with_capacity(1 << 16, part));
    // A row or cell without a position of its own follows the one before it.
    let (mut row, mut next_row): (u32, u32) = (0, 0);
    let mut cell = LastCell::default();
    while let Ok(Some(tag)) = tags.next() {
        match tag.name() {
            b"c" => {
                cell.set(&tag);
                if tag.inside().windows(5).any(|bytes| bytes == b"t=\"e\"") {
                    push(&mut marks.errors, row, cell.column());
                }
            }
            b"f" => push(&mut marks.formulas, row, cell.column()),
            b"row" => {
                let number = tag.attribute("r").and_then(|number| number.parse::<u32>().ok());
                row = number.map_or(next_row, |number| number.saturating_sub(1));
                next_row = row.saturating_add(1);
                cell = LastCell::default();
                if tag.is_set("hidden") {
                    hide(&mut marks.hidden, row);
                }
            }
            b"mergeCell" if marks.merged.len() < MARKS_MAX => {
                marks.merged.extend(tag.attribute("ref").and_then(merged));
            }
            _ => {}
        }
    }
    marks
}

/// The cell that was read last. Where it stands is worked out only if it matters: most cells are
/// neither formulas nor errors.
#[derive(Default)]
struct LastCell {
    /// The last tag of the row with a position of its own.
    placed: Vec<u8>,
    /// How many cells without one have come since.
    since: u32,
}

impl LastCell {
    fn set(&mut self, tag: &Tag) {
        if tag.inside().starts_with(b"c r=") || tag.attribute("r").is_some() {
            self.placed.clear();
            self.placed.extend_from_slice(tag.inside());
            self.since = 0;
        } else {
            self.since += 1;
        }
    }

    fn column(&self) -> u32 {
        match Tag::of(&self.placed).attribute("r").and_then(column_of) {
            Some(column) => column.saturating_add(self.since),
            None => self.since.saturating_sub(1),
        }
    }
}

fn push(cells: &mut Vec<(u32, u16)>, row: u32, column: u32) {
    let in_order = cells.last().is_none_or(|last| *last < (row, column as u16));
    if cells.len() < MARKS_MAX && column < u32::from(u16::MAX) && in_order {
        cells.push((row, column as u16));
    }
}

fn hide(runs: &mut Vec<(u32, u32)>, row: u32) {
    if let Some((_, last)) = runs.last_mut()
        && last.checked_add(1) == Some(row)
    {
        *last = row;
    } else if runs.len() < MARKS_MAX {
        runs.push((row, row));
    }
}

/// The column of a reference such as `AB12`, counted from 0.
fn column_of(reference: &str) -> Option<u32> {
    let letters = reference.bytes().take_while(u8::is_ascii_alphabetic);
    let number = letters
        .take(4)
        .fold(0, |number: u32, letter| number * 26 + u32::from(letter.to_ascii_uppercase() - b'A') + 1);
    number.checked_sub(1)
}

/// Reads a range such as `A3:B7`.
fn merged(reference: &str) -> Option<Merged> {
    let corner = |reference: &str| {
        let column = column_of(reference)?;
        let row: u32 = reference.trim_start_matches(|c: char| c.is_ascii_alphabetic()).parse().ok()?;
        Some((row.checked_sub(1)?, u16::try_from(column).ok()?))
    };
    let (first, last) = reference.split_once(':')?;
    Some(Merged { first: corner(first)?, last: corner(last)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worksheet_tells_of_formulas_hidden_rows_merged_cells_and_errors() {
        let xml = r##"<worksheet><sheetData>
            <row r="1"><c r="A1" t="s"><v>0</v></c></row>
            <row r="3" hidden="1"><c r="B3"><f>1+1</f><v>2</v></c><c><f t="shared" si="0"/><v>3</v></c></row>
            <row hidden="true"><c r="AA4" t="e"><v>#SPILL!</v></c></row>
            <row r="9" hidden="1"/></sheetData>
            <mergeCells count="1"><mergeCell ref="A3:B7"/><mergeCell ref="bogus"/></mergeCells></worksheet>"##;
        let marks = worksheet(xml.as_bytes());
        assert!(marks.is_formula(2, 1) && marks.is_formula(2, 2));
        assert!(!marks.is_formula(0, 0) && !marks.is_formula(3, 26));
        assert_eq!(marks.error_after(2, Some(2)), Some((3, 26)));
        assert_eq!(marks.error_after(3, Some(26)), None);
        assert_eq!(marks.hidden_rows().collect::<Vec<_>>(), [(3, 4), (9, 9)]);
        assert_eq!(marks.merged(), [Merged { first: (2, 0), last: (6, 1) }]);
    }
}
