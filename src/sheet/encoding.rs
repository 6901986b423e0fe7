//! The encodings of CSV files: their names, how their bytes become text, and which one a file without a mark
//! of its own is in.
//!
//! UTF-8 and UTF-16 can be told from the bytes. One of the many encodings with a byte for each character
//! cannot: any bytes are text in all of them. What is taken then is a guess, and every cell that depends on
//! it is said to.

use std::borrow::Cow;
use std::io::{self, Read};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{MACINTOSH, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1250, WINDOWS_1252};
use oem_cp::code_table::DECODING_TABLE_CP_MAP;
use oem_cp::code_table_type::TableType;

/// An encoding that a CSV file can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
    Windows1252,
    /// A code page of DOS, such as 437 or 850.
    Dos(u16),
    /// Any other that the WHATWG encoding standard has, `macintosh` among them.
    Other(&'static encoding_rs::Encoding),
}

/// What speaks for a guessed encoding, and what against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guess {
    /// Another encoding under which the text looks more like names.
    pub rival: Option<Encoding>,
}

impl Encoding {
    /// Some of the names that `--encoding` takes, for messages.
    pub const EXAMPLES: &str =
        "UTF-8, UTF-16LE, UTF-16BE, windows-1252, windows-1250, ISO-8859-15, macintosh, cp437, cp850, cp852";

    /// The name in messages and for `--encoding`.
    pub fn name(self) -> Cow<'static, str> {
        match self {
            Encoding::Utf8 => "UTF-8".into(),
            Encoding::Utf16Le => "UTF-16LE".into(),
            Encoding::Utf16Be => "UTF-16BE".into(),
            Encoding::Windows1252 => "Windows-1252".into(),
            Encoding::Dos(page) => format!("cp{page}").into(),
            Encoding::Other(rules) => rules.name().into(),
        }
    }

    /// Reads a name as people write it, such as `utf8`, `cp1252`, `mac roman`, `850` or `ibm437`.
    pub fn named(text: &str) -> Option<Encoding> {
        let label = text.trim().to_ascii_lowercase().replace([' ', '_'], "-");
        let bare = label.replace('-', "");
        let page = ["cp", "ibm", "dos", "oem", "pc", "windows", ""]
            .into_iter()
            .find_map(|prefix| bare.strip_prefix(prefix)?.parse::<u16>().ok());
        let label = match (bare.as_str(), page) {
            ("utf16" | "utf16le" | "ucs2", _) => "utf-16le".to_owned(),
            ("utf16be", _) => "utf-16be".to_owned(),
            ("mac" | "macroman" | "macosroman" | "applemacintosh" | "appleroman", _) => {
                "macintosh".to_owned()
            }
            ("latin1" | "ansi", _) => "windows-1252".to_owned(),
            (_, Some(10000)) => "macintosh".to_owned(),
            (_, Some(65001)) => "utf-8".to_owned(),
            (_, Some(page @ (874 | 1250..=1258))) => format!("windows-{page}"),
            (_, Some(page)) if dos_table(page).is_some() => return Some(Encoding::Dos(page)),
            _ => label,
        };
        let found = encoding_rs::Encoding::for_label(label.as_bytes())
            .or_else(|| encoding_rs::Encoding::for_label(bare.as_bytes()))?;
        // What the standard refuses to decode for reasons of browsers.
        (found != encoding_rs::REPLACEMENT).then(|| Encoding::of(found))
    }

    pub(super) fn of(rules: &'static encoding_rs::Encoding) -> Encoding {
        match rules {
            _ if rules == UTF_8 => Encoding::Utf8,
            _ if rules == UTF_16LE => Encoding::Utf16Le,
            _ if rules == UTF_16BE => Encoding::Utf16Be,
            _ if rules == WINDOWS_1252 => Encoding::Windows1252,
            _ => Encoding::Other(rules),
        }
    }

    /// The rules of the WHATWG standard, where it has the encoding.
    fn rules(self) -> Result<&'static encoding_rs::Encoding, &'static [char; 128]> {
        Ok(match self {
            Encoding::Utf8 => UTF_8,
            Encoding::Utf16Le => UTF_16LE,
            Encoding::Utf16Be => UTF_16BE,
            Encoding::Windows1252 => WINDOWS_1252,
            Encoding::Other(rules) => rules,
            Encoding::Dos(page) => match dos_table(page) {
                Some(table) => return Err(table),
                None => WINDOWS_1252,
            },
        })
    }

    /// Text from bytes; what is not of this encoding becomes `\u{fffd}`.
    pub fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        match self.rules() {
            Ok(rules) => rules.decode_without_bom_handling(bytes).0,
            Err(table) => bytes.iter().map(|byte| single(*byte, table)).collect::<String>().into(),
        }
    }

    /// The bytes that a text has in this encoding; `None` where it lacks one of the characters.
    pub fn encode(self, text: &str) -> Option<Vec<u8>> {
        match self.rules() {
            // The standard encodes UTF-16 as UTF-8.
            Ok(rules) if rules == UTF_16LE || rules == UTF_16BE => None,
            Ok(rules) => {
                let (bytes, _, lacks) = rules.encode(text);
                (!lacks).then(|| bytes.into_owned())
            }
            Err(table) => text
                .chars()
                .map(|c| match u8::try_from(c) {
                    Ok(byte) if byte.is_ascii() => Some(byte),
                    _ => table.iter().position(|of| *of == c).map(|at| at as u8 | 0x80),
                })
                .collect(),
        }
    }

    /// The same bytes as UTF-8.
    pub(super) fn decoded(self, input: impl Read + 'static) -> Box<dyn Read> {
        match self.rules() {
            // Bytes that are not UTF-8 spoil their own cells only, so they are left for later.
            Ok(rules) if rules == UTF_8 => Box::new(input),
            Ok(rules) => Box::new(
                encoding_rs_io::DecodeReaderBytesBuilder::new()
                    .encoding(Some(rules))
                    .bom_override(false)
                    .bom_sniffing(false)
                    .build(input),
            ),
            Err(table) => Box::new(DosReader { input, table, text: String::new(), given: 0 }),
        }
    }
}

/// The upper half of a code page of DOS that has a character for every byte.
fn dos_table(page: u16) -> Option<&'static [char; 128]> {
    match DECODING_TABLE_CP_MAP.get(&page)? {
        TableType::Complete(table) => Some(table),
        TableType::Incomplete(_) => None,
    }
}

fn single(byte: u8, table: &[char; 128]) -> char {
    if byte.is_ascii() { char::from(byte) } else { table[usize::from(byte & 0x7f)] }
}

/// Reads bytes of a code page of DOS as UTF-8.
struct DosReader<R> {
    input: R,
    table: &'static [char; 128],
    text: String,
    /// How much of the text has been handed on.
    given: usize,
}

impl<R: Read> Read for DosReader<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.given == self.text.len() {
            let mut bytes = [0; 1 << 14];
            let read = self.input.read(&mut bytes)?;
            self.text.clear();
            self.text.extend(bytes[..read].iter().map(|byte| single(*byte, self.table)));
            self.given = 0;
        }
        let rest = &self.text.as_bytes()[self.given..];
        let taken = rest.len().min(into.len());
        into[..taken].copy_from_slice(&rest[..taken]);
        self.given += taken;
        Ok(taken)
    }
}

/// Fewer bytes beyond ASCII than this are no evidence for a script other than Latin: chardetng takes a single
/// name in a code page of DOS for Japanese.
const OTHER_SCRIPT_BYTES_MIN: usize = 24;

/// What a text that is not UTF-8 is most likely in, and whether another encoding makes more sense of it.
///
/// chardetng knows the encodings of Windows and of Unix. It takes `macintosh` and the code pages of DOS for
/// Windows-1252, so these are compared by what their letters look like. The comparison is not sure enough to
/// choose by: it is told beside the guess.
pub(super) fn guess(sample: &[u8]) -> (Encoding, Guess) {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(sample, true);
    let found = detector.guess(None, Utf8Detection::Deny);
    let beyond_ascii = sample.iter().filter(|byte| !byte.is_ascii()).count();
    let is_latin = [WINDOWS_1252, WINDOWS_1250, encoding_rs::WINDOWS_1254, encoding_rs::ISO_8859_2];
    let is_sure = is_latin.contains(&found)
        || beyond_ascii >= OTHER_SCRIPT_BYTES_MIN && !found.decode_without_bom_handling(sample).1;
    let guessed = if is_sure { Encoding::of(found) } else { Encoding::Windows1252 };
    let own = likeness(&guessed.decode(sample));
    let rival = [
        Encoding::Windows1252,
        Encoding::Other(MACINTOSH),
        Encoding::Dos(850),
        Encoding::Dos(437),
        Encoding::Dos(852),
        Encoding::Other(WINDOWS_1250),
    ]
    .into_iter()
    .filter(|rival| *rival != guessed && (is_latin.contains(&found) || !is_sure))
    .map(|rival| (likeness(&rival.decode(sample)), rival))
    // The first of equals.
    .rev()
    .max_by_key(|(likeness, _)| *likeness)
    .filter(|(likeness, _)| *likeness > own.max(0))
    .map(|(_, rival)| rival);
    (guessed, Guess { rival })
}

/// How much a text of Latin letters looks like names: small letters with accents stand among letters, capitals
/// begin words, and there are few signs within words.
fn likeness(text: &str) -> i64 {
    let mut sum = 0;
    let mut chars = text.chars().peekable();
    let mut before = ' ';
    while let Some(c) = chars.next() {
        let after = chars.peek().copied().unwrap_or(' ');
        sum += match c {
            c if c.is_ascii() => 0,
            '\u{a0}' => 0,
            // A mark that opens stands before a word.
            '\u{201a}' | '\u{201e}' if before.is_lowercase() => -3,
            '\u{2018}'..='\u{201e}' | '\u{2022}' | '\u{2026}' | '\u{ae}' | '\u{2122}' => {
                if before.is_lowercase() && after.is_lowercase() && c != '\u{2019}' { -3 } else { 1 }
            }
            '\u{2013}' | '\u{2014}' => {
                // As in Dallas–Fort Worth.
                let is_between_names = before.is_lowercase() && after.is_uppercase();
                if before.is_alphabetic() && after.is_alphabetic() && !is_between_names { -3 } else { 1 }
            }
            c if !c.is_alphabetic() || c > '\u{24f}' || matches!(c, '\u{aa}' | '\u{ba}' | '\u{192}') => -5,
            c if c.is_lowercase() => {
                if before.is_alphabetic() || after.is_lowercase() {
                    3
                } else {
                    -1
                }
            }
            _ if before.is_lowercase() => -4,
            _ if before.is_uppercase() && after.is_lowercase() => -2,
            _ if before.is_alphabetic() => 2,
            _ => {
                if after.is_alphabetic() {
                    2
                } else {
                    -1
                }
            }
        };
        before = c;
    }
    sum
}

/// How often a text may have been decoded wrongly in turn.
const ROUNDS_MAX: usize = 3;

/// The text that was meant, where UTF-8 was once taken for an encoding with a byte for each character: `CafÃ©`
/// is `Café`. Each run of characters beyond ASCII is looked at by itself.
pub fn undoubled(text: &str) -> Option<String> {
    let mut last = None;
    for _ in 0..ROUNDS_MAX {
        match undoubled_once(last.as_deref().unwrap_or(text)) {
            Some(better) => last = Some(better),
            None => break,
        }
    }
    last
}

fn undoubled_once(text: &str) -> Option<String> {
    let mut better = String::with_capacity(text.len());
    let mut found = false;
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| !c.is_ascii()) {
        let end = rest[start..].find(|c: char| c.is_ascii()).map_or(rest.len(), |end| start + end);
        better.push_str(&rest[..start]);
        match original(&rest[start..end]) {
            Some(original) => {
                better.push_str(&original);
                found = true;
            }
            None => better.push_str(&rest[start..end]),
        }
        rest = &rest[end..];
    }
    better.push_str(rest);
    found.then_some(better)
}

/// The text that was meant, where another program has taken one encoding with a byte for each character for
/// another and saved the result: `CafŽ` is `Café`. Told only where the text looks wrong and the other right.
pub fn misread(text: &str) -> Option<String> {
    const PAIRS: [(Encoding, Encoding); 6] = [
        (Encoding::Windows1252, Encoding::Other(MACINTOSH)),
        (Encoding::Windows1252, Encoding::Dos(850)),
        (Encoding::Windows1252, Encoding::Dos(437)),
        (Encoding::Other(MACINTOSH), Encoding::Windows1252),
        (Encoding::Dos(850), Encoding::Windows1252),
        (Encoding::Dos(437), Encoding::Windows1252),
    ];
    if likeness(text) >= 0 {
        return None;
    }
    PAIRS
        .into_iter()
        .filter_map(|(taken, meant)| Some(meant.decode(&taken.encode(text)?).into_owned()))
        .map(|meant| (likeness(&meant), meant.matches(USUAL_LETTERS).count(), meant))
        .filter(|(likeness, ..)| *likeness > 0)
        // The first of equals.
        .rev()
        .max_by_key(|(likeness, usual, _)| (*likeness, *usual))
        .map(|(.., meant)| meant)
}

/// The letters beyond ASCII that names in the United States have most often.
const USUAL_LETTERS: [char; 10] = ['é', 'ñ', 'ü', 'ö', 'á', 'í', 'ó', 'ú', 'ç', 'è'];

/// What a run of characters was, if its bytes in some encoding are UTF-8.
fn original(run: &str) -> Option<String> {
    // A character has one byte in each of these, and a single one beyond ASCII is no UTF-8.
    run.chars().nth(1)?;
    let latin_1: Option<Vec<u8>> = run.chars().map(|c| u8::try_from(c).ok()).collect();
    let others = [Encoding::Windows1252, Encoding::Other(MACINTOSH), Encoding::Dos(437), Encoding::Dos(850)];
    latin_1
        .into_iter()
        .chain(others.into_iter().filter_map(|encoding| encoding.encode(run)))
        .filter_map(|bytes| String::from_utf8(bytes).ok())
        .find(|original| is_usual(original) && !is_apostrophe(run))
}

/// Whether a text is one that people write in names and addresses. Capital letters before a typographic
/// quotation mark (`CAFÉ’S`, `Ü’`) are valid UTF-8 too, of letters of remote scripts. So a single character of
/// another script is none, but several of them may be.
fn is_usual(text: &str) -> bool {
    let is_latin = |c: char| matches!(c, '\u{a0}'..='\u{17f}' | '\u{192}' | '\u{218}'..='\u{21b}' | '\u{1e00}'..='\u{1eff}');
    let is_sign = |c: char| matches!(c, '\u{2010}'..='\u{25ff}' | '\u{feff}');
    let is_foreign = |c: char| matches!(c, '\u{370}'..='\u{52f}' | '\u{5d0}'..='\u{6ff}' | '\u{900}'..='\u{d7ff}' | '\u{f900}'..='\u{ffef}' | '\u{10000}'..);
    // What is left of a quotation mark that was mistaken twice.
    let is_rest = |c: char| matches!(c, '\u{80}'..='\u{9f}') && text.chars().count() > 2;
    let foreign = text.chars().filter(|c| !is_latin(*c) && !is_sign(*c) && !is_rest(*c)).count();
    text.chars().all(|c| is_latin(c) || is_sign(c) || is_rest(c) || is_foreign(c) && foreign > 1)
}

/// Whether two characters may well stand beside each other: `SMÅ’S`.
fn is_apostrophe(run: &str) -> bool {
    let mut chars = run.chars();
    matches!((chars.next(), chars.next(), chars.next()), (Some('Ä' | 'Å'), Some('‘' | '’'), None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_known_by_the_names_that_people_and_programs_give_them() {
        let mac = Encoding::Other(MACINTOSH);
        for (name, encoding) in [
            ("utf8", Encoding::Utf8),
            ("UTF-16", Encoding::Utf16Le),
            ("cp1252", Encoding::Windows1252),
            ("Latin-1", Encoding::Windows1252),
            ("1250", Encoding::Other(WINDOWS_1250)),
            ("macintosh", mac),
            ("Mac Roman", mac),
            ("x-mac-roman", mac),
            ("437", Encoding::Dos(437)),
            ("CP850", Encoding::Dos(850)),
            ("ibm-852", Encoding::Dos(852)),
            ("shift_jis", Encoding::Other(encoding_rs::SHIFT_JIS)),
            ("iso8859-15", Encoding::Other(encoding_rs::ISO_8859_15)),
            ("ibm866", Encoding::Dos(866)),
        ] {
            assert_eq!(Encoding::named(name), Some(encoding), "{name}");
            assert_eq!(Encoding::named(&encoding.name()), Some(encoding), "{name} by its own name");
        }
        for name in ["", "excel", "iso-2022-kr", "utf-7", "12345678"] {
            assert_eq!(Encoding::named(name), None, "{name}");
        }
    }

    #[test]
    fn a_name_in_an_old_encoding_speaks_for_it() {
        let mac = Encoding::Other(MACINTOSH);
        for (name, encoding) in [
            ("Café Señorita LLC", mac),
            ("Łódź Garage", Encoding::Dos(852)),
            ("Müller & Söhne", Encoding::Dos(850)),
            ("Peñasco Bakery", Encoding::Dos(437)),
            ("Crème Brûlée Inc", mac),
        ] {
            let bytes = encoding.encode(name).unwrap();
            let (guessed, guess) = super::guess(&bytes);
            let rival = guess.rival.unwrap_or(guessed);
            assert_eq!(rival.decode(&bytes), name, "{encoding:?}: {guessed:?} {guess:?}");
        }
        for name in
            ["Café Señorita LLC", "Müller & Söhne", "Åkesson’s Übung", "Joe’s – Diner “X”", "SÃO JOÃO"]
        {
            let bytes = Encoding::Windows1252.encode(name).unwrap();
            assert_eq!(super::guess(&bytes), (Encoding::Windows1252, Guess { rival: None }), "{name}");
        }
    }

    #[test]
    fn text_that_another_program_has_read_in_a_wrong_encoding_is_known() {
        for (text, meant) in [
            ("CafŽ LLC", "Café LLC"),
            ("CafÈ LLC", "Café LLC"),
            ("Se–orita", "Señorita"),
            ("MŸnster", "Münster"),
            ("Caf‚", "Café"),
            ("CafÚ", "Café"),
        ] {
            let found = misread(text);
            assert_eq!(found.as_deref().unwrap_or(text), meant, "{text}");
        }
        for text in [
            "Café",
            "Dallas–Fort Worth",
            "1999–2003",
            "McÉlroy",
            "LaÉtoile",
            "Žižek",
            "L’Oréal",
            "ÉCOLE",
            "Łódź",
            "東京",
            "Acme™",
            "½ Price",
            "No. 5 – “Best”",
        ] {
            assert_eq!(misread(text), None, "{text}");
        }
    }

    #[test]
    fn text_that_was_decoded_twice_is_known_and_clean_text_is_not_taken_for_it() {
        for name in
            ["Café", "Señorita", "Joe’s “Best”", "Łódź", "Crème – Brûlée", "東京", "À la carte", "Acme™"]
        {
            for encoding in
                [Encoding::Windows1252, Encoding::Other(MACINTOSH), Encoding::Dos(437), Encoding::Dos(850)]
            {
                let twice = encoding.decode(name.as_bytes()).into_owned();
                assert_eq!(undoubled(&twice).as_deref(), Some(name), "{twice}");
                if encoding == Encoding::Windows1252 {
                    let thrice = encoding.decode(twice.as_bytes()).into_owned();
                    assert_eq!(undoubled(&thrice).as_deref(), Some(name), "{thrice}");
                }
            }
        }
        for name in [
            "Café",
            "CAFÉ’S",
            "ANDRÉ”",
            "Müller™",
            "SÃO JOÃO",
            "Ärzte “Ö”",
            "Łódź",
            "Ünal Ş.",
            "naïve",
            "Ü’a",
            "SMÅ’S",
            "Ó’",
        ] {
            assert_eq!(undoubled(name), None, "{name}");
        }
    }
}
