//! A look into an XLS file before calamine is let loose on it: calamine makes room for the whole box
//! from the first filled cell to the last, and a few damaged bytes can put one of them billions of
//! cells away; it follows chains of sectors that run in a circle, and gives every cell a text of its own.
//!
//! Format of the records: [MS-XLS].

use super::archive::{Extent, text_max};
use super::compound::{Container, Endless};

/// Whether an XLS file can be read to its end and fits into memory. A container that cannot be read is left to
/// calamine, which says what is wrong with it.
pub(super) fn fits(file: &[u8]) -> bool {
    let Ok(container) = Container::open(file) else { return false };
    let Some(container) = container else { return true };
    // Calamine takes the second where it finds fault with the first.
    ["Workbook", "Book"].into_iter().all(|name| match container.stream(name) {
        Ok(stream) => stream.is_none_or(|stream| workbook_fits(&stream, file.len())),
        Err(Endless) => false,
    })
}

/// Whether an XLS file is encrypted, all but the kinds and lengths of its records.
pub(super) fn is_protected(file: &[u8]) -> bool {
    workbook(file).is_some_and(|stream| {
        let mut head = Records(&stream).take_while(|(kind, _)| *kind != END);
        head.any(|(kind, _)| kind == PASSWORD)
    })
}

/// The stream of the workbook's records.
pub(super) fn workbook(file: &[u8]) -> Option<Vec<u8>> {
    let container = Container::open(file).ok()??;
    let stream = |name| container.stream(name).ok().flatten();
    stream("Workbook").or_else(|| stream("Book"))
}

/// Where each sheet begins in the stream.
pub(super) fn sheets(stream: &[u8]) -> Vec<u32> {
    Records(stream)
        .take_while(|(kind, _)| *kind != END)
        .filter_map(|(kind, data)| (kind == BOUND_SHEET).then(|| u32_at(data, 0))?)
        .collect()
}

const BEGIN: u16 = 0x0809;
const END: u16 = 0x000a;
const BOUND_SHEET: u16 = 0x0085;
const PASSWORD: u16 = 0x002f;
const DIMENSIONS: u16 = 0x0200;
const MULTIPLE_RK: u16 = 0x00bd;
const LABEL_SST: u16 = 0x00fd;
const SST: u16 = 0x00fc;
const CONTINUE: u16 = 0x003c;
/// Number, Label, RString, BoolErr, RK, LabelSst, Formula: each begins with its row and column.
const CELLS: [u16; 7] = [0x0203, 0x0204, 0x00d6, 0x0205, 0x027e, LABEL_SST, 0x0006];

/// A sheet of the format has 65,536 rows of 256 columns. Room that is made and not used costs nothing.
const CELLS_OF_A_SHEET: u64 = 65_536 * 256;

/// Whether all sheets of a workbook fit into memory together: calamine keeps them all.
fn workbook_fits(stream: &[u8], file_bytes: usize) -> bool {
    let strings = string_lengths(stream);
    let text_max = text_max(file_bytes as u64);
    let (mut extent, mut text, mut records) = (Extent::default(), 0, 0);
    sheets(stream).into_iter().all(|start| {
        let Some(sheet) = stream.get(start as usize..) else { return true };
        extent.next_sheet();
        records += sheet_bytes(sheet, &strings, &mut extent, &mut text);
        // No two sheets are made of the same records.
        extent.fits() && text <= text_max && records <= stream.len()
    })
}

/// Looks through a sheet. Gives how many bytes its records have; one that announces too much is as long as none
/// can be.
fn sheet_bytes(sheet: &[u8], strings: &[u16], extent: &mut Extent, text: &mut u64) -> usize {
    let (mut depth, mut bytes) = (0, 0_usize);
    for (kind, data) in Records(sheet) {
        bytes += 4 + data.len();
        match kind {
            // A chart in the sheet is a stream within the stream.
            BEGIN => depth += 1,
            END if depth <= 1 => break,
            END => depth -= 1,
            _ if depth > 1 => {}
            DIMENSIONS if announced_cells(data).unwrap_or(0) > CELLS_OF_A_SHEET => return usize::MAX / 2,
            MULTIPLE_RK | LABEL_SST => {
                let Some((row, column)) = u16_at(data, 0).zip(u16_at(data, 2)) else { continue };
                extent.add(row.into(), column.into());
                if kind == MULTIPLE_RK {
                    let last = u16_at(data, data.len().saturating_sub(2)).unwrap_or(column);
                    extent.add(row.into(), last.into());
                } else if let Some(length) = u32_at(data, 6).and_then(|index| strings.get(index as usize)) {
                    *text += u64::from(*length);
                }
            }
            kind if CELLS.contains(&kind) => {
                if let Some((row, column)) = u16_at(data, 0).zip(u16_at(data, 2)) {
                    extent.add(row.into(), column.into());
                }
            }
            _ => {}
        }
    }
    bytes
}

/// How many letters each shared string has. Every cell gets a copy of its own.
fn string_lengths(stream: &[u8]) -> Vec<u16> {
    let mut records = Records(stream).skip_while(|(kind, _)| *kind != SST);
    let Some((_, first)) = records.next() else { return Vec::new() };
    let rest = records.take_while(|(kind, _)| *kind == CONTINUE).map(|it| it.1);
    let mut strings = Strings { piece: first.get(8..).unwrap_or_default(), rest };
    std::iter::from_fn(|| strings.length()).collect()
}

/// The shared strings, which lie in several records.
struct Strings<'a, I> {
    piece: &'a [u8],
    rest: I,
}

impl<'a, I: Iterator<Item = &'a [u8]>> Strings<'a, I> {
    /// The length of the next string; it is passed over.
    fn length(&mut self) -> Option<u16> {
        while self.piece.is_empty() {
            self.piece = self.rest.next()?;
        }
        let (length, flags) = (u16_at(self.piece, 0)?, *self.piece.get(2)?);
        self.piece = &self.piece[3..];
        let mut extra = 0;
        if flags & 8 != 0 {
            extra += 4 * usize::from(u16_at(self.piece, 0)?);
            self.piece = &self.piece[2..];
        }
        if flags & 4 != 0 {
            extra += u32_at(self.piece, 0)? as usize;
            self.piece = &self.piece[4..];
        }
        let (mut letters, mut letter_bytes) = (usize::from(length), 1 + usize::from(flags & 1));
        loop {
            let here = letters.min(self.piece.len() / letter_bytes);
            letters -= here;
            self.piece = &self.piece[here * letter_bytes..];
            if letters == 0 {
                break;
            }
            // A string that goes on in another record says there anew how wide its letters are.
            let next = self.rest.next()?;
            letter_bytes = 1 + usize::from(next.first()? & 1);
            self.piece = &next[1..];
        }
        while extra > self.piece.len() {
            extra -= self.piece.len();
            self.piece = self.rest.next()?;
        }
        self.piece = &self.piece[extra..];
        Some(length)
    }
}

/// How many cells the sheet says that it has; calamine makes room for them too.
fn announced_cells(data: &[u8]) -> Option<u64> {
    let span = |from: u32, to: u32| u64::from(to.saturating_sub(from).saturating_add(1));
    let rows = match data.len() {
        10 => span(u16_at(data, 0)?.into(), u16_at(data, 2)?.into()),
        _ => span(u32_at(data, 0)?, u32_at(data, 4)?),
    };
    let at = if data.len() == 10 { 4 } else { 8 };
    let (first, last) = (u16_at(data, at)?, u16_at(data, at + 2)?);
    // As calamine reads it: a first column that cannot be is 0.
    let first = if first > 0xff || last < first { 0 } else { first };
    Some(rows.saturating_mul(span(first.into(), last.into())))
}

/// The records of a stream: a kind and its data. Ends where a record does not fit.
pub(super) struct Records<'a>(pub &'a [u8]);

impl<'a> Iterator for Records<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (kind, length) = (u16_at(self.0, 0)?, usize::from(u16_at(self.0, 2)?));
        let data = self.0.get(4..4 + length)?;
        self.0 = &self.0[4 + length..];
        Some((kind, data))
    }
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2).map(|two| u16::from_le_bytes([two[0], two[1]]))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4).map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
}

/// A number in the short form of the format: 30 bits of a float or an integer, and whether it is a hundred
/// times too big.
pub(super) fn rk_number(bytes: &[u8], at: usize) -> Option<f64> {
    let bits = u32_at(bytes, at)?;
    let number = match bits & 2 {
        0 => f64::from_bits(u64::from(bits & !3) << 32),
        _ => f64::from((bits as i32) >> 2),
    };
    Some(if bits & 1 == 0 { number } else { number / 100.0 })
}

/// A string with its length in front, in two bytes a letter or in one.
pub(super) fn text(data: &[u8]) -> Option<String> {
    let (length, flags) = (usize::from(u16_at(data, 0)?), *data.get(2)?);
    let letters = data.get(3..)?;
    if flags & 1 == 0 {
        return Some(letters.get(..length)?.iter().map(|letter| char::from(*letter)).collect());
    }
    let letters = letters.get(..2 * length)?.chunks_exact(2);
    String::from_utf16(&letters.map(|two| u16::from_le_bytes([two[0], two[1]])).collect::<Vec<_>>()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const XLS: &[u8] = include_bytes!("../../tests/fixtures/libreoffice.xls");

    #[test]
    fn a_cell_that_damage_has_put_far_away_is_seen() {
        assert!(fits(XLS));
        let workbook = workbook(XLS).expect("a workbook");
        let mut far = 0;
        // The first label of the sheet is moved to the last row and column that a record can name.
        let label = [0xfd, 0x00, 0x0a, 0x00];
        let at = workbook.windows(4).position(|bytes| bytes == label).expect("a label");
        let place = &workbook[at..at + 8];
        let mut file = XLS.to_vec();
        for start in 0..file.len() - 8 {
            if &file[start..start + 8] == place {
                file[start + 4..start + 8].fill(0xff);
                far += 1;
            }
        }
        assert!(far > 0);
        assert!(!fits(&file));
    }

    #[test]
    fn numbers_in_their_short_form_are_read() {
        let number = |bits: u32| rk_number(&bits.to_le_bytes(), 0);
        assert_eq!(number(2134 << 2 | 2), Some(2134.0));
        assert_eq!(number(123_450 << 2 | 3), Some(1234.5));
        assert_eq!(number((1.5_f64.to_bits() >> 32) as u32), Some(1.5));
        assert_eq!(rk_number(&[1, 2, 3], 0), None);
    }

    #[test]
    fn a_string_is_read_in_either_width() {
        assert_eq!(text(b"\x05\x00\x0000000").as_deref(), Some("00000"));
        assert_eq!(text(b"\x02\x00\x010\x00-\x00").as_deref(), Some("0-"));
        assert_eq!(text(b"\x05\x00\x000000"), None);
    }

    #[test]
    fn bytes_that_are_no_container_are_left_to_others() {
        assert!(fits(b""));
        assert!(fits(&XLS[..600]));
    }
}
