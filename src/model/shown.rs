//! The one place that cleans what others wrote before it is printed or written: headers, sheet names, cells, file
//! names, and the API's words.

use std::borrow::Cow;

/// Whether a character does something to a terminal or to the order of a text instead of being seen: control
/// characters, marks of direction, and what only ever hides.
pub fn is_unseen(c: char) -> bool {
    match c {
        '\n' => false,
        '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}' => true,
        '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}' => true,
        '\u{e0000}'..='\u{e0fff}' => true,
        c => c.is_control(),
    }
}

/// A text whose unseen characters are named (`<U+202E>`), so that they can be found and do nothing; tabs are
/// spaces.
pub fn shown(text: &str) -> Cow<'_, str> {
    replaced(text, |c| match c {
        '\t' => " ".to_owned(),
        c => format!("<U+{:04X}>", u32::from(c)),
    })
}

/// A text for one line: line breaks are spaces too.
pub fn shown_in_line(text: &str) -> Cow<'_, str> {
    match shown(text) {
        text if text.contains('\n') => Cow::Owned(text.replace('\n', " ")),
        text => text,
    }
}

/// JSON whose unseen characters are written as JSON writes them, so that it says the same and does nothing to a
/// terminal.
pub fn json_shown(json: &str) -> Cow<'_, str> {
    let spelled = |c: char| {
        let units = c.encode_utf16(&mut [0; 2]).to_vec();
        units.iter().map(|unit| format!("\\u{unit:04x}")).collect()
    };
    replaced(json, spelled)
}

fn replaced(text: &str, spelled: impl Fn(char) -> String) -> Cow<'_, str> {
    if !text.contains(is_unseen) {
        return Cow::Borrowed(text);
    }
    let one = |c: char| if is_unseen(c) { spelled(c) } else { c.to_string() };
    Cow::Owned(text.chars().map(one).collect())
}

/// What stands for a secret that was taken out.
const REDACTED: &str = "[secret]";

/// A text without secrets: those that are given, what follows `Basic` and `Bearer`, and whatever is made as auth
/// tokens are, 32 hexadecimal digits [docs] that are no part of a SID.
pub fn redacted(text: &str, secrets: &[&str]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|it| !it.is_empty()) {
        text = text.replace(secret, REDACTED);
    }
    let (mut kept, mut after_scheme) = (String::with_capacity(text.len()), false);
    let is_of_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '-' | '_' | '.');
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let end = rest.find(|c| !is_of_word(c)).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        let is_scheme = word.eq_ignore_ascii_case("basic") || word.eq_ignore_ascii_case("bearer");
        // Words such as "Basic plan" stay: credentials in base 64 are longer.
        match after_scheme && word.len() >= 16 {
            true => kept.push_str(REDACTED),
            false => push_without_tokens(&mut kept, word),
        }
        after_scheme = is_scheme || after_scheme && word.is_empty();
        let separator = behind.chars().next().map_or(0, char::len_utf8);
        kept.push_str(&behind[..separator]);
        rest = &behind[separator..];
    }
    kept
}

/// 32 hexadecimal digits.
const TOKEN_BYTES: usize = 32;

fn push_without_tokens(kept: &mut String, word: &str) {
    let runs = word.split_inclusive(|c: char| !c.is_ascii_alphanumeric());
    for run in runs {
        let text = run.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let is_token = text.len() >= TOKEN_BYTES && text.bytes().all(|it| it.is_ascii_hexdigit());
        // The two letters of a SID may be hexadecimal digits too, such as AC.
        let is_sid = text.len() == TOKEN_BYTES + 2 && text.bytes().take(2).all(|it| it.is_ascii_uppercase());
        match is_token && !is_sid {
            true => {
                kept.push_str(REDACTED);
                kept.push_str(&run[text.len()..]);
            }
            false => kept.push_str(run),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unseen_is_named_and_does_nothing() {
        assert_eq!(shown("a\u{202e}b\u{1b}[31m\u{7f}\u{9b}"), "a<U+202E>b<U+001B>[31m<U+007F><U+009B>");
        assert_eq!(shown_in_line("a\tb\r\nc"), "a b<U+000D> c");
        for plain in ["Zürich Žižek 東京", "a\nb", "👩\u{200d}🔧", ""] {
            assert!(matches!(shown(plain), Cow::Borrowed(it) if it == plain));
        }
        let json = serde_json::json!({"a": "x\u{202e}y\u{9b}z\u{e0041}"}).to_string();
        let cleaned = json_shown(&json);
        assert!(!cleaned.contains(is_unseen));
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&cleaned).ok(),
            serde_json::from_str(&json).ok()
        );
    }

    #[test]
    fn secrets_are_taken_out_and_sids_stay() {
        let token = "0123456789abcdef0123456789abcdef";
        for text in [
            format!("the token {token} is wrong"),
            format!("auth_token={token}&x=1"),
            format!("Authorization: Basic {}", "QUM".repeat(12)),
            format!("bearer {}", "x".repeat(20)),
            format!("AC{token}:{token}"),
        ] {
            let cleaned = redacted(&text, &[]);
            assert!(cleaned.contains(REDACTED), "{cleaned}");
            assert!(!cleaned.replace(&format!("AC{token}"), "").contains(token), "{cleaned}");
        }
        assert_eq!(redacted("it is swordfish.", &["swordfish"]), "it is [secret].");
        for text in [format!("BU{token} is taken"), "Basic plan, 1+1=2".to_owned(), "é — ü".to_owned()] {
            assert_eq!(redacted(&text, &[""]), text);
        }
    }
}
