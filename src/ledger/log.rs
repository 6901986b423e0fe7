//! A look into SQLite's write-ahead log, before SQLite is let loose on it.
//!
//! Format: <https://www.sqlite.org/fileformat2.html#the_write_ahead_log>.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::Path;

/// The first four bytes; the last bit is the byte order of the checksums.
const MAGIC: u32 = 0x377f_0682;
const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;

/// The first page of the database as the log has it, in the newest frame of the log that holds it; `None`
/// where there is no log, or it does not hold that page. Only frames of the log's own generation count: what
/// is behind them was left by an earlier one. SQLite checks the sums itself.
pub fn first_page(log: &Path) -> io::Result<Option<Vec<u8>>> {
    let mut log = match File::open(log) {
        Ok(file) => BufReader::with_capacity(1 << 16, file),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut header = [0; HEADER_BYTES];
    if !filled(&mut log, &mut header)? || number(&header, 0) & !1 != MAGIC {
        return Ok(None);
    }
    let page_bytes = number(&header, 8) as usize;
    if !(512..=65_536).contains(&page_bytes) {
        return Ok(None);
    }
    let salt = &header[16..24];
    let mut first = None;
    let (mut frame, mut page) = ([0; FRAME_HEADER_BYTES], vec![0; page_bytes]);
    while filled(&mut log, &mut frame)? && filled(&mut log, &mut page)? && &frame[8..16] == salt {
        if number(&frame, 0) == 1 {
            first = Some(page.clone());
        }
    }
    Ok(first)
}

/// Whether there was enough to fill the buffer.
fn filled(log: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match log.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
