//! Phone numbers. The only place that knows the library behind them.

use std::borrow::Cow;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, enums::Region};

/// What a text is as a phone number.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Phone<'a> {
    Valid {
        e164: Cow<'a, str>,
        of: Of,
    },
    /// A number of country code 1 that would be valid if its area code were in use. New ones come into use
    /// every few months, and the library knows those of its own day.
    NewAreaCode {
        e164: String,
    },
    /// A number that would be valid but for its extension, which cannot be sent.
    Extension,
    /// Letters stand in the place of digits: a vanity number, or a word beside a number that is too short.
    Letters,
    /// Such as `4.15E+09` or `617555012.0`: a program has taken it for a number.
    DigitsLost,
    Invalid,
}

/// Where a number belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// The United States or one of their territories; toll-free numbers among them.
    UnitedStates,
    /// Another country of country code 1; its name where it is Canada.
    CountryCodeOne(&'static str),
    Elsewhere,
}

/// Reads a number in any usual form; without a country code it is a US one.
pub(super) fn read(text: &str) -> Phone<'_> {
    let plain = plain(text);
    if let Some((exchange, digits)) = plain
        && exchange.is_known()
    {
        let is_e164 = text.len() == "+1".len() + digits.len();
        let e164 = if is_e164 { Cow::Borrowed(text) } else { Cow::Owned(format!("+1{digits}")) };
        return Phone::Valid { e164, of: Of::UnitedStates };
    }
    let phone = look_up(text);
    if let (Some((exchange, _)), Phone::Valid { of: Of::UnitedStates, .. }) = (plain, &phone) {
        exchange.learn();
    }
    phone
}

fn look_up(text: &str) -> Phone<'_> {
    match super::digits::phone_as_number(text) {
        None => parse(text),
        Some(Err(())) => Phone::DigitsLost,
        // A whole number with a point behind it has lost nothing if it has enough digits.
        Some(Ok(digits)) => match parse(&digits) {
            Phone::Valid { e164, of: Of::UnitedStates } => {
                Phone::Valid { e164: Cow::Owned(e164.into_owned()), of: Of::UnitedStates }
            }
            _ => Phone::DigitsLost,
        },
    }
}

fn parse(text: &str) -> Phone<'_> {
    let Ok(number) = PHONE_NUMBER_UTIL.parse(text, Some(Region::US)) else { return Phone::Invalid };
    let national = number.national_number.to_string();
    let is_new = !number.is_valid();
    if is_new && !(number.country_code == 1 && has_new_area_code(&national)) {
        return Phone::Invalid;
    }
    if number.extension.as_deref().is_some_and(|extension| !extension.is_empty()) {
        return Phone::Extension;
    }
    if number.country_code == 1 && has_letters_for_digits(text, &national) {
        return Phone::Letters;
    }
    if number.country_code == 1 && super::digits::ends_like_a_fraction(text) {
        return Phone::DigitsLost;
    }
    let e164 = number.format_as(PhoneNumberFormat::E164);
    if is_new {
        return Phone::NewAreaCode { e164: e164.into_owned() };
    }
    let of = match (number.country_code, number.get_region_code()) {
        // The territories have regions of their own.
        (1, Some(Region::US | Region::PR | Region::VI | Region::GU | Region::AS | Region::MP)) => {
            Of::UnitedStates
        }
        (1, Some(Region::CA)) => Of::CountryCodeOne("Canada"),
        (1, _) => Of::CountryCodeOne("another country than the United States"),
        _ => Of::Elsewhere,
    };
    let e164 = if e164 == text { Cow::Borrowed(text) } else { Cow::Owned(e164.into_owned()) };
    Phone::Valid { e164, of }
}

/// Whether digits of the number are letters in the text. The letters of a keypad are read as digits by the
/// library, so that a note behind half a number would make it whole.
fn has_letters_for_digits(text: &str, national: &str) -> bool {
    if !text.bytes().any(|byte| byte.is_ascii_alphabetic()) {
        return false;
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    !digits.contains(national)
}

/// Whether ten digits could be a number of an area code that comes into use later. The North American
/// Numbering ColumnMap keeps back for other things: codes with two like digits at the end (services, toll-free),
/// with a 9 in the middle (a fourth digit one day), 37x and 96x. Exchanges begin with 2 to 9 and are not x11.
/// Source: NANPA, "Area codes".
fn has_new_area_code(national: &str) -> bool {
    let digits = national.as_bytes();
    let [a, b, c, d, e, f, ..] = *digits else { return false };
    digits.len() == 10
        && a >= b'2'
        && b != c
        && b != b'9'
        && !matches!((a, b), (b'3', b'7') | (b'9', b'6'))
        && d >= b'2'
        && (e, f) != (b'1', b'1')
        && !is_in_use(&national[..3])
}

/// Whether the library knows any number of an area code. It is asked once for each: up to 800 questions.
fn is_in_use(area_code: &str) -> bool {
    static AREA_CODES: [OnceLock<bool>; 1_000] = [const { OnceLock::new() }; 1_000];
    let Some(known) = area_code.parse().ok().and_then(|index: usize| AREA_CODES.get(index)) else {
        return false;
    };
    *known.get_or_init(|| {
        (200..1_000).any(|exchange| {
            let number = PHONE_NUMBER_UTIL.parse(format!("+1{area_code}{exchange}0123"), None);
            number.is_ok_and(|number| number.is_valid())
        })
    })
}

/// The six digits behind +1: area code and exchange. Which of them are in use decides whether a number
/// of this kind can exist; the last four digits never do. The library takes a microsecond for that, and a
/// sheet of a million rows asks it three million times about a few thousand exchanges.
#[derive(Clone, Copy)]
struct Exchange(usize);

/// One bit for each exchange of the United States that was found to be in use.
static KNOWN: [AtomicU64; 1_000_000_usize.div_ceil(64)] =
    [const { AtomicU64::new(0) }; 1_000_000_usize.div_ceil(64)];

/// The exchange and the ten digits of a text that is nothing else, with or without `+1` or `1` in front.
fn plain(text: &str) -> Option<(Exchange, &str)> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let digits = if digits.len() == 11 { digits.strip_prefix('1')? } else { digits };
    let is_number = digits.len() == 10
        && (text.len() < 12 && !text.starts_with('+') || text.len() == 12)
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = || digits.bytes().take(6).fold(0, |number, digit| number * 10 + usize::from(digit - b'0'));
    is_number.then(|| (Exchange(number()), digits))
}

impl Exchange {
    fn is_known(self) -> bool {
        KNOWN[self.0 / 64].load(Ordering::Relaxed) & self.bit() != 0
    }

    fn learn(self) {
        KNOWN[self.0 / 64].fetch_or(self.bit(), Ordering::Relaxed);
    }

    fn bit(self) -> u64 {
        1 << (self.0 % 64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Phone<'_> {
        fn of_country_code_one(&self) -> Option<Of> {
            match self {
                Phone::Valid { of, .. } if *of != Of::Elsewhere => Some(*of),
                _ => None,
            }
        }
    }

    /// Numbers with what they are. `None` is a number that cannot exist. They were compared with
    /// Google's own data, so a change of the library shows here.
    const GOLDEN: [(&str, Option<&str>); 24] = [
        ("+16175550123", Some("+16175550123")),
        ("16175550123", Some("+16175550123")),
        ("6175550123", Some("+16175550123")),
        ("(617) 555-0123", Some("+16175550123")),
        ("617.555.0123", Some("+16175550123")),
        ("617 555 0123", Some("+16175550123")),
        ("+1 (617) 555-0123", Some("+16175550123")),
        ("1-617-555-0123", Some("+16175550123")),
        ("tel:+1-617-555-0123", Some("+16175550123")),
        ("\u{ff0b}\u{ff11}6175550123", Some("+16175550123")),
        ("+18005550199", Some("+18005550199")),
        ("+14165550123", Some("+14165550123")),
        ("+442071838750", Some("+442071838750")),
        ("+4930123456", Some("+4930123456")),
        ("+8613912345678", Some("+8613912345678")),
        ("5550123", None),
        ("+1617555012", None),
        ("+161755501234", None),
        ("+16171550123", None),
        ("+10175550123", None),
        ("0016175550123", None),
        ("+999123456789", None),
        ("n/a", None),
        ("", None),
    ];

    #[test]
    fn the_golden_numbers_are_what_they_were() {
        for (text, e164) in GOLDEN {
            let found = match read(text) {
                Phone::Valid { e164, .. } => Some(e164.into_owned()),
                _ => None,
            };
            assert_eq!(found.as_deref(), e164, "{text}");
        }
    }

    #[test]
    fn an_extension_and_an_exponent_are_told_apart_from_nonsense() {
        assert_eq!(read("617-555-0123 ext. 4"), Phone::Extension);
        assert_eq!(read("617-555-0123 x4"), Phone::Extension);
        assert_eq!(read("6.175550123E+09"), Phone::DigitsLost);
        assert_eq!(read("6,18E+09"), Phone::DigitsLost);
        assert_eq!(read("617-555-0123 and more"), Phone::Invalid);
    }

    #[test]
    fn the_last_four_digits_never_decide_whether_a_number_can_exist() {
        // Every area code with some exchanges, the special ones among them.
        for area in 200..1000 {
            for exchange in [200, 211, 242, 310, 426, 455, 500, 552, 555, 733, 958, 976, 999] {
                let is_valid =
                    |last: u32| look_up(&format!("+1{area}{exchange}{last:04}")).of_country_code_one();
                let first = is_valid(0);
                for last in [1, 99, 100, 123, 199, 1212, 4567, 9999] {
                    assert_eq!(is_valid(last), first, "+1 {area} {exchange} {last:04}");
                }
            }
        }
    }

    #[test]
    fn a_number_is_of_the_united_states_or_of_another_country_of_code_one() {
        let of = |text: &str| match read(text) {
            Phone::Valid { of, .. } => Some(of),
            _ => None,
        };
        for text in ["+16175550123", "+18005550199", "+17872345678", "+16712345678", "+13406421234"] {
            assert_eq!(of(text), Some(Of::UnitedStates), "{text}");
        }
        for text in ["+14165550130", "(604) 555-0130", "+18674455678"] {
            assert_eq!(of(text), Some(Of::CountryCodeOne("Canada")), "{text}");
        }
        for text in ["+18762345678", "+18092345678", "+12423221234"] {
            assert!(matches!(of(text), Some(Of::CountryCodeOne(name)) if name != "Canada"), "{text}");
        }
        assert_eq!(of("+442071838750"), Some(Of::Elsewhere));
    }

    #[test]
    fn a_new_area_code_is_told_from_one_that_cannot_be() {
        for text in ["+18612345678", "(924) 234-5678", "9242345678", "+1 861 555 0123"] {
            assert!(matches!(read(text), Phone::NewAreaCode { .. }), "{text}: {:?}", read(text));
        }
        for text in [
            "+15552345678",
            "+19112345678",
            "+12992345678",
            "+13712345678",
            "+19612345678",
            "+11612345678",
            "+18611345678",
            "+18619115678",
            "+1861234567",
            "+16171550123",
        ] {
            assert_eq!(read(text), Phone::Invalid, "{text}");
        }
    }

    #[test]
    fn a_letter_is_no_digit_and_a_word_beside_a_whole_number_no_harm() {
        for text in ["(617) 555 Work", "1-800-FLOWERS", "617-555-CELL", "+1 617 555 DESK", "617 HARBOR1"] {
            assert_eq!(read(text), Phone::Letters, "{text}");
        }
        for text in ["Tel. 617-555-0123", "tel:+1-617-555-0123"] {
            assert!(matches!(read(text), Phone::Valid { .. }), "{text}: {:?}", read(text));
        }
    }

    #[test]
    fn the_point_of_a_decimal_number_is_no_separator() {
        for text in
            ["617555012.0", "617555012.00", "617,555,012", "6.175550123E9", "(617) 555-012.0", "61755501.23"]
        {
            assert_eq!(read(text), Phone::DigitsLost, "{text}");
        }
        for text in
            ["6175550123.0", "16175550123.0", "+16175550123.0", "6175550123,", "6,175,550,123", "617.5550123"]
        {
            let whole = Phone::Valid { e164: "+16175550123".into(), of: Of::UnitedStates };
            assert_eq!(read(text), whole, "{text}");
        }
        assert_eq!(read("+4930123456.0"), Phone::DigitsLost);
        for text in ["617.555.0000", "617555.0000", "617 555.0000"] {
            assert!(matches!(read(text), Phone::Valid { .. }), "{text}: {:?}", read(text));
        }
        assert!(matches!(read("+33.1.42.68.53.00"), Phone::Valid { of: Of::Elsewhere, .. }));
    }
}
