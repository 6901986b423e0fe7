//! CSV files: which encoding, which delimiter, which header row, and then their rows.

use std::io::{self, Read, Seek, SeekFrom};

use super::batch::Batch;
use super::delimited::{Delimited, Records};
use super::layout::{Format, HEADER_ROWS_MAX, Header, Layout, find_header};
use super::source::{Encoding, Source};
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
    let (encodings, skip) = encodings(&sample, source.options().encoding);
    let mut best: Option<(Format, Header)> = None;
    let mut is_binary = false;
    for encoding in encodings {
        let text = decode(&sample[skip..], encoding, is_cut);
        if text.contains('\0') {
            is_binary = true;
            continue;
        }
        let is_text = is_text(&text);
        is_binary |= !is_text;
        let sep = sep_line(&text);
        let delimiters = match (source.options().delimiter, sep) {
            (Some(delimiter), _) | (None, Some(delimiter)) => vec![delimiter],
            (None, None) => DELIMITERS.to_vec(),
        };
        for delimiter in delimiters {
            let rows = first_rows(&text, delimiter, sep.is_some());
            let Some(header) = find_header(rows, &source.options().map, source.options().header_row) else {
                continue;
            };
            // What names our columns is a sheet, whatever else is in it.
            if !is_text && header.score == 0 {
                continue;
            }
            if best.as_ref().is_none_or(|(_, best)| header.score > best.score) {
                best = Some((Format::Csv { encoding, delimiter, skip, sep_line: sep.is_some() }, header));
            }
        }
    }
    match best {
        Some((format, header)) => Ok(Layout::new(format, header, &source.options().map)),
        None if is_binary => Err(super::not_a_spreadsheet(source, "it holds binary data")),
        None => Err(super::empty(source)),
    }
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
        // Beyond the characters in use: what UTF-16 makes of bytes that are none.
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
    let Format::Csv { encoding, delimiter, skip, sep_line } = layout.format else { return Ok(()) };
    let failed = |error: io::Error| source.broken_off(&error);
    let input = decoded(file, encoding, skip).map_err(failed)?;
    let mut csv = Delimited::new(input, delimiter);
    if sep_line {
        csv.skip_uncounted().map_err(failed)?;
    }
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

/// The bytes of the file from `skip` on, as UTF-8.
fn decoded(mut file: Spool, encoding: Encoding, skip: usize) -> io::Result<Box<dyn Read>> {
    file.seek(SeekFrom::Start(skip as u64))?;
    if encoding == Encoding::Utf8 {
        return Ok(Box::new(file));
    }
    let decoder = encoding_rs_io::DecodeReaderBytesBuilder::new()
        .encoding(Some(encoding.rules()))
        .bom_override(false)
        .bom_sniffing(false)
        .build(file);
    Ok(Box::new(decoder))
}

/// The encodings to try, the likeliest first, and how many bytes of byte order mark to skip.
fn encodings(sample: &[u8], wanted: Option<Encoding>) -> (Vec<Encoding>, usize) {
    if let Some((marked, skip)) = encoding_rs::Encoding::for_bom(sample) {
        let marked = Encoding::ALL.into_iter().find(|encoding| encoding.rules() == marked);
        let skip = if wanted.is_none_or(|wanted| Some(wanted) == marked) { skip } else { 0 };
        return (wanted.or(marked).into_iter().collect(), skip);
    }
    if let Some(wanted) = wanted {
        return (vec![wanted], 0);
    }
    let single = if is_mostly_utf8(sample) {
        [Encoding::Utf8, Encoding::Windows1252]
    } else {
        [Encoding::Windows1252, Encoding::Utf8]
    };
    // UTF-16 of what people write in English has a zero in every second byte.
    if sample.contains(&0) {
        let [first, second] = single;
        (vec![Encoding::Utf16Le, Encoding::Utf16Be, first, second], 0)
    } else {
        (single.to_vec(), 0)
    }
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
    let text = encoding.rules().decode_without_bom_handling(sample).0;
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

fn first_rows(text: &str, delimiter: u8, sep_line: bool) -> Vec<(u64, Vec<String>)> {
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
    let batch = records.into_batch(super::COLUMNS_MAX, 0);
    batch
        .rows()
        .map(|row| {
            let cells = (0..row.len()).map(|column| row.cell(column).text.to_owned()).collect();
            (row.number(), cells)
        })
        .collect()
}
