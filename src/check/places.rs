//! States, territories and ZIP codes of the United States.

use crate::model::values::STATES;

/// The first three digits of the ZIP codes of each state, from and to, in order. Source: the USPS
/// list of 3-digit ZIP code prefixes (Labeling List L002). Prefixes that are not in it are unused.
const ZIP_PREFIXES: [(u16, u16, &str); 68] = [
    (5, 5, "NY"),
    (6, 7, "PR"),
    (8, 8, "VI"),
    (9, 9, "PR"),
    (10, 27, "MA"),
    (28, 29, "RI"),
    (30, 38, "NH"),
    (39, 49, "ME"),
    (50, 54, "VT"),
    (55, 55, "MA"),
    (56, 59, "VT"),
    (60, 69, "CT"),
    (70, 89, "NJ"),
    (90, 98, "AE"),
    (100, 149, "NY"),
    (150, 196, "PA"),
    (197, 199, "DE"),
    (200, 200, "DC"),
    (201, 201, "VA"),
    (202, 205, "DC"),
    (206, 219, "MD"),
    (220, 246, "VA"),
    (247, 268, "WV"),
    (270, 289, "NC"),
    (290, 299, "SC"),
    (300, 319, "GA"),
    (320, 339, "FL"),
    (340, 340, "AA"),
    (341, 349, "FL"),
    (350, 369, "AL"),
    (370, 385, "TN"),
    (386, 397, "MS"),
    (398, 399, "GA"),
    (400, 427, "KY"),
    (430, 459, "OH"),
    (460, 479, "IN"),
    (480, 499, "MI"),
    (500, 528, "IA"),
    (530, 549, "WI"),
    (550, 567, "MN"),
    (569, 569, "DC"),
    (570, 577, "SD"),
    (580, 588, "ND"),
    (590, 599, "MT"),
    (600, 629, "IL"),
    (630, 658, "MO"),
    (660, 679, "KS"),
    (680, 693, "NE"),
    (700, 714, "LA"),
    (716, 729, "AR"),
    (730, 732, "OK"),
    (733, 733, "TX"),
    (734, 749, "OK"),
    (750, 799, "TX"),
    (800, 816, "CO"),
    (820, 831, "WY"),
    (832, 838, "ID"),
    (840, 847, "UT"),
    (850, 865, "AZ"),
    (870, 884, "NM"),
    (885, 885, "TX"),
    (889, 898, "NV"),
    (900, 961, "CA"),
    (962, 966, "AP"),
    (967, 968, "HI"),
    (970, 979, "OR"),
    (980, 994, "WA"),
    (995, 999, "AK"),
];

/// ZIP codes that are not of the state of their prefix, and prefixes of several places.
const ZIP_EXCEPTIONS: [(u32, u32, &str); 5] = [
    (6390, 6390, "NY"),
    (96799, 96799, "AS"),
    (96910, 96932, "GU"),
    (96950, 96952, "MP"),
    // Palau, the Marshall Islands and Micronesia have US ZIP codes and are no states.
    (96900, 96999, ""),
];

/// The two letters of a state, from the letters in any case.
pub(super) fn state_of_code(text: &str) -> Option<&'static str> {
    STATES.iter().map(|(code, _)| *code).find(|code| code.eq_ignore_ascii_case(text))
}

/// The two letters of a state, from its name or its letters with points.
pub(super) fn state_of_name(text: &str) -> Option<&'static str> {
    let key = key(text);
    let other = match key.as_str() {
        "washingtondc" => Some("DC"),
        "virginislands" => Some("VI"),
        _ => None,
    };
    other
        .or_else(|| state_of_code(&key))
        .or_else(|| STATES.iter().find(|(_, name)| self::key(name) == key).map(|(code, _)| *code))
}

/// The states whose names are most like a text, for "did you mean".
pub(super) fn states_like(text: &str) -> Vec<&'static str> {
    let sought = key(text);
    let mut likely: Vec<_> = STATES
        .iter()
        // What is far longer is not like it, and need not be compared letter by letter.
        .filter(|(_, name)| sought.len() <= 8 * name.len())
        .map(|(code, name)| (strsim::normalized_damerau_levenshtein(&sought, &key(name)), *code))
        .filter(|(likeness, _)| *likeness >= 0.75)
        .collect();
    likely.sort_by(|a, b| b.0.total_cmp(&a.0));
    likely.into_iter().take(3).map(|(_, code)| code).collect()
}

/// The state that a ZIP code of five digits belongs to, if its prefix is in use.
pub(super) fn state_of_zip(zip: &str) -> Option<&'static str> {
    let number: u32 = zip.get(..5)?.parse().ok()?;
    if let Some((.., state)) = ZIP_EXCEPTIONS.iter().find(|(from, to, _)| (*from..=*to).contains(&number)) {
        return (!state.is_empty()).then_some(state);
    }
    let prefix = (number / 100) as u16;
    let after = ZIP_PREFIXES.partition_point(|(from, ..)| *from <= prefix);
    let (_, to, state) = ZIP_PREFIXES[..after].last()?;
    (prefix <= *to).then_some(state)
}

/// Whether the text names the United States in one of the ways that people write it.
pub(super) fn is_united_states(text: &str) -> bool {
    matches!(key(text).as_str(), "us" | "usa" | "unitedstates" | "unitedstatesofamerica" | "theunitedstates")
}

/// Whether a street is a PO box: "PO Box 12", "P.O.Box 12", "Post Office Box 12", "POB 12".
pub(super) fn is_po_box(street: &str) -> bool {
    // Most streets have no "b" after an "o" at all; the rest is looked at word by word.
    if !street.bytes().any(|byte| byte.eq_ignore_ascii_case(&b'p')) {
        return false;
    }
    let words: Vec<String> = street
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let texts: Vec<&str> = words.iter().map(String::as_str).collect();
    let starts_with_digit =
        |word: Option<&&str>| word.is_none_or(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    (0..texts.len()).any(|at| match &texts[at..] {
        ["po", "box", ..] | ["p", "o", "box", ..] | ["post", "office", "box", ..] | ["pobox", ..] => true,
        ["pob", rest @ ..] => starts_with_digit(rest.first()),
        _ => false,
    })
}

fn key(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zip_code_is_of_the_state_of_its_prefix() {
        for (zip, state) in [
            ("02110", Some("MA")),
            ("00501", Some("NY")),
            ("00601", Some("PR")),
            ("06390", Some("NY")),
            ("06391", Some("CT")),
            ("20001", Some("DC")),
            ("73301", Some("TX")),
            ("90210", Some("CA")),
            ("96799", Some("AS")),
            ("96913", Some("GU")),
            ("96960", None),
            ("99950", Some("AK")),
            ("00001", None),
            ("98765-4321", Some("WA")),
            ("21", None),
        ] {
            assert_eq!(state_of_zip(zip), state, "{zip}");
        }
    }

    #[test]
    fn the_prefixes_are_in_order_and_do_not_overlap() {
        assert!(ZIP_PREFIXES.windows(2).all(|pair| pair[0].1 < pair[1].0));
        assert!(ZIP_PREFIXES.iter().all(|(from, to, state)| from <= to && state_of_code(state).is_some()));
    }

    #[test]
    fn states_are_known_by_letters_and_by_name() {
        assert_eq!(state_of_code("ma"), Some("MA"));
        assert_eq!(state_of_name("new  york"), Some("NY"));
        assert_eq!(state_of_name("N.Y."), Some("NY"));
        assert_eq!(state_of_name("Washington, D.C."), Some("DC"));
        assert_eq!(state_of_name("Ontario"), None);
        assert_eq!(states_like("Masachusets"), ["MA"]);
    }

    #[test]
    fn a_po_box_is_told_from_a_street() {
        for street in
            ["PO Box 12", "P.O. Box 12", "p.o.box 12", "Post Office Box 7", "POB 12", "12 Main St, PO BOX 9"]
        {
            assert!(is_po_box(street), "{street}");
        }
        for street in ["12 Box Street", "1 Pobble Road", "9 Post Office Road", "POB Building", "Polk St 12"] {
            assert!(!is_po_box(street), "{street}");
        }
    }
}
