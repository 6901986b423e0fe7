//! The columns of the sheet: the one table that drives the reader, the validator, the template, the
//! `--help` text and the README.

mod allowed;
mod table;

pub use allowed::{Allowed, allowed, explained, page};
pub use table::COLUMNS;

/// A column that we know. The number is its place in [`COLUMNS`] and in the template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    SubaccountSid,
    FriendlyName,
    Email,
    StatusCallback,
    PrimaryProfileSid,
    CustomerProfileSid,
    TrustProductSid,
    BusinessName,
    BusinessIdentity,
    BusinessType,
    BusinessIndustry,
    BusinessRegistrationIdentifier,
    BusinessRegistrationNumber,
    BusinessRegionsOfOperation,
    WebsiteUrl,
    SocialMediaProfileUrls,
    AddressSid,
    Street,
    StreetSecondary,
    City,
    Region,
    PostalCode,
    IsoCountry,
    Representative1FirstName,
    Representative1LastName,
    Representative1Email,
    Representative1PhoneNumber,
    Representative1BusinessTitle,
    Representative1JobPosition,
    Representative2FirstName,
    Representative2LastName,
    Representative2Email,
    Representative2PhoneNumber,
    Representative2BusinessTitle,
    Representative2JobPosition,
    PhoneNumbers,
    UseCase,
    BusinessEmployeeCount,
    AverageBusinessDayCallVolume,
    Notes,
    Products,
    CnamDisplayName,
}

/// What is to be known of a column.
pub struct Spec {
    pub column: Column,
    /// The header that the template writes. Headers are matched without regard to case, spaces, `_` and `-`.
    pub name: &'static str,
    pub group: Group,
    pub need: Need,
    /// What a cell may hold, in a few words.
    pub rule: &'static str,
    /// What the column is for, in one sentence.
    pub help: &'static str,
    /// A value that passes every check.
    pub example: &'static str,
    /// Other headers that people write for it.
    pub synonyms: &'static [&'static str],
    /// The closed list, where there is one.
    pub values: &'static [&'static str],
    /// What newer pages of Twilio list besides: taken with a warning.
    pub newer_values: &'static [&'static str],
    /// What the cell holds, for the reader of numeric cells and the writer of the template.
    pub content: Content,
}

/// The heading that a column stands under in the README and in the template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    Account,
    Business,
    Address,
    Representative1,
    Representative2,
    PhoneNumbers,
    VoiceIntegrity,
    Products,
    Cnam,
}

impl Group {
    pub fn title(self) -> &'static str {
        match self {
            Group::Account => "Account",
            Group::Business => "Business",
            Group::Address => "Address",
            Group::Representative1 => "First representative",
            Group::Representative2 => "Second representative",
            Group::PhoneNumbers => "Phone numbers",
            Group::VoiceIntegrity => "Voice Integrity",
            Group::Products => "Products",
            Group::Cnam => "CNAM",
        }
    }
}

/// Whether a cell must be filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    Required,
    Optional,
    /// Required unless `address_sid` is filled, and empty where it is.
    WithoutAddressSid,
    /// All columns of the group or none.
    AllOrNone,
}

impl Need {
    pub fn words(self) -> &'static str {
        match self {
            Need::Required => "required",
            Need::Optional => "optional",
            Need::WithoutAddressSid => "required without address_sid",
            Need::AllOrNone => "all six or none",
        }
    }
}

/// What kind of value a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    Text,
    /// Text that consists of digits, such as a ZIP code: a spreadsheet that takes it for a number
    /// damages it.
    Digits,
    /// A number that is counted with.
    Count,
}

impl Column {
    pub const ALL: [Column; COLUMNS.len()] = {
        let mut all = [Column::SubaccountSid; COLUMNS.len()];
        let mut index = 0;
        while index < COLUMNS.len() {
            all[index] = COLUMNS[index].column;
            index += 1;
        }
        all
    };

    pub fn spec(self) -> &'static Spec {
        &COLUMNS[self as usize]
    }

    /// The header that the template writes, which is also the name in every message and output.
    pub fn name(self) -> &'static str {
        self.spec().name
    }

    /// The column that has exactly this name, read as [`header_key`] reads headers.
    pub fn named(text: &str) -> Option<Column> {
        let key = header_key(text);
        COLUMNS.iter().find(|spec| header_key(spec.name) == key).map(|spec| spec.column)
    }
}

/// What of a header counts when it is matched: its letters and digits, in lower case. Case, spaces,
/// `_`, `-`, other punctuation, no-break spaces and zero-width characters do not matter.
pub fn header_key(header: &str) -> String {
    if header.is_ascii() {
        let letters = header.bytes().filter(u8::is_ascii_alphanumeric);
        return letters.map(|letter| char::from(letter.to_ascii_lowercase())).collect();
    }
    header.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The columns as a Markdown table, for the README.
pub fn readme_table() -> String {
    let mut table = String::from("| column | | what it holds | example |\n|---|---|---|---|\n");
    let mut group = None;
    for spec in &COLUMNS {
        if group != Some(spec.group) {
            group = Some(spec.group);
            table.push_str(&format!("| **{}** | | | |\n", spec.group.title()));
        }
        table.push_str(&format!(
            "| `{}` | {} | {} {} | {} |\n",
            spec.name,
            spec.need.words(),
            spec.help,
            sentence(spec.rule),
            if spec.example.is_empty() { String::new() } else { format!("`{}`", spec.example) },
        ));
    }
    table
}

/// The columns as plain text, for `--help`.
pub fn help_text() -> String {
    let width = COLUMNS.iter().map(|spec| spec.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    let mut group = None;
    for spec in &COLUMNS {
        if group != Some(spec.group) {
            group = Some(spec.group);
            text.push_str(&format!("{}\n", spec.group.title()));
        }
        text.push_str(&format!("  {:width$}  {}; {}\n", spec.name, spec.need.words(), spec.rule));
    }
    text.push_str("\n`template --columns use_case` prints every allowed value of a column.\n");
    text
}

fn sentence(rule: &str) -> String {
    let mut chars = rule.chars();
    match chars.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), chars.as_str()),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_stands_at_its_own_place_in_the_table() {
        for (index, spec) in COLUMNS.iter().enumerate() {
            assert_eq!(spec.column as usize, index, "{}", spec.name);
        }
    }

    #[test]
    fn no_header_means_two_columns() {
        let mut seen = std::collections::HashMap::new();
        for spec in &COLUMNS {
            for header in std::iter::once(&spec.name).chain(spec.synonyms) {
                let before = seen.insert(header_key(header), spec.name);
                assert!(before.is_none(), "{header} means {} and {}", before.unwrap_or(""), spec.name);
            }
        }
    }

    #[test]
    fn a_header_is_matched_without_regard_to_case_spaces_and_invisible_characters() {
        for header in [
            "Subaccount SID",
            "SUBACCOUNT-SID",
            " subaccount\u{a0}sid ",
            "sub\u{200b}account_sid",
            "\u{feff}SubaccountSid*",
        ] {
            assert_eq!(Column::named(header), Some(Column::SubaccountSid), "{header:?}");
        }
        assert_eq!(Column::named("subaccount"), None);
    }
}
