//! Characters that people do not see or do not mean: outer spaces, no-break spaces, zero-width
//! characters, typographic quotes and dashes.

use std::borrow::Cow;

use super::signs::Signs;

/// The text as it was meant. Borrowed where there was nothing to do.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    clean_of(text, Signs::of(text))
}

/// The same for a text whose signs are known.
pub(super) fn clean_of(text: &str, signs: Signs) -> Cow<'_, str> {
    // Nearly every cell is plain.
    if signs.is_plain() {
        return Cow::Borrowed(text.trim_ascii());
    }
    let trimmed = text.trim();
    if Signs::of(trimmed).is_plain() {
        return Cow::Borrowed(trimmed);
    }
    let mut cleaned = String::with_capacity(trimmed.len());
    let mut chars = trimmed.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                chars.next_if_eq(&'\n');
                cleaned.push('\n');
            }
            '\n' => cleaned.push('\n'),
            '\t' | '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => {
                cleaned.push(' ')
            }
            '\u{2028}' | '\u{2029}' | '\u{85}' => cleaned.push('\n'),
            '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}' | '\u{2032}' => cleaned.push('\''),
            '\u{201c}'..='\u{201f}' | '\u{2033}' => cleaned.push('"'),
            '\u{2010}'..='\u{2015}' | '\u{2212}' => cleaned.push('-'),
            // Zero-width and other invisible characters, soft hyphens, control characters.
            '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{206f}'
            | '\u{feff}'
            | '\u{ad}' => {}
            c if c.is_control() => {}
            c => cleaned.push(c),
        }
    }
    let cleaned = match cleaned.trim() {
        inner if inner.len() == cleaned.len() => cleaned,
        inner => inner.to_owned(),
    };
    // A text of other scripts that was in order stays where it was.
    if cleaned == trimmed { Cow::Borrowed(trimmed) } else { Cow::Owned(cleaned) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_taken_out_and_what_is_typographic_made_plain() {
        for (text, cleaned) in [
            ("  Joe\u{2019}s\u{a0}Diner \t", "Joe's Diner"),
            ("\u{feff}AC\u{200b}01", "AC01"),
            ("\u{201c}A\u{201d} \u{2013} B", "\"A\" - B"),
            ("a\r\nb\rc", "a\nb\nc"),
            ("\u{a0}\u{200b} ", ""),
            ("Zürich Žižek 東京", "Zürich Žižek 東京"),
        ] {
            assert_eq!(clean(text), cleaned, "{text:?}");
        }
    }

    #[test]
    fn a_text_in_order_is_not_copied() {
        assert!(matches!(clean("Zürich"), Cow::Borrowed(_)));
        assert!(matches!(clean(" plain "), Cow::Borrowed("plain")));
    }
}
