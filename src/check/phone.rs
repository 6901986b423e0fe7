//! Phone numbers. The only place that knows the library behind them.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, enums::Region};

/// What a text is as a phone number.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Phone<'a> {
    Valid {
        e164: Cow<'a, str>,
        is_us: bool,
    },
    /// A number that would be valid but for its extension, which cannot be sent.
    Extension,
    /// Such as `4.15E+09`: a spreadsheet has taken it for a number.
    DigitsLost,
    Invalid,
}

/// Reads a number in any usual form; without a country code it is a US one. `is_us` is country
/// code 1, which is what Voice Integrity asks for (error 11002).
pub(super) fn read(text: &str) -> Phone<'_> {
    let plain = plain(text);
    if let Some((exchange, digits)) = plain
        && exchange.is_known()
    {
        let is_e164 = text.len() == "+1".len() + digits.len();
        let e164 = if is_e164 { Cow::Borrowed(text) } else { Cow::Owned(format!("+1{digits}")) };
        return Phone::Valid { e164, is_us: true };
    }
    let phone = look_up(text);
    if let (Some((exchange, _)), Phone::Valid { is_us: true, .. }) = (plain, &phone) {
        exchange.learn();
    }
    phone
}

fn look_up(text: &str) -> Phone<'_> {
    if super::digits::is_exponent_form(text) {
        return Phone::DigitsLost;
    }
    let Ok(number) = PHONE_NUMBER_UTIL.parse(text, Some(Region::US)) else { return Phone::Invalid };
    if !number.is_valid() {
        return Phone::Invalid;
    }
    if number.extension.as_deref().is_some_and(|extension| !extension.is_empty()) {
        return Phone::Extension;
    }
    let is_us = number.country_code == 1;
    let e164 = number.format_as(PhoneNumberFormat::E164);
    let e164 = if e164 == text { Cow::Borrowed(text) } else { Cow::Owned(e164.into_owned()) };
    Phone::Valid { e164, is_us }
}

/// The six digits behind +1: area code and exchange. Which of them are in use decides whether a number
/// of this kind can exist; the last four digits never do. The library takes a microsecond for that, and a
/// sheet of a million rows asks it three million times about a few thousand exchanges.
#[derive(Clone, Copy)]
struct Exchange(usize);

/// One bit for each exchange that was found to be in use.
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
                let is_valid = |last: u32| {
                    matches!(
                        look_up(&format!("+1{area}{exchange}{last:04}")),
                        Phone::Valid { is_us: true, .. }
                    )
                };
                let first = is_valid(0);
                for last in [1, 99, 100, 123, 199, 1212, 4567, 9999] {
                    assert_eq!(is_valid(last), first, "+1 {area} {exchange} {last:04}");
                }
            }
        }
    }

    #[test]
    fn country_code_one_is_what_counts_as_us() {
        assert!(matches!(read("+16175550123"), Phone::Valid { is_us: true, .. }));
        assert!(matches!(read("+442071838750"), Phone::Valid { is_us: false, .. }));
    }
}
