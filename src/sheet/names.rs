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
    let key = header_key(header);
    STATE_HEADERS.iter().any(|state| header_key(state) == key)
}

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
    fn a_mistyped_header_is_told_from_a_strange_one() {
        assert_eq!(nearest("bussiness_name"), Some(Column::BusinessName));
        assert_eq!(nearest("favourite colour"), None);
    }
}
