//! The formats of a workbook, to which ours are added at the end: no number of an old one changes.

use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::tag::Tag;
use super::{Cause, Look};
use crate::model::Severity;
use crate::report::marking::color;

/// The styles part with what is added to it.
pub(in crate::report) struct Styles {
    text: String,
    path: String,
    /// The prefix of its elements.
    prefix: String,
    /// What cells are formatted by, each as the text of its element.
    formats: Vec<String>,
    fills: Vec<String>,
    fonts: usize,
    added_formats: Vec<String>,
    added_fills: Vec<String>,
    looks: HashMap<Look, usize>,
    coloured: HashMap<(usize, Option<Severity>), usize>,
    /// Whether an earlier file of ours may have coloured cells.
    is_marked: bool,
    /// Whether a program has saved it that does not keep the second colour of a fill.
    forgets: bool,
}

const BOLD: &str = "<font><b/><sz val=\"11\"/><name val=\"Calibri\"/><family val=\"2\"/></font>";
const LINK: &str =
    "<font><u/><sz val=\"11\"/><color rgb=\"FF0000FF\"/><name val=\"Calibri\"/><family val=\"2\"/></font>";

impl Styles {
    pub fn of(text: String, path: &str, is_marked: bool, forgets: bool) -> Result<Styles, Cause> {
        let mut styles = Styles {
            prefix: String::new(),
            path: path.to_owned(),
            formats: vec![],
            fills: vec![],
            fonts: 0,
            added_formats: vec![],
            added_fills: vec![],
            looks: HashMap::new(),
            coloured: HashMap::new(),
            is_marked,
            forgets,
            text: String::new(),
        };
        styles.read(&text)?;
        if styles.formats.is_empty() || styles.fills.is_empty() || styles.fonts == 0 {
            return Err(Cause::strange(path));
        }
        styles.text = text;
        Ok(styles)
    }

    fn read(&mut self, text: &str) -> Result<(), Cause> {
        let mut reader = Reader::from_str(text);
        let mut within = String::new();
        let (mut depth, mut start) = (0, 0);
        loop {
            let before = reader.buffer_position() as usize;
            let event = reader.read_event().map_err(|_| Cause::strange(&self.path))?;
            let after = reader.buffer_position() as usize;
            match event {
                Event::Start(tag) => {
                    depth += 1;
                    match depth {
                        1 => self.prefix = Tag(tag.to_string()).prefix().to_owned(),
                        2 => within = tag.local_name().as_ref().to_owned(),
                        3 => start = before,
                        _ => {}
                    }
                }
                Event::Empty(_) if depth == 2 => self.keep(&within, &text[before..after]),
                Event::End(_) => {
                    if depth == 3 {
                        self.keep(&within, &text[start..after]);
                    }
                    depth -= 1;
                }
                Event::Eof => return Ok(()),
                _ => {}
            }
        }
    }

    fn keep(&mut self, within: &str, element: &str) {
        match within {
            "cellXfs" => self.formats.push(element.to_owned()),
            "fills" => self.fills.push(element.to_owned()),
            "fonts" => self.fonts += 1,
            _ => {}
        }
    }

    /// The number of one of our own formats.
    pub fn look(&mut self, look: Look) -> usize {
        if let Some(number) = self.looks.get(&look) {
            return *number;
        }
        let (font, wrapped) = match look {
            Look::Bold => (self.fonts, false),
            Look::Link => (self.fonts + 1, true),
            Look::Wrapped => (0, true),
            Look::Text(_) => (0, false),
        };
        let fill = match look {
            Look::Text(Some(severity)) => self.fill(severity, None),
            _ => 0,
        };
        let alignment = match look {
            _ if wrapped => " vertical=\"top\" wrapText=\"1\"",
            // It stands beside cells of several lines.
            Look::Text(Some(_)) => " vertical=\"top\"",
            _ => "",
        };
        let p = &self.prefix;
        // Text, so that nothing that is typed over it is taken for a number or a date.
        let format = format!(
            "<{p}xf numFmtId=\"49\" fontId=\"{font}\" fillId=\"{fill}\" borderId=\"0\" xfId=\"0\" \
             applyNumberFormat=\"1\" applyFont=\"1\" applyFill=\"1\" applyAlignment=\"1\"><{p}alignment{alignment}/></{p}xf>"
        );
        let number = self.add(format);
        self.looks.insert(look, number);
        number
    }

    /// The number of a cell's own format in the colour of a severity; without one, in its own colour again.
    pub fn coloured(&mut self, base: usize, severity: Option<Severity>) -> usize {
        let base = if base < self.formats.len() { base } else { 0 };
        if let Some(number) = self.coloured.get(&(base, severity)) {
            return *number;
        }
        let element = &self.formats[base];
        let end = element.find('>').unwrap_or(element.len());
        let is_empty = element[..end].ends_with('/');
        let mut tag = Tag(element[1..end].trim_end_matches('/').to_owned());
        let rest = element[end..].to_owned();
        let fill = tag.number("fillId").unwrap_or(0);
        let ours = self.fills.get(fill).filter(|_| self.is_marked).and_then(|fill| of_ours(fill));
        let ours = ours.map(|before| before.filter(|_| !self.forgets));
        let fill = match (severity, ours) {
            (None, None) => return base,
            (None, Some(before)) => match before {
                Some(before) => self.own_fill(&before),
                None => 0,
            },
            (Some(severity), Some(before)) => self.fill(severity, before.as_deref()),
            (Some(severity), None) => {
                let before = self.fills.get(fill).and_then(|fill| solid(fill));
                self.fill(severity, before.as_deref())
            }
        };
        tag.set("fillId", &fill.to_string());
        tag.set("applyFill", "1");
        let slash = if is_empty { "/" } else { "" };
        let number = self.add(format!("<{}{slash}{rest}", tag.0));
        self.coloured.insert((base, severity), number);
        number
    }

    fn add(&mut self, format: String) -> usize {
        self.added_formats.push(format);
        self.formats.len() + self.added_formats.len() - 1
    }

    /// A fill of ours. What was there before stands in its second colour, which a solid fill does not show.
    fn fill(&mut self, severity: Severity, before: Option<&str>) -> usize {
        let p = &self.prefix;
        let before = before.unwrap_or("indexed=\"65\"");
        let fill = format!(
            "<{p}fill><{p}patternFill patternType=\"solid\"><{p}fgColor rgb=\"FF{:06X}\"/><{p}bgColor {before}/></{p}patternFill></{p}fill>",
            color(severity)
        );
        self.add_fill(fill)
    }

    fn own_fill(&mut self, color: &str) -> usize {
        let p = &self.prefix;
        let fill = format!(
            "<{p}fill><{p}patternFill patternType=\"solid\"><{p}fgColor {color}/><{p}bgColor indexed=\"64\"/></{p}patternFill></{p}fill>"
        );
        self.add_fill(fill)
    }

    fn add_fill(&mut self, fill: String) -> usize {
        let at = self.added_fills.iter().position(|it| *it == fill).unwrap_or_else(|| {
            self.added_fills.push(fill);
            self.added_fills.len() - 1
        });
        self.fills.len() + at
    }

    /// The part with what was added.
    pub fn finish(self) -> Result<String, Cause> {
        let p = &self.prefix;
        let fonts = [BOLD, LINK].concat().replace("</", "\u{1}").replace('<', &format!("<{p}"));
        let fonts = fonts.replace('\u{1}', &format!("</{p}"));
        let mut text = self.text;
        for (name, more, count) in [
            ("fonts", fonts, self.fonts + 2),
            ("fills", self.added_fills.concat(), self.fills.len() + self.added_fills.len()),
            ("cellXfs", self.added_formats.concat(), self.formats.len() + self.added_formats.len()),
        ] {
            text = super::package::appended(&text, name, &self.path, &more)?;
            text = counted(&text, &format!("<{p}{name}"), count);
        }
        Ok(text)
    }
}

/// The text with the count of an element corrected.
fn counted(text: &str, open: &str, count: usize) -> String {
    let ends = |at: &usize| text[at + open.len()..].starts_with([' ', '>', '\t', '\n', '\r']);
    let Some(start) = text.match_indices(open).map(|(at, _)| at).find(ends) else { return text.to_owned() };
    let end = start + text[start..].find('>').unwrap_or(0);
    let mut tag = Tag(text[start + 1..end].to_owned());
    tag.set("count", &count.to_string());
    format!("{}<{}{}", &text[..start], tag.0, &text[end..])
}

/// The colour of a solid fill, as an attribute such as `rgb="FF00B050"`.
fn solid(fill: &str) -> Option<String> {
    let tags = super::package::tags(fill, "patternFill", "").ok()?;
    if tags.first()?.get("patternType") != Some("solid") {
        return None;
    }
    attributes(super::package::tags(fill, "fgColor", "").ok()?.first()?)
}

fn attributes(tag: &Tag) -> Option<String> {
    let inside = tag.0.trim_end();
    inside.find(|c: char| c.is_ascii_whitespace()).map(|at| inside[at..].trim().to_owned())
}

/// What was there before a fill of ours; `None` where the fill is not ours.
fn of_ours(fill: &str) -> Option<Option<String>> {
    let colour = solid(fill)?;
    let is_ours = [Severity::Error, Severity::Warning, Severity::Note]
        .into_iter()
        .any(|severity| colour == format!("rgb=\"FF{:06X}\"", color(severity)));
    let tags = super::package::tags(fill, "bgColor", "").ok()?;
    // A colour of the same name that is not ours has no second one.
    let before = attributes(tags.first().filter(|_| is_ours)?)?;
    Some(Some(before).filter(|it| !it.contains("indexed")))
}
