//! A CSV file written again with some of its cells changed. All others stay as they are, byte for byte: their
//! quotation marks, line breaks and encoding too.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};

use super::layout::{Format, Layout};
use super::source::Source;
use crate::model::Fault;

/// The new texts of cells, by row (counted from 1) and column (counted from 0).
pub type NewCells = HashMap<u64, Vec<(usize, String)>>;

impl Source {
    /// Writes the CSV file to `output` with new cells, in its own encoding and with its own delimiter.
    ///
    /// # Errors
    /// A new text has characters that the encoding does not have, or a file cannot be read or written.
    pub fn rewrite_csv(&self, layout: &Layout, cells: &NewCells, output: impl Write) -> Result<(), Fault> {
        let Format::Csv { encoding, delimiter, skip, sep_line, .. } = &layout.format else { return Ok(()) };
        let failed = |error: io::Error| self.broken_off(&error);
        let name = encoding.name();
        let mut input = BufReader::with_capacity(1 << 16, self.open());
        let mut output = BufWriter::with_capacity(1 << 16, output);
        io::copy(&mut (&mut input).take(*skip as u64), &mut output).map_err(failed)?;
        let unencodable = |row: u64| {
            Fault::new(
                format!(
                    "Row {row} of {} gets a text with characters that {name} does not have.",
                    self.name()
                ),
                "Save the sheet as UTF-8 CSV or XLSX first, then run the same command again.",
            )
        };
        let rules = encoding_rs::Encoding::for_label(name.as_bytes());
        let wide = rules.filter(|rules| *rules == encoding_rs::UTF_16LE || *rules == encoding_rs::UTF_16BE);
        let first = if *sep_line { 0 } else { 1 };
        if let Some(rules) = wide {
            let decoder = encoding_rs_io::DecodeReaderBytesBuilder::new()
                .encoding(Some(rules))
                .bom_override(false)
                .bom_sniffing(false)
                .build(input);
            let units = Units { output, is_little: rules == encoding_rs::UTF_16LE, rest: vec![] };
            let cells = Cells { cells, encode: &|text| Some(text.as_bytes().to_vec()) };
            return rewrite(BufReader::new(decoder), units, *delimiter, first, &cells)
                .map_err(|stop| stop.fault(failed, unencodable));
        }
        let encode = |text: &str| encoding.encode(text);
        let cells = Cells { cells, encode: &encode };
        rewrite(input, output, *delimiter, first, &cells).map_err(|stop| stop.fault(failed, unencodable))
    }
}

struct Cells<'a> {
    cells: &'a NewCells,
    encode: &'a dyn Fn(&str) -> Option<Vec<u8>>,
}

impl Cells<'_> {
    fn of(&self, row: u64) -> &[(usize, String)] {
        self.cells.get(&row).map_or(&[], Vec::as_slice)
    }

    fn get(&self, row: u64, column: usize) -> Option<&str> {
        self.of(row).iter().find(|(at, _)| *at == column).map(|(_, text)| text.as_str())
    }
}

enum Stop {
    Io(io::Error),
    Unencodable(u64),
}

impl Stop {
    fn fault(self, io: impl Fn(io::Error) -> Fault, unencodable: impl Fn(u64) -> Fault) -> Fault {
        match self {
            Stop::Io(error) => io(error),
            Stop::Unencodable(row) => unencodable(row),
        }
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        Stop::Io(error)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    Plain,
    Quoted,
    /// Behind a quotation mark that may have been the closing one.
    MaybeClosed,
}

/// Goes through the bytes as the reader of rows does. Quotation mark, delimiter and line breaks are one byte each in
/// every encoding that comes here.
fn rewrite(
    mut input: impl BufRead,
    mut output: impl Write,
    delimiter: u8,
    first_row: u64,
    cells: &Cells,
) -> Result<(), Stop> {
    let (mut row, mut column, mut state) = (first_row, 0, State::Start);
    let mut field = Vec::new();
    let mut last = 0;
    loop {
        let available = input.fill_buf()?;
        if available.is_empty() {
            break;
        }
        let read = available.len();
        for byte in available.iter().copied() {
            let is_end = state != State::Quoted && (byte == delimiter || matches!(byte, b'\r' | b'\n'));
            if is_end && byte == b'\n' && last == b'\r' && column == 0 && field.is_empty() {
                // The second half of one line break.
                output.write_all(b"\n")?;
            } else if is_end {
                put(&mut output, &mut field, row, column, delimiter, cells)?;
                state = State::Start;
                if byte == delimiter {
                    column += 1;
                } else {
                    missing(&mut output, row, column, delimiter, cells)?;
                    (row, column) = (row + 1, 0);
                }
                output.write_all(&[byte])?;
            } else {
                state = match (state, byte) {
                    (State::Start, b'"') | (State::MaybeClosed, b'"') => State::Quoted,
                    (State::Quoted, b'"') => State::MaybeClosed,
                    (State::Quoted, _) => State::Quoted,
                    _ => State::Plain,
                };
                field.push(byte);
            }
            last = byte;
        }
        input.consume(read);
    }
    if column > 0 || !field.is_empty() {
        put(&mut output, &mut field, row, column, delimiter, cells)?;
        missing(&mut output, row, column, delimiter, cells)?;
    }
    Ok(output.flush()?)
}

/// Writes a cell, as it was or with its new text.
fn put(
    output: &mut impl Write,
    field: &mut Vec<u8>,
    row: u64,
    column: usize,
    delimiter: u8,
    cells: &Cells,
) -> Result<(), Stop> {
    match cells.get(row, column) {
        None => output.write_all(field)?,
        Some(text) => {
            let text = quoted(text, delimiter, field.starts_with(b"\""));
            output.write_all(&(cells.encode)(&text).ok_or(Stop::Unencodable(row))?)?;
        }
    }
    field.clear();
    Ok(())
}

/// Writes the new cells behind the last one of a short row.
fn missing(
    output: &mut impl Write,
    row: u64,
    mut last: usize,
    delimiter: u8,
    cells: &Cells,
) -> Result<(), Stop> {
    let mut behind: Vec<_> = cells.of(row).iter().filter(|(column, _)| *column > last).collect();
    behind.sort_by_key(|(column, _)| *column);
    for (column, text) in behind {
        output.write_all(&vec![delimiter; column - last])?;
        let text = quoted(text, delimiter, false);
        output.write_all(&(cells.encode)(&text).ok_or(Stop::Unencodable(row))?)?;
        last = *column;
    }
    Ok(())
}

fn quoted(text: &str, delimiter: u8, was_quoted: bool) -> String {
    let needs = |c: char| c == char::from(delimiter) || matches!(c, '"' | '\r' | '\n');
    let is_padded = text.trim().len() < text.len();
    match was_quoted || is_padded || text.contains(needs) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

/// Writes UTF-8 as UTF-16.
struct Units<W> {
    output: W,
    is_little: bool,
    /// The first bytes of a character that is not complete yet.
    rest: Vec<u8>,
}

impl<W: Write> Write for Units<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.rest.extend_from_slice(bytes);
        let end = match std::str::from_utf8(&self.rest) {
            Ok(text) => text.len(),
            Err(error) => error.valid_up_to(),
        };
        for unit in String::from_utf8_lossy(&self.rest[..end]).encode_utf16() {
            let pair = if self.is_little { unit.to_le_bytes() } else { unit.to_be_bytes() };
            self.output.write_all(&pair)?;
        }
        self.rest.drain(..end);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(csv: &str, delimiter: u8, new: &[(u64, usize, &str)]) -> String {
        let mut cells = NewCells::new();
        for (row, column, text) in new {
            cells.entry(*row).or_default().push((*column, (*text).to_owned()));
        }
        let cells = Cells { cells: &cells, encode: &|text| Some(text.as_bytes().to_vec()) };
        let mut output = vec![];
        // A buffer of three bytes cuts everywhere.
        let input = BufReader::with_capacity(3, csv.as_bytes());
        assert!(rewrite(input, &mut output, delimiter, 1, &cells).is_ok());
        String::from_utf8(output).expect("text")
    }

    #[test]
    fn only_the_cells_that_are_named_change() {
        let csv = "a,\"b\"\"x\",c\r\n\r\n\"1\n,2\", 3 ,\r\rx\ny,\"z\"";
        assert_eq!(rewritten(csv, b',', &[]), csv);
        assert_eq!(
            rewritten(csv, b',', &[(1, 1, "B"), (3, 1, "q,\"r"), (3, 2, "end"), (6, 1, " z"), (5, 2, "far")]),
            "a,\"B\",c\r\n\r\n\"1\n,2\",\"q,\"\"r\",end\r\rx,,far\ny,\" z\""
        );
        assert_eq!(rewritten("a;b\nc;d\n", b';', &[(2, 0, "1,5")]), "a;b\n1,5;d\n");
    }
}
