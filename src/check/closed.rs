//! Values of closed lists: exact ones, other spellings, other words for them, and near misses.

use crate::model::values;

/// A closed list and the other words that people use for its values.
pub(super) struct List {
    pub values: &'static [&'static str],
    /// Words as [`key`] makes them, with the value that they mean.
    synonyms: &'static [(&'static str, &'static str)],
    /// Other forms that are right as they are and need no note.
    labels: &'static [(&'static str, &'static str)],
}

/// What a cell has to do with a list.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Exact(&'static str),
    /// The value but for case, spacing and punctuation.
    Spelling(&'static str),
    /// Another word for it.
    Synonym(&'static str),
    /// Not in the list; the likeliest values, at most three.
    No(Vec<&'static str>),
}

impl List {
    pub fn find(&self, text: &str) -> Found {
        if let Some(value) = self.values.iter().find(|value| **value == text) {
            return Found::Exact(value);
        }
        if let Some((_, value)) = self.labels.iter().find(|(label, _)| *label == text) {
            return Found::Exact(value);
        }
        let sought = key(text);
        if let Some(value) = self.values.iter().find(|value| key(value) == sought) {
            return Found::Spelling(value);
        }
        let labels = self.labels.iter().map(|(label, value)| (key(label), *value));
        let synonyms = self.synonyms.iter().map(|(word, value)| ((*word).to_owned(), *value));
        match labels.chain(synonyms).find(|(word, _)| *word == sought) {
            Some((_, value)) => Found::Synonym(value),
            None => Found::No(self.likeliest(&sought)),
        }
    }

    fn likeliest(&self, sought: &str) -> Vec<&'static str> {
        let own = self.values.iter().map(|value| (key(value), *value));
        let synonyms = self.synonyms.iter().map(|(word, value)| ((*word).to_owned(), *value));
        let mut likely: Vec<(f64, &'static str)> =
            own.chain(synonyms).map(|(word, value)| (likeness(sought, &word), value)).collect();
        likely.retain(|(likeness, _)| *likeness >= LIKE);
        likely.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut values: Vec<&'static str> = Vec::new();
        for (_, value) in likely {
            if !values.contains(&value) && values.len() < 3 {
                values.push(value);
            }
        }
        values
    }
}

/// From here on two words are taken for like: found by trying common slips of the pen against all
/// lists, so that they find their value and words of another trade find none.
const LIKE: f64 = 0.66;

fn likeness(sought: &str, word: &str) -> f64 {
    // One being part of the other counts, but not for fragments.
    let is_part = sought.len() >= 4 && (word.contains(sought) || sought.contains(word) && word.len() >= 4);
    // More than twice as long, whatever the bytes of a letter: not like it, and a cell may hold a megabyte.
    if sought.len() > 8 * word.len() {
        return if is_part { 0.8 } else { 0.0 };
    }
    let typed = strsim::normalized_damerau_levenshtein(sought, word);
    if is_part { typed.max(0.8) } else { typed }
}

/// What of a value counts when spellings are compared.
fn key(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' | '+' => key.push_str("and"),
            c if c.is_alphanumeric() => key.extend(c.to_lowercase()),
            _ => {}
        }
    }
    key
}

pub(super) static IDENTITIES: List = List {
    values: &values::IDENTITIES,
    synonyms: &[
        ("direct", "direct_customer"),
        ("isv", "isv_reseller_or_partner"),
        ("reseller", "isv_reseller_or_partner"),
        ("isvreseller", "isv_reseller_or_partner"),
        ("partner", "isv_reseller_or_partner"),
    ],
    labels: &[],
};

pub(super) static BUSINESS_TYPES: List = List {
    values: &values::BUSINESS_TYPES,
    synonyms: &[
        ("llc", "Limited Liability Corporation"),
        ("limitedliabilitycompany", "Limited Liability Corporation"),
        ("limitedliability", "Limited Liability Corporation"),
        ("corp", "Corporation"),
        ("inc", "Corporation"),
        ("incorporated", "Corporation"),
        ("ccorp", "Corporation"),
        ("scorp", "Corporation"),
        ("ccorporation", "Corporation"),
        ("scorporation", "Corporation"),
        ("llp", "Limited Liability Partnership"),
        ("soleprop", "Sole Proprietorship"),
        ("soleproprietor", "Sole Proprietorship"),
        ("generalpartnership", "Partnership"),
        ("coop", "Co-operative"),
        ("notforprofit", "Non-profit"),
        ("nonprofitcorporation", "Non-profit"),
        ("nonprofitorganization", "Non-profit"),
        ("501c3", "Non-profit"),
    ],
    labels: &[],
};

pub(super) static INDUSTRIES: List = List {
    values: &values::INDUSTRIES,
    synonyms: &[
        ("telecom", "TELECOMMUNICATIONS"),
        ("telecoms", "TELECOMMUNICATIONS"),
        ("nonprofit", "NOT_FOR_PROFIT"),
        ("fmcg", "FAST_MOVING_CONSUMER_GOODS"),
        ("tech", "TECHNOLOGY"),
        ("informationtechnology", "TECHNOLOGY"),
        ("jewellery", "JEWELRY"),
    ],
    labels: &[],
};

pub(super) static REGISTRATION_IDENTIFIERS: List = List {
    values: &values::REGISTRATION_IDENTIFIERS,
    synonyms: &[
        ("employeridentificationnumber", "EIN"),
        ("employeridentificationnumberein", "EIN"),
        ("einnumber", "EIN"),
        ("fein", "EIN"),
        ("federaltaxid", "EIN"),
        ("taxid", "EIN"),
        ("usaein", "EIN"),
        ("dunsnumber", "DUNS"),
        ("dunandbradstreet", "DUNS"),
        ("dunsnumberdunandbradstreet", "DUNS"),
        ("usaduns", "DUNS"),
    ],
    labels: &[
        (values::REGISTRATION_IDENTIFIER_LABELS[0], values::REGISTRATION_IDENTIFIERS[0]),
        (values::REGISTRATION_IDENTIFIER_LABELS[1], values::REGISTRATION_IDENTIFIERS[1]),
    ],
};

pub(super) static REGIONS: List = List {
    values: &values::REGIONS,
    synonyms: &[
        ("usa", "USA_AND_CANADA"),
        ("us", "USA_AND_CANADA"),
        ("unitedstates", "USA_AND_CANADA"),
        ("unitedstatesofamerica", "USA_AND_CANADA"),
        ("usandcanada", "USA_AND_CANADA"),
        ("usacanada", "USA_AND_CANADA"),
        ("uscanada", "USA_AND_CANADA"),
        ("canada", "USA_AND_CANADA"),
        ("northamerica", "USA_AND_CANADA"),
        ("latam", "LATIN_AMERICA"),
        ("eu", "EUROPE"),
    ],
    labels: &[],
};

pub(super) static JOB_POSITIONS: List = List {
    values: &values::JOB_POSITIONS,
    synonyms: &[
        ("generalmanager", "GM"),
        ("vicepresident", "VP"),
        ("chiefexecutiveofficer", "CEO"),
        ("chiefexecutive", "CEO"),
        ("chieffinancialofficer", "CFO"),
        ("gc", "General Counsel"),
    ],
    labels: &[],
};

pub(super) static USE_CASES: List = List {
    values: &values::USE_CASES,
    synonyms: &[
        ("identityverification", "Identify & Verification"),
        ("identityandverification", "Identify & Verification"),
        ("therapy", "Therapy (Individual+Group)"),
        ("surveys", "Survey/Research"),
        ("survey", "Survey/Research"),
        ("appointmentreminder", "Appointment Reminders"),
    ],
    labels: &[],
};

#[cfg(test)]
mod tests {
    use super::*;

    fn lists() -> [&'static List; 7] {
        [
            &IDENTITIES,
            &BUSINESS_TYPES,
            &INDUSTRIES,
            &REGISTRATION_IDENTIFIERS,
            &REGIONS,
            &JOB_POSITIONS,
            &USE_CASES,
        ]
    }

    #[test]
    fn every_value_is_found_as_it_is_and_in_capitals() {
        for list in lists() {
            for value in list.values {
                assert_eq!(list.find(value), Found::Exact(value));
                let spelled = value.to_uppercase().replace([' ', '_', '-', '/'], " ");
                match list.find(&spelled) {
                    Found::Exact(found) | Found::Spelling(found) => assert_eq!(&found, value),
                    other => panic!("{spelled} is {other:?}"),
                }
            }
        }
    }

    #[test]
    fn every_synonym_means_a_value_of_its_list_and_none_is_one_itself() {
        for list in lists() {
            for (word, value) in list.synonyms {
                assert!(list.values.contains(value), "{value}");
                assert_eq!(key(word), *word);
                assert_eq!(list.find(word), Found::Synonym(value), "{word}");
            }
        }
    }

    #[test]
    fn the_labels_of_the_console_are_as_good_as_the_short_forms() {
        let list = &REGISTRATION_IDENTIFIERS;
        assert_eq!(list.find("USA: Employer Identification Number (EIN)"), Found::Exact("EIN"));
        assert_eq!(list.find("USA: DUNS Number (Dun & Bradstreet)"), Found::Exact("DUNS"));
        assert_eq!(list.find("usa: duns number (dun and bradstreet)"), Found::Synonym("DUNS"));
    }

    #[test]
    fn a_slip_of_the_pen_finds_its_value_and_another_word_finds_none() {
        for (list, text, likely) in [
            (&BUSINESS_TYPES, "Corportion", "Corporation"),
            (&INDUSTRIES, "HELTHCARE", "HEALTHCARE"),
            (&INDUSTRIES, "Goverment", "GOVERNMENT"),
            (&USE_CASES, "Appointment Remindrs", "Appointment Reminders"),
            (&USE_CASES, "Fraud", "Fraud Alerts"),
            (&JOB_POSITIONS, "Directr", "Director"),
        ] {
            match list.find(text) {
                Found::No(likeliest) => assert_eq!(likeliest.first(), Some(&likely), "{text}"),
                other => panic!("{text} is {other:?}"),
            }
        }
        assert_eq!(INDUSTRIES.find("Plumbing"), Found::No(Vec::new()));
    }
}
