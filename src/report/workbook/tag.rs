//! A tag of an XML file whose attributes can be read and changed; all else in it stays as it was written.

use std::borrow::Cow;
use std::ops::Range;

/// The text between the angle brackets, without the slash of an empty element.
#[derive(Clone, Debug)]
pub(super) struct Tag(pub String);

impl Tag {
    /// The prefix of the element's name with its colon, such as `x:`; most programs use none.
    pub fn prefix(&self) -> &str {
        let name = self.full_name();
        name.find(':').map_or("", |colon| &name[..=colon])
    }

    fn full_name(&self) -> &str {
        let end = self.0.find(|c: char| c.is_ascii_whitespace()).unwrap_or(self.0.len());
        &self.0[..end]
    }

    /// The value of an attribute as it is written, entities and all.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.find(|it| it == name).map(|(_, value)| &self.0[value])
    }

    /// The same with the entities resolved.
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name).map(|value| quick_xml::escape::unescape(value).unwrap_or(Cow::Borrowed(value)))
    }

    pub fn number(&self, name: &str) -> Option<usize> {
        self.get(name)?.trim().parse().ok()
    }

    /// The value of an attribute whose prefix each program chooses, such as `r:id`.
    pub fn get_of_any_prefix(&self, name: &str) -> Option<&str> {
        self.find(|it| it.rsplit(':').next() == Some(name)).map(|(_, value)| &self.0[value])
    }

    /// Sets an attribute; the value is written as it is.
    pub fn set(&mut self, name: &str, value: &str) {
        match self.find(|it| it == name) {
            Some((_, at)) => self.0.replace_range(at, value),
            None => {
                let end = self.0.trim_end().len();
                self.0.truncate(end);
                self.0.push_str(&format!(" {name}=\"{value}\""));
            }
        }
    }

    pub fn remove(&mut self, name: &str) {
        if let Some((key, value)) = self.find(|it| it == name) {
            // With the quotation mark behind the value and the space before the name.
            let start = self.0[..key.start].trim_end().len();
            self.0.replace_range(start..value.end + 1, "");
        }
    }

    fn find(&self, is_it: impl Fn(&str) -> bool) -> Option<(Range<usize>, Range<usize>)> {
        let mut at = self.full_name().len();
        while let Some(equals) = self.0[at..].find('=').map(|equals| at + equals) {
            let before = self.0[at..equals].trim_end();
            let start = at + before.rfind(|c: char| c.is_ascii_whitespace()).map_or(0, |space| space + 1);
            let key = start..at + before.len();
            let behind = &self.0[equals + 1..];
            let open = equals + 1 + behind.len() - behind.trim_start().len();
            let quote = self.0[open..].chars().next().filter(|c| matches!(c, '"' | '\''))?;
            let value = open + 1..open + 1 + self.0[open + 1..].find(quote)?;
            if is_it(&self.0[key.clone()]) {
                return Some((key, value));
            }
            at = value.end + 1;
        }
        None
    }
}

/// A text as it stands in an element or attribute. What XML cannot hold is left out, but for a carriage
/// return, which is written as spreadsheet programs do.
pub(in crate::report) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' => escaped.push(c),
            '\r' => escaped.push_str("_x000D_"),
            '\u{fffe}' | '\u{ffff}' => {}
            c if (c as u32) < 0x20 => escaped.push_str(&format!("_x{:04X}_", c as u32)),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_and_changed_and_all_else_stays() {
        let mut tag = Tag("x:c  r = 'A1' s=\"3\" t=\"a=b&amp;c\" q:id='7'".to_owned());
        assert_eq!((tag.prefix(), tag.get("r"), tag.number("s")), ("x:", Some("A1"), Some(3)));
        assert_eq!(tag.text("t").as_deref(), Some("a=b&c"));
        assert_eq!((tag.get("u"), tag.get_of_any_prefix("id")), (None, Some("7")));
        tag.set("s", "12");
        tag.set("u", "new");
        tag.remove("t");
        assert_eq!(tag.0, "x:c  r = 'A1' s=\"12\" q:id='7' u=\"new\"");
        assert_eq!(Tag("c".to_owned()).get("r"), None);
    }
}
