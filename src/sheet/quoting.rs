//! What the bytes of a CSV record say of its quotation marks, before the parser has taken them away.

use std::ops::Range;

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
    // Most records have no mark, and `contains` looks at several bytes at a time.
    if !record.contains(&b'"') {
        return None;
    }
    // Cells before the first mark are plain, and so is what separates them.
    let first = record.iter().position(|byte| *byte == b'"')?;
    let mut start = record[..first].iter().rposition(ends).map_or(0, |at| at + 1);
    let mut column = record[..first].iter().filter(|byte| **byte == delimiter).count();
    loop {
        let is_quoted = record.get(start) == Some(&b'"');
        let plain = if is_quoted { closing_mark(record, start + 1)? + 1 } else { start };
        let end = plain + record[plain..].iter().position(ends).unwrap_or(record.len() - plain);
        let text = record[plain..end].trim_ascii();
        let text = text.strip_prefix(b"=").unwrap_or(text);
        let marks = text.iter().filter(|byte| **byte == b'"').count();
        let is_cut = text.starts_with(b"\"") || text.ends_with(b"\"");
        if is_quoted && !text.is_empty() || marks % 2 == 1 && is_cut {
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
        at += record.get(at..)?.iter().position(|byte| *byte == b'"')?;
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
