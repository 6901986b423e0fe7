//! Cells that a spreadsheet would run as a formula, made harmless in the CSV files that we write.
//!
//! An apostrophe goes in front of every cell that begins with `=`, `+`, `-`, `@`, TAB or CR, after
//! any apostrophes of its own; our reader takes exactly one off again, so nothing is lost on the
//! way, E.164 numbers included.

use std::borrow::Cow;

/// The cell as it is written to a CSV file.
pub fn csv_safe(cell: &str) -> Cow<'_, str> {
    if is_formula_like(cell) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// The cell as it was before [`csv_safe`].
pub fn csv_unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_formula_like(rest) => rest,
        _ => cell,
    }
}

fn is_formula_like(cell: &str) -> bool {
    matches!(
        cell.trim_start_matches('\'').as_bytes().first(),
        Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r')
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_cell_that_a_spreadsheet_would_run_gets_an_apostrophe_and_loses_it_again() {
        for (cell, written) in [
            ("+14155550123", "'+14155550123"),
            ("=1+1", "'=1+1"),
            ("'=1+1", "''=1+1"),
            ("\tx", "'\tx"),
            ("plain", "plain"),
            ("'quoted'", "'quoted'"),
            ("", ""),
        ] {
            assert_eq!(csv_safe(cell), written);
            assert_eq!(csv_unguarded(written), cell);
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost_on_the_way_through_a_csv_file(cell in "['=+@\t\rx-]{0,6}") {
            let written = csv_safe(&cell);
            prop_assert_eq!(csv_unguarded(&written), cell.as_str());
            prop_assert!(!matches!(written.as_bytes().first(), Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r')));
        }
    }
}
