//! What programs leave within a text: characters in the notation of HTML, of a web address or of a programming
//! language, and their words for "no value" where several cells were put together.

use super::signs::Signs;

/// Whether a text has characters in it that a program has written in its own way: `&eacute;`, `<br>`, `\n`,
/// `%20`, `b'Acme'`, or what Excel makes of a carriage return.
pub(super) fn has_markup(text: &str, signs: Signs) -> bool {
    if !signs.has(Signs::NOTATION) {
        return has_lost_word(text);
    }
    text.split('&').skip(1).any(is_entity)
        || text.contains('<')
            && ["<br", "<p>", "</"].iter().any(|tag| text.to_ascii_lowercase().contains(tag))
        || text.contains("_x000")
        || text.split('\\').skip(1).any(is_escape)
        || text.match_indices('%').any(|(at, _)| is_percent_code(&text[at + 1..]))
        || is_of_python(text)
        || has_lost_word(text)
}

/// Whether what follows an ampersand is the name or number of a character in HTML.
fn is_entity(rest: &str) -> bool {
    const NAMES: [&str; 12] =
        ["amp", "lt", "gt", "quot", "apos", "nbsp", "szlig", "reg", "copy", "trade", "hellip", "deg"];
    const ENDINGS: [&str; 11] =
        ["acute", "grave", "circ", "tilde", "uml", "cedil", "ring", "slash", "caron", "quo", "dash"];
    let Some((name, _)) = rest.split_once(';') else { return false };
    let is_number =
        || name.strip_prefix('#').is_some_and(|it| it.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    NAMES.contains(&name)
        || name.len() < 8 && (is_number() || ENDINGS.iter().any(|ending| name.ends_with(ending)))
}

/// Whether what follows a backslash makes it the way in which programming languages write a character.
fn is_escape(rest: &str) -> bool {
    let is_hex = |count: usize| {
        rest.get(1..=count).is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    match rest.bytes().next() {
        Some(b'n' | b'r' | b't' | b',' | b';' | b'/' | b'&' | b'\'' | b'"') => true,
        Some(b'u') => is_hex(4),
        Some(b'x') => is_hex(2),
        _ => false,
    }
}

/// Whether what follows a percent sign is a character of a web address: a sign of ASCII, or UTF-8 beyond it.
fn is_percent_code(rest: &str) -> bool {
    let Some(code) = rest.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) else {
        return false;
    };
    matches!(code, 0x20..=0x2f | 0x3a..=0x40) || code >= 0xc2 && rest[2..].starts_with('%')
}

/// Whether the whole text is a value as Python prints it within another: `b'Acme'`, `['Acme']`.
fn is_of_python(text: &str) -> bool {
    let is_between = |first: &str, last: &str| text.starts_with(first) && text.ends_with(last);
    is_between("b'", "'") || is_between("b\"", "\"") || is_between("['", "']") || is_between("[\"", "\"]")
}

/// Whether one of several words is what a program writes for no value: `nan Main Street`, `Dana undefined`.
/// Written as a name (`Null Street`) it is one.
fn has_lost_word(text: &str) -> bool {
    const WORDS: [&str; 6] = ["nan", "NaN", "null", "NULL", "undefined", "NaT"];
    // Each of them begins with one of three letters, and one of a few follows it.
    let bytes = text.as_bytes();
    let mut firsts = memchr::memchr3_iter(b'n', b'N', b'u', bytes);
    let may_have = firsts.any(|at| {
        let begins = at.checked_sub(1).is_none_or(|before| !bytes[before].is_ascii_alphanumeric());
        begins && matches!(bytes.get(at + 1), Some(b'a' | b'u' | b'U' | b'n'))
    });
    may_have && text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| WORDS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_told_from_signs_that_people_write() {
        for text in [
            "Smith &amp; Sons",
            "Joe&#39;s",
            "a&nbsp;b",
            "Caf&eacute;",
            "M&uuml;ller",
            "Joe&rsquo;s",
            "12 Main St<br/>Suite 3",
            "Line_x000D_",
            "Acme\\nLLC",
            "Caf\\u00e9",
            "Caf\\xe9",
            "Acme\\, LLC",
            "Acme%20LLC",
            "Caf%C3%A9",
            "b'Acme LLC'",
            "['Acme LLC']",
            "nan Main Street",
            "Dana undefined",
            "null, null",
        ] {
            assert!(has_markup(text, Signs::of(text)), "{text}");
        }
        for text in [
            "Smith & Sons",
            "A&B; C",
            "AT&T;",
            "R&D < 5",
            "x_000",
            "a & b; c",
            "100% Fun",
            "50%DAYS",
            "100%fabulous",
            "Null Street",
            "Nan's Kitchen",
            "Annull Null",
            "Joe's 'Best'",
            "[Old] Town",
            "C:\\Users",
            "Bob's",
            "banana nanny",
        ] {
            assert!(!has_markup(text, Signs::of(text)), "{text}");
        }
    }
}
