//! The cells of a sheet: what calamine and the properties say of each, as a text and a kind.

use std::io::BufReader;

use calamine::{CellErrorType, Data, DataRef, ExcelDateTime, Range, Xlsx, XlsxError};

use super::super::batch::Kind;
use super::super::number_format;
use super::super::properties::CellProperties;
use super::super::source::Source;
use super::super::spool::Spool;
use super::damaged;
use crate::model::Fault;

/// A cell's value as we hand it on.
pub(super) struct Value<'a> {
    pub text: std::borrow::Cow<'a, str>,
    pub shown: Option<String>,
    pub kind: Kind,
}

/// Goes through the filled cells of an XLSX sheet in the order of the file until `each` says no.
pub(super) fn stream(
    source: &Source,
    book: &mut Xlsx<BufReader<Spool>>,
    sheet: &str,
    properties: &CellProperties,
    each: &mut dyn FnMut(u32, u32, Value) -> bool,
) -> Result<(), Fault> {
    let mut cells = book.worksheet_cells_reader(sheet).map_err(|error| damaged(source, &error))?;
    let formats: Vec<Option<String>> = cells
        .styles()
        .iter()
        .map(|style| style.number_format.as_ref().map(|format| format.format_code.clone()))
        .collect();
    let mut last: (u32, Option<u32>) = (0, None);
    loop {
        let (cell, style) = match cells.next_cell_with_style_id() {
            Ok(Some(cell)) => cell,
            Ok(None) => return Ok(()),
            // An error value that is newer than calamine, such as `#SPILL!`. The reader goes on behind
            // it; where it stands, the properties know.
            Err(XlsxError::CellError(name)) => {
                let (row, column) =
                    properties.error_after(last.0, last.1).unwrap_or((last.0, last.1.map_or(0, |at| at + 1)));
                last = (row, Some(column));
                if !each(row, column, Value { text: name.into(), shown: None, kind: Kind::Error }) {
                    return Ok(());
                }
                continue;
            }
            Err(error) => return Err(damaged(source, &error)),
        };
        let position = cell.get_position();
        if position.0 < last.0 {
            return Err(damaged(source, &XlsxError::Unexpected("its rows are not in order")));
        }
        last = (position.0, Some(position.1));
        let value = match cell.get_value() {
            DataRef::Empty if properties.is_formula(position.0, position.1) => {
                Value { text: "".into(), shown: None, kind: Kind::Error }
            }
            DataRef::Empty => continue,
            DataRef::String(text) => Value { text: text.as_str().into(), shown: None, kind: Kind::Text },
            DataRef::SharedString(text) => Value { text: (*text).into(), shown: None, kind: Kind::Text },
            DataRef::Float(number) => {
                let format = formats.get(style).and_then(Option::as_deref);
                number_value(*number, format)
            }
            DataRef::Int(number) => number_value(*number as f64, None),
            DataRef::Bool(value) => bool_value(*value),
            DataRef::DateTime(date) => date_value(date),
            DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => iso_value(text),
            DataRef::Error(error) => error_value(error),
        };
        if !each(position.0, position.1, value) {
            return Ok(());
        }
    }
}

/// Goes through the filled cells of a sheet that was read whole.
pub(super) fn walk(
    range: &Range<Data>,
    properties: &CellProperties,
    each: &mut dyn FnMut(u32, u32, Value) -> bool,
) {
    let (first_row, first_column) = range.start().unwrap_or_default();
    for (row, column, cell) in range.used_cells() {
        let (row, column) = (first_row + row as u32, first_column + column as u32);
        let value = match cell {
            Data::Empty => continue,
            Data::String(text) if properties.is_error(row, column) => {
                Value { text: text.as_str().into(), shown: None, kind: Kind::Error }
            }
            Data::String(text) => Value { text: text.as_str().into(), shown: None, kind: Kind::Text },
            Data::Float(number) if properties.is_boolean(row, column) => bool_value(*number != 0.0),
            Data::Float(number) => formatted_number(*number, properties.shown(row, column)),
            Data::Int(number) => formatted_number(*number as f64, properties.shown(row, column)),
            Data::Bool(value) => bool_value(*value),
            Data::DateTime(date) => date_value(date),
            Data::DateTimeIso(text) | Data::DurationIso(text) => iso_value(text),
            Data::Error(error) => error_value(error),
        };
        if !each(row, column, value) {
            return;
        }
    }
}

fn formatted_number(number: f64, shown: Option<&str>) -> Value<'static> {
    Value { shown: shown.map(str::to_owned), ..number_value(number, None) }
}

fn number_value(number: f64, format: Option<&str>) -> Value<'static> {
    let shown = format.and_then(|format| number_format::shown(number, format));
    Value { text: number_format::plain(number).into(), shown, kind: Kind::Number }
}

fn bool_value(value: bool) -> Value<'static> {
    Value { text: if value { "TRUE" } else { "FALSE" }.into(), shown: None, kind: Kind::Bool }
}

fn date_value(date: &ExcelDateTime) -> Value<'static> {
    let (year, month, day, hour, minute, second, _) = date.to_ymd_hms_milli();
    let text = if date.as_f64() < 1.0 {
        // A time of day without a date.
        format!("{hour:02}:{minute:02}:{second:02}")
    } else if (hour, minute, second) == (0, 0, 0) {
        format!("{year:04}-{month:02}-{day:02}")
    } else {
        format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
    };
    Value { text: text.into(), shown: None, kind: Kind::Date }
}

/// A date such as `2025-12-09T10:30:00` or a time such as `PT10H30M00S`, written as in the other formats.
fn iso_value(text: &str) -> Value<'static> {
    let text = match text.strip_prefix("PT").and_then(|time| time.strip_suffix('S')) {
        Some(time) => time.replace(['H', 'M'], ":"),
        None => text.trim_end_matches("T00:00:00").replacen('T', " ", 1),
    };
    Value { text: text.into(), shown: None, kind: Kind::Date }
}

fn error_value(error: &CellErrorType) -> Value<'static> {
    Value { text: error.to_string().into(), shown: None, kind: Kind::Error }
}
