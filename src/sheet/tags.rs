//! The tags of an XML file one after the other, without their text: enough to find marks in a
//! workbook that calamine does not tell of, at the speed of reading.

use std::borrow::Cow;
use std::io::{self, BufRead};

/// No honest tag is longer; a file that has one is not worth reading on.
const TAG_BYTES_MAX: usize = 1 << 16;

/// Reads tags, skipping all text between them.
pub(super) struct Tags<R> {
    input: R,
    tag: Vec<u8>,
}

/// One tag with its name and attributes.
pub(super) struct Tag<'a> {
    inside: &'a [u8],
}

impl<R: BufRead> Tags<R> {
    pub fn new(input: R) -> Tags<R> {
        Tags { input, tag: Vec::with_capacity(256) }
    }

    /// The next tag that opens an element or stands alone; `None` at the end of the file. Closing tags,
    /// comments and declarations are passed over.
    pub fn next(&mut self) -> io::Result<Option<Tag<'_>>> {
        loop {
            self.input.skip_until(b'<')?;
            match self.input.fill_buf()?.first() {
                None => return Ok(None),
                Some(b'/') => continue,
                Some(b'!' | b'?') => {
                    self.input.skip_until(b'>')?;
                    continue;
                }
                Some(_) => {}
            }
            self.tag.clear();
            loop {
                // `read_until` would take the rest of a damaged file into memory.
                let available = self.input.fill_buf()?;
                if available.is_empty() || self.tag.len() > TAG_BYTES_MAX {
                    return Ok(None);
                }
                let end = available.iter().position(|byte| *byte == b'>');
                let taken = end.map_or(available.len(), |end| end + 1);
                self.tag.extend_from_slice(&available[..end.unwrap_or(taken)]);
                self.input.consume(taken);
                if end.is_some() {
                    let inside = self.tag.strip_suffix(b"/").unwrap_or(&self.tag);
                    return Ok(Some(Tag { inside }));
                }
            }
        }
    }
}

impl<'a> Tag<'a> {
    /// A tag from its text without the angle brackets.
    pub fn of(inside: &'a [u8]) -> Tag<'a> {
        Tag { inside }
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
            if key == name {
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
        let xml = "<?xml version='1.0'?><!-- <a> --><x:row r=\"1\" hidden = 'true'>text &lt;no&gt;<c r='A1'/></x:row>";
        let mut tags = Tags::new(io::BufReader::with_capacity(7, xml.as_bytes()));
        let mut found = Vec::new();
        while let Some(tag) = tags.next().expect("memory can be read") {
            found.push((
                String::from_utf8_lossy(tag.name()).into_owned(),
                tag.attribute("r").map(str::to_owned),
                tag.is_set("hidden"),
            ));
        }
        // The comment ends at its first `>`, which is good enough: writers of workbooks write none.
        assert_eq!(
            found,
            [("row".to_owned(), Some("1".to_owned()), true), ("c".to_owned(), Some("A1".to_owned()), false)]
        );
    }

    #[test]
    fn entities_are_resolved() {
        assert_eq!(unescaped("R&amp;D &#65;&#x42; &quot;&bogus; &"), "R&D AB \" ");
    }
}
