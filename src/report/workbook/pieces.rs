//! Pieces of the part of a sheet, as texts: cells, widths, a frozen view.

use quick_xml::events::BytesStart;

use super::Value;
use super::tag::{Tag, escaped};
use crate::sheet::column_letters;

/// The text of a cell.
pub(in crate::report) fn cell(prefix: &str, row: u64, column: usize, format: usize, value: &Value) -> String {
    let head = format!("<{prefix}c r=\"{}{row}\" s=\"{format}\"", column_letters(column));
    match value {
        Value::Empty => format!("{head}/>"),
        Value::Number(number) => format!("{head}><{prefix}v>{number}</{prefix}v></{prefix}c>"),
        Value::Text(text) => format!(
            "{head} t=\"inlineStr\"><{prefix}is><{prefix}t xml:space=\"preserve\">{}</{prefix}t></{prefix}is></{prefix}c>",
            escaped(text)
        ),
    }
}

/// The column of a cell that says where it stands, counted from 0.
pub(super) fn position(tag: &BytesStart) -> Option<usize> {
    let text: &str = tag;
    let reference = match text.strip_prefix("c r=\"") {
        Some(rest) => rest,
        None => {
            let tag = Tag(text.to_owned());
            return column_of(tag.get("r")?);
        }
    };
    column_of(reference)
}

fn column_of(reference: &str) -> Option<usize> {
    let letters = reference.bytes().take_while(u8::is_ascii_alphabetic).take(4);
    letters
        .fold(0, |number, letter| number * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1)
        .checked_sub(1)
}

pub(super) fn width_of(prefix: &str, column: usize, width: f64, more: &str) -> String {
    let number = column + 1;
    format!("<{prefix}col min=\"{number}\" max=\"{number}\" width=\"{width}\" customWidth=\"1\"{more}/>")
}

/// A view that keeps the headers and the first column in sight.
pub(super) fn pane(p: &str, header_row: u64) -> String {
    format!(
        "<{p}pane xSplit=\"1\" ySplit=\"{header_row}\" topLeftCell=\"B{}\" activePane=\"bottomRight\" state=\"frozen\"/>\
         <{p}selection pane=\"topRight\"/><{p}selection pane=\"bottomLeft\"/><{p}selection pane=\"bottomRight\"/>",
        header_row + 1
    )
}

/// What a view holds besides its selection.
pub(super) fn others_than_selection(children: &str) -> String {
    let mut others = String::new();
    let mut rest = children;
    while let Some(start) = rest.find("selection ").and_then(|at| rest[..at].rfind('<')) {
        others.push_str(&rest[..start]);
        let end = rest[start..].find("/>").map_or(rest.len(), |end| start + end + 2);
        rest = &rest[end..];
    }
    others + rest
}
