//! Rows as they were read: many at a time, in one piece of memory, so that a sheet of a million rows
//! costs no million small allocations.

use std::hash::{DefaultHasher, Hasher};
use std::ops::Range;

/// Some rows of the sheet, in its order.
#[derive(Default)]
pub struct Batch {
    text: String,
    cells: Vec<Span>,
    rows: Vec<RowSpan>,
}

/// One row of the sheet.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    batch: &'a Batch,
    span: &'a RowSpan,
}

/// One cell: its text, and what the spreadsheet took it for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell<'a> {
    /// The text; of a number its plain digits (`2134`), of a date `2026-01-31`.
    pub text: &'a str,
    /// What the number format makes of a number, such as `02134`; `None` where it shows no more
    /// than the plain digits.
    pub shown: Option<&'a str>,
    pub kind: Kind,
    /// Whether the cell is a formula; its text is the value that was last calculated.
    pub formula: bool,
}

impl Cell<'_> {
    /// Whether it is a formula without a value, as programs write it that do not calculate.
    pub fn is_uncalculated(&self) -> bool {
        self.formula && self.kind == Kind::Error && self.text.is_empty()
    }
}

/// What the file says a cell is. A CSV file has text only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    #[default]
    Text,
    Number,
    Bool,
    Date,
    /// An error value such as `#N/A`.
    Error,
    /// Text with bytes that are not of the file's encoding; they are replaced by `\u{fffd}`.
    Undecodable,
}

/// What is wrong with a row as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// A quotation mark in this line of the file is never closed: the rest of the file is in it.
    UnclosedQuote { line: u64 },
    /// One row of more than [`ROW_BYTES_MAX`] bytes, which begins in this line of the file.
    TooLong { line: u64 },
    /// A cell, which begins in this line of the file, goes on behind its closing quotation mark, or has an
    /// opening or a closing one only. The cell, counted from 0, is kept as it stands in the file, with its
    /// quotation marks.
    BrokenQuote { line: u64, column: u32 },
}

/// The most bytes that one row may have. The longest honest row is a few kilobytes; a quotation mark
/// that is never closed makes a row of the whole rest of the file.
pub const ROW_BYTES_MAX: usize = 1 << 20;

/// The most columns that are read. The widest honest sheet has some hundreds.
pub const COLUMNS_MAX: usize = 1_000;

/// The most rows that are read, ten times what a spreadsheet program can hold. Row numbers are kept
/// in 32 bits.
pub const ROWS_MAX: u64 = 10_000_000;

/// Rows are handed on when this many are together, or this many bytes.
pub(super) const BATCH_ROWS: usize = 1024;
pub(super) const BATCH_BYTES: usize = 1 << 20;

#[derive(Clone, Copy, Default)]
pub(super) struct Span {
    pub start: u32,
    pub len: u32,
    /// The length of the shown text, which follows the plain text; 0 for none.
    pub shown: u32,
    pub kind: Kind,
    pub formula: bool,
}

struct RowSpan {
    number: u32,
    /// Where the row's cells begin in `cells`.
    first: u32,
    /// How many cells the file has for the row, up to the sheet's width.
    count: u32,
    /// The first filled cell beyond the sheet's width, counted from 0.
    beyond: Option<u32>,
    flaw: Option<Flaw>,
    /// Where the text of its cells stands.
    text: (u32, u32),
}

impl Batch {
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        self.rows.iter().map(|span| Row { batch: self, span })
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// A number for the content of these rows, the same for the same rows within one process.
    pub fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        hasher.write(self.text.as_bytes());
        for row in &self.rows {
            hasher.write_u32(row.number);
            hasher.write_u32(row.count);
        }
        // The ends of the cells: without them "ab","c" would be the same as "a","bc".
        let ends = self.cells.iter().fold(0u64, |sum, cell| {
            sum.wrapping_mul(0x100_0000_01b3) ^ (u64::from(cell.start) << 32 | u64::from(cell.len))
        });
        hasher.write_u64(ends);
        hasher.finish()
    }

    /// One row of text cells, as it would be read from a CSV file of ours.
    pub fn of_cells(number: u64, cells: &[String]) -> Batch {
        let mut batch = Batch::default();
        for cell in cells {
            batch.push_cell(cell, None, Kind::Text, false);
        }
        batch.end_row(number, cells.len(), None, None);
        batch
    }

    /// A batch of at most so many cells whose text is there already; [`Batch::push_text`] says where each stands.
    pub(super) fn of_text(text: String, cells: usize) -> Batch {
        Batch { text, cells: Vec::with_capacity(cells), rows: Vec::new() }
    }

    /// Adds a cell whose text is a part of the batch's.
    pub(super) fn push_text(&mut self, at: Range<usize>) {
        self.push_span(Span { start: at.start as u32, len: at.len() as u32, ..Span::default() });
    }

    /// A part of the batch's text.
    pub(super) fn text_at(&self, at: Range<usize>) -> &str {
        &self.text[at]
    }

    pub(super) fn is_full(&self) -> bool {
        self.rows.len() >= BATCH_ROWS || self.text.len() >= BATCH_BYTES
    }

    /// Adds a cell to the row that is being built; [`Batch::end_row`] closes it.
    pub(super) fn push_cell(&mut self, text: &str, shown: Option<&str>, kind: Kind, formula: bool) {
        let span = self.keep(text, shown, kind, formula);
        self.push_span(span);
    }

    /// Keeps the text of a cell whose place in the row is given later, with [`Batch::push_span`].
    pub(super) fn keep(&mut self, text: &str, shown: Option<&str>, kind: Kind, formula: bool) -> Span {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        let shown = shown.unwrap_or_default();
        self.text.push_str(shown);
        Span { start, len: text.len() as u32, shown: shown.len() as u32, kind, formula }
    }

    pub(super) fn push_span(&mut self, span: Span) {
        self.cells.push(span);
    }

    pub(super) fn end_row(&mut self, number: u64, count: usize, beyond: Option<usize>, flaw: Option<Flaw>) {
        let from = self.rows.last().map_or(0, |row| row.text.1 as usize);
        self.end_row_of(from..self.text.len(), number, count, beyond, flaw);
    }

    /// The same for a row whose text was there before.
    pub(super) fn end_row_of(
        &mut self,
        text: Range<usize>,
        number: u64,
        count: usize,
        beyond: Option<usize>,
        flaw: Option<Flaw>,
    ) {
        let first = self.rows.last().map_or(0, |row| row.first + row.count);
        self.rows.push(RowSpan {
            number: number as u32,
            first,
            count: count as u32,
            beyond: beyond.map(|column| column as u32),
            flaw,
            text: (text.start as u32, text.end as u32),
        });
    }
}

impl<'a> Row<'a> {
    /// The row as the spreadsheet shows it, counted from 1.
    pub fn number(&self) -> u64 {
        u64::from(self.span.number)
    }

    /// The cell in a column of the sheet, counted from 0; empty where the row ends before it.
    pub fn cell(&self, column: usize) -> Cell<'a> {
        if column >= self.span.count as usize {
            return Cell { text: "", shown: None, kind: Kind::Text, formula: false };
        }
        let span = self.batch.cells[self.span.first as usize + column];
        let (start, middle) = (span.start as usize, (span.start + span.len) as usize);
        let text = &self.batch.text[start..middle];
        let shown = (span.shown > 0).then(|| &self.batch.text[middle..middle + span.shown as usize]);
        Cell { text, shown, kind: span.kind, formula: span.formula }
    }

    /// How many cells the file has for this row.
    pub fn len(&self) -> usize {
        self.span.count as usize
    }

    pub fn is_empty(&self) -> bool {
        self.span.count == 0
    }

    /// The text of all its cells, one behind the other: enough to see which characters the row has.
    pub fn text(&self) -> &'a str {
        let (start, end) = self.span.text;
        &self.batch.text[start as usize..end as usize]
    }

    /// The first filled cell to the right of the last header, counted from 0.
    pub fn beyond(&self) -> Option<usize> {
        self.span.beyond.map(|column| column as usize)
    }

    pub fn flaw(&self) -> Option<Flaw> {
        self.span.flaw
    }

    /// The cell of a flawed row that a quotation mark opens and that is not closed where it ends, counted from
    /// 0, and its text as it stands in the file: with the quotation mark, so that [`is_unclosed`] knows it
    /// again wherever it is copied to. `None` where the cell was not kept.
    pub fn unclosed(&self) -> Option<(usize, String)> {
        let flaw = self.span.flaw?;
        if let Flaw::BrokenQuote { column, .. } = flaw {
            let at = column as usize;
            let text = self.cell(at).text;
            let text = text.strip_prefix('"').unwrap_or(text);
            return Some((at, format!("\"{}", text.replace('"', "\"\""))));
        }
        if self.span.beyond.is_some() {
            return None;
        }
        let at = self.len().saturating_sub(1);
        let text = self.cell(at).text.replace('"', "\"\"");
        Some(match flaw {
            Flaw::BrokenQuote { .. } => return None,
            // The reader has closed the row with a line break of its own.
            Flaw::UnclosedQuote { .. } => (at, format!("\"{}", text.strip_suffix('\n').unwrap_or(&text))),
            // What follows is too long to be kept.
            Flaw::TooLong { .. } => (at, format!("\"{text}…")),
        })
    }

    /// Whether no cell holds anything that can be seen: old programs end a file with a control character.
    pub fn is_blank(&self) -> bool {
        self.span.flaw.is_none()
            && self.span.beyond.is_none()
            && (0..self.len()).all(|column| {
                let cell = self.cell(column);
                !cell.is_uncalculated() && cell.text.chars().all(is_unseen)
            })
    }
}

/// Whether a text begins with a quotation mark that nothing in it closes; two in a row stand for one that
/// belongs to the text.
pub fn is_unclosed(text: &str) -> bool {
    let Some(quoted) = text.strip_prefix('"') else { return false };
    !quoted.replace("\"\"", "").contains('"')
}

fn is_unseen(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}

/// The letters that a spreadsheet gives a column, counted from 0: `A`, `Z`, `AA`.
pub fn column_letters(column: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        letters.push(b'A' + ((rest - 1) % 26) as u8);
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().map(|letter| char::from(*letter)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quotation_mark_is_open_until_a_single_one_closes_it() {
        for text in ["\"", "\"Harbor Light", "\"Harbor \"\"Light\"\" Dental", "\"a\nb,c"] {
            assert!(is_unclosed(text), "{text}");
        }
        for text in ["", "5\" pipe", "\"Harbor\" Light", "\"Harbor Light\"", "\"\"", "\"\"Harbor\"\" Light"] {
            assert!(!is_unclosed(text), "{text}");
        }
    }

    #[test]
    fn columns_have_the_letters_that_a_spreadsheet_shows() {
        for (column, letters) in [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (16_383, "XFD")]
        {
            assert_eq!(column_letters(column), letters);
        }
    }

    #[test]
    fn the_same_text_in_other_cells_is_another_batch() {
        let batch = |cells: &[&str]| {
            let mut batch = Batch::default();
            cells.iter().for_each(|cell| batch.push_cell(cell, None, Kind::Text, false));
            batch.end_row(2, cells.len(), None, None);
            batch.digest()
        };
        assert_eq!(batch(&["ab", "c"]), batch(&["ab", "c"]));
        assert_ne!(batch(&["ab", "c"]), batch(&["a", "bc"]));
    }
}
