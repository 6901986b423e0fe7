//! The container of an XLS file: streams in chains of sectors, read as calamine reads them, but for chains that
//! have no end.
//!
//! Format: [MS-CFB].

use super::ole::{u16_at, u32_at};
use encoding_rs::UTF_16LE;

/// Sector numbers from here on are marks, not sectors.
const SECTORS_END: u32 = 0xffff_fffa;

const ENTRY_BYTES: usize = 128;
/// Streams shorter than this lie in sectors of 64 bytes within the root's own stream.
const SMALL_BYTES: u64 = 4096;
const SMALL_SECTOR_BYTES: usize = 64;

pub(super) struct Container<'a> {
    file: &'a [u8],
    sector_bytes: usize,
    /// The sector that follows each.
    next: Vec<u32>,
    directory: Vec<u8>,
}

/// A chain of sectors runs in a circle, or the table of the chains is longer than the file: what follows them
/// does not come to an end.
#[derive(Debug)]
pub(super) struct Endless;

impl<'a> Container<'a> {
    /// `None` for what is no container, or for one that is cut off.
    pub fn open(file: &'a [u8]) -> Result<Option<Container<'a>>, Endless> {
        let sector_bytes = match u16_at(file, 30) {
            Some(9) => 512,
            Some(12) => 4096,
            _ => return Ok(None),
        };
        let mut container = Container { file, sector_bytes, next: Vec::new(), directory: Vec::new() };
        let Some(tables) = container.tables() else { return Ok(None) };
        // Each part of the table has a sector of its own: a file that names one again and again would be read
        // again and again.
        if tables.len() > container.sectors() {
            return Err(Endless);
        }
        for table in tables {
            let Some(sector) = container.sector(table) else { return Ok(None) };
            container.next.extend(numbers(sector));
        }
        let word = |at| u32_at(file, at).unwrap_or(SECTORS_END);
        container.directory = container.chain(word(48), u64::MAX)?;
        if let Some(root) = container.directory.get(..ENTRY_BYTES) {
            container.chain(u32_at(root, 116).unwrap_or(SECTORS_END), container.length(root))?;
        }
        container.chain(word(60), u64::from(word(64)).saturating_mul(sector_bytes as u64))?;
        Ok(Some(container))
    }

    /// A stream by its name; `None` where there is none.
    pub fn stream(&self, name: &str) -> Result<Option<Vec<u8>>, Endless> {
        let is_it = |entry: &&[u8]| {
            let text = UTF_16LE.decode(&entry[..64]).0;
            text.split('\0').next().is_some_and(|it| it.eq_ignore_ascii_case(name))
        };
        let mut entries = self.directory.chunks_exact(ENTRY_BYTES);
        let Some(entry) = entries.find(is_it) else { return Ok(None) };
        let start = u32_at(entry, 116).unwrap_or(SECTORS_END);
        match self.length(entry) {
            length if length < SMALL_BYTES => Ok(self.small_chain(start, length as usize)),
            length => self.chain(start, length).map(Some),
        }
    }

    /// The sectors of the table: 109 in the header, the others in a chain of their own.
    fn tables(&self) -> Option<Vec<u32>> {
        let mut tables: Vec<u32> = (0..109).filter_map(|index| u32_at(self.file, 76 + 4 * index)).collect();
        let mut more = u32_at(self.file, 68)?;
        for _ in 0..self.sectors() {
            let Some(sector) = self.sector(more) else { break };
            tables.extend(numbers(sector));
            more = tables.pop()?;
        }
        tables.retain(|table| *table < SECTORS_END);
        Some(tables)
    }

    fn sectors(&self) -> usize {
        self.file.len() / self.sector_bytes + 1
    }

    fn sector(&self, number: u32) -> Option<&'a [u8]> {
        let start = (number as usize).checked_add(1)?.checked_mul(self.sector_bytes)?;
        let end = start.checked_add(self.sector_bytes)?.min(self.file.len());
        (number < SECTORS_END).then(|| self.file.get(start..end))?
    }

    /// How long the stream of an entry is; in files of small sectors the length has half as many bytes.
    fn length(&self, entry: &[u8]) -> u64 {
        let word = |at| u64::from(u32_at(entry, at).unwrap_or(0));
        if self.sector_bytes == 512 { word(120) } else { word(120) | word(124) << 32 }
    }

    /// The content of a chain of sectors, up to a length.
    fn chain(&self, start: u32, length: u64) -> Result<Vec<u8>, Endless> {
        let (mut content, mut number) = (Vec::new(), start);
        // A chain that has had every sector once runs in a circle.
        for _ in 0..=self.sectors() {
            let Some(sector) = self.sector(number) else { return Ok(content) };
            let missing = length - content.len() as u64;
            content.extend_from_slice(&sector[..missing.min(sector.len() as u64) as usize]);
            if content.len() as u64 >= length {
                return Ok(content);
            }
            number = self.next.get(number as usize).copied().unwrap_or(SECTORS_END);
        }
        Err(Endless)
    }

    fn small_chain(&self, start: u32, length: usize) -> Option<Vec<u8>> {
        let root = self.directory.get(..ENTRY_BYTES)?;
        let sectors = self.chain(u32_at(root, 116)?, self.length(root)).ok()?;
        let next: Vec<u32> =
            numbers(&self.chain(u32_at(self.file, 60)?, u64::MAX).unwrap_or_default()).collect();
        let (mut content, mut number) = (Vec::new(), start);
        while content.len() < length {
            let at = (number as usize).checked_mul(SMALL_SECTOR_BYTES)?;
            let Some(sector) = sectors.get(at..at + SMALL_SECTOR_BYTES) else { break };
            content.extend_from_slice(sector);
            number = next.get(number as usize).copied().unwrap_or(SECTORS_END);
        }
        content.truncate(length);
        Some(content)
    }
}

fn numbers(bytes: &[u8]) -> impl Iterator<Item = u32> + '_ {
    bytes.chunks_exact(4).map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
}
