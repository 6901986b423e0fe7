//! CSV and its relatives, record by record.
//!
//! The parser is csv's own core. It is driven here by hand for four things that csv hides: empty
//! lines count as rows, because a spreadsheet shows them; a quotation mark that is never closed is
//! told from the end of the file; cells with broken quotation marks are seen; and the text goes
//! straight into the batch. The core goes byte by byte, so that nearly all records, which need no
//! parser, are cut at their delimiters without it.

use std::io::{self, Read};

use csv_core::ReadRecordResult;

use super::batch::{Batch, Flaw, Kind, ROW_BYTES_MAX};
use super::quoting::{BrokenCell, broken_cell, cut_sound};

/// The most cells that one row may have: as many as a spreadsheet program has columns. Cells without anything in
/// them have no bytes of their own, but each costs memory.
const ROW_CELLS_MAX: usize = 16_384;

/// Rows are handed on when they have so many cells together.
const BATCH_CELLS: usize = 1 << 20;

const INPUT_BYTES: usize = 1 << 17;

/// A CSV file that is being read.
pub(super) struct Delimited<R> {
    core: csv_core::Reader,
    delimiter: u8,
    /// The bytes of the record as they stand in the file.
    raw: Vec<u8>,
    input: R,
    buffer: Vec<u8>,
    /// What of the buffer has been read from the file and not yet been parsed.
    start: usize,
    end: usize,
    at_eof: bool,
    /// The rows that have been parsed, empty lines included.
    rows: u64,
    last_ended_with_cr: bool,
    /// Whether the core has read a record. It looks for a byte order mark at its first one.
    has_begun: bool,
}

/// A record and where it stands. Its bytes and the ends of its cells are in the caller's buffers.
pub(super) struct Record {
    pub number: u64,
    pub flaw: Option<Flaw>,
}

impl<R: Read> Delimited<R> {
    /// `input` holds UTF-8 without a byte order mark; `delimiter` is one ASCII character.
    pub fn new(input: R, delimiter: u8) -> Delimited<R> {
        let core = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
        Delimited {
            core,
            delimiter,
            raw: Vec::new(),
            input,
            buffer: vec![0; INPUT_BYTES],
            start: 0,
            end: 0,
            at_eof: false,
            rows: 0,
            last_ended_with_cr: false,
            has_begun: false,
        }
    }

    /// Reads one record; its bytes are added to `text`, and `ends` holds the ends of its cells,
    /// counted from where the record begins in `text`. `None` at the end of the file.
    pub fn read(&mut self, text: &mut Vec<u8>, ends: &mut Vec<usize>) -> io::Result<Option<Record>> {
        self.skip_empty_lines()?;
        if self.at_end()? {
            return Ok(None);
        }
        if self.has_begun && self.read_sound(text, ends) {
            self.rows += 1;
            return Ok(Some(Record { number: self.rows, flaw: None }));
        }
        self.has_begun = true;
        let line = self.core.line();
        let (from, mut written, mut cells) = (text.len(), 0, 0);
        let mut flaw = None;
        let mut unclosed = false;
        self.raw.clear();
        ends.resize(64, 0);
        text.resize(from + 1024, 0);
        loop {
            // At the end of the file the record is closed by a line break of ours. If the parser
            // takes that for part of a cell, a quotation mark is still open.
            let (source, ours): (&[u8], bool) = if !self.at_end()? {
                (&self.buffer[self.start..self.end], false)
            } else if !unclosed {
                (b"\n", true)
            } else {
                (b"", true)
            };
            let (result, read, out, ended) =
                self.core.read_record(source, &mut text[from + written..], &mut ends[cells..]);
            if ours {
                self.last_ended_with_cr = false;
            } else if read > 0 {
                self.last_ended_with_cr = self.buffer[self.start + read - 1] == b'\r';
                self.raw.extend_from_slice(&self.buffer[self.start..self.start + read]);
                self.start += read;
            }
            written += out;
            cells += ended;
            match result {
                ReadRecordResult::Record => break,
                ReadRecordResult::End => break,
                ReadRecordResult::InputEmpty if ours => unclosed = true,
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => text.resize(text.len() * 2, 0),
                ReadRecordResult::OutputEndsFull if cells >= ROW_CELLS_MAX => {
                    return Err(too_many_cells(line));
                }
                ReadRecordResult::OutputEndsFull => ends.resize(ends.len() * 2, 0),
            }
            if written > ROW_BYTES_MAX {
                flaw = Some(Flaw::TooLong { line });
                self.start = self.end;
                self.at_eof = true;
                break;
            }
        }
        if unclosed {
            flaw = Some(Flaw::UnclosedQuote { line });
        }
        text.truncate(from + written);
        ends.truncate(cells);
        if flaw.is_none() && self.raw.contains(&b'"') {
            flaw = broken_cell(&self.raw, self.delimiter).map(|found| {
                let before = self.raw[..found.cell.start].iter().filter(|byte| **byte == b'\n').count();
                keep_marks(text, from, ends, &found, &self.raw[found.cell.clone()]);
                Flaw::BrokenQuote { line: line + before as u64, column: found.column as u32 }
            });
        }
        self.rows += 1;
        Ok(Some(Record { number: self.rows, flaw }))
    }

    /// Reads a record without the core, if it is one that stands whole in the buffer and in which nothing is
    /// to be decided; otherwise nothing is read.
    fn read_sound(&mut self, text: &mut Vec<u8>, ends: &mut Vec<usize>) -> bool {
        let from = text.len();
        ends.clear();
        let rest = &self.buffer[self.start..self.end];
        let Some(length) = cut_sound(rest, self.delimiter, ROW_CELLS_MAX, text, ends) else {
            text.truncate(from);
            return false;
        };
        let lines = memchr::memchr_iter(b'\n', &rest[..=length]).count();
        self.core.set_line(self.core.line() + lines as u64);
        self.last_ended_with_cr = rest[length] == b'\r';
        self.start += length + 1;
        true
    }

    /// Reads one record that is no row of the sheet.
    pub fn skip_uncounted(&mut self) -> io::Result<()> {
        self.read(&mut Vec::new(), &mut Vec::new())?;
        self.rows = 0;
        Ok(())
    }

    /// Counts the lines with nothing in them as rows; the parser would skip them unseen.
    fn skip_empty_lines(&mut self) -> io::Result<()> {
        while !self.at_end()? {
            match self.buffer[self.start] {
                b'\n' if self.last_ended_with_cr => self.last_ended_with_cr = false,
                b'\n' => self.rows += 1,
                b'\r' => {
                    self.rows += 1;
                    self.last_ended_with_cr = true;
                    self.start += 1;
                    continue;
                }
                _ => break,
            }
            self.core.set_line(self.core.line() + 1);
            self.start += 1;
        }
        self.last_ended_with_cr = false;
        Ok(())
    }

    /// Whether everything has been parsed; fills the buffer where it is empty.
    fn at_end(&mut self) -> io::Result<bool> {
        while self.start == self.end && !self.at_eof {
            match self.input.read(&mut self.buffer) {
                Ok(0) => self.at_eof = true,
                Ok(read) => (self.start, self.end) = (0, read),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.start == self.end)
    }
}

fn too_many_cells(line: u64) -> io::Error {
    let text = format!("the row that begins in line {line} has more than {ROW_CELLS_MAX} cells");
    io::Error::new(io::ErrorKind::InvalidData, text)
}

/// Puts a cell back as it stands in the file: what the parser makes of it has lost quotation marks.
fn keep_marks(text: &mut Vec<u8>, from: usize, ends: &mut [usize], found: &BrokenCell, raw: &[u8]) {
    let start = found.column.checked_sub(1).map_or(0, |before| ends[before]);
    let Some(end) = ends.get(found.column).copied() else { return };
    text.splice(from + start..from + end, raw.iter().copied());
    for later in &mut ends[found.column..] {
        *later = *later + raw.len() - (end - start);
    }
}

/// A batch of records, built from bytes that are checked for UTF-8 all at once.
#[derive(Default)]
pub(super) struct Records {
    text: Vec<u8>,
    ends: Vec<usize>,
    /// The ends of all cells of all records, counted from the beginning of `text`.
    cell_ends: Vec<usize>,
    records: Vec<(Record, usize)>,
}

impl Records {
    pub fn is_full(&self) -> bool {
        self.records.len() >= super::batch::BATCH_ROWS
            || self.text.len() >= super::batch::BATCH_BYTES
            || self.cell_ends.len() >= BATCH_CELLS
    }

    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The number of the record that was read last.
    pub fn last_number(&self) -> Option<u64> {
        self.records.last().map(|(record, _)| record.number)
    }

    /// Reads one more record; `false` at the end of the file.
    pub fn read_from<R: Read>(&mut self, csv: &mut Delimited<R>) -> io::Result<bool> {
        let from = self.text.len();
        let Some(record) = csv.read(&mut self.text, &mut self.ends)? else { return Ok(false) };
        self.cell_ends.extend(self.ends.iter().map(|end| from + end));
        self.records.push((record, self.ends.len()));
        Ok(true)
    }

    /// The rows of these records: `width` cells of each are kept, the others only looked at. Rows up
    /// to number `after` are left out.
    pub fn into_batch(mut self, width: usize, after: u64) -> Batch {
        match String::from_utf8(std::mem::take(&mut self.text)) {
            // Where a cell is cut in the middle of a character, its bytes are not of the encoding.
            Ok(text) if self.cell_ends.iter().all(|end| text.is_char_boundary(*end)) => {
                self.whole_batch(text, width, after)
            }
            Ok(text) => self.mended_batch(text.as_bytes(), width, after),
            Err(broken) => self.mended_batch(broken.as_bytes(), width, after),
        }
    }

    /// The batch of a text in which every cell is in order: it is not copied.
    fn whole_batch(self, text: String, width: usize, after: u64) -> Batch {
        let mut batch = Batch::of_text(text, self.cell_ends.len());
        let (mut from, mut ends) = (0, self.cell_ends.as_slice());
        for (record, cells) in self.records {
            let own;
            (own, ends) = ends.split_at(cells);
            let cell = |column: usize| column.checked_sub(1).map_or(from, |before| own[before])..own[column];
            if record.number > after {
                let kept = cells.min(width);
                (0..kept).for_each(|column| batch.push_text(cell(column)));
                let beyond = (kept..cells).find(|column| !batch.text_at(cell(*column)).trim().is_empty());
                let text = from..own[..kept].last().copied().unwrap_or(from);
                batch.end_row_of(text, record.number, kept, beyond, record.flaw);
            }
            from = own.last().copied().unwrap_or(from);
        }
        batch
    }

    /// The batch of a text of which some cells are not UTF-8: these are told apart, cell by cell.
    fn mended_batch(self, text: &[u8], width: usize, after: u64) -> Batch {
        let mut batch = Batch::default();
        let mut ends = self.cell_ends.iter().copied();
        let mut start = 0;
        for (record, cells) in self.records {
            let (mut kept, mut beyond) = (0, None);
            let wanted = record.number > after;
            for column in 0..cells {
                let end = ends.next().unwrap_or(start);
                let cell = &text[start..end];
                start = end;
                if !wanted || (column >= width && beyond.is_some()) {
                    continue;
                }
                let (content, kind) = match std::str::from_utf8(cell) {
                    Ok(content) => (content.into(), Kind::Text),
                    Err(_) => (String::from_utf8_lossy(cell), Kind::Undecodable),
                };
                if column < width {
                    batch.push_cell(&content, None, kind, false);
                    kept += 1;
                } else if !content.trim().is_empty() {
                    beyond = Some(column);
                }
            }
            if wanted {
                batch.end_row(record.number, kept, beyond, record.flaw);
            }
        }
        batch
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    type Found = Vec<(u64, Vec<String>, Option<Flaw>)>;

    fn rows(csv: &str) -> Found {
        rows_of(csv.as_bytes())
    }

    fn rows_of(csv: impl Read) -> Found {
        let mut reader = Delimited::new(csv, b',');
        let mut records = Records::default();
        while records.read_from(&mut reader).expect("memory can be read") {}
        let batch = records.into_batch(COLUMNS, 0);
        batch
            .rows()
            .map(|row| {
                let cells = (0..row.len()).map(|column| row.cell(column).text.to_owned()).collect();
                (row.number(), cells, row.flaw())
            })
            .collect()
    }

    const COLUMNS: usize = 10;

    fn numbered(csv: &str) -> Vec<(u64, String)> {
        rows(csv).into_iter().map(|(number, cells, _)| (number, cells.join("|"))).collect()
    }

    #[test]
    fn rows_are_numbered_as_a_spreadsheet_numbers_them_whatever_ends_the_lines() {
        for end in ["\n", "\r\n", "\r"] {
            let csv = ["a,b", "", "1,\"x", "y\"", "", "", "2,", "3"].join(end);
            let inner = format!("1|x{end}y");
            let expected = [(1, "a|b".to_owned()), (3, inner), (6, "2|".to_owned()), (7, "3".to_owned())];
            assert_eq!(numbered(&csv), expected, "{end:?}");
            assert_eq!(numbered(&format!("{csv}{end}")), expected, "{end:?} at the end");
        }
        assert_eq!(numbered("\n\na\n"), [(3, "a".to_owned())]);
        assert_eq!(numbered(""), []);
        assert_eq!(numbered("\n\r\n\n"), []);
    }

    #[test]
    fn a_quotation_mark_that_is_never_closed_is_found_at_its_line() {
        let broken = rows("a,b\n\n1,\"x\n2,y\n3,z");
        assert_eq!(broken.len(), 2);
        assert_eq!(broken[1].0, 3);
        assert_eq!(broken[1].1, ["1", "x\n2,y\n3,z\n"]);
        assert_eq!(broken[1].2, Some(Flaw::UnclosedQuote { line: 3 }));
        assert_eq!(rows("1,\"x\"\n2,5\" pipe")[1].2, None);
    }

    #[test]
    fn a_cell_with_broken_quotation_marks_stays_as_it_stands_in_the_file() {
        let broken = rows("a,b\n\n1,\"x\n2,\"y\",3\n4,5");
        assert_eq!(broken[1].1, ["1", "\"x\n2,\"y\"", "3"]);
        assert_eq!(broken[1].2, Some(Flaw::BrokenQuote { line: 3, column: 1 }));
        assert_eq!(broken[2], (4, vec!["4".to_owned(), "5".to_owned()], None));
        // Across the end of the buffer too.
        let far = format!("\"{}\"b,c\n", "a".repeat(INPUT_BYTES));
        let found = rows(&far);
        assert_eq!(found[0].2, Some(Flaw::BrokenQuote { line: 1, column: 0 }));
        assert_eq!((found[0].1[0].len(), found[0].1[1].as_str()), (INPUT_BYTES + 3, "c"));
    }

    #[test]
    fn a_row_of_the_whole_rest_of_the_file_is_cut_off() {
        let csv = format!("a\n\"{}", "x,y\n".repeat(1 << 20));
        let found = rows(&csv);
        assert_eq!(found.len(), 2);
        assert_eq!(found[1].2, Some(Flaw::TooLong { line: 2 }));
    }

    #[test]
    fn a_row_of_more_cells_than_any_spreadsheet_has_columns_is_named_and_not_kept() {
        for endless in [&b","[..], b"\"\",", b"x,"] {
            let cells = std::io::Cursor::new(endless.repeat(1 << 24));
            let mut reader = Delimited::new(b"a,b\n1,2\n".chain(cells), b',');
            let (mut text, mut ends) = (Vec::new(), Vec::new());
            let mut read = || reader.read(&mut text, &mut ends).map(|it| it.is_some());
            assert!(read().expect("a row") && read().expect("a row"));
            let error = read().expect_err("too many cells");
            assert!(error.to_string().contains("line 3 has more than 16384 cells"), "{error}");
            assert!(ends.capacity() < 1 << 16, "{} ends", ends.capacity());
        }
        // One that stands whole in the buffer, below another.
        let wide = format!("a\n{}\n", ",".repeat(ROW_CELLS_MAX));
        let mut reader = Delimited::new(wide.as_bytes(), b',');
        let mut records = Records::default();
        assert!(records.read_from(&mut reader).expect("a row"));
        assert!(records.read_from(&mut reader).is_err());
        let widest = ",".repeat(ROW_CELLS_MAX - 1);
        assert_eq!(rows(&format!("{widest}\n{widest}\n")).len(), 2);
    }

    /// Gives its bytes one at a time, so that no record stands whole in the buffer.
    struct Trickle<'a>(&'a [u8]);

    impl Read for Trickle<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let (now, later) = self.0.split_at(self.0.len().min(1));
            self.0 = later;
            into[..now.len()].copy_from_slice(now);
            Ok(now.len())
        }
    }

    proptest! {
        #[test]
        fn a_record_that_is_cut_without_the_parser_is_what_the_parser_makes_of_it(
            pieces in vec(select(&[
                ",", ",", "\n", "\r\n", "\r", "a", "é", " ", "\"", "\"\"", "\"a,b\"", "\"a\nb\"", "\\",
                "=", "\0", "\u{feff}",
            ][..]), 0..40),
        ) {
            // A mark before the first byte is no part of what is parsed.
            let csv = format!("a\n{}", pieces.concat());
            prop_assert_eq!(rows(&csv), rows_of(Trickle(csv.as_bytes())));
        }
    }

    #[test]
    fn bytes_of_another_encoding_spoil_their_own_cell_only() {
        let mut reader = Delimited::new(&b"caf\xe9,ok\nfine,\xc3,\xa9\n"[..], b',');
        let mut records = Records::default();
        while records.read_from(&mut reader).expect("memory can be read") {}
        let batch = records.into_batch(COLUMNS, 0);
        let kinds: Vec<Vec<Kind>> =
            batch.rows().map(|row| (0..row.len()).map(|column| row.cell(column).kind).collect()).collect();
        assert_eq!(kinds[0], [Kind::Undecodable, Kind::Text]);
        assert_eq!(kinds[1], [Kind::Text, Kind::Undecodable, Kind::Undecodable]);
    }

    #[test]
    fn cells_beyond_the_width_are_noticed_and_not_kept() {
        let mut reader = Delimited::new(&b"a,b,,\na,b,,c\n"[..], b',');
        let mut records = Records::default();
        while records.read_from(&mut reader).expect("memory can be read") {}
        let batch = records.into_batch(2, 0);
        let beyond: Vec<_> = batch.rows().map(|row| (row.len(), row.beyond())).collect();
        assert_eq!(beyond, [(2, None), (2, Some(3))]);
    }
}
