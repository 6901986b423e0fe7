//! What the bytes of a CSV record say of its quotation marks, before the parser has taken them away.

use std::ops::Range;

use memchr::{memchr, memchr_iter, memchr3};

/// Cuts the first record of `bytes` at its delimiters, if nothing about it is in doubt: each of its cells has no
/// quotation mark, or one at its beginning and one at its end, and those between them are doubled. Returns where the line break stands that ends it;
/// the text of its cells is added to `text` and their ends, counted from where the record begins in `text`, to
/// `ends`.
///
/// `None` where the record is not all there, has more than `cells_max` cells or needs a parser; then what was
/// added is of no use.
pub(super) fn cut_sound(
    bytes: &[u8],
    delimiter: u8,
    cells_max: usize,
    text: &mut Vec<u8>,
    ends: &mut Vec<usize>,
) -> Option<usize> {
    let from = text.len();
    // Where the next cell begins, and where the next byte stands that may not be in a plain one.
    let (mut at, mut special) = (0, memchr3(b'\n', b'\r', b'"', bytes)?);
    while ends.len() < cells_max {
        let end = if at == special && bytes[at] == b'"' {
            let mut part = at + 1;
            let close = loop {
                let mark = part + memchr(b'"', &bytes[part..])?;
                let is_doubled = *bytes.get(mark + 1)? == b'"';
                text.extend_from_slice(&bytes[part..mark + usize::from(is_doubled)]);
                if !is_doubled {
                    break mark;
                }
                part = mark + 2;
            };
            special = close + 1 + memchr3(b'\n', b'\r', b'"', &bytes[close + 1..])?;
            close + 1
        } else {
            let end = memchr(delimiter, &bytes[at..special]).map_or(special, |length| at + length);
            text.extend_from_slice(&bytes[at..end]);
            end
        };
        ends.push(text.len() - from);
        match bytes[end] {
            b'\n' | b'\r' => return Some(end),
            byte if byte == delimiter => at = end + 1,
            _ => return None,
        }
    }
    None
}

/// A cell whose quotation marks are broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BrokenCell {
    /// The cell, counted from 0.
    pub column: usize,
    /// Where it stands in the record, with all its quotation marks.
    pub cell: Range<usize>,
}

/// Finds the first cell that goes on behind its closing quotation mark, as `"Acme \"Best\" LLC"` does; that is
/// closed by a mark and opened by none; or whose opening mark stands behind a space, so that it opens nothing.
///
/// Spaces behind a closing mark do no harm, and a plain cell may have marks within it: `5" pipe`.
pub(super) fn broken_cell(record: &[u8], delimiter: u8) -> Option<BrokenCell> {
    let ends = |byte: &u8| *byte == delimiter || matches!(byte, b'\r' | b'\n');
    let (mut start, mut column) = (0, 0);
    loop {
        // Cells before the next mark are plain, and so is what separates them.
        let mark = start + memchr(b'"', &record[start..])?;
        let before = &record[start..mark];
        column += memchr_iter(delimiter, before).count();
        start += before.iter().rposition(ends).map_or(0, |at| at + 1);
        let is_quoted = start == mark;
        let plain = if is_quoted { closing_mark(record, start + 1)? + 1 } else { start };
        let length = memchr3(delimiter, b'\r', b'\n', &record[plain..]).unwrap_or(record.len() - plain);
        let end = plain + length;
        let text = record[plain..end].trim_ascii();
        let text = text.strip_prefix(b"=").unwrap_or(text);
        let is_cut = text.starts_with(b"\"") || text.ends_with(b"\"");
        if is_quoted && !text.is_empty() || is_cut && memchr_iter(b'"', text).count() % 2 == 1 {
            return Some(BrokenCell { column, cell: start..end });
        }
        if record.get(end) != Some(&delimiter) {
            return None;
        }
        (start, column) = (end + 1, column + 1);
    }
}

/// The mark that closes a cell; two in a row stand for one that belongs to the text.
fn closing_mark(record: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr(b'"', record.get(at..)?)?;
        if record.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_cell_is_found_with_all_its_marks() {
        for (record, column, cell) in [
            (r#"1,"Acme \"Best\" LLC",x"#, 1, r#""Acme \"Best\" LLC""#),
            (r#""Joe" Diner,x"#, 0, r#""Joe" Diner"#),
            ("a,\"x\ny,\"z\",b", 1, "\"x\ny,\"z\""),
            (r#"a,b,"c"d"#, 2, r#""c"d"#),
            ("\"a\"\"\" \"b,c\"\r\n", 0, "\"a\"\"\" \"b"),
            ("a, \"b, c\",d", 1, " \"b"),
            ("a,Suite 3\",d", 1, "Suite 3\""),
            ("a,=\"x, y\"", 1, "=\"x"),
        ] {
            let found = broken_cell(record.as_bytes(), b',');
            let found = found.map(|it| (it.column, &record[it.cell]));
            assert_eq!(found, Some((column, cell)), "{record}");
        }
    }

    #[test]
    fn sound_records_and_marks_within_plain_cells_are_left_alone() {
        for record in [
            "",
            "a,b",
            "\"a\",\"b\"\r\n",
            "\"a\"\"b\" ,c",
            "5\" pipe,\"x\"",
            "\"\",\"\"\"\"",
            "\"open,x",
            " \"a\",=\"b\"",
        ] {
            assert_eq!(broken_cell(record.as_bytes(), b','), None, "{record}");
        }
        assert_eq!(broken_cell(b"\"a,b\";\"c\"", b';'), None);
    }
}
