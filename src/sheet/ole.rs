//! A look into an XLS file before calamine is let loose on it: calamine makes room for the whole box
//! from the first filled cell to the last, and a few damaged bytes can put one of them billions of
//! cells away.
//!
//! Formats: [MS-CFB] for the container, [MS-XLS] for the records in it.

use super::archive::Extent;

/// Sector numbers from here on are marks, not sectors.
const SECTORS_END: u32 = 0xffff_fffa;

/// Whether the sheets of an XLS file fit into memory. A container that cannot be read is left to
/// calamine, which says what is wrong with it.
pub(super) fn fits(file: &[u8]) -> bool {
    let Some(stream) = workbook(file) else { return true };
    sheets(&stream).iter().all(|start| stream.get(*start as usize..).is_none_or(sheet_fits))
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
    let container = Container::open(file)?;
    container.stream("Workbook").or_else(|| container.stream("Book"))
}

/// Where each sheet begins in the stream.
pub(super) fn sheets(stream: &[u8]) -> Vec<u32> {
    Records(stream)
        .take_while(|(kind, _)| *kind != END)
        .filter_map(|(kind, data)| (kind == BOUND_SHEET).then(|| u32_at(data, 0))?)
        .collect()
}

const BOUND_SHEET: u16 = 0x0085;
const PASSWORD: u16 = 0x002f;
const END: u16 = 0x000a;
const DIMENSIONS: u16 = 0x0200;
const MULTIPLE_RK: u16 = 0x00bd;
/// Number, Label, RString, BoolErr, RK, LabelSst, Formula: each begins with its row and column.
const CELLS: [u16; 7] = [0x0203, 0x0204, 0x00d6, 0x0205, 0x027e, 0x00fd, 0x0006];

/// A sheet of the format has 65,536 rows of 256 columns. Room that is made and not used costs nothing.
const CELLS_OF_A_SHEET: u64 = 65_536 * 256;

fn sheet_fits(sheet: &[u8]) -> bool {
    let mut extent = Extent::default();
    let mut announced = 0;
    for (kind, data) in Records(sheet) {
        let first = u16_at(data, 0).zip(u16_at(data, 2));
        match (kind, first) {
            (END, _) => {}
            (DIMENSIONS, _) => announced = announced.max(announced_cells(data).unwrap_or(0)),
            (MULTIPLE_RK, Some((row, column))) => {
                let last = u16_at(data, data.len().saturating_sub(2)).unwrap_or(column);
                extent.add(row.into(), column.into());
                extent.add(row.into(), last.into());
            }
            (kind, Some((row, column))) if CELLS.contains(&kind) => extent.add(row.into(), column.into()),
            _ => {}
        }
    }
    extent.fits() && announced <= CELLS_OF_A_SHEET
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

/// A compound file: streams in chains of sectors.
struct Container<'a> {
    file: &'a [u8],
    sector_bytes: usize,
    next: Vec<u32>,
    directory: Vec<u8>,
}

const ENTRY_BYTES: usize = 128;
/// Streams shorter than this lie in sectors of 64 bytes within the root's own stream.
const SMALL_BYTES: u32 = 4096;
const SMALL_SECTOR_BYTES: usize = 64;

impl<'a> Container<'a> {
    fn open(file: &'a [u8]) -> Option<Container<'a>> {
        let sector_bytes = match u16_at(file, 30)? {
            9 => 512,
            12 => 4096,
            _ => return None,
        };
        let mut container = Container { file, sector_bytes, next: Vec::new(), directory: Vec::new() };
        // The sectors of the allocation table: 109 in the header, the others in a chain of their own.
        let mut tables: Vec<u32> = (0..109).filter_map(|index| u32_at(file, 76 + 4 * index)).collect();
        let mut more = u32_at(file, 68)?;
        for _ in 0..file.len() / sector_bytes {
            let Some(sector) = container.sector(more) else { break };
            let mut numbers: Vec<u32> = numbers(sector).collect();
            more = numbers.pop()?;
            tables.extend(numbers);
        }
        for table in tables.into_iter().filter(|table| *table < SECTORS_END) {
            let sector = container.sector(table)?;
            container.next.extend(numbers(sector));
        }
        container.directory = container.chain(u32_at(file, 48)?);
        Some(container)
    }

    fn sector(&self, number: u32) -> Option<&'a [u8]> {
        let start = (number as usize).checked_add(1)?.checked_mul(self.sector_bytes)?;
        let end = start.checked_add(self.sector_bytes)?.min(self.file.len());
        (number < SECTORS_END).then(|| self.file.get(start..end))?
    }

    /// The content of a chain of sectors.
    fn chain(&self, start: u32) -> Vec<u8> {
        let mut content = Vec::new();
        let mut number = start;
        // A chain that runs in a circle ends when it has had every sector once.
        for _ in 0..=self.next.len() {
            let Some(sector) = self.sector(number) else { break };
            content.extend_from_slice(sector);
            number = self.next.get(number as usize).copied().unwrap_or(SECTORS_END);
        }
        content
    }

    fn stream(&self, name: &str) -> Option<Vec<u8>> {
        let mut entries = self.directory.chunks_exact(ENTRY_BYTES);
        let root = entries.next()?;
        let is_it = |entry: &&[u8]| {
            let letters = entry[..64].chunks_exact(2).map(|pair| pair[0]).take_while(|letter| *letter != 0);
            letters
                .map(|letter| letter.to_ascii_lowercase())
                .eq(name.bytes().map(|letter| letter.to_ascii_lowercase()))
        };
        let entry = entries.find(is_it)?;
        let (start, length) = (u32_at(entry, 116)?, u32_at(entry, 120)?);
        let mut content =
            if length < SMALL_BYTES { self.small_chain(root, start)? } else { self.chain(start) };
        content.truncate(length as usize);
        Some(content)
    }

    fn small_chain(&self, root: &[u8], start: u32) -> Option<Vec<u8>> {
        let sectors = self.chain(u32_at(root, 116)?);
        let next: Vec<u32> = numbers(&self.chain(u32_at(self.file, 60)?)).collect();
        let (mut content, mut number) = (Vec::new(), start);
        for _ in 0..=next.len() {
            let at = (number as usize).checked_mul(SMALL_SECTOR_BYTES)?;
            let Some(sector) = sectors.get(at..at + SMALL_SECTOR_BYTES) else { break };
            content.extend_from_slice(sector);
            number = next.get(number as usize).copied().unwrap_or(SECTORS_END);
        }
        Some(content)
    }
}

fn numbers(bytes: &[u8]) -> impl Iterator<Item = u32> + '_ {
    bytes.chunks_exact(4).map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2).map(|two| u16::from_le_bytes([two[0], two[1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
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
