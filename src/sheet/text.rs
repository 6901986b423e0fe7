//! CSV files: which encoding, which delimiter, which header row, and then their rows.

use std::io::{self, Read, Seek, SeekFrom};

use super::batch::Batch;
use super::delimited::{Delimited, Records};
use super::encoding::{Encoding, Guess, guess};
use super::layout::{Format, HEADER_ROWS_MAX, Header, Layout, find_header};
use super::source::Source;
use super::spool::Spool;
use crate::model::Fault;

/// What is looked at to choose encoding, delimiter and header row.
const SAMPLE_BYTES: u64 = 256 * 1024;

/// The delimiters that are tried, the likeliest first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Chooses what makes most sense of the file: the encoding and the delimiter under which one of its
/// first rows names most of our columns.
pub(super) fn detect(source: &Source, file: &mut Spool) -> Result<Layout, Fault> {
    let mut sample = Vec::new();
    file.take(SAMPLE_BYTES).read_to_end(&mut sample).map_err(|error| source.broken_off(&error))?;
    let is_cut = sample.len() as u64 == SAMPLE_BYTES;
    if source.options().sheet.is_some() {
        return Err(no_sheets(source));
    }
    let (attempts, skip) = attempts(&sample, source.options().encoding);
    let mut best: Option<(Format, Header)> = None;
    let mut is_binary = false;
    for Attempt { encoding, guess, needs_headers } in attempts {
        let text = decode(&sample[skip..], encoding, is_cut);
        let is_text = is_text(&text);
        is_binary |= !is_text;
        let sep = sep_line(&text);
        let delimiters = match (source.options().delimiter, sep) {
            (Some(delimiter), _) | (None, Some(delimiter)) => vec![delimiter],
            (None, None) => DELIMITERS.to_vec(),
        };
        for delimiter in delimiters {
            let format = Format::Csv { encoding, guess, delimiter, skip, sep_line: sep.is_some() };
            let rows = match source.options().header_row {
                Some(row) if row > HEADER_ROWS_MAX as u64 || is_cut => row_at(source, file, &format, row)?,
                _ => first_rows(&text, delimiter, sep.is_some()),
            };
            let Some(header) = find_header(rows, &source.options().map, source.options().header_row) else {
                continue;
            };
            // What names our columns is a sheet, whatever else is in it.
            if header.score == 0 && (!is_text || needs_headers) {
                continue;
            }
            if best.as_ref().is_none_or(|(_, best)| header.score > best.score) {
                best = Some((format, header));
            }
        }
    }
    match best {
        Some((format, header)) => Ok(Layout::new(format, header, &source.options().map)),
        None if is_binary && source.options().encoding.is_some() => Err(other_encoding(source)),
        None if is_binary => Err(super::not_a_spreadsheet(source, "it holds binary data")),
        None => Err(super::empty(source)),
    }
}

fn other_encoding(source: &Source) -> Fault {
    let encoding = source.options().encoding.map(Encoding::name).unwrap_or_default();
    Fault::new(
        format!("{} is no text in {encoding}, or holds binary data.", source.name()),
        "Leave --encoding out to have the encoding found, or name another one.",
    )
}

fn no_sheets(source: &Source) -> Fault {
    Fault::new(
        format!("{} is a CSV file, which has no worksheets to choose from.", source.name()),
        "Leave --sheet out, or give the workbook that has the sheet.",
    )
}

/// Whether a decoded text is one that people have written: in compressed or encrypted bytes every ninth
/// character is a control character or none at all, and UTF-16 finds no delimiter and no line break in them.
fn is_text(text: &str) -> bool {
    let is_strange = |c: &char| match c {
        // The last one is how old programs end a file.
        '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1a}' => false,
        // Beyond the characters in use: what UTF-16 makes of bytes that are not text.
        '\u{e000}'..='\u{f8ff}' | '\u{fffe}' | '\u{ffff}' => true,
        c => c.is_control(),
    };
    let strange = text.chars().filter(is_strange).count();
    let undecodable = text.chars().filter(|c| *c == '\u{fffd}').count();
    let all = text.chars().count();
    strange * 50 <= all && undecodable * 4 <= all && text.contains(|c: char| c.is_ascii())
}

/// Reads the rows below the headers, handing them on batch by batch until `each` says no.
pub(super) fn read(
    source: &Source,
    file: Spool,
    layout: &Layout,
    each: &mut dyn FnMut(Batch) -> bool,
) -> Result<(), Fault> {
    let failed = |error: io::Error| source.broken_off(&error);
    let Some(mut csv) = rows_of(file, &layout.format).map_err(failed)? else { return Ok(()) };
    loop {
        let mut records = Records::default();
        while !records.is_full() && records.read_from(&mut csv).map_err(failed)? {}
        if records.is_empty() {
            return Ok(());
        }
        let batch = records.into_batch(layout.width(), layout.header_row);
        if !batch.is_empty() && !each(batch) {
            return Ok(());
        }
    }
}

/// The rows of a CSV file from the first one on; `None` for the format of a workbook.
fn rows_of(mut file: Spool, format: &Format) -> io::Result<Option<Delimited<Box<dyn Read>>>> {
    let Format::Csv { encoding, delimiter, skip, sep_line, .. } = *format else { return Ok(None) };
    file.seek(SeekFrom::Start(skip as u64))?;
    let mut csv = Delimited::new(encoding.decoded(file), delimiter);
    if sep_line {
        csv.skip_uncounted()?;
    }
    Ok(Some(csv))
}

/// One row of the file, however far down it is; none where the file ends before it.
fn row_at(source: &Source, file: &Spool, format: &Format, wanted: u64) -> Result<Vec<Numbered>, Fault> {
    let failed = |error: io::Error| source.broken_off(&error);
    let Some(mut csv) = rows_of(file.reader(), format).map_err(failed)? else { return Ok(Vec::new()) };
    loop {
        let mut records = Records::default();
        if !records.read_from(&mut csv).map_err(failed)? {
            return Ok(Vec::new());
        }
        match records.last_number() {
            Some(number) if number == wanted => return Ok(numbered(records)),
            Some(number) if number > wanted => return Ok(Vec::new()),
            _ => {}
        }
    }
}

/// An encoding to try.
struct Attempt {
    encoding: Encoding,
    guess: Option<Guess>,
    /// Whether only headers that we know prove it.
    needs_headers: bool,
}

/// In UTF-16 of what people write in English every second byte is zero; names in other scripts make it fewer.
/// A file with a few NULs among its text is not UTF-16.
const UTF_16_BYTES_PER_ZERO: usize = 8;

/// The encodings to try, the likeliest first, and how many bytes of byte order mark to skip.
fn attempts(sample: &[u8], wanted: Option<Encoding>) -> (Vec<Attempt>, usize) {
    let sure = |encoding| Attempt { encoding, guess: None, needs_headers: false };
    if let Some((marked, skip)) = encoding_rs::Encoding::for_bom(sample) {
        let marked = Encoding::of(marked);
        let skip = if wanted.is_none_or(|wanted| wanted == marked) { skip } else { 0 };
        return (vec![sure(wanted.unwrap_or(marked))], skip);
    }
    if let Some(wanted) = wanted {
        return (vec![sure(wanted)], 0);
    }
    let mut attempts = Vec::new();
    let zeros = sample.iter().filter(|byte| **byte == 0).count();
    if zeros * UTF_16_BYTES_PER_ZERO > sample.len() {
        let utf_16 = [Encoding::Utf16Le, Encoding::Utf16Be];
        attempts.extend(utf_16.map(|encoding| Attempt { needs_headers: true, ..sure(encoding) }));
    }
    if is_mostly_utf8(sample) {
        attempts.push(sure(Encoding::Utf8));
    } else {
        let (encoding, guess) = guess(sample);
        attempts.push(Attempt { encoding, guess: Some(guess), needs_headers: false });
    }
    (attempts, 0)
}

/// Whether the bytes beyond ASCII are UTF-8, or most of them: one damaged name in a UTF-8 file does
/// not make it Windows-1252.
fn is_mostly_utf8(sample: &[u8]) -> bool {
    let (mut good, mut bad) = (0, 0);
    for chunk in sample.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    // The sample may end in the middle of a character.
    bad == 0 || good >= bad
}

fn decode(sample: &[u8], encoding: Encoding, is_cut: bool) -> String {
    let text = encoding.decode(sample);
    match text.rfind(['\n', '\r']) {
        // What follows the last line break may be half a row.
        Some(end) if is_cut => text[..=end].to_owned(),
        _ => text.into_owned(),
    }
}

/// The delimiter that a first line such as `sep=;` declares.
fn sep_line(text: &str) -> Option<u8> {
    let line = text.lines().next()?.trim().trim_matches('"');
    let delimiter = line.strip_prefix("sep=").or_else(|| line.strip_prefix("SEP="))?;
    match (line.len(), delimiter.as_bytes()) {
        // `lines` and `trim` take a tab for a space.
        (4, []) if text.starts_with("sep=\t") => Some(b'\t'),
        (_, [delimiter]) if delimiter.is_ascii() => Some(*delimiter),
        _ => None,
    }
}

/// The cells of a row, and its number.
type Numbered = (u64, Vec<String>);

fn first_rows(text: &str, delimiter: u8, sep_line: bool) -> Vec<Numbered> {
    let mut csv = Delimited::new(text.as_bytes(), delimiter);
    if sep_line {
        // Reading from memory does not fail.
        let _ = csv.skip_uncounted();
    }
    let mut records = Records::default();
    for _ in 0..HEADER_ROWS_MAX {
        if !records.read_from(&mut csv).unwrap_or(false) {
            break;
        }
    }
    numbered(records)
}

fn numbered(records: Records) -> Vec<Numbered> {
    let batch = records.into_batch(super::COLUMNS_MAX, 0);
    batch
        .rows()
        .map(|row| {
            let cells = (0..row.len()).map(|column| row.cell(column).text.to_owned()).collect();
            (row.number(), cells)
        })
        .collect()
}
