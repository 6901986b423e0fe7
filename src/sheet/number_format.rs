//! What a spreadsheet shows for a number cell, as far as digits are at stake.
//!
//! A ZIP code that was typed as a number has lost its zero in the file; only the number format
//! (`00000`) still knows of it. Formats that pad and separate digits are understood; all others show
//! nothing more than the plain number.

/// The number in plain digits: `2134`, `0.5`, never an exponent for what people type.
pub fn plain(value: f64) -> String {
    if value.is_finite() && value.fract() == 0.0 && value.abs() < 1e21 {
        format!("{value:.0}")
    } else if value.abs() >= 1e21 {
        format!("{value:e}")
    } else {
        value.to_string()
    }
}

/// What the format makes of a whole number, such as `02134` for 2134 under `00000`; `None` where the
/// format does not pad or separate digits.
pub fn shown(value: f64, format: &str) -> Option<String> {
    // 2^53: above it a cell does not hold every digit.
    if value < 0.0 || value.fract() != 0.0 || value > 9_007_199_254_740_992.0 {
        return None;
    }
    let digits = plain(value);
    let section = section_for(value, format)?;
    let text = fill(&mask(section)?, &digits);
    (text != digits).then_some(text)
}

/// Whether a text, as ODS has it beside a number, is the number with zeros in front or separators between its
/// digits: `02134` or `(617) 555-0123`, not `1,234`.
pub fn shows_digits_of(value: f64, text: &str) -> bool {
    if value < 0.0 || value.fract() != 0.0 || value > 9_007_199_254_740_992.0 {
        return false;
    }
    let is_of_digits = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '-' | '+' | '(' | ')' | '/' | ':');
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let plain = plain(value);
    text.trim() != plain && text.chars().all(is_of_digits) && digits.ends_with(&plain)
}

enum Slot {
    /// `0`: a digit, or a zero where the number has none.
    Zero,
    /// `#` or `?`: a digit, or nothing.
    Optional,
    Literal(char),
}

/// The section of a format such as `[<=9999999]###\-####;\(###\)\ ###\-####` that applies.
fn section_for(value: f64, format: &str) -> Option<&str> {
    let mut sections = sections(format).into_iter();
    let first = sections.next()?;
    match condition(first) {
        None => Some(first),
        Some(holds) if holds(value) => Some(first),
        Some(_) => sections.find(|section| condition(section).is_none_or(|holds| holds(value))),
    }
}

/// Cuts a format at each `;` that is not quoted or escaped.
fn sections(format: &str) -> Vec<&str> {
    let (mut sections, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, c) in format.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            ';' if !quoted => {
                sections.push(&format[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    sections.push(&format[start..]);
    sections
}

/// The condition in brackets at the beginning of a section, such as `[<=9999999]`.
fn condition(section: &str) -> Option<impl Fn(f64) -> bool> {
    let inside = section.strip_prefix('[')?.split_once(']')?.0;
    let operator = inside.trim_start_matches(['<', '>', '=']);
    let limit: f64 = operator.parse().ok()?;
    let operator = &inside[..inside.len() - operator.len()];
    let holds: fn(f64, f64) -> bool = match operator {
        "<" => |value, limit| value < limit,
        "<=" => |value, limit| value <= limit,
        ">" => |value, limit| value > limit,
        ">=" => |value, limit| value >= limit,
        "=" => |value, limit| value == limit,
        "<>" => |value, limit| value != limit,
        _ => return None,
    };
    Some(move |value| holds(value, limit))
}

/// The section as slots for digits and literal characters; `None` where it holds anything else,
/// such as a decimal point, a thousands separator, a percent sign or a date.
fn mask(section: &str) -> Option<Vec<Slot>> {
    let mut slots = Vec::new();
    let mut chars = section.chars();
    while let Some(c) = chars.next() {
        match c {
            '0' => slots.push(Slot::Zero),
            '#' | '?' => slots.push(Slot::Optional),
            '\\' => slots.push(Slot::Literal(chars.next()?)),
            '"' => loop {
                match chars.next()? {
                    '"' => break,
                    c => slots.push(Slot::Literal(c)),
                }
            },
            // A colour, a locale or a condition shows nothing.
            '[' => while chars.next()? != ']' {},
            // `_x` leaves the width of x free, `*x` fills the cell with it.
            '_' | '*' => {
                chars.next()?;
            }
            ' ' | '-' | '+' | '(' | ')' | '/' | ':' => slots.push(Slot::Literal(c)),
            _ => return None,
        }
    }
    let has_digits = slots.iter().any(|slot| !matches!(slot, Slot::Literal(_)));
    has_digits.then_some(slots)
}

/// Writes the digits into the slots from the right; what is left over goes in front of the first.
fn fill(slots: &[Slot], digits: &str) -> String {
    let mut digits = digits.chars().rev().peekable();
    let mut open = slots.iter().filter(|slot| !matches!(slot, Slot::Literal(_))).count();
    let mut reversed = String::new();
    for slot in slots.iter().rev() {
        match slot {
            Slot::Literal(c) => reversed.push(*c),
            Slot::Zero => reversed.push(digits.next().unwrap_or('0')),
            Slot::Optional => reversed.extend(digits.next()),
        }
        if !matches!(slot, Slot::Literal(_)) {
            open -= 1;
            if open == 0 {
                reversed.extend(digits.by_ref());
            }
        }
    }
    reversed.chars().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_given_back_as_its_format_shows_it() {
        let phone = r"[<=9999999]###\-####;\(###\)\ ###\-####";
        for (value, format, text) in [
            (2134.0, "00000", "02134"),
            (21341234.0, r"00000\-0000", "02134-1234"),
            (12345678.0, r"00\-0000000", "01-2345678"),
            (12345678.0, "00-0000000", "01-2345678"),
            (4155550123.0, phone, "(415) 555-0123"),
            (5550123.0, phone, "555-0123"),
            (4155550123.0, "\"+1\"0000000000", "+14155550123"),
            (12345.0, "000", "12345"),
            (7.0, "[Red]000;[Blue]-000", "007"),
        ] {
            assert_eq!(shown(value, format).unwrap_or(plain(value)), text, "{value} {format}");
        }
    }

    #[test]
    fn a_format_that_says_nothing_of_digits_shows_the_plain_number() {
        for format in [
            "General",
            "0",
            "@",
            "#,##0",
            "0.00",
            "0%",
            "0.00E+00",
            "yyyy-mm-dd",
            "",
            "\\",
            "\"x",
            "[",
            "[<=x]0",
        ] {
            assert_eq!(shown(2134.0, format), None, "{format}");
        }
    }

    #[test]
    fn a_text_that_shows_the_digits_is_told_from_one_that_counts() {
        for (value, text) in
            [(2134.0, "02134"), (41_234_567.0, "04-1234567"), (6_175_550_123.0, "(617) 555-0123")]
        {
            assert!(shows_digits_of(value, text), "{text}");
        }
        for (value, text) in [
            (2134.0, "2134"),
            (1200.0, "1,200"),
            (0.5, "50"),
            (2134.0, "02135"),
            (1.0, "TRUE"),
            (-7.0, "-007"),
        ] {
            assert!(!shows_digits_of(value, text), "{text}");
        }
    }

    #[test]
    fn a_number_is_written_without_point_and_exponent() {
        assert_eq!(plain(4155550123.0), "4155550123");
        assert_eq!(plain(10.0), "10");
        assert_eq!(plain(0.5), "0.5");
        assert_eq!(plain(1e300), "1e300");
    }
}
