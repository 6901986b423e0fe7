//! CellProperties of XLSX: the worksheet's part, read from its first tag to its last before calamine does.

use std::io::{self, BufReader, Read, Seek};

use zip::ZipArchive;

use super::super::archive::{document, find_part};
use super::super::spool::Spool;
use super::super::tags::{TEXT_BYTES_MAX, Tag, Tags, unescaped};
use super::{CellProperties, Merged, PROPERTIES_MAX, Unsound, push};

pub(super) fn read(file: Spool, sheet: &str) -> Result<CellProperties, Unsound> {
    let mut archive = match ZipArchive::new(BufReader::new(file)) {
        Ok(archive) => archive,
        Err(_) => return Ok(CellProperties::default()),
    };
    let Some(path) = worksheet_path(&mut archive, sheet) else { return Ok(CellProperties::default()) };
    let Ok(part) = archive.by_name(&path) else { return Ok(CellProperties::default()) };
    match worksheet(part) {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(Unsound),
        // Other damage is found and said by calamine.
        read => Ok(read.unwrap_or_default()),
    }
}

/// The file in the archive that holds a worksheet, by way of the workbook's relationships.
fn worksheet_path<R: Read + Seek>(archive: &mut ZipArchive<R>, sheet: &str) -> Option<String> {
    let workbook = document(archive)?;
    let (folder, name) = workbook.rsplit_once('/').unwrap_or(("", &workbook));
    let id = find(archive, &workbook, "sheet", |tag| {
        let is_it = tag.attribute("name").is_some_and(|name| unescaped(name) == sheet);
        let id = tag.attribute_of_any_prefix("id")?;
        is_it.then(|| id.to_owned())
    })?;
    let path = |of: &str| if folder.is_empty() { of.to_owned() } else { format!("{folder}/{of}") };
    let relationships = path(&format!("_rels/{name}.rels"));
    let target = find(archive, &relationships, "Relationship", |tag| {
        (tag.attribute("Id") == Some(&id))
            .then(|| tag.attribute("Target").map(|target| unescaped(target).into_owned()))?
    })?;
    let target = match target.strip_prefix('/') {
        Some(absolute) => absolute.to_owned(),
        None => path(&target),
    };
    find_part(archive, &target)
}

fn find<R: Read + Seek, T>(
    archive: &mut ZipArchive<R>,
    path: &str,
    name: &str,
    mut of: impl FnMut(&Tag) -> Option<T>,
) -> Option<T> {
    let path = find_part(archive, path)?;
    let mut tags = Tags::new(BufReader::new(archive.by_name(&path).ok()?));
    while let Some(tag) = tags.next().ok()? {
        if tag.name() == name.as_bytes()
            && let Some(found) = of(&tag)
        {
            return Some(found);
        }
    }
    None
}

fn worksheet(part: impl Read) -> io::Result<CellProperties> {
    let mut properties = CellProperties::default();
    let mut tags = Tags::new(BufReader::with_capacity(1 << 16, part));
    // A row or cell without a position of its own follows the one before it.
    let (mut row, mut next_row): (u32, u32) = (0, 0);
    let (mut is_hidden, mut cell_bytes) = (false, 0_usize);
    let mut cell = LastCell::default();
    loop {
        let Some(tag) = tags.next()? else { return Ok(properties) };
        match tag.name() {
            b"c" => {
                cell.set(&tag);
                cell_bytes = 0;
                if tag.inside().windows(5).any(|bytes| bytes == b"t=\"e\"") {
                    push(&mut properties.errors, row, cell.column());
                }
            }
            b"f" => push(&mut properties.formulas, row, cell.column()),
            // The text of a cell may be cut into many.
            b"t" | b"r" => {
                cell_bytes = cell_bytes.saturating_add(tag.text_before);
                if cell_bytes > TEXT_BYTES_MAX {
                    return Err(io::ErrorKind::InvalidData.into());
                }
            }
            b"row" => {
                let number = tag.attribute("r").and_then(|number| number.parse::<u32>().ok());
                row = number.map_or(next_row, |number| number.saturating_sub(1));
                next_row = row.saturating_add(1);
                cell = LastCell::default();
                is_hidden = tag.is_set("hidden");
            }
            b"mergeCell" if properties.merged.len() < PROPERTIES_MAX => {
                properties.merged.extend(tag.attribute("ref").and_then(merged));
            }
            _ => {}
        }
        if is_hidden && matches!(tag.name(), b"v" | b"is") {
            properties.hide(row);
        }
    }
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
            <row r="9" hidden="1"><c r="A9" s="3"/></row></sheetData>
            <mergeCells count="1"><mergeCell ref="A3:B7"/><mergeCell ref="bogus"/></mergeCells></worksheet>"##;
        let properties = worksheet(xml.as_bytes()).expect("a sound sheet");
        assert!(properties.is_formula(2, 1) && properties.is_formula(2, 2));
        assert!(!properties.is_formula(0, 0) && !properties.is_formula(3, 26));
        assert_eq!(properties.error_after(2, Some(2)), Some((3, 26)));
        assert_eq!(properties.error_after(3, Some(26)), None);
        // Row 9 has nothing in it.
        assert_eq!(properties.hidden_rows().collect::<Vec<_>>(), [(3, 4)]);
        assert_eq!(properties.merged(), [Merged { first: (2, 0), last: (6, 1) }]);
    }

    #[test]
    fn a_cell_of_many_texts_is_as_big_as_all_of_them() {
        let run = format!("<r><t>{}</t></r>", "x".repeat(1 << 16));
        let sheet = |runs: usize| format!("<row><c t=\"inlineStr\"><is>{}</is></c></row>", run.repeat(runs));
        assert!(worksheet(sheet(15).as_bytes()).is_ok());
        assert!(worksheet(sheet(17).as_bytes()).is_err());
        // Each cell for itself.
        assert!(worksheet(sheet(15).repeat(3).as_bytes()).is_ok());
    }
}
