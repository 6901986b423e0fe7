//! Rows of the sheet written into a file of ours, as they stand.

use std::borrow::Cow;

use rust_xlsxwriter::{ExcelDateTime, Format, Worksheet, XlsxError};

use crate::check::{ValidationReport, rule};
use crate::model::column::Content;
use crate::sheet::names::Meaning;
use crate::sheet::template::column_width;
use crate::sheet::{Cell, Kind, Row, csv_unguarded};

/// What a workbook's cell can hold (Excel's own limit).
const CELL_CHARS_MAX: usize = 32_767;

/// The widths of the columns that are added: a word, and sentences.
pub(super) const STATE_WIDTH: f64 = 20.0;
pub(super) const FINDINGS_WIDTH: f64 = 100.0;

/// A row whose cells are copied.
pub(super) struct Copied<'a> {
    row: Row<'a>,
    unclosed: Option<(usize, String)>,
}

impl<'a> Copied<'a> {
    pub fn new(row: Row<'a>) -> Copied<'a> {
        Copied { row, unclosed: row.unclosed() }
    }

    /// The cell in a column of the sheet, counted from 0. One that a quotation mark opens keeps the mark: it is
    /// the mistake, and must be found in the copy too.
    pub fn cell(&self, column: usize) -> Cell<'_> {
        let cell = self.row.cell(column);
        match &self.unclosed {
            Some((at, text)) if *at == column => Cell { text, ..cell },
            _ => cell,
        }
    }
}

/// How wide the columns of the sheet are shown.
pub(super) fn widths(validation: &ValidationReport) -> impl Iterator<Item = f64> {
    validation.layout.headers.iter().zip(&validation.layout.meanings).map(|(header, meaning)| {
        let spec = match meaning {
            Meaning::Column(column) => Some(column.spec()),
            Meaning::Nothing | Meaning::Unknown => None,
        };
        column_width(header.trim(), spec)
    })
}

/// Whether rows may be wider than the headers, so that all of them must be looked at.
pub(super) fn may_be_wider(validation: &ValidationReport) -> bool {
    [&rule::TOO_MANY_CELLS, &rule::UNCLOSED_QUOTE]
        .iter()
        .any(|rule| validation.counts.by_code.contains_key(rule.code))
}

/// The text of a cell as a CSV file can hold it. A number that its format pads or separates is
/// written as it is shown: a CSV file has no formats. A count is no such number: it stays what it is. A
/// formula without a value stays an error.
pub(super) fn text<'a>(cell: &Cell<'a>, content: Content) -> &'a str {
    match cell.shown {
        _ if cell.is_uncalculated() => "#N/A",
        Some(shown) if content != Content::Count => shown,
        _ => csv_unguarded(cell.text),
    }
}

/// The formats of copied cells, made once for a workbook.
pub(super) struct Look {
    /// Text, so that nothing that is typed over it is taken for a number or a date.
    pub text: Format,
    pub number: Format,
    pub date: Format,
}

impl Look {
    /// Cells of the row of headers.
    pub fn header() -> Look {
        let bold = Format::new().set_bold();
        Look {
            text: bold.clone().set_num_format("@"),
            number: bold.clone(),
            date: bold.set_num_format("yyyy-mm-dd hh:mm:ss"),
        }
    }

    /// All other cells.
    pub fn new() -> Look {
        let plain = Format::new();
        Look {
            text: plain.clone().set_num_format("@"),
            number: plain.clone(),
            date: plain.set_num_format("yyyy-mm-dd hh:mm:ss"),
        }
    }
}

/// Writes a cell so that our reader finds in it what it found in the sheet. An empty cell is
/// written only where it has a colour.
pub(super) fn write_cell(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    cell: &Cell,
    look: &Look,
) -> Result<(), XlsxError> {
    match cell.kind {
        Kind::Number if cell.shown.is_none() => match cell.text.parse::<f64>() {
            Ok(number) => sheet.write_number_with_format(row, column, number, &look.number)?,
            Err(_) => sheet.write_string_with_format(row, column, cell.text, &look.text)?,
        },
        Kind::Bool => sheet.write_boolean_with_format(row, column, cell.text == "TRUE", &look.number)?,
        Kind::Date => match ExcelDateTime::parse_from_str(cell.text) {
            Ok(date) => sheet.write_datetime_with_format(row, column, &date, &look.date)?,
            Err(_) => sheet.write_string_with_format(row, column, cell.text, &look.text)?,
        },
        Kind::Text | Kind::Number | Kind::Error | Kind::Undecodable => {
            let text = fitting(text(cell, Content::Text));
            if text.is_empty() {
                sheet.write_blank(row, column, &look.text)?
            } else {
                sheet.write_string_with_format(row, column, text, &look.text)?
            }
        }
    };
    Ok(())
}

/// The text, cut to what a cell can hold.
pub(super) fn fitting(text: &str) -> Cow<'_, str> {
    // Excel counts UTF-16 units.
    if text.len() <= CELL_CHARS_MAX || text.encode_utf16().count() <= CELL_CHARS_MAX {
        return Cow::Borrowed(text);
    }
    let mut units = 0;
    let end = text.char_indices().find(|(_, c)| {
        units += c.len_utf16();
        units >= CELL_CHARS_MAX
    });
    // A quotation mark that is cut off from its second one would be another mark.
    let kept = text[..end.map_or(text.len(), |(at, _)| at)].trim_end_matches('"');
    Cow::Owned(format!("{kept}…"))
}
