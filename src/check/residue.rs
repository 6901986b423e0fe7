//! What programs leave in a cell that holds nothing: words for "no value", error values, trial values.
//!
//! A data frame writes `nan`, a script `None` or `undefined`, a database `NULL` or `\N`, a spreadsheet
//! `########` for a column that is too narrow and 0 for a formula that points to a blank cell; people write
//! `N/A`, `-` or `TBD`.

use crate::model::Column;

/// Words that mean "no value", in lower case, without what stands around them, by their length. A cell is
/// such a word only as a whole: `Null Street` is none.
const WORDS: [&[&str]; 17] = [
    &[],
    &[],
    &["na", "nd", "\\n"],
    &["nan", "nat", "nil", "n/a", "n.a", "n\\a", "n-a", "n/d", "tbd", "tba", "tbc", "inf", "xxx"],
    &["null", "none", "n.a.", "todo", "xxxx", "-nan", "-inf"],
    &["blank", "empty", "n / a", "xxxxx"],
    &["t.b.d.", "<none>"],
    &["unknown", "missing", "no data", "not set", "nothing", "nan nan"],
    &["infinity", "#missing", "no value"],
    &["undefined", "not given", "not known", "none none", "null null", "not found"],
    &["unassigned", "loading..."],
    &["unspecified"],
    &["not provided", "not assigned"],
    &["not available", "not specified", "to be decided", "to be defined"],
    &["not applicable"],
    &["[object object]"],
    &["to be determined"],
];

/// Whether a text stands for nothing in this column.
pub(super) fn is_placeholder(column: Column, text: &str) -> bool {
    let Some(first) = text.bytes().next() else { return false };
    if !first.is_ascii_alphanumeric() {
        return is_bare(text) && (takes_words(column) || !is_lost(text));
    }
    match first {
        b'0' => text.bytes().all(|byte| matches!(byte, b'0' | b'.' | b',')),
        // A blank cell, shown as a date.
        b'1'..=b'9' => matches!(text, "1/0/1900" | "1/0/00" | "1900-01-00"),
        _ => is_word(text) && !is_name(column, text),
    }
}

/// The same for a text that begins with another character than a letter or a digit: a word in brackets or
/// quotation marks, and signs alone.
fn is_bare(text: &str) -> bool {
    let inner = text.trim_matches(['<', '>', '(', ')', '[', ']', '{', '}', '"', '\'', '`']);
    let zero = inner.trim_start_matches(['-', '+', '$']);
    text.chars().all(|c| !c.is_alphanumeric())
        || is_word(text)
        || inner.len() < text.len() && is_word(inner)
        || zero.starts_with('0') && zero.bytes().all(|byte| matches!(byte, b'0' | b'.' | b','))
}

/// Whether a text is a date as spreadsheets write it in place of what was typed: 12-3 becomes `12-Mar`. A name, a
/// street or a city is none; what is short of a year (9/11) may be one.
pub(super) fn is_date(text: &str) -> bool {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    if !matches!(text.len(), 5..=11) || !text.as_bytes()[text.len() - 1].is_ascii_alphanumeric() {
        return false;
    }
    let Some(by) = text.bytes().find(|byte| matches!(byte, b'-' | b'/' | b'.')).map(char::from) else {
        return false;
    };
    let parts: Vec<&str> = text.split(by).collect();
    let number = |part: &str, digits: std::ops::RangeInclusive<usize>| {
        digits.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let day = |part: &str| number(part, 1..=2) && matches!(part.parse(), Ok(1..=31));
    let month = |part: &str| by == '-' && MONTHS.iter().any(|name| name.eq_ignore_ascii_case(part));
    match parts.as_slice() {
        [a, b] => day(a) && month(b) || month(a) && number(b, 2..=2),
        [a, b, c] => {
            day(a) && (day(b) || month(b)) && (number(c, 4..=4) || number(c, 2..=2) && by != '.')
                || number(a, 4..=4) && day(b) && day(c)
        }
        _ => false,
    }
}

/// Whether there was a value that is lost: the column was too narrow for it, or a script wrote an object as text.
/// A SID that is lost is not the same as none: without it a second profile would be made.
fn is_lost(text: &str) -> bool {
    text.bytes().all(|byte| byte == b'#') || text.starts_with("[object")
}

fn is_word(text: &str) -> bool {
    let words = WORDS.get(text.len()).copied().unwrap_or_default();
    let first = text.as_bytes().first().map(u8::to_ascii_lowercase);
    words.iter().any(|word| word.as_bytes().first() == first.as_ref() && word.eq_ignore_ascii_case(text))
}

/// Words that are people's names too where they are written as names.
fn is_name(column: Column, text: &str) -> bool {
    matches!(text, "Na" | "Nan" | "Nat" | "Nil")
        && matches!(
            column,
            Column::Representative1FirstName
                | Column::Representative1LastName
                | Column::Representative2FirstName
                | Column::Representative2LastName
        )
}

/// Whether a text is one that people type to try something out.
pub(super) fn is_trial(text: &str) -> bool {
    const WORDS: [&str; 7] = ["test", "tests", "testing", "test test", "dummy", "foo", "asdf"];
    matches!(text.len(), 3..=9) && WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// The columns that take any text, where no other rule would meet such a word.
pub(super) fn takes_words(column: Column) -> bool {
    matches!(
        column,
        Column::FriendlyName
            | Column::BusinessName
            | Column::Street
            | Column::StreetSecondary
            | Column::City
            | Column::Representative1FirstName
            | Column::Representative1LastName
            | Column::Representative1BusinessTitle
            | Column::Representative2FirstName
            | Column::Representative2LastName
            | Column::Representative2BusinessTitle
            | Column::Notes
    )
}

/// Whether a text is what a spreadsheet writes into a CSV file for a formula that failed.
pub(super) fn is_error_value(text: &str) -> bool {
    let is_office_error = |code: &str| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_digit());
    match text.as_bytes() {
        // Excel's and Google's; each language has its own, such as #BEZUG! and #NOM?.
        [b'#', inner @ .., b'!' | b'?'] => {
            !inner.is_empty()
                && text[1..].chars().all(|c| c.is_uppercase() || matches!(c, '/' | '0' | '!' | '?' | '_'))
        }
        [b'#', ..] => matches!(text, "#N/A" | "#N/A N/A" | "#NV" | "#N/D" | "#ND" | "#GETTING_DATA"),
        // LibreOffice has `Err:502` and others like it.
        [b'E', ..] => text.strip_prefix("Err:").is_some_and(is_office_error),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_stands_under_its_length() {
        for (length, words) in WORDS.iter().enumerate() {
            for word in *words {
                assert_eq!((word.len(), word.to_ascii_lowercase().as_str()), (length, *word));
            }
        }
    }

    #[test]
    fn a_word_for_nothing_is_told_from_a_name() {
        for text in [
            "nan",
            "NaN",
            "<NA>",
            "None",
            "NULL",
            "(null)",
            "\\N",
            "n/a",
            "N.A.",
            "undefined",
            "########",
            "#",
            "0",
            "0.0",
            "-0",
            "00000",
            "-",
            "--",
            "...",
            "?",
            "TBD",
            "[object Object]",
            "1/0/1900",
            "NaT",
            "Unknown",
            "…",
        ] {
            assert!(is_placeholder(Column::City, text), "{text}");
        }
        for text in [
            "Boston",
            "Null Street",
            "0 Main Street",
            "007 Bond Street",
            "Nantucket",
            "Nanterre",
            "1900",
            "#1 Nails LLC",
            "None Such Inc",
            "@Work",
            "X",
            "J",
            "(Old) Town",
            "Ünlü",
            "東京",
        ] {
            assert!(!is_placeholder(Column::City, text), "{text}");
        }
        assert!(!is_placeholder(Column::Representative1LastName, "Na"));
        assert!(is_placeholder(Column::Representative1LastName, "NA"));
        assert!(is_placeholder(Column::City, "Na"));
    }

    #[test]
    fn a_date_is_told_from_numbers_and_names() {
        for text in
            ["12-Mar", "Mar-12", "1/2/2024", "12/31/24", "2024-01-05", "31.12.2024", "3-Apr-25", "2024/1/5"]
        {
            assert!(is_date(text), "{text}");
        }
        for text in [
            "9/11",
            "12-34",
            "24-7 Gym",
            "Mar-Lago",
            "12 March",
            "1/2/3",
            "1.2.3.4",
            "7-Eleven",
            "3-D",
            "99/99/2024",
            "10.20.30",
        ] {
            assert!(!is_date(text), "{text}");
        }
    }

    #[test]
    fn an_error_value_is_known_in_any_language() {
        for text in ["#N/A", "#REF!", "#BEZUG!", "#NOM?", "#DIV/0!", "#NAME?", "#SPILL!", "Err:502", "#NV"] {
            assert!(is_error_value(text), "{text}");
        }
        for text in ["#1 Nails!", "#", "##", "#!", "Err: 502", "#Hashtag!", "Error"] {
            assert!(!is_error_value(text), "{text}");
        }
    }
}
