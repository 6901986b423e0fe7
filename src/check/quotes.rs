//! Broken quoting: quotation marks that a row has lost, or has too many of.
//!
//! That is a fault of the row and not of a column. Where a mark is lost, the cells around it are cut in the
//! wrong places, and in the worst case the next customers stand in the notes of this one. So every cell of a
//! row is looked at, whether or not its column is ours, and the rest of such a row is not read.
//!
//! Workbooks are looked at too: many began as a CSV file that was opened and saved.

use std::borrow::Cow;

use super::column_map::{CellSource, ColumnMap};
use super::cursor::Cursor;
use super::rule;
use crate::model::Column;
use crate::sheet::{Flaw, csv_unguarded, is_unclosed};

/// What separates cells in the files of which a cell may hold a piece.
const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];

/// From this many separators in one line on, a line break in a cell is no line break of a text but the end of
/// a row that a quotation mark has swallowed. An address that was pasted whole has six.
const SWALLOWED_SEPARATORS: usize = 8;

/// A line that holds a subaccount is a row with fewer separators too.
const SEPARATORS_BESIDE_A_SUBACCOUNT: usize = 2;

/// Whether a row has anything that can be broken quoting: marks, backslashes before them, line breaks.
pub(super) fn has_any_mark(text: &str) -> bool {
    // All bytes are looked at, because a loop without a way out is worked on sixteen at a time.
    text.bytes().fold(false, |any, byte| any | matches!(byte, b'"' | b'\\' | b'\n' | b'\r'))
}

/// Says where the quoting of a row is broken, at its first cell. The other cells are not looked at then: what
/// stands in them may belong anywhere.
pub(super) fn are_broken(cursor: &mut Cursor<'_>) -> bool {
    let (row, map) = (cursor.row, cursor.map);
    if row.flaw().is_none() && !has_any_mark(row.text()) {
        return false;
    }
    cursor.has_marks = true;
    // To the right of the headers it is one cell too many, and said as that.
    if let Some((at, text)) = row.unclosed().filter(|(at, _)| *at < map.data_width)
        && let Some(flaw) = row.flaw()
    {
        let mut report = cursor.report_at(&rule::UNCLOSED_QUOTE, at, &as_in_the_file(&text));
        if text.contains("\\\"") {
            report = report.suggestion(WITH_BACKSLASHES.to_owned());
        }
        report.message(of_flaw(flaw)).say();
        return true;
    }
    for at in 0..map.data_width.min(row.len()) {
        let text = csv_unguarded(row.cell(at).text);
        if !has_any_mark(text) {
            continue;
        }
        let Some(fault) = fault(text, content(map, at)) else { continue };
        let mut report = cursor.report_at(&rule::UNCLOSED_QUOTE, at, &as_in_the_file(text));
        if let Some(message) = fault.message() {
            report = report.message(message);
        }
        if let Fault::Backslash = fault {
            let meant = text.replace("\\\"", "\"").replace("\\'", "'");
            report =
                report.suggestion(format!("Write {} without the backslash.", super::cursor::cut(&meant)));
        }
        report.say();
        return true;
    }
    false
}

/// What to do where another program has written backslashes.
const WITH_BACKSLASHES: &str =
    "Double each quotation mark that belongs to the text, instead of putting a backslash before it.";

/// A cell whose quotation mark is never closed, as it stood in the file: our copies double the marks in it.
fn as_in_the_file(text: &str) -> Cow<'_, str> {
    match text.strip_prefix('"') {
        Some(rest) if is_unclosed(text) => Cow::Owned(format!("\"{}", rest.replace("\"\"", "\""))),
        _ => Cow::Borrowed(text),
    }
}

/// What the parser has seen.
pub(super) fn of_flaw(flaw: Flaw) -> String {
    match flaw {
        Flaw::UnclosedQuote { line } | Flaw::TooLong { line } => format!(
            "A quotation mark in line {line} of the file, or soon after, opens a cell that is never closed; everything below is taken for part of it."
        ),
        Flaw::BrokenQuote { line, .. } => format!(
            "The quotation marks of the cell that begins in line {line} of the file are broken: text follows the mark that closes it, a space stands before the one that opens it, or one of the two is lost."
        ),
    }
}

/// What is wrong with the quotation marks of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// One opens the cell and none closes it.
    Unclosed,
    /// A backslash stands before one.
    Backslash,
    /// Their number is odd.
    Unbalanced,
    /// The cell holds the end of a row and the beginning of another.
    Swallowed,
}

impl Fault {
    /// What is said of it; `None` for what the rule says.
    pub fn message(self) -> Option<String> {
        let text = match self {
            Fault::Unclosed => return None,
            Fault::Backslash => {
                "A backslash stands before a quotation mark; it would be sent as part of the text."
            }
            Fault::Unbalanced => {
                "A quotation mark in the cell has no other that belongs to it: one is lost, or a space stands before it, so that the cell may be cut in the wrong place."
            }
            Fault::Swallowed => {
                "The cell holds line breaks and separators as between rows: a quotation mark is lost, and other rows have become part of this cell."
            }
        };
        Some(text.to_owned())
    }
}

/// What a column of the sheet holds, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// One value, which has no lines.
    Value,
    /// Several values, which may stand below each other; each of them is checked by itself.
    List,
    /// Sentences, or what is not ours.
    Text,
}

fn content(map: &ColumnMap, at: usize) -> Holds {
    let is_at = |column: Column| map.place(column) == CellSource::At(at as u16);
    let lists = [
        Column::SubaccountSid,
        Column::PhoneNumbers,
        Column::BusinessRegionsOfOperation,
        Column::SocialMediaProfileUrls,
    ];
    match () {
        () if lists.into_iter().any(is_at) => Holds::List,
        () if is_at(Column::Notes) || !map.is_read(at) => Holds::Text,
        () => Holds::Value,
    }
}

/// Finds out what is wrong with the quotation marks of a cell.
pub(super) fn fault(text: &str, holds: Holds) -> Option<Fault> {
    let marks = text.bytes().filter(|byte| *byte == b'"').count();
    if text.contains(['\n', '\r']) && is_swallowed(text, holds) {
        return Some(Fault::Swallowed);
    }
    if is_unclosed(text) {
        return Some(Fault::Unclosed);
    }
    if text.contains('\\') && (text.contains("\\\"") || text.contains("\\'")) {
        return Some(Fault::Backslash);
    }
    // A mark behind a digit stands for inches. But it may close a pair as well, so both counts must be odd.
    let inches =
        text.as_bytes().windows(2).filter(|pair| pair[0].is_ascii_digit() && pair[1] == b'"').count();
    (marks % 2 == 1 && (marks - inches) % 2 == 1).then_some(Fault::Unbalanced)
}

fn is_swallowed(text: &str, holds: Holds) -> bool {
    let is_separated = |line: &str| {
        let is_possible =
            |delimiter: &char| line.matches(*delimiter).count() >= SEPARATORS_BESIDE_A_SUBACCOUNT;
        DELIMITERS.into_iter().filter(is_possible).any(|delimiter| {
            let pieces = || line.split(delimiter).skip(1);
            // In a sentence a space follows the comma.
            let close = pieces().filter(|piece| !piece.starts_with(' ')).count();
            close >= SWALLOWED_SEPARATORS
                || close >= SEPARATORS_BESIDE_A_SUBACCOUNT && line.split(delimiter).any(is_subaccount)
        })
    };
    let mut lines = text.split(['\n', '\r']);
    match holds {
        Holds::List => lines.any(|line| {
            DELIMITERS.into_iter().any(|it| line.split(it).any(is_subaccount)) && is_separated(line)
        }),
        Holds::Text => lines.any(is_separated),
        Holds::Value => {
            text.matches([',', ';', '\t']).count() >= SWALLOWED_SEPARATORS || lines.any(is_separated)
        }
    }
}

/// Whether a piece of a row is the SID of a subaccount.
fn is_subaccount(piece: &str) -> bool {
    let piece = piece.trim_matches(['"', '\'', '=', ' ']);
    piece.len() == 34
        && piece.as_bytes()[..2].eq_ignore_ascii_case(b"AC")
        && piece.bytes().skip(2).all(|byte| byte.is_ascii_hexdigit())
}

/// The value that a program has put into quotation marks once more, or into a formula that is nothing but a
/// text (`="04-1234567"`, which keeps spreadsheet programs from reading a number): there is only one way to
/// read it. `None` where there is nothing to take off.
pub(super) fn unwrapped(raw: &str) -> Option<Cow<'_, str>> {
    let text = raw.trim();
    let (is_formula, inner) = match text.strip_prefix('=') {
        Some(inner) => (true, inner.trim()),
        None => (false, text),
    };
    let between = |mark: char| inner.strip_prefix(mark)?.strip_suffix(mark);
    if let Some(inner) = between('"') {
        let undoubled = inner.replace("\"\"", "");
        return (!undoubled.contains('"')).then(|| plain(inner));
    }
    let typographic = inner.strip_prefix(['\u{201c}', '\u{201e}']);
    if let Some(inner) = typographic.and_then(|inner| inner.strip_suffix(['\u{201c}', '\u{201d}'])) {
        return (!inner.contains(['\u{201c}', '\u{201d}', '\u{201e}', '"'])).then_some(Cow::Borrowed(inner));
    }
    if let Some(inner) = between('\'').filter(|inner| !inner.is_empty() && !is_formula) {
        return (!inner.contains('\'')).then_some(Cow::Borrowed(inner));
    }
    let are_doubled = text.contains("\"\"") && !text.replace("\"\"", "").contains('"');
    (are_doubled && !is_formula).then(|| plain(text))
}

fn plain(text: &str) -> Cow<'_, str> {
    if text.contains('"') { Cow::Owned(text.replace("\"\"", "\"")) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_without_another_is_broken_and_inches_are_not() {
        for text in ["Acme LLC\"", " \"b", "Ac\"me", "\"Acme", "say \"hi\" and \"bye"] {
            assert!(fault(text, Holds::Value).is_some(), "{text}");
        }
        for text in [
            "Acme \"Best\" LLC",
            "5\" pipe",
            "Display 27\"",
            "\"Studio 54\"",
            "27\" \"Best\"",
            "5' 11\"",
            "O'Brien",
        ] {
            assert_eq!(fault(text, Holds::Value), None, "{text}");
        }
        assert_eq!(fault("Acme \\\"Best\\\" LLC", Holds::Value), Some(Fault::Backslash));
        assert_eq!(fault("O\\'Brien", Holds::Value), Some(Fault::Backslash));
    }

    #[test]
    fn a_text_of_many_lines_is_told_from_rows_that_were_swallowed() {
        let sid = "AC00000000000000000000000000abc002";
        for (text, holds) in [
            (format!("Calls patients\n{sid},a@example.com,Acme 2 LLC"), Holds::Text),
            (format!("x\r\nAcme;a@example.com;{sid};y"), Holds::Text),
            ("x\n1,2,3,4,5,6,7,8,9".to_owned(), Holds::Text),
            ("+16175550150\n,,,,,".to_owned() + sid, Holds::List),
            ("12 Harbor Street, a, b, c, d\ne, f, g, h, i".to_owned(), Holds::Value),
        ] {
            assert_eq!(fault(&text, holds), Some(Fault::Swallowed), "{text}");
        }
        for (text, holds) in [
            (
                "Calls patients, confirms, reminds, asks, books,\nand, if needed, cancels, moves, or repeats",
                Holds::Text,
            ),
            (
                "+16175550150,+16175550151,+16175550152,+16175550153,+16175550154\n+1,2,3,4,5,6,7,8,9,10",
                Holds::List,
            ),
            ("12 Harbor Street\nSuite 3\nBoston, MA, 02110", Holds::Value),
            ("see AC00000000000000000000000000abc002, please\nthanks", Holds::Text),
        ] {
            assert_eq!(fault(text, holds), None, "{text}");
        }
    }

    #[test]
    fn what_can_be_read_in_one_way_only_is_unwrapped() {
        for (raw, text) in [
            ("=\"Acme LLC\"", "Acme LLC"),
            (" \"Acme LLC\"", "Acme LLC"),
            ("\"Acme \"\"Best\"\" LLC\"", "Acme \"Best\" LLC"),
            ("= \"041234567\"", "041234567"),
            ("'Acme LLC'", "Acme LLC"),
            ("\u{201c}Acme LLC\u{201d}", "Acme LLC"),
            ("\u{201e}Acme LLC\u{201c}", "Acme LLC"),
            ("Acme \"\"Best\"\" LLC", "Acme \"Best\" LLC"),
            ("\"\"", ""),
        ] {
            assert_eq!(unwrapped(raw).as_deref(), Some(text), "{raw}");
        }
        for raw in [
            "Acme",
            "\"A\" and \"B\"",
            "=A1",
            "=\"A\"&\"B\"",
            "Acme \"Best\" LLC",
            "'A' and 'B'",
            "\u{201c}A\u{201d} and \u{201c}B\u{201d}",
            "\u{201c}A",
            "\"",
            "'",
            "",
        ] {
            assert_eq!(unwrapped(raw), None, "{raw}");
        }
    }
}
