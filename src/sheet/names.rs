//! Which header means which column.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::source::Mapping;
use crate::model::Column;
use crate::model::column::{COLUMNS, header_key};

/// Headers that our own files add at the end. They are no columns of the sheet, and no mistake.
pub const STATE_HEADERS: [&str; 5] =
    [ROW_HEADER, "onboarding_state", "onboarding_findings", "onboarding_error", "onboarding_fix"];

/// The header of the row that a copied row has in the sheet it was copied from.
pub const ROW_HEADER: &str = "onboarding_row";

/// Whether a header is [`ROW_HEADER`].
pub fn is_row_header(header: &str) -> bool {
    header_key(header) == header_key(ROW_HEADER)
}

/// Whether a header is one of [`STATE_HEADERS`].
pub fn is_state_header(header: &str) -> bool {
    STATE_KEYS.contains(&header_key(header))
}

static STATE_KEYS: LazyLock<[String; STATE_HEADERS.len()]> = LazyLock::new(|| STATE_HEADERS.map(header_key));

static KNOWN: LazyLock<HashMap<String, Column>> = LazyLock::new(|| {
    let names = COLUMNS.iter().map(|spec| (header_key(spec.name), spec.column));
    let synonyms = COLUMNS
        .iter()
        .flat_map(|spec| spec.synonyms.iter().map(|synonym| (header_key(synonym), spec.column)));
    synonyms.chain(names).collect()
});

/// What a header of the sheet stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    Column(Column),
    /// Empty, told to be left out, or one of [`STATE_HEADERS`].
    Nothing,
    Unknown,
}

/// Reads a header with the user's own mappings, then our names and synonyms.
pub fn meaning(header: &str, map: &[Mapping]) -> Meaning {
    let key = header_key(header);
    if key.is_empty() {
        return if header.trim().is_empty() { Meaning::Nothing } else { Meaning::Unknown };
    }
    if let Some(mapping) = map.iter().find(|mapping| header_key(&mapping.header) == key) {
        return mapping.column.map_or(Meaning::Nothing, Meaning::Column);
    }
    match KNOWN.get(&key) {
        Some(column) => Meaning::Column(*column),
        None if is_state_header(header) => Meaning::Nothing,
        None => Meaning::Unknown,
    }
}

/// What each header of a row stands for. `--map` may name a column by its letter where no header is called so;
/// that decides against other headers that mean the same.
pub fn meanings(headers: &[String], map: &[Mapping]) -> Vec<Meaning> {
    let mut meanings: Vec<Meaning> = headers.iter().map(|header| meaning(header, map)).collect();
    for mapping in map {
        let key = header_key(&mapping.header);
        let is_header = headers.iter().any(|header| header_key(header) == key);
        let Some(at) = column_index(&mapping.header).filter(|at| !is_header && *at < headers.len()) else {
            continue;
        };
        if let Some(column) = mapping.column {
            let is_it = |meaning: &&mut Meaning| **meaning == Meaning::Column(column);
            meanings.iter_mut().filter(is_it).for_each(|meaning| *meaning = Meaning::Nothing);
        }
        meanings[at] = mapping.column.map_or(Meaning::Nothing, Meaning::Column);
    }
    meanings
}

/// The column that a spreadsheet gives these letters, counted from 0: `A`, `z`, `AA`.
fn column_index(letters: &str) -> Option<usize> {
    if letters.is_empty() || letters.len() > 3 || !letters.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return None;
    }
    let value = |byte: u8| usize::from(byte.to_ascii_uppercase() - b'A') + 1;
    Some(letters.bytes().fold(0, |sum, byte| sum * 26 + value(byte)) - 1)
}

/// A file that this program wrote and that is not the sheet of customers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnFile {
    /// `results.csv`.
    Results,
    /// `results-numbers.csv`.
    Numbers,
    /// What `validate --format csv` prints.
    Findings,
    /// The file of `--failed`. It is input too.
    FailedRows,
}

/// Headers that stand together in one of our files and in no sheet of customers.
const OWN_FILES: [(OwnFile, &[&str]); 4] = [
    (OwnFile::Numbers, &["row", "phone_number_sid", "customer_profile_number_assignment_sid", "outcome"]),
    (OwnFile::Results, &["row", "outcome", "customer_profile_status", "trust_product_status"]),
    (OwnFile::Findings, &["row", "cell", "column", "code", "severity", "value", "message"]),
    (OwnFile::FailedRows, &["onboarding_state", "onboarding_error"]),
];

/// Which of our own files has these headers, if any.
pub fn own_file(headers: &[String]) -> Option<OwnFile> {
    let keys: Vec<String> = headers.iter().map(|header| header_key(header)).collect();
    let has = |header: &&str| keys.contains(&header_key(header));
    OWN_FILES.iter().find(|(_, theirs)| theirs.iter().all(has)).map(|(file, _)| *file)
}

/// The column whose name or synonym is most like an unknown header, if one is like it at all.
pub fn nearest(header: &str) -> Option<Column> {
    let key = header_key(header);
    KNOWN
        .iter()
        // What is far longer is not like it, and need not be compared letter by letter.
        .filter(|(known, _)| key.len() <= 8 * known.len())
        .map(|(known, column)| (strsim::normalized_damerau_levenshtein(&key, known), known, *column))
        .filter(|(likeness, ..)| *likeness >= 0.7)
        // The name itself decides between equals, so that the answer does not depend on the hash map.
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
        .map(|(.., column)| column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_mapping_comes_before_our_names() {
        let map = [
            Mapping { header: "Kunde".to_owned(), column: Some(Column::BusinessName) },
            Mapping { header: "Company Name".to_owned(), column: None },
        ];
        assert_eq!(meaning("KUNDE ", &map), Meaning::Column(Column::BusinessName));
        assert_eq!(meaning("company_name", &map), Meaning::Nothing);
        assert_eq!(meaning("Legal Business Name", &map), Meaning::Column(Column::BusinessName));
        assert_eq!(meaning("Favourite colour", &map), Meaning::Unknown);
    }

    #[test]
    fn a_column_can_be_named_by_its_letter_unless_a_header_is_called_so() {
        let headers = ["notes", "x", "business_name", "EIN", "business_name"].map(str::to_owned);
        let map = |text: &str| vec![Mapping::parse(text).unwrap()];
        let at = |text: &str, at: usize| meanings(&headers, &map(text))[at];
        let name = Meaning::Column(Column::BusinessName);
        // The other one of that name is left out where a letter says which is meant.
        assert_eq!((at("E=business_name", 4), at("E=business_name", 2)), (name, Meaning::Nothing));
        assert_eq!((at("c=business_name", 2), at("c=business_name", 4)), (name, Meaning::Nothing));
        assert_eq!((at("E=", 4), at("E=", 2)), (Meaning::Nothing, name));
        // Here a header is called X, which is the 24th letter too.
        assert_eq!(at("X=city", 1), Meaning::Column(Column::City));
        // Beyond the headers there is nothing.
        assert_eq!(meanings(&headers, &map("ZZZ=city")), meanings(&headers, &[]));
        for (letters, index) in [("A", 0), ("z", 25), ("AA", 26), ("XFD", 16_383)] {
            assert_eq!(column_index(letters), Some(index), "{letters}");
        }
        assert_eq!((column_index("A1"), column_index("é"), column_index("ABCD")), (None, None, None));
    }

    #[test]
    fn a_mistyped_header_is_told_from_a_strange_one() {
        assert_eq!(nearest("bussiness_name"), Some(Column::BusinessName));
        assert_eq!(nearest("favourite colour"), None);
    }
}
