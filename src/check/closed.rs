//! Values of closed lists: exact ones, other spellings, other words for them, and near misses.

use crate::model::values;

/// A closed list and the other words that people use for its values.
pub(super) struct List {
    pub values: &'static [&'static str],
    /// Values that only newer pages of Twilio have. They are taken, with a warning.
    pub newer: &'static [&'static str],
    /// Words as [`key`] makes them, with the value that they mean.
    synonyms: &'static [(&'static str, &'static str)],
    /// Words that may mean a value, to ask about: they are never replaced by it.
    hints: &'static [(&'static str, &'static str)],
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
        let mut values = self.values.iter().chain(self.newer);
        if let Some(value) = values.find(|value| **value == text) {
            return Found::Exact(value);
        }
        let sought = key(text);
        if let Some(value) = self.values.iter().chain(self.newer).find(|value| key(value) == sought) {
            return Found::Spelling(value);
        }
        match self.synonyms.iter().find(|(word, _)| *word == sought) {
            Some((_, value)) => Found::Synonym(value),
            None => Found::No(self.likeliest(text, &sought)),
        }
    }

    /// A suggestion that is wrong costs more than none, so a word must be nearly the same, or be in the other.
    fn likeliest(&self, text: &str, sought: &str) -> Vec<&'static str> {
        let hints = self.hints.iter().filter(|(word, _)| *word == sought).map(|(_, value)| (1.0, *value));
        let own = self.values.iter().map(|value| {
            let has_its_words = contains_words(value, text) || contains_words(text, value);
            (if has_its_words { 0.9 } else { likeness(sought, &key(value)) }, *value)
        });
        // That a synonym contains the word says little: President is in Vice President.
        let synonyms = self.synonyms.iter().map(|(word, value)| (likeness(sought, word), *value));
        let mut likely: Vec<(f64, &'static str)> = hints.chain(own).chain(synonyms).collect();
        likely.retain(|(likeness, _)| *likeness > 0.0);
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

/// Whether all words of the second text stand one after the other in the first. Fragments of a word, and words
/// of three letters, are too little to tell.
fn contains_words(text: &str, part: &str) -> bool {
    // A cell may hold a megabyte.
    if text.len() > LONGEST || part.len() > LONGEST {
        return false;
    }
    let words = |text: &str| -> Vec<String> {
        let words = text.split(|c: char| !c.is_alphanumeric());
        words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
    };
    let (text, part) = (words(text), words(part));
    part.iter().map(String::len).sum::<usize>() >= 4 && text.windows(part.len().max(1)).any(|at| at == part)
}

/// Longer than any value and what people write for it, in bytes.
const LONGEST: usize = 256;

/// How like two words are, if one is a slip of the pen for the other; else 0. One letter in eight may differ,
/// and one of four to seven; of three none, since CFO, COO and CEO are three things.
fn likeness(sought: &str, word: &str) -> f64 {
    if sought.len() > LONGEST {
        return 0.0;
    }
    let slips = match word.len().min(sought.len()) {
        ..=3 => 0,
        short => 1 + short / 8,
    };
    let distance = strsim::damerau_levenshtein(sought, word);
    if distance > slips { 0.0 } else { strsim::normalized_damerau_levenshtein(sought, word) }
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
    newer: &[],
    hints: &[],
    synonyms: &[
        ("direct", "direct_customer"),
        ("isv", "isv_reseller_or_partner"),
        ("reseller", "isv_reseller_or_partner"),
        ("isvreseller", "isv_reseller_or_partner"),
        ("partner", "isv_reseller_or_partner"),
    ],
};

pub(super) static BUSINESS_TYPES: List = List {
    values: &values::BUSINESS_TYPES,
    newer: &values::NEWER_BUSINESS_TYPES,
    hints: &[
        ("limitedliability", "Limited Liability Corporation"),
        ("limitedliability", "Limited Liability Partnership"),
    ],
    synonyms: &[
        ("llc", "Limited Liability Corporation"),
        ("limitedliabilitycompany", "Limited Liability Corporation"),
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
        ("nonprofitorganization", "Non-profit"),
        ("501c3", "Non-profit"),
    ],
};

pub(super) static INDUSTRIES: List = List {
    values: &values::INDUSTRIES,
    newer: &values::NEWER_INDUSTRIES,
    hints: &[
        ("finance", "FINANCIAL"),
        ("health", "HEALTHCARE"),
        ("medical", "HEALTHCARE"),
        ("dental", "HEALTHCARE"),
        ("hospital", "HEALTHCARE"),
        ("transport", "TRANSPORTATION"),
        ("logistics", "TRANSPORTATION"),
        ("software", "TECHNOLOGY"),
    ],
    synonyms: &[
        ("telecom", "TELECOMMUNICATIONS"),
        ("telecoms", "TELECOMMUNICATIONS"),
        ("nonprofit", "NOT_FOR_PROFIT"),
        ("fmcg", "FAST_MOVING_CONSUMER_GOODS"),
        ("tech", "TECHNOLOGY"),
        ("informationtechnology", "TECHNOLOGY"),
        ("jewellery", "JEWELRY"),
    ],
};

pub(super) static REGISTRATION_IDENTIFIERS: List = List {
    values: &values::REGISTRATION_IDENTIFIERS,
    newer: &[],
    hints: &[],
    synonyms: &[
        ("employeridentificationnumber", "EIN"),
        ("employeridentificationnumberein", "EIN"),
        // The labels of the guide and of the Console.
        ("usaemployeridentificationnumberein", "EIN"),
        ("usadunsnumberdunandbradstreet", "DUNS"),
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
};

pub(super) static REGIONS: List = List {
    values: &values::REGIONS,
    newer: &values::NEWER_REGIONS,
    hints: &[],
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
};

pub(super) static JOB_POSITIONS: List = List {
    values: &values::JOB_POSITIONS,
    newer: &values::NEWER_JOB_POSITIONS,
    hints: &[],
    synonyms: &[
        ("generalmanager", "GM"),
        ("vicepresident", "VP"),
        ("chiefexecutiveofficer", "CEO"),
        ("chiefexecutive", "CEO"),
        ("chieffinancialofficer", "CFO"),
        ("gc", "General Counsel"),
    ],
};

pub(super) static USE_CASES: List = List {
    values: &values::USE_CASES,
    newer: &[],
    hints: &[],
    synonyms: &[
        ("identityverification", "Identify & Verification"),
        ("identityandverification", "Identify & Verification"),
        ("therapy", "Therapy (Individual+Group)"),
        ("surveys", "Survey/Research"),
        ("survey", "Survey/Research"),
        ("appointmentreminder", "Appointment Reminders"),
    ],
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
        assert_eq!(list.find("USA: Employer Identification Number (EIN)"), Found::Synonym("EIN"));
        assert_eq!(list.find("USA: DUNS Number (Dun & Bradstreet)"), Found::Synonym("DUNS"));
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
        for (list, text) in [
            (&INDUSTRIES, "Plumbing"),
            (&INDUSTRIES, "Mining"),
            (&INDUSTRIES, "Marketing"),
            (&JOB_POSITIONS, "President"),
            (&JOB_POSITIONS, "COO"),
            (&JOB_POSITIONS, "CTO"),
            (&JOB_POSITIONS, "Owner"),
            (&JOB_POSITIONS, "Manager"),
            (&JOB_POSITIONS, "Chief Operating Officer"),
            (&JOB_POSITIONS, "Chief Information Officer"),
            (&BUSINESS_TYPES, "Trust"),
            (&REGISTRATION_IDENTIFIERS, "VAT"),
            (&REGISTRATION_IDENTIFIERS, "SSN"),
        ] {
            assert_eq!(list.find(text), Found::No(Vec::new()), "{text}");
        }
        assert_eq!(INDUSTRIES.find("Medical"), Found::No(vec!["HEALTHCARE"]));
    }

    #[test]
    fn a_value_of_a_newer_page_is_none_of_the_guide() {
        for (list, value) in [
            (&INDUSTRIES, "CONSTRUCTION"),
            (&INDUSTRIES, "PROFESSIONAL_SERVICES"),
            (&REGIONS, "AUSTRALIA"),
            (&JOB_POSITIONS, "Other"),
            (&BUSINESS_TYPES, "Non-profit Corporation"),
        ] {
            assert_eq!(list.find(value), Found::Exact(value));
            assert!(list.newer.contains(&value) && !list.values.contains(&value), "{value}");
        }
        assert_eq!(BUSINESS_TYPES.find("nonprofit corporation"), Found::Spelling("Non-profit Corporation"));
    }
}
