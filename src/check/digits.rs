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

/// A number as programs write it, with more in it than digits.
#[derive(Debug, PartialEq, Eq)]
enum Number {
    /// A whole number with nothing lost: `41234567.0`, `41234567,`, `41,234,567`, `41.234.567,00`. Its digits.
    Whole(String),
    /// With an exponent, or with digits behind the point: `4.1E+07`, `4.1234567`.
    Damaged,
}

/// What a text is as a number. To be asked before a point, a comma or a space is taken for a separator
/// between digits: `41234567.0` is no 412345670.
fn number(text: &str) -> Option<Number> {
    if all_digits(text) {
        return None;
    }
    if is_exponent_form(text) {
        return Some(Number::Damaged);
    }
    if let Some(digits) = ungrouped(text) {
        return Some(Number::Whole(digits));
    }
    let mark = text.rfind(['.', ','])?;
    let (whole, fraction) = (&text[..mark], &text[mark + 1..]);
    let digits = match ungrouped(whole) {
        Some(_) if whole.contains(&text[mark..=mark]) => return None,
        Some(digits) => digits,
        None if all_digits(whole) => whole.to_owned(),
        None => return None,
    };
    match fraction.bytes().all(|byte| byte == b'0') {
        true => Some(Number::Whole(digits)),
        // A zero in front is none that a program writes before a point: the point is a separator.
        false if all_digits(fraction) && (digits == "0" || !digits.starts_with('0')) => Some(Number::Damaged),
        false => None,
    }
}

/// The digits of a number that is written in groups of three, such as `41,234,567`.
fn ungrouped(text: &str) -> Option<String> {
    let separator =
        text.chars().find(|c| !c.is_ascii_digit()).filter(|c| [',', '.', ' ', '\''].contains(c))?;
    let mut groups = text.split(separator);
    let first = groups.next()?;
    let is_grouped = matches!(first.len(), 1..=3)
        && all_digits(first)
        && groups.all(|group| group.len() == 3 && all_digits(group));
    is_grouped.then(|| text.replace(separator, ""))
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a point near the end can be no separator between groups of digits, which have two or more: what
/// is behind it was a fraction.
pub(super) fn ends_like_a_fraction(text: &str) -> bool {
    text.rsplit_once(['.', ',']).is_some_and(|(_, end)| end.bytes().filter(u8::is_ascii_digit).count() < 3)
}

/// What a text with a point or a comma is as a phone number that went through a program: its digits, if it is
/// a whole number; `None` where it is no number.
pub(super) fn phone_as_number(text: &str) -> Option<Result<String, ()>> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let marks = digits.matches(['.', ',', '\'']).count();
    // Behind a plus sign points stand between groups, as in +49.301.234.567.
    if marks == 0 && !is_exponent_form(text) || digits.len() < text.len() && marks > 1 {
        return None;
    }
    // Four digits behind a point are the line of a number, such as 617555.0000.
    let end = digits.rsplit(['.', ',']).next().map_or(0, str::len);
    match number(digits)? {
        Number::Whole(whole) if whole.len() < 10 && end >= 4 && end < digits.len() => None,
        Number::Whole(whole) => Some(Ok(whole)),
        Number::Damaged if is_exponent_form(digits) => Some(Err(())),
        // One point between groups, as in 617.5550123.
        Number::Damaged => None,
    }
}

/// What a text is as an EIN or DUNS number.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Registration<'a> {
    Good(Cow<'a, str>),
    /// Fewer than nine digits and nothing else; with as many zeros in front as are missing.
    TooShort(String),
    /// A number of which digits are gone, or which is none that was meant as digits.
    Damaged,
    Malformed,
}

/// Takes out separators; nine digits must remain.
pub(super) fn registration(text: &str) -> Registration<'_> {
    let (digits, is_number): (Cow<str>, bool) = match number(text) {
        _ if all_digits(text) => (Cow::Borrowed(text), true),
        Some(Number::Damaged) => return Registration::Damaged,
        Some(Number::Whole(digits)) => (Cow::Owned(digits), true),
        None if ends_like_a_fraction(text) => return Registration::Malformed,
        None => (text.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '/')).collect(), false),
    };
    match digits.len() {
        _ if !all_digits(&digits) => Registration::Malformed,
        9 => Registration::Good(digits),
        // A number that lost zeros in front; five lost zeros would be no number that exists.
        5..=8 if is_number && !digits.starts_with('0') => Registration::TooShort(format!("{digits:0>9}")),
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
    /// A number of which digits are gone.
    Damaged,
    Malformed,
}

pub(super) fn zip<'a>(text: &'a str, state: Option<&str>) -> Zip<'a> {
    match number(text) {
        Some(Number::Damaged) => Zip::Damaged,
        Some(Number::Whole(digits)) => match zip_of_digits(&digits, state) {
            Zip::Good(zip) => Zip::Reformatted(zip.to_owned()),
            Zip::Reformatted(zip) => Zip::Reformatted(zip),
            Zip::Padded(zip) => Zip::Padded(zip),
            Zip::TooShort(zip) => Zip::TooShort(zip),
            Zip::Damaged => Zip::Damaged,
            Zip::Malformed => Zip::Malformed,
        },
        None => zip_of_digits(text, state),
    }
}

fn zip_of_digits<'a>(text: &'a str, state: Option<&str>) -> Zip<'a> {
    let (first, last) = match text.split_once(['-', ' ']) {
        Some((first, last)) => (first.trim_end(), last.trim_start_matches(['-', ' '])),
        None if matches!(text.len(), 8 | 9) && all_digits(text) => text.split_at(text.len() - 4),
        None => (text, ""),
    };
    if !all_digits(first) || !(last.is_empty() || all_digits(last) && last.len() == 4) {
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

/// What a text is as a whole number that is counted with.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Count {
    Plain(u64),
    /// Separators, zeros in front, or a point and zeros were taken out.
    Reformatted(u64),
    /// Some of its digits are gone.
    Damaged,
    Malformed,
}

pub(super) fn count(text: &str) -> Count {
    // Ten digits are more than people live on earth.
    let read = |digits: &str| match digits.len() {
        1..=10 if all_digits(digits) => digits.parse().ok(),
        _ => None,
    };
    if let Some(number) = read(text) {
        let is_plain = text == "0" || !text.starts_with('0');
        return if is_plain { Count::Plain(number) } else { Count::Reformatted(number) };
    }
    // 1.200 is a thousand for some and one for others; 1,0000 may have a zero too many.
    let is_ambiguous = text.rsplit_once('.').is_some_and(|(_, end)| end.len() == 3)
        || text.rsplit_once(',').is_some_and(|(_, end)| end.len() > 3 && !end.contains('.'));
    match number(text) {
        Some(Number::Damaged) if is_exponent_form(text) => Count::Damaged,
        Some(Number::Whole(digits)) if !is_ambiguous => {
            read(&digits).map_or(Count::Malformed, Count::Reformatted)
        }
        _ => Count::Malformed,
    }
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
        // A number as programs write it: its point is no separator.
        for text in [
            "41234567.0",
            "41234567.00",
            "41234567,0",
            "41234567.",
            "41,234,567",
            "41.234.567,00",
            "41 234 567",
        ] {
            assert_eq!(registration(text), Registration::TooShort("041234567".to_owned()), "{text}");
        }
        for text in ["412345678.0", "412,345,678", "412.345.678,0", "412345678,", "412345678.000"] {
            assert_eq!(registration(text), Registration::Good("412345678".into()), "{text}");
        }
        for text in ["4.1234567E7", "4.12345678", "41.2345678", "0.41234567", "41234567.8", "412345.678"] {
            assert_eq!(registration(text), Registration::Damaged, "{text}");
        }
        for text in ["4-1234567.0", "4-123456.70", "41234567 .0", "4.1234567.0", "-41234567.0"] {
            assert_eq!(registration(text), Registration::Malformed, "{text}");
        }
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
        for text in ["90210.0", "90210,", "90,210", "90210.00"] {
            assert_eq!(zip(text, Some("CA")), Zip::Reformatted("90210".to_owned()), "{text}");
        }
        assert_eq!(zip("2110.0", Some("MA")), Zip::Padded("02110".to_owned()));
        assert_eq!(zip("2110.0", None), Zip::TooShort("02110".to_owned()));
        assert_eq!(zip("9.021E4", None), Zip::Damaged);
        assert_eq!(zip("90.210.5", None), Zip::Malformed);
        for text in ["", "2", "021101", "0211O", "02110-12", "-1234"] {
            assert_eq!(zip(text, Some("MA")), Zip::Malformed, "{text}");
        }
    }

    #[test]
    fn a_count_is_a_whole_number_with_or_without_separators() {
        assert_eq!(count("25"), Count::Plain(25));
        assert_eq!(count("0"), Count::Plain(0));
        for (text, number) in [
            ("1,200", 1_200),
            ("1,200,000", 1_200_000),
            ("1 200", 1_200),
            ("1,200.00", 1_200),
            ("10.0", 10),
            ("10,0", 10),
            ("10.", 10),
            ("025", 25),
        ] {
            assert_eq!(count(text), Count::Reformatted(number), "{text}");
        }
        assert_eq!(count("1.2E+04"), Count::Damaged);
        for text in ["", "20-30", "~50", "1,2", "1.5", "1.200", "-3", "many", "12345678901", "1,0000"] {
            assert_eq!(count(text), Count::Malformed, "{text}");
        }
    }
}
