//! The tags of an XML file one after the other, without their text: enough to find marks in a
//! workbook that calamine does not tell of, at the speed of reading.

use std::borrow::Cow;
use std::io::{self, BufRead};

/// No honest tag is longer.
const TAG_BYTES_MAX: usize = 1 << 16;

/// No honest text between two tags is longer: a cell has at most 32,767 characters. What reads the file after
/// us keeps each text in memory whole.
pub(super) const TEXT_BYTES_MAX: usize = 1 << 20;

/// Reads tags, skipping all text between them.
pub(super) struct Tags<R> {
    input: R,
    tag: Vec<u8>,
    /// Of the text since the last tag.
    text_bytes: usize,
}

/// One tag with its name and attributes.
pub(super) struct Tag<'a> {
    inside: &'a [u8],
    /// How many bytes of text stand between the tag and the one before it.
    pub text_before: usize,
}

impl<R: BufRead> Tags<R> {
    pub fn new(input: R) -> Tags<R> {
        Tags { input, tag: Vec::with_capacity(256), text_bytes: 0 }
    }

    /// The next tag that opens an element or stands alone; `None` at the end of the file. Closing tags,
    /// comments and declarations are passed over.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] for a tag, a text or a comment that is longer than honest ones are, and
    /// for a part whose checksum is wrong.
    pub fn next(&mut self) -> io::Result<Option<Tag<'_>>> {
        loop {
            self.count(|input| input.skip_until(b'<'))?;
            match self.input.fill_buf()?.first() {
                None => return Ok(None),
                Some(b'/') => continue,
                Some(b'!') => {
                    self.skip_declaration()?;
                    continue;
                }
                Some(b'?') => {
                    self.skip_past(b"?>")?;
                    continue;
                }
                Some(_) => {}
            }
            self.read_tag()?;
            let inside = self.tag.strip_suffix(b"/").unwrap_or(&self.tag);
            return Ok(Some(Tag { inside, text_before: std::mem::take(&mut self.text_bytes) }));
        }
    }

    /// The beginning of the text behind the last tag, as far as it fits into so many bytes.
    pub fn text(&mut self, max: usize) -> io::Result<String> {
        let mut text = Vec::new();
        while text.len() < max {
            let available = self.input.fill_buf()?;
            let end = available.iter().position(|byte| *byte == b'<').unwrap_or(available.len());
            let taken = end.min(max - text.len());
            text.extend_from_slice(&available[..taken]);
            self.input.consume(taken);
            if taken == 0 || taken < end {
                break;
            }
        }
        self.text_bytes += text.len();
        Ok(unescaped(&String::from_utf8_lossy(&text)).into_owned())
    }

    /// Reads up to the `>` that ends the tag; one within quotation marks does not.
    fn read_tag(&mut self) -> io::Result<()> {
        self.tag.clear();
        let mut quote = None;
        loop {
            // `read_until` would take the rest of a damaged file into memory.
            let available = self.input.fill_buf()?;
            let mut end = None;
            for (at, byte) in available.iter().enumerate() {
                match (byte, quote) {
                    (b'>', None) => {
                        end = Some(at);
                        break;
                    }
                    (b'"' | b'\'', None) => quote = Some(*byte),
                    (byte, Some(mark)) if *byte == mark => quote = None,
                    _ => {}
                }
            }
            let taken = end.map_or(available.len(), |end| end + 1);
            self.tag.extend_from_slice(&available[..end.unwrap_or(taken)]);
            self.input.consume(taken);
            if self.tag.len() > TAG_BYTES_MAX {
                return Err(too_long());
            }
            // A tag that the end of the file cuts off says what it says.
            if end.is_some() || taken == 0 {
                return Ok(());
            }
        }
    }

    /// Skips a comment, a CDATA section or a document type.
    fn skip_declaration(&mut self) -> io::Result<()> {
        let mut start = [0; 3];
        for byte in &mut start {
            *byte = self.input.fill_buf()?.first().copied().unwrap_or_default();
            self.input.consume(usize::from(*byte != 0));
        }
        match &start {
            b"!--" => self.skip_past(b"-->"),
            b"![C" => self.skip_past(b"]]>"),
            // No spreadsheet program writes a document type; one with entities can mean anything.
            _ => Err(too_long()),
        }
    }

    fn skip_past(&mut self, end: &[u8]) -> io::Result<()> {
        let mut last = Vec::with_capacity(end.len() + 1);
        let mut skipped = 0;
        while last != end {
            let Some(byte) = self.input.fill_buf()?.first().copied() else { break };
            self.input.consume(1);
            last.push(byte);
            if last.len() > end.len() {
                last.remove(0);
            }
            skipped += 1;
            if skipped > TEXT_BYTES_MAX {
                return Err(too_long());
            }
        }
        self.count(|_| Ok(skipped))
    }

    fn count(&mut self, read: impl FnOnce(&mut R) -> io::Result<usize>) -> io::Result<()> {
        self.text_bytes += read(&mut self.input)?;
        if self.text_bytes > TEXT_BYTES_MAX { Err(too_long()) } else { Ok(()) }
    }
}

fn too_long() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "longer than in any honest file")
}

impl<'a> Tag<'a> {
    /// A tag from its text without the angle brackets.
    pub fn of(inside: &'a [u8]) -> Tag<'a> {
        Tag { inside, text_before: 0 }
    }

    /// The text of the tag without the angle brackets.
    pub fn inside(&self) -> &'a [u8] {
        self.inside
    }

    /// The name without a prefix: some programs put one in front of every name, such as `x:row`.
    pub fn name(&self) -> &'a [u8] {
        let end = self.inside.iter().position(u8::is_ascii_whitespace).unwrap_or(self.inside.len());
        let full = &self.inside[..end];
        full.iter().position(|byte| *byte == b':').map_or(full, |colon| &full[colon + 1..])
    }

    /// The raw value of an attribute, given with its prefix.
    pub fn attribute(&self, name: &str) -> Option<&'a str> {
        self.find_attribute(|key| key == name)
    }

    /// The raw value of an attribute whose prefix each program chooses, such as `r:id`.
    pub fn attribute_of_any_prefix(&self, name: &str) -> Option<&'a str> {
        self.find_attribute(|key| key.rsplit(':').next() == Some(name))
    }

    fn find_attribute(&self, is_it: impl Fn(&str) -> bool) -> Option<&'a str> {
        let mut rest = std::str::from_utf8(self.inside).ok()?;
        while let Some(equals) = rest.find('=') {
            let key = rest[..equals]
                .trim_end()
                .rsplit(|c: char| c.is_ascii_whitespace())
                .next()
                .unwrap_or_default();
            let value = rest[equals + 1..].trim_start();
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            let (value, after) = value[1..].split_once(quote)?;
            if is_it(key) {
                return Some(value);
            }
            rest = after;
        }
        None
    }

    /// Whether a flag is set, in either of the two ways that XML has.
    pub fn is_set(&self, name: &str) -> bool {
        matches!(self.attribute(name), Some("1" | "true"))
    }
}

/// The text of an attribute with its entities resolved.
pub(super) fn unescaped(value: &str) -> Cow<'_, str> {
    if !value.contains('&') {
        return Cow::Borrowed(value);
    }
    let mut text = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('&') {
        text.push_str(before);
        let Some((entity, after)) = after.split_once(';') else {
            rest = after;
            break;
        };
        match entity {
            "amp" => text.push('&'),
            "lt" => text.push('<'),
            "gt" => text.push('>'),
            "quot" => text.push('"'),
            "apos" => text.push('\''),
            _ => {
                let number = match entity.strip_prefix("#x") {
                    Some(digits) => u32::from_str_radix(digits, 16).ok(),
                    None => entity.strip_prefix('#').and_then(|digits| digits.parse().ok()),
                };
                text.extend(number.and_then(char::from_u32));
            }
        }
        rest = after;
    }
    text.push_str(rest);
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_found_whatever_stands_between_them() {
        let xml = "<?xml version='1.0'?><!-- <a> --><x:row r=\"1\" t='a>b' hidden = 'true'>text &lt;no&gt;<c r='A1'/></x:row>";
        let mut tags = Tags::new(io::BufReader::with_capacity(7, xml.as_bytes()));
        let mut found = Vec::new();
        while let Some(tag) = tags.next().expect("memory can be read") {
            found.push((
                String::from_utf8_lossy(tag.name()).into_owned(),
                tag.attribute("r").map(str::to_owned),
                tag.is_set("hidden"),
            ));
        }
        assert_eq!(
            found,
            [("row".to_owned(), Some("1".to_owned()), true), ("c".to_owned(), Some("A1".to_owned()), false)]
        );
    }

    #[test]
    fn what_is_longer_than_in_any_honest_file_is_an_error() {
        let long = "x".repeat(TEXT_BYTES_MAX + 1);
        for xml in [
            format!("<a>{long}</a>"),
            format!("<a b='{long}'/>"),
            format!("<!-- {} -->", "<a>".repeat(TEXT_BYTES_MAX / 2)),
            format!("<?{long}?>"),
            format!("<![CDATA[{long}]]>"),
            format!("</{long}>"),
            "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>".to_owned(),
        ] {
            let mut tags = Tags::new(xml.as_bytes());
            let last = loop {
                match tags.next() {
                    Ok(Some(_)) => {}
                    last => break last.map(|_| ()),
                }
            };
            let kind = last.expect_err(&xml[..20]).kind();
            assert_eq!(kind, io::ErrorKind::InvalidData);
        }
    }

    #[test]
    fn the_text_behind_a_tag_can_be_had() {
        let mut tags = Tags::new(io::BufReader::with_capacity(3, &b"<p>02134 &amp; more</p><q/>"[..]));
        assert!(tags.next().expect("memory").is_some());
        assert_eq!(tags.text(100).expect("memory"), "02134 & more");
        assert_eq!(tags.next().expect("memory").map(|tag| tag.name().to_vec()), Some(b"q".to_vec()));
    }

    #[test]
    fn entities_are_resolved() {
        assert_eq!(unescaped("R&amp;D &#65;&#x42; &quot;&bogus; &"), "R&D AB \" ");
    }
}
