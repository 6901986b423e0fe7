//! Which kinds of bytes a text has: found in one pass over it, so that nearly every cell is known to need none
//! of the closer looks.

/// The kinds of bytes that a text has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Signs(u8);

impl Signs {
    /// Characters that are not of ASCII.
    pub const BEYOND_ASCII: Signs = Signs(1);
    /// Control characters of ASCII but for the line feed.
    pub const CONTROLS: Signs = Signs(2);
    pub const LINE_FEED: Signs = Signs(4);
    /// Characters without which nothing is in the notation of HTML, of a web address or of a programming
    /// language.
    pub const NOTATION: Signs = Signs(8);

    pub fn of(text: &str) -> Signs {
        // A table is faster than comparisons, because most cells are shorter than what a processor compares at
        // a time.
        Signs(text.bytes().fold(0, |signs, byte| signs | TABLE[usize::from(byte)]))
    }

    /// Whether the text has bytes of this kind.
    pub fn has(self, kind: Signs) -> bool {
        self.0 & kind.0 != 0
    }

    /// Whether every character is one of ASCII that people see, a space or a line feed.
    pub fn is_plain(self) -> bool {
        self.0 & (Signs::BEYOND_ASCII.0 | Signs::CONTROLS.0) == 0
    }
}

static TABLE: [u8; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < table.len() {
        let kind = match at as u8 {
            b'\n' => Signs::LINE_FEED,
            b'&' | b'<' | b'\\' | b'%' | b'_' | b'\'' | b'"' | b'[' => Signs::NOTATION,
            b' '..=b'~' => Signs(0),
            128.. => Signs::BEYOND_ASCII,
            _ => Signs::CONTROLS,
        };
        table[at] = kind.0;
        at += 1;
    }
    table
};
