//! Digits that a spreadsheet damages: EIN and DUNS numbers, ZIP codes, counts.

use std::borrow::Cow;

use super::places;

/// Two digits that no EIN begins with. Source: the IRS list "How EINs are assigned and valid EIN
/// prefixes". The list grows now and then, so this is a warning only.
const EIN_PREFIXES_UNUSED: [&str; 17] =
    ["00", "07", "08", "09", "17", "18", "19", "28", "29", "49", "69", "70", "78", "79", "89", "96", "97"];

/// Whether a text is a number in exponent form, such as `1.23E+08` or `1,23E+08`: some of its digits
/// are gone.
pub(super) fn is_exponent_form(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return false };
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa = mantissa.strip_prefix(['+', '-']).unwrap_or(mantissa);
    all_digits(exponent)
        && match mantissa.split_once(['.', ',']) {
            Some((whole, part)) => all_digits(whole) && all_digits(part),
            None => all_digits(mantissa),
        }
}

/// What a text is as an EIN or DUNS number.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Registration<'a> {
    Good(Cow<'a, str>),
    /// Fewer than nine digits and nothing else; with as many zeros in front as are missing.
    TooShort(String),
    Malformed,
}

/// Takes out separators; nine digits must remain.
pub(super) fn registration(text: &str) -> Registration<'_> {
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let digits: Cow<str> = if is_digits(text) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '/')).collect())
    };
    match digits.len() {
        _ if !is_digits(&digits) => Registration::Malformed,
        9 => Registration::Good(digits),
        // A number that lost zeros in front; five lost zeros would be no number that exists.
        5..=8 if is_number(text) => Registration::TooShort(format!("{digits:0>9}")),
        _ => Registration::Malformed,
    }
}

/// Whether a text is what a spreadsheet makes of digits that it takes for a number.
fn is_number(text: &str) -> bool {
    !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the nine digits begin as no EIN does.
pub(super) fn has_unused_ein_prefix(digits: &str) -> bool {
    digits.get(..2).is_some_and(|prefix| EIN_PREFIXES_UNUSED.contains(&prefix))
}

/// Whether the text is grouped 3-2-4 as social security numbers are.
pub(super) fn is_written_like_ssn(text: &str) -> bool {
    let groups: Vec<usize> = text.split(['-', ' ', '.']).map(str::len).collect();
    groups == [3, 2, 4]
}

/// What a text is as a ZIP code, given the state of the row.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Zip<'a> {
    Good(&'a str),
    /// The usual form of what was written, such as `02110-1234` for `021101234`.
    Reformatted(String),
    /// With the zeros that the ZIP codes of this state begin with.
    Padded(String),
    /// Too short, and the state does not tell that zeros are missing.
    TooShort(String),
    Malformed,
}

pub(super) fn zip<'a>(text: &'a str, state: Option<&str>) -> Zip<'a> {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (first, last) = match text.split_once(['-', ' ']) {
        Some((first, last)) => (first.trim_end(), last.trim_start_matches(['-', ' '])),
        None if matches!(text.len(), 8 | 9) && is_digits(text) => text.split_at(text.len() - 4),
        None => (text, ""),
    };
    if !is_digits(first) || !(last.is_empty() || is_digits(last) && last.len() == 4) {
        return Zip::Malformed;
    }
    let whole = if last.is_empty() { format!("{first:0>5}") } else { format!("{first:0>5}-{last}") };
    match first.len() {
        5 if whole == text => Zip::Good(text),
        5 => Zip::Reformatted(whole),
        3 | 4 if state.is_some() && places::state_of_zip(&whole) == state => Zip::Padded(whole),
        3 | 4 if is_number(first) => Zip::TooShort(whole),
        _ => Zip::Malformed,
    }
}

/// Reads a whole number; the flag says that separators or a point and zeros were taken out.
pub(super) fn count(text: &str) -> Option<(u64, bool)> {
    // Ten digits are more than people live on earth.
    let read = |digits: &str| match digits.len() {
        1..=10 if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok(),
        _ => None,
    };
    if let Some(number) = read(text) {
        return Some((number, false));
    }
    let whole = match text.rsplit_once('.') {
        Some((whole, zeros))
            if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') && zeros.len() != 3 =>
        {
            whole
        }
        Some(_) => return None,
        None => text,
    };
    let mut groups = whole.split([',', ' ', '\'']);
    let first = groups.next()?;
    let rest: Vec<&str> = groups.collect();
    let is_grouped = rest.is_empty() || (first.len() <= 3 && rest.iter().all(|group| group.len() == 3));
    if !is_grouped {
        return None;
    }
    read(&whole.replace([',', ' ', '\''], "")).map(|number| (number, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exponent_is_seen_in_either_notation() {
        for text in ["1.23E+08", "1,23E+08", "1E8", "4.155550123e9"] {
            assert!(is_exponent_form(text), "{text}");
        }
        for text in ["123", "E8", "1.E8", "1.2.3E4", "12E", "AE12", "1e2x"] {
            assert!(!is_exponent_form(text), "{text}");
        }
    }

    #[test]
    fn a_registration_number_has_nine_digits_whatever_separates_them() {
        assert_eq!(registration("041234567"), Registration::Good("041234567".into()));
        assert_eq!(registration("04-1234567"), Registration::Good("041234567".into()));
        assert_eq!(registration("04 123.4567"), Registration::Good("041234567".into()));
        assert_eq!(registration("41234567"), Registration::TooShort("041234567".to_owned()));
        assert_eq!(registration("0412345678"), Registration::Malformed);
        assert_eq!(registration("04123456X"), Registration::Malformed);
        assert_eq!(registration("123"), Registration::Malformed);
        // What has a separator or a zero in front was not dropped by a spreadsheet.
        assert_eq!(registration("04-12345"), Registration::Malformed);
        assert_eq!(registration("04123456"), Registration::Malformed);
    }

    #[test]
    fn a_zip_code_gets_its_zero_back_only_where_the_state_has_one() {
        assert_eq!(zip("02110", Some("MA")), Zip::Good("02110"));
        assert_eq!(zip("02110-1234", None), Zip::Good("02110-1234"));
        assert_eq!(zip("021101234", None), Zip::Reformatted("02110-1234".to_owned()));
        assert_eq!(zip("02110 - 1234", None), Zip::Reformatted("02110-1234".to_owned()));
        assert_eq!(zip("2110", Some("MA")), Zip::Padded("02110".to_owned()));
        assert_eq!(zip("21101234", Some("MA")), Zip::Padded("02110-1234".to_owned()));
        assert_eq!(zip("601", Some("PR")), Zip::Padded("00601".to_owned()));
        assert_eq!(zip("2110", Some("TX")), Zip::TooShort("02110".to_owned()));
        assert_eq!(zip("2110", None), Zip::TooShort("02110".to_owned()));
        for text in ["", "2", "021101", "0211O", "02110-12", "-1234"] {
            assert_eq!(zip(text, Some("MA")), Zip::Malformed, "{text}");
        }
    }

    #[test]
    fn a_count_is_a_whole_number_with_or_without_separators() {
        assert_eq!(count("25"), Some((25, false)));
        assert_eq!(count("1,200"), Some((1200, true)));
        assert_eq!(count("1,200,000"), Some((1_200_000, true)));
        assert_eq!(count("10.0"), Some((10, true)));
        for text in ["", "20-30", "~50", "1,2", "1.5", "1.200", "-3", "many", "12345678901", "1,0000"] {
            assert_eq!(count(text), None, "{text}");
        }
    }
}
